package tree_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

func TestSameIsTrueOnlyOfWhatIsTheSameWithoutLinks(t *testing.T) {
	var sides [2]*tree.Tree
	for i, text := range []string{"one", "two"} {
		dir := t.TempDir()
		for _, folder := range []string{"same", "differs", "linked"} {
			if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, folder, "file"), []byte("text"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "differs", "other"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../differs/other", filepath.Join(dir, "linked", "link")); err != nil {
			t.Skipf("links cannot be made here: %v", err)
		}
		if err := os.Symlink("differs", filepath.Join(dir, "way")); err != nil {
			t.Fatal(err)
		}
		var err error
		if sides[i], err = tree.Folder(dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{
		"same": true, "same/file": true, "nothing": true, "same/file/below": true, "differs/file": true, "linked/file": true,
		"differs": false, "differs/other": false, ".": false, "linked": false, "linked/link": false, "way": false,
		"way/file": false, "way/other": false, "../out": false,
	} {
		if got := tree.Same(sides[0], sides[1], name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
