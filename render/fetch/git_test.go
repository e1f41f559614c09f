package fetch

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// A gitHost serves a repository with two commits: v1 is an annotated tag of the first, main is at the second.
type gitHost struct {
	*gitserver.Server
	of            gitserver.Repository
	first, second string
}

func serveGit(t *testing.T) *gitHost {
	t.Helper()
	root := t.TempDir()
	h := &gitHost{of: gitserver.Make(t, filepath.Join(root, "team", "repo.git"))}
	h.of.Write("base/kustomization.yaml", "resources: []")
	h.first = h.of.Commit()
	h.of.Git("tag", "-a", "-m", "one", "v1")
	h.of.Git("tag", "plain")
	h.of.Write("base/kustomization.yaml", "resources: [new.yaml]")
	h.second = h.of.Commit()
	h.of.Git("branch", "v1") // a tag comes before a branch of the same name
	h.Server = gitserver.New(t, root)
	return h
}

func (h *gitHost) repository() string { return h.URL + "/team/repo.git" }

// askFor asks as a renderer does, through a view, and returns what the file of the repository says, too.
func askFor(t *testing.T, f *Fetcher, repository, ref string, keep bool) (c Commit, text string, err error) {
	t.Helper()
	if c, err = AskCommit(f.View(t.Context(), fstest.MapFS{}, keep), CommitRef{repository, ref}); err != nil {
		return c, "", err
	}
	read, err := fs.ReadFile(c.Files, "base/kustomization.yaml")
	return c, string(read), err
}

func askOne(t *testing.T, f *Fetcher, repository, ref string) (Commit, error) {
	t.Helper()
	c, _, err := askFor(t, f, repository, ref, false)
	return c, err
}

func TestACommitIsFoundAsGitFindsIt(t *testing.T) {
	h := serveGit(t)
	f := fetcher(t, h.URL+"/team")
	for ref, want := range map[string]string{
		"": h.second, "HEAD": h.second, "main": h.second, "refs/heads/main": h.second, "heads/main": h.second,
		"v1": h.first, "plain": h.first, "refs/heads/v1": h.second, h.first: h.first, h.second: h.second,
	} {
		got, text, err := askFor(t, f, h.repository(), ref, false)
		if err != nil || got.ID != want || strings.Contains(text, "new.yaml") != (want == h.second) {
			t.Errorf("%q: got %s with %s, %v, want %s", ref, got.ID, text, err, want)
		}
	}
	for _, ref := range []string{"gone", h.first[:10], "..", "refs", strings.Repeat("0", 40)} {
		if got, err := askOne(t, f, h.repository(), ref); err == nil {
			t.Errorf("%q is the commit %s", ref, got.ID)
		}
	}
	moves := make(map[string]bool)
	for _, told := range f.Fetched() {
		moves[told.Name+" "+told.Digest] = told.Moves
	}
	for name, want := range map[string]bool{
		"repository repo commit " + h.second: true, "repository repo v1 commit " + h.first: true,
		"repository repo " + h.first + " commit " + h.first: false,
	} {
		if got, ok := moves[name]; !ok || got != want {
			t.Errorf("%s: told %v, moves %v", name, ok, got)
		}
	}
}

func TestBothSidesGetOneCommitOfABranch(t *testing.T) {
	h := serveGit(t)
	f := fetcher(t, h.repository())
	first, err := askOne(t, f, h.repository(), "main")
	if err != nil {
		t.Fatal(err)
	}
	h.of.Commit()
	h.Packs()
	again, err := askOne(t, f, h.repository(), "main")
	if err != nil || again.ID != first.ID || h.Packs() != 0 {
		t.Errorf("got %s after %s, %v", again.ID, first.ID, err)
	}
	other, err := askOne(t, fetcher(t, h.repository()), h.repository(), "main")
	if err != nil || other.ID == first.ID {
		t.Errorf("another run gets %s, %v", other.ID, err)
	}
}

