package tree_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

func TestACommitIsReadAsItWasWritten(t *testing.T) {
	r := newRepo(t)
	r.write("a.yaml", "1")
	r.write("dir/sub/b.yaml", "2")
	r.commit("first")
	r.write("a.yaml", "changed")
	r.commit("second")
	for _, packed := range []bool{false, true} {
		if packed {
			r.git("gc", "--quiet")
		}
		commit := at(t, r.open(), "HEAD~1")
		want(t, "files", files(t, commit), "a.yaml=1 dir/sub/b.yaml=2")
		if err := fstest.TestFS(commit, "a.yaml", "dir/sub/b.yaml"); err != nil {
			t.Error(err)
		}
	}
}

func TestRevisionsMeanWhatGitSays(t *testing.T) {
	origin := newRepo(t)
	origin.commit("one")
	origin.commit("two")
	origin.git("switch", "--quiet", "-c", "feature/x")
	origin.commit("three")
	origin.git("tag", "light")
	origin.git("tag", "-a", "-m", "annotated", "v1.0")
	origin.git("switch", "--quiet", "main")
	origin.commit("four")
	origin.git("merge", "--quiet", "--no-ff", "-m", "merge", "feature/x")
	r := origin.clone()
	full := r.git("rev-parse", "HEAD~2")
	opened := r.open()
	for _, revision := range []string{"HEAD", "@", "main", "HEAD~1", "HEAD^", "HEAD^2", "HEAD^2~1", "HEAD~", "HEAD^^", "HEAD~2", "@~2",
		"origin/main", "origin", "origin/feature/x", "light", "v1.0", "v1.0^{}", "v1.0~1", "v1.0^{commit}", "HEAD^0", "refs/heads/main", "remotes/origin/main",
		"tags/v1.0", full, full[:7], full[:8], full[:8] + "~1", "main@{0}"} {
		got, err := opened.Resolve(revision)
		if err != nil {
			t.Errorf("%s: %v", revision, err)
			continue
		}
		want(t, revision, got, r.git("rev-parse", "--verify", revision+"^{commit}"))
	}
	for _, revision := range []string{"", "nosuch", "feature/x", "--all", "HEAD:a.yaml", "HEAD^3", "HEAD~99", "deadbeef", "0000000"} {
		if got, err := opened.Resolve(revision); err == nil {
			t.Errorf("%q resolves to %s", revision, got)
		}
	}
}

func TestAMergeBaseIsTheOneThatGitFinds(t *testing.T) {
	r := newRepo(t)
	r.commit("root")
	r.commit("base")
	r.git("switch", "--quiet", "-c", "feature")
	r.commit("f1")
	r.git("switch", "--quiet", "main")
	r.commit("m1")
	r.git("switch", "--quiet", "feature")
	r.git("merge", "--quiet", "--no-ff", "-m", "merge", "main")
	r.commit("f2")
	r.git("switch", "--quiet", "main")
	r.commit("m2")
	r.git("switch", "--quiet", "--orphan", "alone")
	r.commit("alone")
	opened := r.open()
	for _, pair := range [][2]string{{"main", "feature"}, {"feature", "main"}, {"main", "main"}, {"main~1", "main"}, {"feature~2", "main"}} {
		a, b := r.git("rev-parse", pair[0]), r.git("rev-parse", pair[1])
		got, err := opened.MergeBase(a, b)
		if err != nil {
			t.Errorf("%v: %v", pair, err)
		}
		want(t, strings.Join(pair[:], " and "), got, r.git("merge-base", a, b))
	}
	_, err := opened.MergeBase(r.git("rev-parse", "alone"), r.git("rev-parse", "main"))
	wantError(t, err, "no common history", "--base")
}

