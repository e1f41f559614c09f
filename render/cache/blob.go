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
	text, ok := c.read(blobName(digest))
	if sum := sha256.Sum256(text); !ok || !bytes.Equal(sum[:], want) {
		return nil, false
	}
	return text, true
}

// packName is where a commit's pack is kept.
func packName(repository, commit string) string {
	sum := sha256.Sum256([]byte(repository + "\x00" + commit))
	return "commit-" + hex.EncodeToString(sum[:]) + ending
}

// Pack returns what was fetched in an earlier run for a commit, by its repository's address and its full id. It is not
// checked: who unpacks it finds whether it is that commit's.
func (c *Cache) Pack(repository, commit string) ([]byte, bool) {
	return c.read(packName(repository, commit))
}

// KeepPack keeps a commit's pack.
func (c *Cache) KeepPack(repository, commit string, pack []byte) {
	name := packName(repository, commit)
	if known, ok := c.read(name); len(pack) > maxEntry || ok && bytes.Equal(known, pack) {
		return
	}
	if err := c.write(name, pack); err != nil {
		c.note(fmt.Errorf("keeping what was fetched: %w", err))
	}
}

// read reads what is kept as it is, and notes that it was used.
func (c *Cache) read(name string) ([]byte, bool) {
	f, err := c.root.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if err != nil || len(text) > maxEntry {
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
