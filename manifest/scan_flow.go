package manifest

// flow reads a flow collection, [a, b] or {a: b}, that ends on its line, and returns the offset after it.
func (s *scanner) flow(from, end, depth int) (after int, ok bool) {
	if depth > maxScanDepth {
		return 0, false
	}
	kind, closing := List, byte(']')
	if s.text[from] == '{' {
		kind, closing = Map, '}'
	}
	number, base := s.line.number, len(s.stack)
	at := s.skip(from+1, end)
	for at < end && (s.text[at] != closing || len(s.stack) > base) {
		if kind == Map {
			if at, ok = s.flowKey(at, end); !ok {
				return 0, false
			}
		}
		if at, ok = s.flowValue(at, end, depth); !ok || len(s.stack)-base > maxNodes {
			return 0, false // no object has a line of so many values
		}
		if at = s.skip(at, end); at == end || s.text[at] != ',' {
			break
		}
		at = s.skip(at+1, end)
	}
	if at >= end || s.text[at] != closing || kind == Map && s.hasDuplicates(s.stack[base:]) {
		return 0, false
	}
	s.close(kind, number, base)
	return at + 1, true
}

func (s *scanner) skip(from, end int) int { return from + countSpaces(s.text[from:end]) }

// flowKey reads a key and its colon, and returns the offset of the value.
func (s *scanner) flowKey(from, end int) (value int, ok bool) {
	at, ok := s.flowScalar(from, end)
	if !ok || at-from > maxKey || at+1 >= end || s.text[at] != ':' || s.text[at+1] != ' ' {
		return 0, false
	}
	s.stack[len(s.stack)-1].Kind = String
	return s.skip(at+1, end), true
}

// flowValue reads a value that ends on its line, and returns the offset after it.
func (s *scanner) flowValue(from, end, depth int) (after int, ok bool) {
	if from < end && (s.text[from] == '[' || s.text[from] == '{') {
		return s.flow(from, end, depth+1)
	}
	return s.flowScalar(from, end)
}

// flowScalar reads a quoted scalar, or a plain one of letters, digits and a few signs that mean nothing in YAML.
func (s *scanner) flowScalar(from, end int) (after int, ok bool) {
	if from >= end {
		return 0, false
	}
	if c := s.text[from]; c == '\'' || c == '"' {
		text, after, ok := s.quoted(from, end)
		s.push(String, s.line.number, text)
		return after, ok
	}
	at := from
	for at < end && isFlowPlain(s.text[at]) {
		at++
	}
	if at == from || s.text[from] == '-' && at == from+1 {
		return 0, false
	}
	text := s.text[from:at]
	s.push(plainKind(text), s.line.number, text)
	return at, true
}

func isFlowPlain(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c == '_' || c == '-' || c == '.' || c == '/' || c == '+' || c == '$' || c == '~'
}