func TestOnlyAllowedRepositoriesAreAsked(t *testing.T) {
	h := serveGit(t)
	if _, err := askOne(t, fetcher(t, h.URL+"/team/repo"), h.repository(), ""); err != nil {
		t.Errorf("an address without .git: %v", err)
	}
	f := fetcher(t, h.URL+"/team/rep", h.URL+"/other")
	h.Packs()
	for _, repository := range []string{
		h.repository(), h.URL, h.URL + "/other/../team/repo.git", h.URL + "/other//../../team/repo.git", h.URL + "/other/%2e%2e/team/repo.git",
		strings.Replace(h.repository(), "http://", "http://user:password@", 1), "https" + strings.TrimPrefix(h.repository(), "http"),
		"oci" + strings.TrimPrefix(h.URL, "http") + "/other", "git@127.0.0.1:team/repo.git", "ssh://127.0.0.1/team/repo.git", "file://" + h.of.Dir, h.of.Dir, "",
		"ext::sh -c id",
	} {
		if _, err := askOne(t, f, repository, ""); err == nil {
			t.Errorf("%s was fetched", repository)
		}
	}
	if _, err := askOne(t, f, h.repository(), ""); !IsRefusal(err, h.repository()) {
		t.Errorf("got %v", err)
	}
	if _, err := AskCommit(fstest.MapFS{}, CommitRef{h.repository(), ""}); !errors.Is(err, ErrOff) {
		t.Errorf("got %v", err)
	}
	if h.Packs() != 0 {
		t.Error("something was fetched")
	}
}

func TestARepositoryLeadsNowhereElse(t *testing.T) {
	h := serveGit(t)
	to := ""
	lead := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, to, http.StatusFound) })
	door := serve(t, map[string]http.HandlerFunc{"/team/repo/info/refs": lead, "/team/loop/info/refs": lead})
	query := "/info/refs?service=git-upload-pack"
	for _, c := range []struct {
		allow    []string
		to, want string
	}{
		{nil, h.repository() + query, "is not in the configuration's fetch.allow"},
		{nil, "http://169.254.169.254/latest" + query, "is not in the configuration's fetch.allow"},
		{[]string{"http://169.254.169.254:80"}, "http://169.254.169.254/latest" + query, "of the link or of a cloud's metadata"},
		{[]string{"http://10.255.255.1"}, "http://10.255.255.1/x" + query, "is an address of the inside"},
		{nil, "/team/secret", "does not end with /info/refs"},
		{nil, "/other/repo" + query, "is not in the configuration's fetch.allow"},
		{nil, "file:///etc/passwd" + query, "unsupported scheme"},
		{nil, "/team/repo" + query, "redirects"},
		{[]string{h.URL + "/team"}, h.repository() + query, ""},
	} {
		to = c.to
		_, err := askOne(t, fetcher(t, append(c.allow, door.URL+"/team")...), door.URL+"/team/repo", "main")
		if c.want == "" {
			if err != nil {
				t.Errorf("an allowed redirect: %v", err)
			}
			continue
		}
		wantError(t, err, c.want)
		if h.Packs() != 0 {
			t.Errorf("%s was followed", c.to)
		}
	}
	for _, inside := range []string{"http://localhost/team/repo", "http://127.0.0.1/team/repo", "http://[::1]/team/repo"} {
		_, err := askOne(t, fetcher(t, inside), inside, "")
		wantError(t, err, "is an address of the inside")
	}
}

