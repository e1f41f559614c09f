package manifest

import "strings"

// maxScanDepth leaves deeper documents to the library and its bounds.
const maxScanDepth = 100

// A scanner reads the part of YAML that people and renderers commonly write, many times faster than the YAML library:
// block maps and lists, scalars with the usual escapes, flow collections on one line, block scalars, comments. All else
// (anchors, aliases, tags, merge keys, duplicate keys, tabs, mistakes) it leaves to the library. The library's bound on
// values is for what aliases make of a document; without them it is no larger than its text.
//
// The zero value works, for one document after the other. A method that reads a value pushes it on the stack, and
// returns false where the document is not the scanner's to read.
type scanner struct {
	text string
	// line is the line to be read next; there is none if atEnd.
	line  line
	atEnd bool

	// stack holds the values whose collections are not yet complete.
	stack []Node
	nodes chunk
	seen  map[string]bool
	fold  []byte

	// within is what the document's nodes may take, refused why they may not. Of those that were read, so many are not
	// yet paid for, and taken is the price of the others.
	within  *Allowance
	refused error
	unpaid  int
	taken   int64
}

// scan returns the nodes that the library would give for a text, or nil if the text is to be left to it. number is the line of
// the text's start. The nodes' texts are parts of text. Where they take more than they may, it is nil and s.refused says so.
func (s *scanner) scan(text string, number int) *Node {
	s.text, s.atEnd, s.stack = text, false, s.stack[:0]
	s.line = line{number: number - 1}
	s.refused, s.unpaid, s.taken = nil, 0, 0
	if !isPrintable(text) || !s.advance() || s.atEnd || !s.block(0) || !s.atEnd || !s.pay() {
		s.within.give(s.taken)
		return nil
	}
	return &s.nodes.copy(s.stack)[0]
}

// pay takes from the allowance what the nodes that were read since the last time take.
func (s *scanner) pay() bool {
	price := int64(s.unpaid) * nodeSize
	s.unpaid = 0
	if s.refused = s.within.Take(price); s.refused != nil {
		return false
	}
	s.taken += price
	return true
}

// manyUnpaid is how many nodes are read before they are paid for.
const manyUnpaid = 4096

// release lets go of the texts that were read.
func (s *scanner) release() {
	s.text, s.within = "", nil
	clear(s.stack[:cap(s.stack)])
	clear(s.seen)
}

// A line is a line of the document with something on it. Of "- a: b", the part after the dash is read as a line that
// stands further right.
type line struct {
	number int
	// indent is the column of the first character, and start its offset; end is where the line ends, next where the
	// following one starts.
	indent, start, end, next int
	// blanks and comments count the lines that were skipped before this one.
	blanks, comments int
}

// advance goes to the next line with something on it.
func (s *scanner) advance() bool {
	if s.unpaid >= manyUnpaid && !s.pay() {
		return false
	}
	l := line{number: s.line.number, next: s.line.next}
	for {
		if l.next >= len(s.text) {
			s.line, s.atEnd = l, true
			return true
		}
		from := l.next
		l.end, l.next = s.lineEnd(from)
		l.number++
		l.start = from + countSpaces(s.text[from:l.end])
		if l.start == l.end {
			l.blanks++
			continue
		}
		if s.text[l.start] == '#' {
			l.comments++
			continue
		}
		l.indent = l.start - from
		s.line = l
		rest := s.text[l.start:l.end]
		return strings.IndexByte(rest, '\t') < 0 && (l.indent > 0 || !strings.HasPrefix(rest, "---") && !strings.HasPrefix(rest, "..."))
	}
}

// lineEnd returns where the line that starts at an offset ends, and where the next one starts.
func (s *scanner) lineEnd(from int) (end, next int) {
	if n := strings.IndexByte(s.text[from:], '\n'); n >= 0 {
		return from + n, from + n + 1
	}
	return len(s.text), len(s.text)
}

// block reads the collection that begins on the current line.
func (s *scanner) block(depth int) bool {
	if depth > maxScanDepth {
		return false
	}
	if s.isEntry() {
		return s.list(depth, false)
	}
	return s.mapping(depth)
}

// isEntry tells whether the current line begins an element of a list.
func (s *scanner) isEntry() bool {
	at := s.line.start
	return s.text[at] == '-' && (at+1 == s.line.end || s.text[at+1] == ' ')
}