func TestTheDefaultBranchIsTheRemotes(t *testing.T) {
	origin := newRepo(t)
	origin.commit("one")
	origin.git("branch", "trunk")
	origin.git("branch", "odd")
	tests := map[string]struct {
		prepare func(r repo)
		want    string
	}{
		"origin/HEAD":    {func(r repo) { r.git("remote", "set-head", "origin", "trunk") }, "origin/trunk"},
		"no origin/HEAD": {func(r repo) { r.git("remote", "set-head", "origin", "--delete") }, "origin/main"},
		"a stale one":    {func(r repo) { r.git("update-ref", "-d", "refs/remotes/origin/main") }, "main"},
		"no remote":      {func(r repo) { r.git("remote", "remove", "origin") }, "main"},
		"init.defaultBranch": {func(r repo) {
			r.git("switch", "odd")
			r.git("branch", "-D", "main")
			r.git("remote", "remove", "origin")
			r.git("config", "init.defaultBranch", "odd")
		}, "odd"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := origin.clone()
			test.prepare(r)
			got, err := r.open().DefaultBranch()
			if err != nil {
				t.Fatal(err)
			}
			want(t, "branch", got, test.want)
		})
	}
	r := newRepo(t)
	r.git("switch", "--quiet", "-c", "other")
	r.commit("one")
	_, err := r.open().DefaultBranch()
	wantError(t, err, "--base")
}

func TestARepositoryIsFoundFromInside(t *testing.T) {
	r := newRepo(t)
	r.write("deep/er/a.yaml", "1")
	first := r.commit("first")
	root, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "root", open(t, filepath.Join(r.dir, "deep", "er")).Root(), root)

	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "--quiet", "-b", "side", linked)
	l := repo{t, linked}
	l.write("b.yaml", "2")
	l.commit("in the linked worktree")
	opened := l.open()
	want(t, "linked worktree", files(t, at(t, opened, "HEAD")), "b.yaml=2 deep/er/a.yaml=1")
	want(t, "its parent", files(t, at(t, opened, first)), "deep/er/a.yaml=1")
	working, err := opened.WorkingTree()
	if err != nil {
		t.Fatal(err)
	}
	want(t, "its files", files(t, working), "b.yaml=2 deep/er/a.yaml=1")

	_, err = tree.OpenRepository(t.TempDir())
	wantError(t, err, "in no git repository", "--base")
}

func TestAShallowCloneSaysWhichDepthToSet(t *testing.T) {
	origin := newRepo(t)
	for _, message := range []string{"one", "two", "three"} {
		origin.write("a.yaml", message)
		origin.commit(message)
	}
	origin.git("switch", "--quiet", "-c", "feature", "HEAD~2")
	origin.commit("feature")
	r := origin.clone("--depth=1", "--no-single-branch", "--branch=main")
	opened := r.open()
	want(t, "what is there", files(t, at(t, opened, "HEAD")), "a.yaml=three")
	_, err := opened.Resolve("HEAD^1")
	wantError(t, err, origin.git("rev-parse", "main~1"), "depth of 1", "fetch-depth: 2")
	var missing *tree.MissingError
	if !errors.As(err, &missing) || missing.Commit != origin.git("rev-parse", "main~1") {
		t.Errorf("the error does not carry the missing commit: %v", err)
	}
	_, err = opened.MergeBase(r.git("rev-parse", "HEAD"), r.git("rev-parse", "origin/feature"))
	wantError(t, err, "fetch-depth: 0")

	two := origin.clone("--depth=2", "--branch=main").open()
	want(t, "the parent at depth 2", files(t, at(t, two, "HEAD^1")), "a.yaml=two")
	_, err = two.Resolve("HEAD~2")
	wantError(t, err, "depth of 2", "fetch-depth")
}

