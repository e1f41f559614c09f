package manifest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"unicode/utf16"

	"github.com/cespare/xxhash/v2"
)

// Document is one document of a YAML stream.
type Document struct {
	Text []byte
	// Line is the line of the file on which Text starts, counted from 1.
	Line int
	// Lost says why the clients of a cluster (kubectl, Argo CD, Helm) do not take the document, though YAML has it as one; empty
	// if they do.
	Lost string
}

// Why clients do not take a document: they look for lines of "---" before they parse, and parse one document of each part
// (k8s.io/apimachinery's YAMLReader).
const (
	lostBehindMarker = "it begins on the line of its marker (---), which kubectl, Argo CD and kustomize refuse: begin it on the next line"
	lostBehindEnd    = "it follows the end of another document (...), and kubectl, Argo CD and Helm read nothing more up to the next marker: write --- before it"
	lostInUTF16      = "it is not the first one of a file in UTF-16, of which kubectl reads no more: write the file in UTF-8"
)

// trimmed is the document without the empty lines before it: the first document of a file, which needs no marker, is then
// the same text as any other one.
func (d Document) trimmed() Document {
	for len(d.Text) > 0 && d.Text[0] == '\n' {
		d.Text, d.Line = d.Text[1:], d.Line+1
	}
	return d
}

func digest(text []byte) uint64 { return xxhash.Sum64(text) }

// Documents splits a file at its document markers ("---", and "..." which ends one), and between JSON objects that follow
// each other, so that one broken document cannot hide the others.
func Documents(text []byte) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		utf8 := toUTF8(text)
		isUTF16, isLater := len(utf8) > 0 && len(text) > 1 && (text[0] == 0xff || text[0] == 0xfe), false
		for doc := range marked(utf8) {
			if isUTF16 && isLater {
				doc.Lost = lostInUTF16
			}
			isLater = isLater || hasContent(doc.Text)
			for _, part := range objectsOf(doc) {
				if !yield(part) {
					return
				}
			}
		}
	}
}

// marked splits a text at its document markers.
func marked(text []byte) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		line, start, startLine := 1, 0, 1
		lost := ""
		for i := 0; i < len(text); line++ {
			end := bytes.IndexByte(text[i:], '\n')
			next := i + end + 1
			if end < 0 {
				next = len(text)
			}
			if skip, ok := marker(text[i:next]); ok {
				if i > start && !yield(Document{Text: text[start:i], Line: startLine, Lost: lost}) {
					return
				}
				lost = lostBehind(text[i:next])
				// A document may begin on its marker's line ("--- {a: b}"); the marker itself is no part of it.
				start, startLine = i+skip, line
			}
			i = next
		}
		if start < len(text) {
			yield(Document{Text: text[start:], Line: startLine, Lost: lost})
		}
	}
}

// lostBehind says why the document behind a marker's line is not taken; empty if it is.
func lostBehind(marker []byte) string {
	switch rest := bytes.TrimSpace(marker[3:]); {
	case marker[0] == '.':
		return lostBehindEnd
	case len(rest) > 0 && rest[0] != '#':
		return lostBehindMarker
	}
	return ""
}

// hasContent tells whether a document has more than empty lines and comments.
func hasContent(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}

// marker tells whether a line separates documents, and how much of it to leave out of the next one.
func marker(line []byte) (skip int, ok bool) {
	if len(line) < 3 || string(line[:3]) != "---" && string(line[:3]) != "..." {
		return 0, false
	}
	if len(line) > 3 && line[3] != ' ' && line[3] != '\t' && line[3] != '\n' && line[3] != '\r' {
		return 0, false
	}
	return 3, true
}

// toUTF8 returns a text without its byte order mark, decoded if the mark says that it is UTF-16, as some shells write it.
func toUTF8(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// objectsOf splits a document that is several JSON objects one after the other, as jq writes them and kubectl reads
// them. Any other document is returned as it is.
func objectsOf(doc Document) []Document {
	whole := []Document{doc}
	if !mayBeStream(doc.Text) {
		return whole
	}
	var parts []Document
	start, line := 0, doc.Line
	for d := json.NewDecoder(bytes.NewReader(doc.Text)); ; {
		var object json.RawMessage
		if err := d.Decode(&object); errors.Is(err, io.EOF) {
			return parts
		} else if err != nil {
			return whole
		}
		end := int(d.InputOffset())
		parts = append(parts, Document{Text: doc.Text[start:end], Line: line, Lost: doc.Lost})
		line += bytes.Count(doc.Text[start:end], []byte("\n"))
		start = end
	}
}

// mayBeStream tells whether a text begins as JSON does and an object may follow another one in it without a comma.
func mayBeStream(text []byte) bool {
	const space = " \t\r\n"
	if text = bytes.TrimLeft(text, space); len(text) == 0 || text[0] != '{' {
		return false
	}
	for {
		end := bytes.IndexByte(text, '}')
		if end < 0 {
			return false
		}
		if text = bytes.TrimLeft(text[end+1:], space); len(text) > 0 && text[0] == '{' {
			return true
		}
	}
}
