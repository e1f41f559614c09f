package pullrequest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

// checkedOut is pull request 42 as actions/checkout leaves it, with an origin that is asked over HTTP. A depth of 0 is all.
func checkedOut(t *testing.T, depth string) (dir string, server *gitserver.Server, commits map[string]string) {
	t.Helper()
	from, commits := origin(t)
	server = gitserver.New(t, from)
	dir = t.TempDir()
	git(t, dir, "init", "--quiet")
	git(t, dir, "remote", "add", "origin", server.URL+"/.git")
	args := []string{"fetch", "--quiet", "--no-tags", "origin", "refs/pull/42/merge"}
	if depth == "0" {
		args = append(args, "refs/heads/main", "refs/heads/topic")
	} else {
		args = append(args, "--depth="+depth)
	}
	git(t, dir, args...)
	git(t, dir, "checkout", "--quiet", commits["merge"])
	server.Packs()
	return dir, server, commits
}

func TestWithoutGitTheCloneIsReadAllTheSame(t *testing.T) {
	for _, depth := range []string{"1", "2", "0"} {
		t.Run("depth "+depth, func(t *testing.T) {
			dir, server, commits := checkedOut(t, depth)
			server.Require(githubtest.Token)
			t.Setenv("PATH", t.TempDir())
			clone, err := openPlainClone(t.Context(), dir, server.URL, githubtest.Token)
			if err != nil {
				t.Fatal(err)
			}
			defer clone.Close()
			head, err := clone.Commit(t.Context(), "HEAD")
			if err != nil || head.hash != commits["merge"] || !slices.Equal(head.parents, []string{commits["main"], commits["topic"]}) {
				t.Fatalf("HEAD is %v, %v", head, err)
			}
			for what, want := range map[string]string{head.parents[0]: commits["main"], "refs/heads/topic": commits["topic"]} {
				if got, err := clone.Fetch(t.Context(), what); err != nil || got != want {
					t.Errorf("fetching %s: %s, %v; want %s", what, got, err, want)
				}
			}
			if got, err := clone.Fetch(t.Context(), "refs/heads/nosuch"); err == nil || !strings.Contains(err.Error(), "origin has no such branch") {
				t.Errorf("fetching a branch that is not there: %q, %v", got, err)
			}
			got, err := clone.MergeBase(t.Context(), commits["main"], commits["topic"])
			if depth == "2" { // where the history of what is there is cut
				if err == nil || !strings.Contains(err.Error(), "fetch-depth: 0") {
					t.Errorf("merge base: %q, %v; want what to set", got, err)
				}
			} else if err != nil || got != commits["fork-point"] {
				t.Errorf("merge base: %q, %v", got, err)
			}
		})
	}
}

func TestWithoutGitTheSameFilesAreRead(t *testing.T) {
	dir, _, commits := checkedOut(t, "0")
	byGit := newGitClone(dir, nil, "", "")
	plain, err := openPlainClone(t.Context(), dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	read := func(repo texts, folder string) map[string]string {
		t.Helper()
		blobs, err := repo.Blobs(t.Context(), commits["merge"], folder)
		if err != nil {
			t.Fatal(err)
		}
		for file, blob := range blobs {
			if blobs[file], err = repo.Text(t.Context(), blob); err != nil {
				t.Fatal(err)
			}
		}
		return blobs
	}
	for _, folder := range []string{".", "topic", "first", "nosuch/"} {
		want, got := read(byGit, folder), read(plain, folder)
		if !maps.Equal(want, got) || folder != "nosuch/" && len(got) == 0 {
			t.Errorf("%s: git has %v, without it there is %v", folder, want, got)
		}
	}
	if _, err := plain.Text(t.Context(), "nosuch"); err == nil {
		t.Error("a file that was not listed has a text")
	}
}

func TestTheActionRunsWithoutGit(t *testing.T) {
	w := newWorkshop(t)
	dir, server, _ := checkedOut(t, "1")
	w.dir, w.environ["GITHUB_WORKSPACE"] = dir, dir
	t.Setenv("PATH", t.TempDir())
	if code := w.run(noChange(), nil); code != 0 {
		t.Errorf("exit code %d:\n%s", code, w.log)
	}
	if o := w.asked; o.Base != w.commits["main"] || o.Head != w.commits["merge"] {
		t.Errorf("asked for %+v", o)
	}
	w.want(w.log, "the merge commit against its first parent")
	if n := server.Packs(); n != 1 {
		t.Errorf("%d packs were fetched, want the base commit's alone", n)
	}

	w.environ["GITHUB_WORKSPACE"] = t.TempDir()
	w.run(noChange(), nil)
	w.want(w.log, "does actions/checkout stand before this step?")
}