func TestARepositorysAnswersAreBounded(t *testing.T) {
	h := serveGit(t)
	f := fetcher(t, h.repository())
	f.commits = maxCommits
	_, err := askOne(t, f, h.repository(), "main")
	wantError(t, err, "50 commits were fetched already")
	f = fetcher(t, h.repository())
	f.total = maxTotal
	_, err = askOne(t, f, h.repository(), "main")
	wantError(t, err, "512 MiB were fetched already")
	from := tree.Elsewhere{Address: h.repository(), Client: &http.Client{}}
	if _, err := from.Pack(t.Context(), h.second, 100); err == nil || !strings.Contains(err.Error(), "which is the bound") {
		t.Errorf("a pack of more than 100 bytes: %v", err)
	}
	stop := make(chan struct{})
	slow := serve(t, map[string]http.HandlerFunc{
		"/slow/info/refs": func(w http.ResponseWriter, _ *http.Request) { <-stop },
		"/endless/info/refs": func(w http.ResponseWriter, q *http.Request) {
			line := []byte("003f" + strings.Repeat("1", 40) + " refs/heads/" + strings.Repeat("x", 6) + "\n")
			for q.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		},
	})
	defer close(stop)
	f = fetcher(t, slow.URL)
	_, err = askOne(t, f, slow.URL+"/endless", "")
	if err == nil {
		t.Error("a list without an end is no error")
	}
	f.time = 50 * time.Millisecond
	_, err = askOne(t, f, slow.URL+"/slow", "")
	wantError(t, err, "did not come within 50ms")
}

func TestARepositoryThatWantsAnAccountGetsNone(t *testing.T) {
	h := serveGit(t)
	h.Require("secret")
	t.Setenv("HOME", t.TempDir())
	_, err := askOne(t, fetcher(t, h.repository()), h.repository(), "")
	wantError(t, err, "authentication required")
}

func TestAKeptCommitIsTakenForNoOther(t *testing.T) {
	h := serveGit(t)
	kept := blobs{}
	ask := func(ref string, keep bool) string {
		t.Helper()
		f := New(config.Fetching{Allow: []string{h.URL}}, kept)
		defer f.Close()
		_, text, err := askFor(t, f, h.repository(), ref, keep)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	old := ask(h.first, false)
	if len(kept) != 0 {
		t.Error("something is kept that must not be")
	}
	now := ask(h.second, true)
	h.Packs()
	if got := ask(h.second, true); got != now || h.Packs() != 0 {
		t.Errorf("got %q, and what is kept was fetched", got)
	}
	if got := ask("main", false); got != now || h.Packs() != 0 {
		t.Errorf("got %q, and what is kept was fetched by another name", got)
	}
	ask(h.first, true)
	one, other := h.repository()+" "+h.first, h.repository()+" "+h.second
	packs := [2]string{kept[one], kept[other]}
	for name, poison := range map[string]string{"another commit": packs[1], "nothing": "", "no pack": "PACK", "a part": packs[0][:len(packs[0])-30]} {
		kept[one] = poison
		h.Packs()
		if got := ask(h.first, false); got != old || h.Packs() == 0 {
			t.Errorf("%s was taken for the commit: %q", name, got)
		}
		if kept[one] != poison {
			t.Errorf("%s: it was kept by who must not", name)
		}
	}
	if ask(h.first, true); kept[one] != packs[0] {
		t.Error("what is broken was not replaced")
	}
}

// A pack of a few KiB unpacks to 4 MiB: in a process of its own, which has limits.
func TestAHugeRepositoryEndsAtALimit(t *testing.T) {
	h := serveGit(t)
	h.of.Write("zeros", strings.Repeat("0", 3<<20))
	h.of.Write("more", strings.Repeat("0", 1<<20))
	h.of.Commit()
	f := fetcher(t, h.repository())
	f.unpacking = sandbox.Limits{Output: 2 << 20}
	_, err := askOne(t, f, h.repository(), "main")
	wantError(t, err, "unpacking its files reached the limit of output")
	f = fetcher(t, h.repository())
	f.unpacked = maxUnpacked - 1<<20
	_, err = askOne(t, f, h.repository(), "main")
	wantError(t, err, "the files of all commits take more than 1024 MiB")
	if _, err := askOne(t, fetcher(t, h.repository()), h.repository(), "main"); err != nil {
		t.Error(err)
	}
}
