package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// blobName is where a fetched thing is kept: by its SHA-256 in hexadecimal.
func blobName(digest string) string { return "sha256-" + digest + ending }

// Blob returns what was fetched in an earlier run and has a SHA-256, in hexadecimal.
func (c *Cache) Blob(digest string) ([]byte, bool) {
	want, err := hex.DecodeString(digest)
	if err != nil || len(want) != sha256.Size {
		return nil, false
	}
	name := blobName(digest)
	f, err := c.root.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if err != nil || len(text) > maxEntry {
		return nil, false
	}
	if sum := sha256.Sum256(text); !bytes.Equal(sum[:], want) {
		return nil, false
	}
	now := time.Now()
	_ = c.root.Chtimes(name, now, now) // what is used stays
	return text, true
}

// KeepBlob keeps what was fetched and has a SHA-256, in hexadecimal.
func (c *Cache) KeepBlob(digest string, text []byte) {
	if len(text) > maxEntry {
		return
	}
	if _, ok := c.Blob(digest); ok {
		return
	}
	if err := c.write(blobName(digest), text); err != nil {
		c.note(fmt.Errorf("keeping what was fetched: %w", err))
	}
}
