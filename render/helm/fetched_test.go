package helm

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/chartserver"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// shelf is what the test's repository and registry have.
const shelf = `
-- cache1/Chart.yaml --
{apiVersion: v2, name: cache, version: 1.0.0}
-- cache1/templates/pod.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: "old-{{ .Chart.Name }}"}}
-- cache2/Chart.yaml --
{apiVersion: v2, name: cache, version: 1.2.0}
-- cache2/values.yaml --
size: 1
-- cache2/templates/pod.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: "{{ .Release.Name }}-{{ .Chart.Name }}-{{ .Values.size }}"}}
-- mail/Chart.yaml --
{apiVersion: v2, name: mail, version: 3.0.0}
-- mail/templates/pod.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: "{{ .Release.Name }}-mail"}}
`

func treeOf(text string) fstest.MapFS {
	files := make(fstest.MapFS)
	for _, f := range txtar.Parse([]byte(text)).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

func serveShelf(t *testing.T) *chartserver.Server {
	t.Helper()
	s, err := chartserver.New(treeOf(shelf))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// viewOf lets a tree have what a server has fetched. REPOSITORY and REGISTRY stand for the server's addresses.
func viewOf(t *testing.T, s *chartserver.Server, text string) (*fetch.View, fstest.MapFS) {
	t.Helper()
	tree := treeOf(strings.NewReplacer("REPOSITORY", s.Repository(), "REGISTRY", s.Registry()).Replace(text))
	f := fetch.New(config.Fetching{Allow: []string{s.Repository(), s.Registry()}}, nil)
	t.Cleanup(f.Close)
	return f.View(t.Context(), tree, false), tree
}

func rendered(tree fs.FS) string {
	objects, problems, err := Render(context.Background(), tree, Release{Chart: "app", Name: "shop"})
	if err != nil {
		return err.Error() + "\n"
	}
	return describe(objects, problems)
}

const needy = `
-- app/Chart.yaml --
apiVersion: v2
name: app
version: 1.0.0
dependencies:
- {name: cache, version: ^1.0.0, repository: REPOSITORY}
- {name: cache, version: ^1.0.0, repository: REPOSITORY, alias: store}
- {name: mail, version: 3.0.0, repository: "REGISTRY", condition: mail.enabled}
- {name: gone, version: 1.0.0, repository: "https://gone.example.com", condition: gone.enabled}
-- app/values.yaml --
store: {size: 7}
gone: {enabled: false}
`

func TestWhatIsMissingIsFetched(t *testing.T) {
	s := serveShelf(t)
	view, tree := viewOf(t, s, needy)
	want := "app/Chart.yaml:5 Pod shop-cache-1\napp/Chart.yaml:7 Pod shop-mail\napp/Chart.yaml:6 Pod shop-store-7\n"
	if got := rendered(view); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// An index, one archive for both names, a manifest and a blob.
	if n := s.Asked(); n != 4 {
		t.Errorf("%d requests came", n)
	}
	// It is the same as where the archives are in the repository.
	vendored := maps.Clone(tree)
	for _, name := range []string{"cache-1.2.0.tgz", "mail-3.0.0.tgz"} {
		vendored["app/charts/"+name] = &fstest.MapFile{Data: s.File("/stable/" + name)}
	}
	if a, b := text(view, Release{Chart: "app"}), text(vendored, Release{Chart: "app"}); !bytes.Equal(a, b) {
		t.Errorf("fetched: %s\nvendored: %s", a, b)
	}
	// What is disabled is not asked for.
	tree["app/values.yaml"] = &fstest.MapFile{Data: []byte("mail: {enabled: false}\ngone: {enabled: false}\n")}
	s.Asked()
	if got := rendered(view); strings.Contains(got, "mail") || s.Asked() != 0 {
		t.Errorf("got\n%s", got)
	}
	// What is not allowed is told as without fetching.
	tree["app/values.yaml"] = &fstest.MapFile{Data: []byte("gone: {enabled: true}\n")}
	if got, want := rendered(view), "the chart's dependencies are not in app/charts: gone 1.0.0 from https://gone.example.com; run"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAChartOfTheRepositoryHasItsDependenciesFetchedToo(t *testing.T) {
	view, _ := viewOf(t, serveShelf(t), `
-- app/Chart.yaml --
{apiVersion: v2, name: app, version: 1.0.0, dependencies: [{name: part, version: 1.0.0, repository: "file://../part"}]}
-- part/Chart.yaml --
apiVersion: v2
name: part
version: 1.0.0
dependencies:
- {name: mail, version: "*", repository: REPOSITORY}
`)
	if got, want := rendered(view), "part/Chart.yaml:5 Pod shop-mail\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnArchiveInTheWayIsTold(t *testing.T) {
	s := serveShelf(t)
	view, tree := viewOf(t, s, needy)
	tree["app/charts/cache-1.2.0.tgz"] = &fstest.MapFile{Data: s.File("/stable/mail-3.0.0.tgz")}
	if got := rendered(view); !strings.Contains(got, "it was fetched, and what is in charts stands in its way") {
		t.Errorf("got %s", got)
	}
}

func TestALockDecidesTheVersion(t *testing.T) {
	s := serveShelf(t)
	for name, c := range map[string]struct{ digest, want string }{
		"of these dependencies": {"", "app/Chart.yaml:5 Pod old-cache\n"},
		"of others": {"sha256:00", "fetching the chart cache ^1.0.0 from REPOSITORY: app/Chart.lock is not of these dependencies; " +
			"run `helm dependency update app` and commit it\n"},
	} {
		view, tree := viewOf(t, s, `
-- app/Chart.yaml --
apiVersion: v2
name: app
version: 1.0.0
dependencies:
- {name: cache, version: ^1.0.0, repository: REPOSITORY}
-- app/Chart.lock --
dependencies:
- {name: cache, version: 1.0.0, repository: REPOSITORY}
digest: DIGEST
`)
		digest, err := lockDigest(dependenciesIn(tree["app/Chart.yaml"].Data), dependenciesIn(tree["app/Chart.lock"].Data))
		if c.digest != "" {
			digest = c.digest
		}
		if err != nil {
			t.Fatal(err)
		}
		lock := tree["app/Chart.lock"]
		lock.Data = bytes.Replace(lock.Data, []byte("DIGEST"), []byte(digest), 1)
		if got, want := rendered(view), strings.ReplaceAll(c.want, "REPOSITORY", s.Repository()); got != want {
			t.Errorf("a lock %s: got %s, want %s", name, got, want)
		}
	}
}

// TestALocksDigestIsHelms holds the sum to one that Helm 4.3.1 wrote.
func TestALocksDigestIsHelms(t *testing.T) {
	const chart = `
apiVersion: v2
name: app
version: 1.0.0
dependencies:
- {name: cache, version: ^1.0.0, repository: "http://127.0.0.1:18743/stable"}
- {name: cache, version: ^1.0.0, repository: "http://127.0.0.1:18743/stable", alias: store, tags: [a, b]}
- {name: mail, version: 3.0.0, repository: "http://127.0.0.1:18743/stable", condition: mail.on, import-values: [data, {child: a, parent: b}]}
`
	const lock = `
dependencies:
- name: cache
  repository: http://127.0.0.1:18743/stable
  version: 1.2.0
- name: cache
  repository: http://127.0.0.1:18743/stable
  version: 1.2.0
- name: mail
  repository: http://127.0.0.1:18743/stable
  version: 3.0.0
`
	const want = "sha256:feda2946964a27c5a7f6fd2f6df09f73bb5be57a32f94f58601582ea00069f44"
	if got, err := lockDigest(dependenciesIn([]byte(chart)), dependenciesIn([]byte(lock))); err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestAHostileArchiveIsAnErrorOfItsTarget(t *testing.T) {
	const needs = `
-- app/Chart.yaml --
apiVersion: v2
name: app
version: 1.0.0
dependencies:
- {name: cache, version: 1.2.0, repository: REPOSITORY}
`
	big := bytes.Repeat([]byte("a"), 120<<20)
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"no archive":           {nil, "reading what came: unexpected EOF"},
		"another chart":        {map[string][]byte{"evil/Chart.yaml": []byte("{apiVersion: v2, name: evil, version: 1.2.0}")}, "what came is the chart evil 1.2.0"},
		"another version":      {map[string][]byte{"cache/Chart.yaml": []byte("{apiVersion: v2, name: cache, version: 2.0.0}")}, "what came is the chart cache 2.0.0"},
		"a path out of it":     {map[string][]byte{"cache/../../../etc/passwd": []byte("x")}, "illegally references parent directory"},
		"an absolute path":     {map[string][]byte{"/etc/passwd": []byte("x")}, "Chart.yaml file is missing"},
		"more than Helm's 100": {map[string][]byte{"cache/Chart.yaml": []byte("{apiVersion: v2, name: cache, version: 1.2.0}"), "cache/a": big}, "too large|larger than|exceeds|maximum"},
	} {
		s := serveShelf(t)
		archive := []byte("nothing")
		if c.files != nil {
			var err error
			if archive, err = chartserver.Archive(slices.Sorted(maps.Keys(c.files)), c.files); err != nil {
				t.Fatal(err)
			}
		}
		s.Set("/stable/cache-1.2.0.tgz", archive)
		s.Set("/stable/index.yaml", []byte("entries: {cache: [{version: 1.2.0, urls: [cache-1.2.0.tgz]}]}"))
		view, _ := viewOf(t, s, needs)
		got, ok := rendered(view), false
		for _, want := range strings.Split(c.want, "|") {
			ok = ok || strings.Contains(got, want)
		}
		if !ok {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestWhatIsFetchedEqualsTheRealProgram has `helm dependency build` fill charts/ from the same server.
func TestWhatIsFetchedEqualsTheRealProgram(t *testing.T) {
	if *program == "" {
		t.Skip("SKIPPED: give -helm=PATH to compare with the real program")
	}
	s := serveShelf(t)
	view, tree := viewOf(t, s, strings.Replace(needy, `- {name: gone, version: 1.0.0, repository: "https://gone.example.com", condition: gone.enabled}`, "", 1))
	dir := t.TempDir()
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	helm := func(args ...string) {
		c := exec.Command(*program, args...)
		c.Env = env
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	helm("repo", "add", "shelf", s.Repository())
	for range 2 { // the second time by the lock that the first has written
		helm("dependency", "build", "--plain-http", filepath.Join(dir, "app"))
		for _, name := range []string{"cache-1.2.0.tgz", "mail-3.0.0.tgz"} {
			if got, err := os.ReadFile(filepath.Join(dir, "app/charts", name)); err != nil || !bytes.Equal(got, s.File("/stable/"+name)) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if a, b := text(view, Release{Chart: "app"}), text(os.DirFS(dir), Release{Chart: "app"}); !bytes.Equal(a, b) {
			t.Errorf("fetched: %s\nby helm: %s", a, b)
		}
		lock, err := os.ReadFile(filepath.Join(dir, "app/Chart.lock"))
		if err != nil {
			t.Fatal(err)
		}
		tree["app/Chart.lock"] = &fstest.MapFile{Data: lock}
		if err := os.RemoveAll(filepath.Join(dir, "app/charts")); err != nil {
			t.Fatal(err)
		}
	}
}
