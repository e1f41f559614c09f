package pullrequest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// git runs git in a folder, with an identity and no settings of this machine.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=mona", "GIT_AUTHOR_EMAIL=mona@example.com", "GIT_COMMITTER_NAME=mona", "GIT_COMMITTER_EMAIL=mona@example.com",
		"GIT_AUTHOR_DATE=2026-11-01T10:00:00Z", "GIT_COMMITTER_DATE=2026-11-01T10:00:00Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

var originOnce struct {
	dir     string
	commits map[string]string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if originOnce.dir != "" {
		_ = os.RemoveAll(originOnce.dir) // it is temporary
	}
	os.Exit(code)
}

// origin makes a repository as GitHub has one for pull request 42: main moved on after the branch was made.
// It is made once; nobody writes to it.
func origin(t *testing.T) (dir string, commits map[string]string) {
	t.Helper()
	if originOnce.dir != "" {
		return originOnce.dir, originOnce.commits
	}
	dir, err := os.MkdirTemp("", "origin")
	if err != nil {
		t.Fatal(err)
	}
	commits = map[string]string{}
	originOnce.dir, originOnce.commits = dir, commits
	git(t, dir, "init", "--quiet", "--initial-branch=main")
	git(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	write := func(name, branch string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "add", name)
		git(t, dir, "commit", "--quiet", "-m", name)
		commits[name] = git(t, dir, "rev-parse", "HEAD")
	}
	write("first", "main")
	write("fork-point", "main")
	git(t, dir, "checkout", "--quiet", "-b", "topic")
	write("topic", "topic")
	git(t, dir, "checkout", "--quiet", "main")
	write("main", "main")
	git(t, dir, "checkout", "--quiet", "--detach")
	git(t, dir, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
	commits["merge"] = git(t, dir, "rev-parse", "HEAD")
	git(t, dir, "update-ref", "refs/pull/42/merge", "HEAD")
	git(t, dir, "checkout", "--quiet", "main")
	return dir, commits
}

func TestShallowCloneGetsWhatItLacks(t *testing.T) {
	from, commits := origin(t)
	for _, depth := range []string{"1", "2", "0"} {
		t.Run("depth "+depth, func(t *testing.T) {
			dir := t.TempDir()
			git(t, dir, "init", "--quiet")
			git(t, dir, "remote", "add", "origin", "file://"+from)
			args := []string{"fetch", "--quiet", "origin", "refs/pull/42/merge"}
			if depth != "0" {
				args = append(args, "--depth="+depth)
			}
			git(t, dir, args...)
			git(t, dir, "checkout", "--quiet", "FETCH_HEAD")

			clone := newGitClone(dir, os.Environ(), "https://github.com", "")
			head, err := clone.Commit(t.Context(), "HEAD")
			if err != nil {
				t.Fatal(err)
			}
			if head.hash != commits["merge"] || len(head.parents) != 2 || head.parents[0] != commits["main"] || head.parents[1] != commits["topic"] {
				t.Fatalf("HEAD is %v, want the merge of %s and %s", head, commits["main"], commits["topic"])
			}
			if got, err := clone.Fetch(t.Context(), head.parents[0]); err != nil || got != commits["main"] {
				t.Fatalf("fetching the base: %s, %v", got, err)
			}
			git(t, dir, "cat-file", "-e", commits["main"]+":main")
			if got, err := clone.Fetch(t.Context(), "refs/heads/topic"); err != nil || got != commits["topic"] {
				t.Fatalf("fetching a branch: %s, %v", got, err)
			}
			if got, err := clone.MergeBase(t.Context(), commits["main"], commits["topic"]); err != nil || got != commits["fork-point"] {
				t.Fatalf("merge base: %s, %v", got, err)
			}
			if git(t, dir, "status", "--porcelain") != "" {
				t.Error("the working tree was touched")
			}
		})
	}
}

func TestWholeCloneStaysWhole(t *testing.T) {
	from, commits := origin(t)
	dir := filepath.Join(t.TempDir(), "clone")
	git(t, from, "clone", "--quiet", "file://"+from, dir)
	clone := newGitClone(dir, os.Environ(), "https://github.com", "")
	if _, err := clone.Fetch(t.Context(), commits["merge"]); err != nil {
		t.Fatal(err)
	}
	if git(t, dir, "rev-parse", "--is-shallow-repository") == "true" {
		t.Error("fetching a commit cut the clone's history off")
	}
}

func TestRevisionIsNeverAnOption(t *testing.T) {
	from, _ := origin(t)
	clone := newGitClone(from, os.Environ(), "https://github.com", "")
	marker := filepath.Join(t.TempDir(), "ran")
	for _, revision := range []string{"--upload-pack=touch " + marker, "-c", "--output=" + marker, "ext::touch " + marker} {
		if _, err := clone.Commit(t.Context(), revision); err == nil {
			t.Errorf("Commit(%q) gave a commit", revision)
		}
		if _, err := clone.Fetch(t.Context(), revision); err == nil {
			t.Errorf("Fetch(%q) gave a commit", revision)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a revision ran a program")
	}
}

func TestTokenReachesGitAloneAndNoCommandLine(t *testing.T) {
	clone := newGitClone(".", []string{"PATH=/bin", "INPUT_TOKEN=s3cret", "GITHUB_TOKEN=s3cret", "ACTIONS_RUNTIME_TOKEN=s3cret"}, "https://github.com/", "s3cret")
	env := strings.Join(clone.environ, "\n")
	if strings.Contains(env, "s3cret") {
		t.Error("the token stands in git's environment in the clear")
	}
	if !strings.Contains(env, "=http.https://github.com/.extraheader") {
		t.Errorf("git is not given the token for its server alone:\n%s", env)
	}
}
