package tree_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// serve serves a repository's commits as a code host does.
func serve(t testing.TB, r repo) *gitserver.Server {
	t.Helper()
	for _, key := range []string{"uploadpack.allowReachableSHA1InWant", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} {
		r.git("config", key, "true")
	}
	return gitserver.New(t, r.dir)
}

// shallow is a clone that lacks what the revision HEAD~1 needs.
func shallow(t *testing.T, options ...string) (clone repo, s *gitserver.Server) {
	t.Helper()
	origin := newRepo(t)
	origin.write("a.yaml", "1")
	origin.write("deep/b.yaml", "2")
	origin.commit("first")
	origin.write("a.yaml", "changed")
	origin.write("deep/b.yaml", "changed")
	origin.commit("second")
	s = serve(t, origin)
	clone = repo{t, filepath.Join(t.TempDir(), "clone")}
	origin.git(append(append([]string{"clone", "--quiet"}, options...), s.URL+"/.git", clone.dir)...)
	s.Packs()
	return clone, s
}

func TestWhatACloneLacksIsFetchedIntoMemory(t *testing.T) {
	for name, c := range map[string]struct {
		options []string
		git     bool
		token   string
	}{
		"a shallow clone, without git":               {[]string{"--depth=1"}, false, ""},
		"a shallow clone, without git, with a token": {[]string{"--depth=1"}, false, "secret"},
		"a shallow clone, by git":                    {[]string{"--depth=1"}, true, ""},
		"a shallow clone, with a token":              {[]string{"--depth=1"}, true, "secret"},
		"a partial clone, without git":               {[]string{"--filter=blob:none"}, false, ""},
		"a partial clone, without git, with a token": {[]string{"--filter=blob:none"}, false, "secret"},
		"a shallow partial clone, without git":       {[]string{"--filter=blob:none", "--depth=1"}, false, ""},
		"a clone without trees, without git":         {[]string{"--filter=tree:0"}, false, ""},
		"a shallow clone of one branch, without git": {[]string{"--depth=1", "--single-branch"}, false, ""},
		"a partial clone that is not checked out":    {[]string{"--filter=blob:none", "--no-checkout"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			clone, s := shallow(t, c.options...)
			if c.token != "" {
				s.Require(c.token)
			}
			before := snapshot(t, clone.dir)
			if !c.git {
				t.Setenv("PATH", t.TempDir())
			}
			opened := clone.open()
			opened.AllowFetch(t.Context(), tree.Fetch{Server: s.URL, Token: c.token})
			head := at(t, opened, "HEAD")
			base := at(t, opened, "HEAD~1")
			want(t, "base", files(t, base), "a.yaml=1 deep/b.yaml=2")
			want(t, "head", files(t, head), "a.yaml=changed deep/b.yaml=changed")
			if n := s.Packs(); !c.git && n > 2 {
				t.Errorf("%d fetches; one for each commit is enough", n)
			}
			want(t, "the clone afterwards", snapshot(t, clone.dir), before)
		})
	}
}

func TestATokenGoesToItsServerOnly(t *testing.T) {
	clone, s := shallow(t, "--depth=1")
	s.Require("secret")
	for _, server := range []string{"", "https://example.org", strings.Replace(s.URL, "http:", "https:", 1), s.URL + "0"} {
		opened := clone.open()
		opened.AllowFetch(t.Context(), tree.Fetch{Server: server, Token: "secret"})
		_, err := opened.Resolve("HEAD~1")
		wantError(t, err, "fetch-depth: 2", "authentication required")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the token is told: %v", err)
		}
	}
}

func TestWhatCannotBeFetchedSaysWhyAndWhatToSet(t *testing.T) {
	clone, s := shallow(t, "--depth=1")
	tests := map[string]struct {
		address string
		says    string
	}{
		"no remote":           {"", "no remote named origin"},
		"another protocol":    {"git@example.org:a/b.git", "need the git program"},
		"no such repository":  {s.URL + "/nosuch", "asking " + s.URL},
		"a program to be run": {"ext::sh -c id", "need the git program"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if c.address == "" {
				clone.git("config", "--unset-all", "remote.origin.url")
			} else {
				clone.git("config", "--replace-all", "remote.origin.url", c.address)
			}
			t.Setenv("PATH", t.TempDir())
			opened := clone.open()
			opened.AllowFetch(t.Context(), tree.Fetch{})
			_, err := opened.Resolve("HEAD~1")
			wantError(t, err, "fetch-depth: 2", c.says)
		})
	}
}

func TestFewCommitsAreFetched(t *testing.T) {
	origin := newRepo(t)
	for range 8 {
		origin.commit("one more")
	}
	s := serve(t, origin)
	clone := repo{t, filepath.Join(t.TempDir(), "clone")}
	origin.git("clone", "--quiet", "--depth=1", s.URL+"/.git", clone.dir)
	opened := clone.open()
	opened.AllowFetch(t.Context(), tree.Fetch{Server: s.URL, Token: "any"})
	_, err := opened.Resolve("HEAD~7")
	wantError(t, err, "the bound")
}
