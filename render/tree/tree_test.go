package tree_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// linked is a repository with links of every kind.
func linked(t *testing.T) repo {
	t.Helper()
	r := newRepo(t)
	r.write("common/policy.yaml", "policy")
	r.write("common/deep/x.yaml", "x")
	r.write("app/own.yaml", "own")
	for name, to := range map[string]string{
		"app/policy.yaml": "../common/policy.yaml",
		"app/folder":      "../common/deep",
		"app/chain.yaml":  "folder/../policy.yaml",
		"app/out.yaml":    "../../secret.yaml",
		"app/abs.yaml":    "/etc/passwd",
		"app/loop.yaml":   "loop.yaml",
		"app/gone.yaml":   "../common/gone.yaml",
		"app/up":          "..",
	} {
		if err := os.Symlink(to, filepath.Join(r.dir, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(r.dir), "secret.yaml"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit("links")
	return r
}

func TestLinksAreResolvedInsideEveryTree(t *testing.T) {
	r := linked(t)
	opened := r.open()
	working, err := opened.WorkingTree()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := tree.Folder(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]*tree.Tree{"commit": at(t, opened, "HEAD"), "working tree": working, "folder": folder} {
		t.Run(name, func(t *testing.T) {
			for path, text := range map[string]string{"app/policy.yaml": "policy", "app/folder/x.yaml": "x", "app/chain.yaml": "policy",
				"app/up/app/up/common/policy.yaml": "policy"} {
				got, err := fsys.ReadFile(path)
				if err != nil {
					t.Error(err)
				}
				want(t, path, string(got), text)
			}
			for path, says := range map[string]string{
				"app/out.yaml":  "app/out.yaml leads out of the tree, to ../../secret.yaml",
				"app/abs.yaml":  "app/abs.yaml leads out of the tree, to /etc/passwd",
				"app/loop.yaml": "circle",
				"app/gone.yaml": "not exist",
			} {
				_, err := fsys.ReadFile(path)
				wantError(t, err, path, says)
			}
			sub, err := fs.Sub(fsys, "app")
			if err != nil {
				t.Fatal(err)
			}
			want(t, "walk", files(t, sub), "abs.yaml! chain.yaml=policy folder! gone.yaml! loop.yaml! out.yaml! own.yaml=own policy.yaml=policy up!")
		})
	}
}

func TestWhatGitDoesNotHoldIsNamed(t *testing.T) {
	other := newRepo(t)
	other.write("base/kustomization.yaml", "resources: []")
	other.commit("other")
	r := newRepo(t)
	r.git("submodule", "add", "--quiet", "file://"+other.dir, "vendor/other")
	r.write("big.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
	r.commit("first")
	opened := r.open()
	working, err := opened.WorkingTree()
	if err != nil {
		t.Fatal(err)
	}
	for name, fsys := range map[string]*tree.Tree{"commit": at(t, opened, "HEAD"), "working tree": working} {
		t.Run(name, func(t *testing.T) {
			_, err := fsys.ReadFile("vendor/other/base/kustomization.yaml")
			wantError(t, err, "vendor/other", "git submodule")
			_, err = fsys.ReadDir("vendor/other")
			wantError(t, err, "vendor/other", "git submodule")
			_, err = fsys.ReadFile("big.yaml")
			wantError(t, err, "big.yaml", "Git LFS")
			if err := fs.WalkDir(fsys, ".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
				t.Errorf("a walk must pass a submodule over: %v", err)
			}
		})
	}
}

func TestTheWorkingTreeIsWhatWouldBeCommitted(t *testing.T) {
	r := newRepo(t)
	r.write(".gitignore", "*.log\n/build/\n!keep.log\nsecret\n")
	r.write("tracked.yaml", "old")
	r.write("deleted.yaml", "old")
	r.write("build/forced.yaml", "tracked although ignored")
	r.git("add", "--force", "build/forced.yaml")
	r.commit("first")
	r.write("tracked.yaml", "new")
	r.git("rm", "--quiet", "--cached", "deleted.yaml")
	if err := os.Remove(filepath.Join(r.dir, "deleted.yaml")); err != nil {
		t.Fatal(err)
	}
	r.write("untracked/new.yaml", "new")
	r.write("untracked/.gitignore", "local.yaml\n")
	r.write("untracked/local.yaml", "ignored")
	r.write("elsewhere/local.yaml", "not ignored")
	r.write("x.log", "ignored")
	r.write("keep.log", "not ignored")
	r.write("build/out.yaml", "ignored")
	r.write("a/secret/x.yaml", "ignored")
	r.write(".git/info/exclude", "private.yaml\n")
	r.write("private.yaml", "ignored")
	nested := repo{t, filepath.Join(r.dir, "nested")}
	r.write("nested/other.yaml", "another repository")
	nested.git("init", "--quiet")

	working, err := r.open().WorkingTree()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "files", files(t, working), ".gitignore=*.log\n/build/\n!keep.log\nsecret build/forced.yaml=tracked although ignored"+
		" elsewhere/local.yaml=not ignored keep.log=not ignored tracked.yaml=new untracked/.gitignore=local.yaml untracked/new.yaml=new")
	var foreign []string
	for _, name := range []string{"build/out.yaml", "a/secret/x.yaml", "untracked/local.yaml", "nested/other.yaml", ".git/config"} {
		if _, err := working.Stat(name); err == nil {
			foreign = append(foreign, name)
		}
	}
	if foreign != nil {
		t.Errorf("the working tree holds %v", foreign)
	}
}

func TestASparseCheckoutKeepsTheFilesThatItLeftOut(t *testing.T) {
	for _, options := range [][]string{{"--cone"}, {"--no-cone"}, {"--cone", "--sparse-index"}} {
		r := newRepo(t)
		r.write("in/a.yaml", "1")
		r.write("out/deep/b.yaml", "2")
		r.write("out/deep/c.yaml", "3")
		r.commit("first")
		r.git(append(append([]string{"sparse-checkout", "set"}, options...), "in")...)
		r.write("in/a.yaml", "changed")
		working, err := r.open().WorkingTree()
		if err != nil {
			t.Fatal(err)
		}
		want(t, "files", files(t, working), "in/a.yaml=changed out/deep/b.yaml=2 out/deep/c.yaml=3")
	}
}

func TestMemoryIsATree(t *testing.T) {
	m := tree.Memory(map[string][]byte{"a.yaml": []byte("1"), "dir/sub/b.yaml": []byte("2"), "../bad": nil, "/worse": nil})
	if err := fstest.TestFS(m, "a.yaml", "dir/sub/b.yaml"); err != nil {
		t.Error(err)
	}
	want(t, "files", files(t, m), "a.yaml=1 dir/sub/b.yaml=2")
	want(t, "an empty one", files(t, tree.Memory(nil)), "")
}

func TestAFolderIsATree(t *testing.T) {
	r := repo{t, t.TempDir()}
	r.write("a.yaml", "1")
	r.write("dir/b.yaml", "2")
	folder, err := tree.Folder(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(folder, "a.yaml", "dir/b.yaml"); err != nil {
		t.Error(err)
	}
	_, err = tree.Folder(filepath.Join(r.dir, "nosuch"))
	wantError(t, err, "nosuch")
	file, err := tree.File(filepath.Join(r.dir, "dir", "b.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "a single file", files(t, file), "b.yaml=2")
}

func TestATreeIsReadByManyAtOnce(t *testing.T) {
	r := newRepo(t)
	for _, name := range []string{"a", "b", "c/d", "c/e", "f/g/h"} {
		r.write(name+".yaml", name)
	}
	r.commit("first")
	r.git("gc", "--quiet")
	commit := at(t, r.open(), "HEAD")
	recorder := commit.Recorder()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			want(t, "files", files(t, recorder), "a.yaml=a b.yaml=b c/d.yaml=c/d c/e.yaml=c/e f/g/h.yaml=f/g/h")
		})
	}
	all.Wait()
}
