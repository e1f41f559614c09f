package manifest

import (
	"bytes"
	"iter"

	"github.com/cespare/xxhash/v2"
)

// Document is one document of a YAML stream.
type Document struct {
	Text []byte
	// Line is the line of the file on which Text starts, counted from 1.
	Line int
}

// trimmed is the document without the empty lines before it: the first document of a file, which needs no marker, is then
// the same text as any other one.
func (d Document) trimmed() Document {
	for len(d.Text) > 0 && d.Text[0] == '\n' {
		d.Text, d.Line = d.Text[1:], d.Line+1
	}
	return d
}

func digest(text []byte) uint64 { return xxhash.Sum64(text) }

// Documents splits a file at its document markers ("---", and "..." which ends one), so that one broken document
// cannot hide the others.
func Documents(text []byte) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		line, start, startLine := 1, 0, 1
		for i := 0; i < len(text); line++ {
			end := bytes.IndexByte(text[i:], '\n')
			next := i + end + 1
			if end < 0 {
				next = len(text)
			}
			if skip, ok := marker(text[i:next]); ok {
				if i > start && !yield(Document{Text: text[start:i], Line: startLine}) {
					return
				}
				// A document may begin on its marker's line ("--- {a: b}"); the marker itself is no part of it.
				start, startLine = i+skip, line
			}
			i = next
		}
		if start < len(text) {
			yield(Document{Text: text[start:], Line: startLine})
		}
	}
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
