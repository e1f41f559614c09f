package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// reads reads a file through a recorder, and looks for another one.
func reads(t *testing.T, from *tree.Tree) []tree.Read {
	t.Helper()
	r := from.Recorder()
	if _, err := r.ReadFile("a.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stat("b.yaml"); err == nil {
		t.Fatal("there is a file too many")
	}
	return r.Reads()
}

func memory(files ...string) *tree.Tree {
	all := make(map[string][]byte)
	for i := 0; i < len(files); i += 2 {
		all[files[i]] = []byte(files[i+1])
	}
	return tree.Memory(all)
}

func TestAnEntryIsForTheSameReadsOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	c := open(t, dir)
	one, two := memory("a.yaml", "1"), memory("a.yaml", "2")
	c.Keep([]byte("key"), reads(t, one), []byte("first"))
	c.Keep([]byte("key"), reads(t, two), []byte("second"))
	c = open(t, dir)
	for _, test := range []struct {
		name string
		from *tree.Tree
		key  string
		want string
	}{
		{"the first state", one, "key", "first"},
		{"the second state", two, "key", "second"},
		{"another target", one, "other", ""},
		{"other contents", memory("a.yaml", "3"), "key", ""},
		{"nothing", memory("c.yaml", "1"), "key", ""},
		{"a file where there was none", memory("a.yaml", "1", "b.yaml", "1"), "key", ""},
		{"another file, of which nobody asked", memory("a.yaml", "1", "c.yaml", "1"), "key", "first"},
	} {
		got, ok := c.Find(test.from, []byte(test.key))
		if string(got) != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %v", test.name, got, ok)
		}
	}
	c.program = "another"
	if got, ok := c.Find(one, []byte("key")); ok {
		t.Errorf("another program finds %q", got)
	}
}

func TestABrokenEntryIsNone(t *testing.T) {
	dir := t.TempDir()
	c, from := open(t, dir), memory("a.yaml", "1")
	c.Keep([]byte("key"), reads(t, from), []byte("answer"))
	name := filepath.Join(dir, c.name([]byte("key")))
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		broken := bytes.Clone(whole)
		broken[i] ^= 1
		if err := os.WriteFile(name, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Find(from, []byte("key")); ok {
			t.Fatalf("byte %d is another one, and it finds %q", i, got)
		}
		if err := os.WriteFile(name, whole[:i], 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Find(from, []byte("key")); ok {
			t.Fatalf("cut at byte %d, and it finds %q", i, got)
		}
	}
}

// An entry of one target in the place of another one's must not be taken for it.
func TestAnEntryCannotTakeAnothersPlace(t *testing.T) {
	dir := t.TempDir()
	c, from := open(t, dir), memory("a.yaml", "1")
	c.Keep([]byte("key"), reads(t, from), []byte("answer"))
	if err := os.Rename(filepath.Join(dir, c.name([]byte("key"))), filepath.Join(dir, c.name([]byte("other")))); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Find(from, []byte("other")); ok {
		t.Errorf("it finds %q", got)
	}
}

func TestALinkLeadsNowhere(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	c, from := open(t, outside), memory("a.yaml", "1")
	c.Keep([]byte("key"), reads(t, from), []byte("answer"))
	name := c.name([]byte("key"))
	if err := os.Symlink(filepath.Join(outside, name), filepath.Join(dir, name)); err != nil {
		t.Skip(err)
	}
	if got, ok := open(t, dir).Find(from, []byte("key")); ok {
		t.Errorf("it finds %q", got)
	}
}

func TestWhatFailedToBeReadIsNotKept(t *testing.T) {
	c, from := open(t, t.TempDir()), memory("a.yaml", "1")
	c.Keep([]byte("key"), append(reads(t, from), tree.Read{Path: "x", What: tree.Failed}), []byte("answer"))
	if _, ok := c.Find(from, []byte("key")); ok || c.Close() != nil {
		t.Error("it is kept")
	}
}

func TestTheOldestGo(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	for name, age := range map[string]time.Duration{"a.entry": 3, "b.entry": 2, "c.entry": 1, "d.entry.left": 4, "other": 9} {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(maxFolder / 2)
		if name == "d.entry.left" {
			size = 1
		}
		at := time.Now().Add(-age * time.Hour)
		if err := f.Truncate(size); err != nil { // a hole takes no space
			t.Fatal(err)
		}
		_ = f.Close()
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a.entry": false, "b.entry": true, "c.entry": true, "d.entry.left": false, "other": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
