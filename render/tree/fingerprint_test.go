package tree_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

func TestAFingerprintTellsApartWhatCannotBeRead(t *testing.T) {
	r := newRepo(t)
	link := func(name, to string) {
		t.Helper()
		at := filepath.Join(r.dir, name)
		_ = os.Remove(at)
		if err := os.Symlink(to, at); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	paths := []string{"gone.yaml", "out.yaml", "circle.yaml", "big.yaml", "through.yaml"}
	r.write("big.yaml", pointer)
	link("gone.yaml", "nowhere.yaml")
	link("out.yaml", "../secret.yaml")
	link("circle.yaml", "circle.yaml")
	link("through.yaml", "big.yaml")
	r.commit("first")
	r.write("unrelated.yaml", "new")
	r.commit("second")
	opened := r.open()
	first, second := at(t, opened, "HEAD~1"), at(t, opened, "HEAD")
	folder, err := tree.Folder(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		one := first.Fingerprint(path)
		if one == 0 || one != second.Fingerprint(path) || one != folder.Fingerprint(path) || one != second.Recorder().Fingerprint(path) {
			t.Errorf("%s: it must be the same where nothing has changed, on disk, too", path)
		}
	}
	for _, path := range []string{"nothing.yaml", ".", "../out"} {
		if got := first.Fingerprint(path); got != 0 {
			t.Errorf("%s: got %d where there is no file", path, got)
		}
	}
	r.write("big.yaml", pointer+"ext-0-x sha256:1\n")
	link("gone.yaml", "elsewhere.yaml")
	link("out.yaml", "../other.yaml")
	link("circle.yaml", "./circle.yaml")
	r.commit("third")
	third := at(t, opened, "HEAD")
	for _, path := range paths {
		if got := third.Fingerprint(path); got == 0 || got == first.Fingerprint(path) {
			t.Errorf("%s: a change must change it, and what a link leads to counts", path)
		}
	}
}
