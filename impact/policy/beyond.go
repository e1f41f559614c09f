package policy

import (
	"encoding/json"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Beyond is a restriction that no connection shows, on some ports of a rule or on all: of HTTP's methods, of the names that
// DNS is asked for, of TLS.
type Beyond struct {
	// Ports are those that it is about, in words; empty for all of the rule's.
	Ports string
	// Field is what it is called where it is written, Text what it says: the same meaning is the same text, whatever the
	// order of its fields.
	Field, Text string
	Part        *manifest.Node
}

// NewBeyond makes a restriction of a field with its value.
func NewBeyond(field string, value *manifest.Node) Beyond {
	b := Beyond{Field: field, Part: value}
	var content any
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if json.Unmarshal(value.AppendJSON(nil), &content) == nil && encoder.Encode(content) == nil {
		b.Text = strings.TrimSpace(text.String())
	}
	return b
}

func (b Beyond) same(other Beyond) bool {
	return b.Ports == other.Ports && b.Field == other.Field && b.Text == other.Text
}

// Words say what is asked for: "http [{…}]", "http [{…}] on TCP 80".
func (b Beyond) Words() string {
	text := strings.NewReplacer("\"", "", "{", "", "}", "", ":", ": ", ",", ", ", "[", "", "]", "").Replace(b.Text)
	if b.Ports != "" {
		text += " on " + b.Ports
	}
	return strings.TrimSpace(b.Field + " " + text)
}

func beyondWords(list []Beyond) string {
	if len(list) == 0 {
		return ""
	}
	words := make([]string, len(list))
	for i, b := range list {
		words[i] = b.Words()
	}
	return ", as far as " + strings.Join(words, "; ") + " lets it"
}
