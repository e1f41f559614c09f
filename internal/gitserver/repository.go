package gitserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Repository is one that a test makes, in a folder.
type Repository struct {
	t   testing.TB
	Dir string
}

// At is the repository in a folder.
func At(t testing.TB, dir string) Repository { return Repository{t, dir} }

// Make makes a repository in a folder, of which any commit may be asked for.
func Make(t testing.TB, dir string) Repository {
	t.Helper()
	r := At(t, dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.Git("init", "--quiet", "--initial-branch=main", ".")
	r.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	return r
}

// Git runs git there, without the machine's configuration, and returns what it prints.
func (r Repository) Git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false",
		"-c", "protocol.file.allow=always", "-c", "core.excludesFile="}, args...)...)
	c.Dir = r.Dir
	c.Env = append(c.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	printed, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, printed)
	}
	return strings.TrimSpace(string(printed))
}

// Write writes a file.
func (r Repository) Write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Link writes a symbolic link.
func (r Repository) Link(name, to string) {
	r.t.Helper()
	if err := os.Symlink(to, filepath.Join(r.Dir, filepath.FromSlash(name))); err != nil {
		r.t.Fatal(err)
	}
}

// Commit commits everything and returns the commit's full id.
func (r Repository) Commit() string {
	r.t.Helper()
	r.Git("add", "--all")
	r.Git("commit", "--quiet", "--allow-empty", "-m", "one")
	return r.Git("rev-parse", "HEAD")
}
