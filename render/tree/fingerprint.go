package tree

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
)

// Fingerprint identifies what is at a path from which no file can be read: links and where they lead, a pointer of Git
// LFS, a submodule's commit. It is the same number in two trees only if the same is there; 0 if there is nothing, a
// folder, or what cannot be told apart.
func (t *Tree) Fingerprint(name string) uint64 {
	h := sha256.New() // a pull request chooses what is hashed
	links := 0
	at, err := t.walk(name, func(link place, to string) {
		links++
		fmt.Fprintf(h, "%s\x00%s\x00", link.path, to)
	})
	if err == nil {
		id := t.contentsName(at)
		if id == "" {
			return 0
		}
		fmt.Fprintf(h, "%s\x00%s", at.path, id)
	} else if nowhere := linkError(""); links == 0 || !errors.As(err, &nowhere) && !errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	return max(binary.BigEndian.Uint64(h.Sum(nil)), 1)
}

// contentsName is digest for what cannot be read, too: the name in git of what stands in a file's place; "" if unknown.
func (t *Tree) contentsName(at place) string {
	switch {
	case at.entry.mode&fs.ModeIrregular != 0:
		return at.entry.id
	case at.entry.mode != 0:
		return ""
	}
	if text, err := t.source.read(at.path, at.entry); err == nil {
		return contentsDigest(text)
	}
	return at.entry.id // too large, or missing in a partial clone
}