// Layouts that go-git's PlainOpen refuses or cannot read.
func TestEveryLayoutOfARepositoryIsRead(t *testing.T) {
	fill := func(r repo) {
		r.write("a.yaml", "1")
		r.write("out/b.yaml", "2")
		r.commit("first")
		r.write("a.yaml", "changed")
		r.git("rm", "-rq", "out")
		r.write("c.yaml", "3")
		r.commit("second")
	}
	const base = "a.yaml=1 out/b.yaml=2"
	tests := map[string]func(t *testing.T) repo{
		"sha256": func(t *testing.T) repo {
			r := newRepo(t, "--object-format=sha256")
			fill(r)
			return r
		},
		"worktreeConfig left by a sparse checkout": func(t *testing.T) repo {
			r := newRepo(t)
			fill(r)
			r.git("sparse-checkout", "set", "--cone", "nothing")
			if !strings.Contains(r.git("config", "--list", "--local"), "extensions.worktreeconfig") {
				t.Skip("this git leaves no extension behind")
			}
			return r
		},
		"alternates": func(t *testing.T) repo {
			r := newRepo(t)
			fill(r)
			middle := repo{t, filepath.Join(t.TempDir(), "middle")}
			r.git("clone", "--quiet", "--shared", r.dir, middle.dir)
			last := repo{t, filepath.Join(t.TempDir(), "last")}
			r.git("clone", "--quiet", "--shared", middle.dir, last.dir)
			return last
		},
		"relative alternates": func(t *testing.T) repo {
			r := newRepo(t)
			fill(r)
			clone := repo{t, filepath.Join(r.dir, "clone")}
			r.git("clone", "--quiet", "--shared", ".", clone.dir)
			clone.write(".git/objects/info/alternates", "../../../.git/objects\n")
			return clone
		},
		"a partial clone": func(t *testing.T) repo {
			r := newRepo(t)
			fill(r)
			r.git("config", "uploadpack.allowFilter", "true")
			r.git("config", "uploadpack.allowAnySHA1InWant", "true")
			return r.clone("--filter=blob:none")
		},
		"reftable": func(t *testing.T) repo {
			r := repo{t, t.TempDir()}
			cmd := "init --quiet --initial-branch=main --ref-format=reftable ."
			if !supports(r, strings.Fields(cmd)...) {
				t.Skip("this git has no reftable")
			}
			fill(r)
			return r
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			r := make(t)
			before := snapshot(t, r.dir)
			opened, err := tree.OpenRepository(r.dir)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "HEAD~1", files(t, at(t, opened, "HEAD~1")), base)
			want(t, "main", files(t, at(t, opened, "main")), "a.yaml=changed c.yaml=3")
			working, err := opened.WorkingTree()
			if err != nil {
				t.Fatal(err)
			}
			want(t, "working tree", files(t, working), "a.yaml=changed c.yaml=3")
			id := r.git("rev-parse", "HEAD~1")
			got, err := opened.MergeBase(id, r.git("rev-parse", "HEAD"))
			if err != nil {
				t.Fatal(err)
			}
			want(t, "merge base", got, id)
			if got, err = opened.DefaultBranch(); err != nil || !strings.HasSuffix(got, "main") {
				t.Errorf("default branch %q, %v", got, err)
			}
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
			want(t, "the repository afterwards", snapshot(t, r.dir), before)
		})
	}
}

func supports(r repo, args ...string) bool {
	for _, version := range []string{"git version 2.45", "git version 2.46", "git version 2.47", "git version 2.48", "git version 2.49", "git version 2.5", "git version 3"} {
		if strings.HasPrefix(r.git("version"), version) {
			r.git(args...)
			return true
		}
	}
	return false
}

// snapshot is every name, size and date below a folder.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		about, err := e.Info()
		if err != nil {
			return err
		}
		if !e.IsDir() {
			all.WriteString(name + " " + about.ModTime().String() + "\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestWithoutGitWhatNeedsItIsAClearError(t *testing.T) {
	foreign := newRepo(t, "--object-format=sha256")
	foreign.commit("first")
	origin := newRepo(t)
	origin.write("a.yaml", "1")
	origin.commit("first")
	origin.write("a.yaml", "2")
	origin.commit("second")
	origin.git("config", "uploadpack.allowFilter", "true")
	partial := origin.clone("--filter=blob:none")
	t.Setenv("PATH", t.TempDir())

	_, err := tree.OpenRepository(foreign.dir)
	wantError(t, err, "needs the git program", "sha256")
	_, err = at(t, partial.open(), "HEAD~1").ReadFile("a.yaml")
	wantError(t, err, "a.yaml", "partial clone", "without a filter")
	want(t, "what the partial clone has", files(t, at(t, partial.open(), "HEAD")), "a.yaml=2")
}

func TestAnObjectThatCannotBeFetchedIsAnErrorAndTheRestIsRead(t *testing.T) {
	origin := newRepo(t)
	origin.write("a.yaml", "old")
	origin.write("b.yaml", "1")
	origin.commit("first")
	origin.write("a.yaml", "2")
	origin.commit("second")
	origin.git("config", "uploadpack.allowFilter", "true")
	r := origin.clone("--filter=blob:none")
	if err := os.RemoveAll(filepath.Join(origin.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	commit := at(t, r.open(), "HEAD~1")
	for range 2 {
		_, err := commit.ReadFile("a.yaml")
		wantError(t, err, "a.yaml", "missing")
	}
	want(t, "files", files(t, commit), "a.yaml! b.yaml=1")
}
