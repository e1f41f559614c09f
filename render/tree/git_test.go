package tree_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// repo is a real repository, made by the git program.
type repo struct {
	t   testing.TB
	dir string
}

func newRepo(t testing.TB, options ...string) repo {
	t.Helper()
	r := repo{t, t.TempDir()}
	r.git(append(append([]string{"init", "--quiet", "--initial-branch=main"}, options...), ".")...)
	return r
}

func (r repo) git(args ...string) string {
	r.t.Helper()
	return gitserver.At(r.t, r.dir).Git(args...)
}

func (r repo) write(name, text string) {
	r.t.Helper()
	gitserver.At(r.t, r.dir).Write(name, text)
}

// commit commits everything and returns the commit's name.
func (r repo) commit(message string) string {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

func (r repo) clone(options ...string) repo {
	r.t.Helper()
	c := repo{r.t, filepath.Join(r.t.TempDir(), "clone")}
	r.git(append(append([]string{"clone", "--quiet"}, options...), "file://"+r.dir, c.dir)...)
	return c
}

func (r repo) open() *tree.Repository {
	r.t.Helper()
	return open(r.t, r.dir)
}

func open(t testing.TB, dir string) *tree.Repository {
	t.Helper()
	opened, err := tree.OpenRepository(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// at opens the tree of a revision.
func at(t *testing.T, r *tree.Repository, revision string) *tree.Tree {
	t.Helper()
	hash, err := r.Resolve(revision)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := r.Commit(hash)
	if err != nil {
		t.Fatal(err)
	}
	return commit
}

// files lists a tree as "name=contents" lines; what cannot be read is shown as "name!".
func files(t *testing.T, fsys fs.FS) string {
	t.Helper()
	var lines []string
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			lines = append(lines, name+"!")
			return nil
		}
		lines = append(lines, name+"="+strings.TrimSpace(string(text)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, " ")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}
