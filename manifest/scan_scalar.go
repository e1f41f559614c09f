package manifest

import (
	"strings"
	"unicode/utf8"
)

// isPrintable tells whether a text holds nothing but what YAML allows, and no line breaks but \n.
func isPrintable(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			continue
		}
		if c < utf8.RuneSelf {
			return false
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r < 0xa0, r == utf8.RuneError, r == '\u2028', r == '\u2029', r == '\ufeff', r == '\ufffe', r == '\uffff':
			return false
		}
		i += size - 1
	}
	return true
}

// startsPlain tells whether a plain scalar can start like this. A question mark or a colon could, but seldom does.
func startsPlain(text string) bool {
	switch text[0] {
	case '-':
		return len(text) > 1 && text[1] != ' '
	case '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ', '\t':
		return false
	}
	return true
}

// plainEnd returns the offset of the colon or the comment that ends a plain scalar, or the line's end.
func (s *scanner) plainEnd(from, end int) int {
	for i := from; i < end; i++ {
		switch s.text[i] {
		case ':':
			if i+1 == end || s.text[i+1] == ' ' {
				return i
			}
		case '#':
			if s.text[i-1] == ' ' {
				return i
			}
		}
	}
	return end
}

// plain reads an unquoted scalar, which may go on below, further right than indent, and goes to the line after it.
func (s *scanner) plain(from int) bool {
	indent, number := s.line.indent, s.line.number
	if !startsPlain(s.text[from:s.line.end]) {
		return false
	}
	text, comment, ok := s.plainLine(from)
	if !ok || !s.advance() {
		return false
	}
	if !s.atEnd && s.line.indent > indent {
		s.fold = append(s.fold[:0], text...)
		for !s.atEnd && s.line.indent > indent {
			if comment || s.line.comments > 0 {
				return false
			}
			s.foldLine(s.line.blanks)
			if text, comment, ok = s.plainLine(s.line.start); !ok {
				return false
			}
			s.fold = append(s.fold, text...)
			if !s.advance() {
				return false
			}
		}
		text = string(s.fold)
	}
	s.push(plainKind(text), number, text)
	return true
}

// plainLine reads a plain scalar's part on the current line, and tells whether a comment ends it.
func (s *scanner) plainLine(from int) (text string, comment, ok bool) {
	end := s.plainEnd(from, s.line.end)
	if end < s.line.end && s.text[end] == ':' {
		return "", false, false
	}
	return strings.TrimRight(s.text[from:end], " "), end < s.line.end, true
}

// foldLine joins the next line to s.fold: by a space, or by the blank lines between.
func (s *scanner) foldLine(blanks int) {
	if blanks == 0 {
		s.fold = append(s.fold, ' ')
	}
	for range blanks {
		s.fold = append(s.fold, '\n')
	}
}

// quoted reads a quoted scalar that ends on its line, and returns the offset after it.
func (s *scanner) quoted(from, end int) (text string, after int, ok bool) {
	quote := s.text[from]
	n := strings.IndexByte(s.text[from+1:end], quote)
	if n < 0 {
		return "", 0, false
	}
	text, after = s.text[from+1:from+1+n], from+n+2
	switch {
	case quote == '"' && strings.IndexByte(text, '\\') >= 0:
		return s.escaped(from+1, end)
	case quote == '\'' && after < end && s.text[after] == quote:
		return s.doubled(from+1, end)
	}
	return text, after, true
}

// doubled reads the rest of a scalar in single quotes in which a quote is written twice.
func (s *scanner) doubled(from, end int) (text string, after int, ok bool) {
	s.fold = s.fold[:0]
	for i := from; i < end; i++ {
		if s.text[i] == '\'' {
			if i+1 == end || s.text[i+1] != '\'' {
				return string(s.fold), i + 1, true
			}
			i++
		}
		s.fold = append(s.fold, s.text[i])
	}
	return "", 0, false
}

// escaped reads the rest of a scalar in double quotes with the escapes that JSON in an annotation needs.
func (s *scanner) escaped(from, end int) (text string, after int, ok bool) {
	s.fold = s.fold[:0]
	for i := from; i < end; i++ {
		c := s.text[i]
		switch {
		case c == '"':
			return string(s.fold), i + 1, true
		case c == '\\':
			if i++; i == end {
				return "", 0, false
			}
			switch c = s.text[i]; c {
			case '"', '\\':
			case 'n':
				c = '\n'
			case 't':
				c = '\t'
			default:
				return "", 0, false
			}
		}
		s.fold = append(s.fold, c)
	}
	return "", 0, false
}

// blockScalar reads a literal or folded scalar whose header is at an offset, and goes to the line after it.
func (s *scanner) blockScalar(from int) bool {
	indent, number := s.line.indent, s.line.number
	header := strings.TrimRight(s.text[from:s.line.end], " ")
	folded, chomp := header[0] == '>', header[1:]
	if chomp != "" && chomp != "-" && chomp != "+" {
		return false
	}
	width, blanks, ok := s.blockWidth()
	if !ok || width <= indent {
		return false
	}
	s.fold = s.fold[:0]
	for range blanks {
		s.fold = append(s.fold, '\n')
	}
	first := true
	blanks = 0
	for s.line.next < len(s.text) {
		start := s.line.next
		end, next := s.lineEnd(start)
		spaces := countSpaces(s.text[start:min(start+width, end)])
		if spaces < width && start+spaces < end {
			break // what stands further left is no part of it
		}
		if next == end {
			return false // the last line has no end
		}
		s.line.number, s.line.next = s.line.number+1, next
		if start+spaces == end {
			blanks++
			continue
		}
		content := s.text[start+width : end]
		if folded && (content[0] == ' ' || content[0] == '\t') {
			return false // such lines are not folded
		}
		if !first {
			if !folded {
				s.fold = append(s.fold, '\n')
				s.foldBlanks(blanks)
			} else {
				s.foldLine(blanks)
			}
		}
		s.fold = append(s.fold, content...)
		first, blanks = false, 0
	}
	if chomp != "-" {
		s.fold = append(s.fold, '\n')
	}
	if chomp == "+" {
		s.foldBlanks(blanks)
	}
	s.push(String, number, string(s.fold))
	return s.advance() && (s.atEnd || s.line.indent <= indent)
}

func (s *scanner) foldBlanks(blanks int) {
	for range blanks {
		s.fold = append(s.fold, '\n')
	}
}

// blockWidth is the indentation of the block scalar that starts on the next line, and how many blank lines begin it.
func (s *scanner) blockWidth() (width, blanks int, ok bool) {
	widest := 0
	for at := s.line.next; at < len(s.text); {
		end, next := s.lineEnd(at)
		spaces := countSpaces(s.text[at:end])
		if at+spaces < end {
			return spaces, blanks, spaces >= widest && s.text[at+spaces] != '\t'
		}
		widest = max(widest, spaces)
		blanks++
		at = next
	}
	return 0, 0, false
}
