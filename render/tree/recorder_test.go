package tree_test

import (
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

func TestReadsHoldExactlyWhereTheyWouldTellTheSame(t *testing.T) {
	memory := func(change func(map[string][]byte)) *tree.Tree {
		files := map[string][]byte{"app/kustomization.yaml": []byte("k"), "app/policy.yaml": []byte("p"), "list/a.yaml": []byte("a"), "other.yaml": []byte("o")}
		if change != nil {
			change(files)
		}
		return tree.Memory(files)
	}
	r := memory(nil).Recorder()
	if err := fstest.TestFS(memory(nil).Recorder(), "app/policy.yaml"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"app/kustomization.yaml", "app/policy.yaml", "app/kustomization.yml"} {
		_, _ = fs.ReadFile(r, name)
	}
	_, _ = fs.ReadDir(r, "list")
	_, _ = fs.Stat(r, "other.yaml")

	tests := map[string]struct {
		change func(map[string][]byte)
		holds  bool
	}{
		"nothing changed":                {nil, true},
		"a file that was only looked up": {func(f map[string][]byte) { f["other.yaml"] = []byte("changed") }, true},
		"a file that nobody read":        {func(f map[string][]byte) { f["app/unread.yaml"] = []byte("new") }, true},
		"a listed file's contents":       {func(f map[string][]byte) { f["list/a.yaml"] = []byte("changed") }, true},
		"a read file's contents":         {func(f map[string][]byte) { f["app/policy.yaml"] = []byte("changed") }, false},
		"a read file is gone":            {func(f map[string][]byte) { delete(f, "app/policy.yaml") }, false},
		"a file where there was none":    {func(f map[string][]byte) { f["app/kustomization.yml"] = []byte("new") }, false},
		"a new name in a listed folder":  {func(f map[string][]byte) { f["list/b.yaml"] = []byte("new") }, false},
		"a listed file became a folder":  {func(f map[string][]byte) { delete(f, "list/a.yaml"); f["list/a.yaml/x"] = nil }, false},
		"a looked-up file is gone":       {func(f map[string][]byte) { delete(f, "other.yaml") }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := memory(test.change).Holds(r.Reads()); got != test.holds {
				t.Errorf("holds: %t, want %t; reads:\n%v", got, test.holds, r.Reads())
			}
		})
	}
}

func TestReadsOfACommitCompareWithFilesOnDisk(t *testing.T) {
	r := newRepo(t)
	r.write("a.yaml", "1")
	r.write("dir/b.yaml", "2")
	r.commit("first")
	opened := r.open()
	recorder := at(t, opened, "HEAD").Recorder()
	files(t, recorder)
	working, err := opened.WorkingTree()
	if err != nil {
		t.Fatal(err)
	}
	if !working.Holds(recorder.Reads()) {
		t.Errorf("the untouched working tree must hold the commit's reads: %v", recorder.Reads())
	}
	r.write("dir/b.yaml", "changed")
	if working, err = opened.WorkingTree(); err != nil {
		t.Fatal(err)
	}
	if working.Holds(recorder.Reads()) {
		t.Error("a changed working tree must not")
	}
}

func TestAReadThatFailedNeverHolds(t *testing.T) {
	r := linked(t)
	commit := at(t, r.open(), "HEAD")
	recorder := commit.Recorder()
	_, err := recorder.ReadFile("app/out.yaml")
	wantError(t, err, "app/out.yaml")
	if commit.Holds(recorder.Reads()) {
		t.Error("a failed read holds")
	}
}

func BenchmarkWalkOfACommit(b *testing.B) {
	r := repo{b, b.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main", ".")
	for i := range 5000 {
		r.write(fmt.Sprintf("apps/%d/%d.yaml", i%100, i), fmt.Sprintf("kind: X\nmetadata: {name: x%d}\n", i))
	}
	r.commit("many")
	r.git("gc", "--quiet")
	for b.Loop() {
		opened, err := tree.OpenRepository(r.dir)
		if err != nil {
			b.Fatal(err)
		}
		hash, err := opened.Resolve("HEAD")
		if err != nil {
			b.Fatal(err)
		}
		commit, err := opened.Commit(hash)
		if err != nil {
			b.Fatal(err)
		}
		if err := fs.WalkDir(commit, ".", func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				_, err = commit.ReadFile(name)
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
		opened.Close()
	}
}
