package manifest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Kind is the JSON type of a node.
type Kind uint8

// The kinds of a node. The zero value is Null.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind as the API server does in its errors.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "integer", "number", "string", "list", "object"}[k]
}

// Noun is the kind with its article: "an object".
func (k Kind) Noun() string { return noun(k.String()) }

func noun(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// Node is one value of a document. A nil *Node is an absent value: every method works on it.
type Node struct {
	Kind Kind
	// Source tells the file that Line is in: 0 for the object's origin file, else the place in [Object.Sources], counted
	// from 1.
	Source uint16
	// Line is the line in the object's origin file, counted from 1; 0 if unknown.
	Line int
	// Text is a scalar's text as it was written, a string's after unquoting.
	Text string
	// Items are a list's elements; for a map, keys and values in turn.
	Items []Node
}

// Get follows map keys from n and returns the value there, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, key := range path {
		if n = n.field(key); n == nil {
			return nil
		}
	}
	return n
}

func (n *Node) field(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		if n.Items[i].Text == key {
			return &n.Items[i+1]
		}
	}
	return nil
}

// Elements returns a list's elements, and nothing for any other node.
func (n *Node) Elements() []Node {
	if n == nil || n.Kind != List {
		return nil
	}
	return n.Items
}

// Element returns a list's element number i, or nil.
func (n *Node) Element(i int) *Node {
	if items := n.Elements(); i < len(items) {
		return &items[i]
	}
	return nil
}

// Fields calls yield with each key and value of a map, in the order written, until yield returns false.
func (n *Node) Fields(yield func(key, value *Node) bool) {
	if n == nil || n.Kind != Map {
		return
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		if !yield(&n.Items[i], &n.Items[i+1]) {
			return
		}
	}
}

// Str returns a string's text, and "" for any other node.
func (n *Node) Str() string {
	if n == nil || n.Kind != String {
		return ""
	}
	return n.Text
}

// IntValue returns an integer's value and whether n is one that fits.
func (n *Node) IntValue() (int, bool) {
	if n == nil || n.Kind != Int {
		return 0, false
	}
	v, err := strconv.ParseInt(digitsOf(n.Text), 0, 64)
	return int(v), err == nil
}

// IsTrue tells whether n is the boolean true.
func (n *Node) IsTrue() bool {
	if n == nil || n.Kind != Bool {
		return false
	}
	return boolWord(n.Text) == isTrue
}

// IsNull tells whether n is absent or null.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Null }

// LineOr returns the node's line, or otherwise where the node is absent or has none.
func (n *Node) LineOr(otherwise int) int {
	if n == nil || n.Line == 0 {
		return otherwise
	}
	return n.Line
}

// SetLines gives n and everything below it the same line of the origin file, 0 where the lines that it was parsed with
// say nothing.
func (n *Node) SetLines(line int) {
	n.Line, n.Source = line, 0
	for i := range n.Items {
		n.Items[i].SetLines(line)
	}
}

// AppendJSON appends n as JSON to b.
func (n *Node) AppendJSON(b []byte) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	switch n.Kind {
	case Bool:
		return strconv.AppendBool(b, n.IsTrue())
	case Int:
		if v, ok := n.IntValue(); ok {
			return strconv.AppendInt(b, int64(v), 10)
		}
		return appendNumber(b, n.Text)
	case Float:
		return appendNumber(b, n.Text)
	case String:
		return appendString(b, n.Text)
	case List:
		b = append(b, '[')
		for i := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.Items[i].AppendJSON(b)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Items); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, n.Items[i].Text), ':')
			b = n.Items[i+1].AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendNumber appends a number that is no signed 64-bit integer; what JSON cannot say (infinities, not-a-number) becomes
// a string.
func appendNumber(b []byte, text string) []byte {
	digits := digitsOf(text)
	if v, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return strconv.AppendUint(b, v, 10)
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return appendString(b, text)
	}
	quoted, err := json.Marshal(v)
	if err != nil {
		return appendString(b, text)
	}
	return append(b, quoted...)
}

func appendString(b []byte, s string) []byte {
	if isPlainASCII(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // cannot happen: every string has a JSON form
		return append(b, `""`...)
	}
	return append(b, quoted...)
}

// isPlainASCII tells whether a text is in JSON what it is by itself; encoding/json escapes HTML's signs, too.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}