// list reads a list's elements. One that is inMap stands below its key, no further right.
func (s *scanner) list(depth int, inMap bool) bool {
	indent, number, base := s.line.indent, s.line.number, len(s.stack)
	for {
		after := s.line.start + 1
		at := after + countSpaces(s.text[after:s.line.end])
		// A collection that begins beside the dash is a block further right.
		dash := s.line
		s.line.indent, s.line.start = indent+at-dash.start, at
		if at < dash.end && (s.isEntry() || s.isKey()) {
			if !s.block(depth + 1) {
				return false
			}
		} else {
			s.line = dash
			if !s.value(after, depth, false) {
				return false
			}
		}
		if s.atEnd || s.line.indent < indent {
			break
		}
		if s.line.indent > indent {
			return false
		}
		if !s.isEntry() {
			if !inMap {
				return false
			}
			break
		}
	}
	s.close(List, number, base)
	return true
}

// mapping reads a map's keys and values.
func (s *scanner) mapping(depth int) bool {
	indent, number, base := s.line.indent, s.line.number, len(s.stack)
	for {
		key, after, ok := s.key(s.line.start, s.line.end)
		if !ok {
			return false
		}
		s.push(String, s.line.number, key)
		if !s.value(after, depth, true) {
			return false
		}
		if s.atEnd || s.line.indent < indent {
			break
		}
		if s.line.indent > indent {
			return false
		}
	}
	if s.hasDuplicates(s.stack[base:]) {
		return false
	}
	s.close(Map, number, base)
	return true
}

func (s *scanner) push(kind Kind, number int, text string) {
	s.unpaid++
	s.stack = append(s.stack, Node{Kind: kind, Line: number, Text: text})
}

// close makes a collection of what lies on the stack above base.
func (s *scanner) close(kind Kind, number, base int) {
	s.unpaid++
	items := s.nodes.copy(s.stack[base:])
	s.stack = append(s.stack[:base], Node{Kind: kind, Line: number, Items: items})
}

// hasDuplicates tells whether a key comes twice.
func (s *scanner) hasDuplicates(fields []Node) bool {
	const few = 32
	if len(fields) <= few {
		for i := 2; i < len(fields); i += 2 {
			for j := 0; j < i; j += 2 {
				if fields[i].Text == fields[j].Text {
					return true
				}
			}
		}
		return false
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	clear(s.seen)
	for i := 0; i < len(fields); i += 2 {
		if s.seen[fields[i].Text] {
			return true
		}
		s.seen[fields[i].Text] = true
	}
	return false
}

// isKey tells whether the current line begins with a key.
func (s *scanner) isKey() bool {
	_, _, ok := s.key(s.line.start, s.line.end)
	return ok
}

// maxKey is how long a key may be; the library stops at 1024 characters.
const maxKey = 1000

// key reads the key at an offset, and returns the offset after its colon.
func (s *scanner) key(from, end int) (key string, after int, ok bool) {
	var colon int
	switch c := s.text[from]; {
	case c == '\'' || c == '"':
		var rest int
		if key, rest, ok = s.quoted(from, end); !ok {
			return "", 0, false
		}
		colon = rest + countSpaces(s.text[rest:end])
	case !startsPlain(s.text[from:end]):
		return "", 0, false
	default:
		colon = s.plainEnd(from, end)
		key = strings.TrimRight(s.text[from:colon], " ")
		if key == "<<" {
			return "", 0, false
		}
	}
	if colon >= end || s.text[colon] != ':' || colon+1 < end && s.text[colon+1] != ' ' || colon-from > maxKey {
		return "", 0, false
	}
	return key, colon + 1, true
}

// value reads what follows a key's colon or a list's dash, on its line or below it, and goes to the line after it.
func (s *scanner) value(from, depth int, inMap bool) bool {
	indent, number, end := s.line.indent, s.line.number, s.line.end
	at := from + countSpaces(s.text[from:end])
	if at == end || s.text[at] == '#' {
		if !s.advance() {
			return false
		}
		switch {
		case !s.atEnd && s.line.indent > indent:
			return s.block(depth + 1)
		case !s.atEnd && inMap && s.line.indent == indent && s.isEntry():
			return s.list(depth+1, true)
		}
		s.push(Null, number, "")
		return true
	}
	var rest int
	var ok bool
	switch s.text[at] {
	case '|', '>':
		return s.blockScalar(at)
	case '\'', '"', '[', '{':
		rest, ok = s.flowValue(at, end, depth)
	default:
		return s.plain(at)
	}
	return ok && s.endsAt(rest, end) && s.advance() && (s.atEnd || s.line.indent <= indent)
}

// endsAt tells whether nothing but a comment follows.
func (s *scanner) endsAt(from, end int) bool {
	at := from + countSpaces(s.text[from:end])
	return at == end || s.text[at] == '#' && at > from
}

func countSpaces(text string) int {
	n := 0
	for n < len(text) && text[n] == ' ' {
		n++
	}
	return n
}
