package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

func TestABlobIsFoundByWhatItHolds(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("an archive")
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	if _, ok := c.Blob(digest); ok {
		t.Error("it is there before it is kept")
	}
	c.KeepBlob(digest, text)
	if got, ok := c.Blob(digest); !ok || !bytes.Equal(got, text) {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, name := range []string{"", "../" + digest, digest[:10]} {
		if _, ok := c.Blob(name); ok {
			t.Errorf("%q is there", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sha256-"+digest+".entry"), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Blob(digest); ok {
		t.Errorf("got %q for another digest", got)
	}
	c.KeepBlob(digest, text)
	if _, ok := c.Blob(digest); !ok {
		t.Error("a broken one is not replaced")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestAPackIsFoundByItsRepositoryAndCommit(t *testing.T) {
	c, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const repository, id = "https://example.com/team/repo", "0123456789012345678901234567890123456789"
	if _, ok := c.Pack(repository, id); ok {
		t.Error("it is there before it is kept")
	}
	c.KeepPack(repository, id, []byte("broken"))
	c.KeepPack(repository, id, []byte("a pack"))
	if got, ok := c.Pack(repository, id); !ok || string(got) != "a pack" {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, other := range [][2]string{{repository + "2", id}, {repository, id[:39] + "0"}, {"", ""}, {"../" + repository, id}} {
		if _, ok := c.Pack(other[0], other[1]); ok {
			t.Errorf("%s has it, too", other)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
