package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
)

// A host serves texts by path on loopback and counts what is asked.
type host struct {
	*httptest.Server
	asked atomic.Int32
	files map[string]string
}

func serve(t *testing.T, handlers map[string]http.HandlerFunc) *host {
	t.Helper()
	h := &host{files: make(map[string]string)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		h.asked.Add(1)
		for _, name := range []string{"Cookie", "Proxy-Authorization"} {
			if q.Header.Get(name) != "" {
				t.Errorf("%s was sent", name)
			}
		}
		if handle, ok := handlers[q.URL.Path]; ok {
			handle(w, q)
			return
		}
		text, ok := h.files[q.URL.Path]
		if !ok {
			http.NotFound(w, q)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(h.Close)
	return h
}

func fetcher(t *testing.T, allow ...string) *Fetcher {
	t.Helper()
	f := New(config.Fetching{Allow: allow}, nil)
	if f == nil {
		t.Fatal("nothing is allowed")
	}
	t.Cleanup(f.Close)
	return f
}

// ask asks as a renderer does, through a view.
func ask(t *testing.T, f *Fetcher, r ChartRef) (Chart, error) {
	t.Helper()
	return AskChart(f.View(t.Context(), fstest.MapFS{}, false), r)
}

// wantError holds an error to a part of its text.
func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, want an error with %q", err, part)
	}
}

const index = `
apiVersion: v1
entries:
  redis:
  - {version: 18.1.0, urls: [redis-18.1.0.tgz], digest: %[1]s}
  - {version: 17.0.0, urls: [old/redis-17.0.0.tgz]}
  - {version: 19.0.0-rc.1, urls: [redis-19.tgz]}
  - {version: 18.2.0, urls: ["redis-18.2.0.tgz"], digest: "sha256:%[1]s"}
  - {version: none, urls: [x]}
  wrong:
  - {version: 1.0.0, urls: [redis-18.1.0.tgz], digest: %[2]s}
  broken:
  - {version: 1.0.0, urls: [redis-18.1.0.tgz], digest: md5}
  nowhere:
  - {version: 1.0.0}
  elsewhere:
  - {version: 1.0.0, urls: ["https://cdn.example.com/x.tgz"]}
  inside:
  - {version: 1.0.0, urls: ["https://169.254.169.254/x.tgz"], digest: %[1]s}
  file:
  - {version: 1.0.0, urls: ["file:///etc/passwd"], digest: %[1]s}
  up:
  - {version: 1.0.0, urls: ["../secret.tgz"]}
`

func repository(t *testing.T) (*host, string) {
	h := serve(t, nil)
	h.files["/stable/index.yaml"] = fmt.Sprintf(index, digestOf([]byte("redis")), digestOf([]byte("other")))
	for _, name := range []string{"/stable/redis-18.1.0.tgz", "/stable/redis-18.2.0.tgz", "/stable/old/redis-17.0.0.tgz", "/secret.tgz"} {
		h.files[name] = "redis"
	}
	return h, h.URL + "/stable"
}

func TestAChartIsFoundAsHelmFindsIt(t *testing.T) {
	h, stable := repository(t)
	f := fetcher(t, stable)
	for asked, want := range map[string]string{
		"18.1.0": "18.1.0", "^18.0.0": "18.2.0", "": "18.2.0", "17.x.x": "17.0.0", ">=19.0.0-0": "19.0.0-rc.1", "18.1": "18.1.0", "<18": "17.0.0",
	} {
		got, err := ask(t, f, ChartRef{stable, "redis", asked})
		if asked == ">=19.0.0-0" {
			wantError(t, err, "404") // it is in the index alone
			continue
		}
		if err != nil || got.Version != want || string(got.Archive) != "redis" {
			t.Errorf("%q: got %s %q, %v, want %s", asked, got.Version, got.Archive, err, want)
		}
	}
	before := h.asked.Load()
	if _, err := ask(t, f, ChartRef{stable, "redis", "^18.0.0"}); err != nil || h.asked.Load() != before {
		t.Errorf("what is known was fetched again (%v)", err)
	}
	told := f.Fetched()
	if len(told) != 3 || told[0] != (Fetched{Name: "chart redis 17.0.0", From: stable, Digest: "sha256:" + digestOf([]byte("redis"))}) {
		t.Errorf("told %v", told)
	}
}

func TestWhatARepositorySaysIsNotBelieved(t *testing.T) {
	_, stable := repository(t)
	f := fetcher(t, stable)
	for chart, want := range map[string]string{
		"missing":   "has no chart missing",
		"wrong":     "was announced",
		"broken":    `"md5" is no SHA-256`,
		"nowhere":   "has no address for nowhere 1.0.0",
		"elsewhere": "https://cdn.example.com/x.tgz is not in the configuration's fetch.allow",
		"inside":    "169.254.169.254 is an address of the link",
		"file":      "begins with none of https://",
		"up":        "/secret.tgz is not in the configuration's fetch.allow",
		"../redis":  "is no name of a chart",
	} {
		_, err := ask(t, f, ChartRef{stable, chart, ""})
		wantError(t, err, want)
	}
	_, err := ask(t, f, ChartRef{stable, "redis", "^30.0.0"})
	wantError(t, err, "none of its 4 versions is ^30.0.0")
	_, err = ask(t, f, ChartRef{stable, "redis", "newest"})
	wantError(t, err, "neither a version nor a range")
}

func TestOnlyWhatIsAllowedIsAsked(t *testing.T) {
	h, stable := repository(t)
	f := fetcher(t, stable)
	for _, repository := range []string{
		h.URL, h.URL + "/stable2", h.URL + "/stable/../other", h.URL + "/stable/%2e%2e/other", "https" + strings.TrimPrefix(stable, "http"),
		strings.Replace(stable, "http://", "http://user:password@", 1), "oci" + strings.TrimPrefix(stable, "http"), "file:///etc", "ftp://x", "",
	} {
		if _, err := ask(t, f, ChartRef{repository, "redis", ""}); err == nil {
			t.Errorf("%s was asked", repository)
		}
	}
	if n := h.asked.Load(); n != 0 {
		t.Errorf("%d requests came", n)
	}
	_, err := ask(t, f, ChartRef{"https://example.com/charts", "redis", ""})
	if !IsRefusal(err, "https://example.com/charts") || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

func TestAFileComesFromWhatIsAllowed(t *testing.T) {
	h := serve(t, nil)
	h.files["/v1/all.yaml"], h.files["/v2/all.yaml"], h.files["/v1/large.yaml"] = "a: b", "c: d", strings.Repeat("x", maxFile+1)
	f := fetcher(t, h.URL+"/v1")
	view := f.View(t.Context(), fstest.MapFS{}, false)
	for range 2 {
		if got, err := AskFile(view, h.URL+"/v1/all.yaml"); err != nil || string(got) != "a: b" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if n := h.asked.Load(); n != 1 {
		t.Errorf("%d requests came", n)
	}
	if _, err := AskFile(view, h.URL+"/v2/all.yaml"); !IsRefusal(err, h.URL+"/v2/all.yaml") {
		t.Errorf("got %v", err)
	}
	_, err := AskFile(view, h.URL+"/v1/large.yaml")
	wantError(t, err, "sends more than 16777216 bytes")
	_, err = AskFile(fstest.MapFS{}, h.URL+"/v1/all.yaml")
	if !errors.Is(err, ErrOff) || !view.Asked() {
		t.Errorf("got %v", err)
	}
	if told := f.Fetched(); len(told) != 1 || told[0] != (Fetched{Name: "file all.yaml", From: h.URL + "/v1/all.yaml", Digest: "sha256:" + digestOf([]byte("a: b"))}) {
		t.Errorf("told %v", told)
	}
}

func TestNothingIsFetchedWithoutAView(t *testing.T) {
	if f := New(config.Fetching{}, nil); f != nil {
		t.Error("an empty list makes a fetcher")
	}
	for _, tree := range []fs.FS{fstest.MapFS{}, fstest.MapFS{"fetched/chart": {Data: []byte(`"1.0.0"` + "\nx")}}} {
		if _, err := AskChart(tree, ChartRef{"https://example.com", "redis", ""}); !errors.Is(err, ErrOff) {
			t.Errorf("got %v, want that nothing is fetched", err)
		}
	}
}

func TestARedirectGoesNowhereElse(t *testing.T) {
	other := serve(t, nil)
	other.files["/index.yaml"] = "entries: {}"
	to := ""
	h := serve(t, map[string]http.HandlerFunc{
		"/stable/index.yaml": func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, to, http.StatusFound) },
		"/stable/loop":       func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "loop", http.StatusFound) },
	})
	h.files["/stable/v2/index.yaml"] = "entries: {}"
	for _, c := range []struct{ to, want string }{
		{"http://169.254.169.254/latest/meta-data", "is not in the configuration's fetch.allow"},
		{other.URL + "/index.yaml", "is not in the configuration's fetch.allow"},
		{"/secret", "is not in the configuration's fetch.allow"},
		{"https://169.254.169.254/", "is not in the configuration's fetch.allow"},
		{"file:///etc/passwd", "begins with none of https://"},
		{"/stable/%2e%2e/secret", "hides a slash or a dot"},
		{"loop", "leads on more than 5 times"},
		{"/stable/v2/index.yaml", "has no chart redis"},
	} {
		to = c.to
		_, err := ask(t, fetcher(t, h.URL+"/stable"), ChartRef{h.URL + "/stable", "redis", ""})
		wantError(t, err, c.want)
	}
	if n := other.asked.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	stop := make(chan struct{})
	h := serve(t, map[string]http.HandlerFunc{
		"/endless/index.yaml": func(w http.ResponseWriter, q *http.Request) {
			line := []byte(strings.Repeat("# nothing\n", 10_000))
			for q.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		},
		"/slow/index.yaml": func(w http.ResponseWriter, q *http.Request) {
			w.(http.Flusher).Flush()
			<-stop
		},
	})
	defer close(stop)
	f := fetcher(t, h.URL)
	_, err := ask(t, f, ChartRef{h.URL + "/endless", "redis", ""})
	wantError(t, err, "sends more than 33554432 bytes")
	f.time = 50 * time.Millisecond
	_, err = ask(t, f, ChartRef{h.URL + "/slow", "redis", ""})
	wantError(t, err, "did not come within 50ms")
	f.requests = maxRequests
	_, err = ask(t, f, ChartRef{h.URL + "/more", "redis", ""})
	wantError(t, err, "which is the bound")
}

func TestAHostOfTheInsideNeedsItsPort(t *testing.T) {
	// Nothing is asked: the address is refused before the connection is made.
	_, err := ask(t, fetcher(t, "http://localhost/charts"), ChartRef{"http://localhost/charts", "redis", ""})
	wantError(t, err, "is an address of the inside")
	h, stable := repository(t)
	byName := strings.Replace(stable, "127.0.0.1", "localhost", 1)
	if _, err := ask(t, fetcher(t, byName), ChartRef{byName, "redis", "18.1.0"}); err != nil {
		t.Error(err)
	}
	if h.asked.Load() == 0 {
		t.Error("nothing was asked")
	}
	_, err = ask(t, fetcher(t, "http://169.254.169.254:80"), ChartRef{"http://169.254.169.254:80", "redis", ""})
	wantError(t, err, "of the link or of a cloud's metadata")
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"8.8.8.8": "any", "2606:4700::1111": "any",
		"127.0.0.1": "inside", "::1": "inside", "10.1.2.3": "inside", "192.168.1.1": "inside", "172.16.0.1": "inside", "100.64.0.1": "inside",
		"fd00::1": "inside", "198.18.0.1": "inside", "::ffff:127.0.0.1": "inside", "::ffff:10.0.0.1": "inside",
		"169.254.169.254": "never", "::ffff:169.254.169.254": "never", "fe80::1%eth0": "never", "fd00:ec2::254": "never", "0.0.0.0": "never", "::": "never",
		"0.1.2.3": "never", "224.0.0.1": "never", "ff02::1": "never", "255.255.255.255": "never", "240.0.0.1": "never",
		"64:ff9b::a9fe:a9fe": "never", "2002:7f00:1::": "never",
	} {
		ip := netip.MustParseAddr(address)
		got := "never"
		switch {
		case reachable(ip, false) == nil:
			got = "any"
		case reachable(ip, true) == nil:
			got = "inside"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	proxy := serve(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	_, stable := repository(t)
	f := fetcher(t, stable)
	transport := f.client.Transport.(*http.Transport)
	if transport.Proxy != nil {
		t.Error("there is a proxy")
	}
	if _, err := ask(t, f, ChartRef{stable, "redis", ""}); err != nil || proxy.asked.Load() != 0 {
		t.Errorf("the proxy was asked (%v)", err)
	}
}

type blobs map[string]string

func (b blobs) Blob(digest string) ([]byte, bool)   { text, ok := b[digest]; return []byte(text), ok }
func (b blobs) KeepBlob(digest string, text []byte) { b[digest] = string(text) }

func (b blobs) Pack(repository, id string) ([]byte, bool)   { return b.Blob(repository + " " + id) }
func (b blobs) KeepPack(repository, id string, pack []byte) { b.KeepBlob(repository+" "+id, pack) }

func TestAnArchiveIsKeptByItsDigest(t *testing.T) {
	h, stable := repository(t)
	kept := blobs{}
	for _, keep := range []bool{false, true} {
		f := New(config.Fetching{Allow: []string{stable}}, kept)
		if _, err := AskChart(f.View(t.Context(), fstest.MapFS{}, keep), ChartRef{stable, "redis", "18.1.0"}); err != nil {
			t.Fatal(err)
		}
		if (len(kept) > 0) != keep {
			t.Errorf("with keep %v there are %d kept", keep, len(kept))
		}
	}
	delete(h.files, "/stable/redis-18.1.0.tgz")
	f := New(config.Fetching{Allow: []string{stable}}, kept)
	if got, err := ask(t, f, ChartRef{stable, "redis", "18.1.0"}); err != nil || string(got.Archive) != "redis" {
		t.Errorf("got %q, %v", got.Archive, err)
	}
}

func TestAnEndedRunAsksNothing(t *testing.T) {
	h, stable := repository(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := AskChart(fetcher(t, stable).View(ctx, fstest.MapFS{}, false), ChartRef{stable, "redis", ""}); !errors.Is(err, context.Canceled) || h.asked.Load() > 0 {
		t.Errorf("got %v after %d requests", err, h.asked.Load())
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(fmt.Sprintf(index, "a", "b"))
	f.Add("entries: {redis: [{version: 1.0.0}]}")
	f.Add("entries: [")
	f.Fuzz(func(t *testing.T, text string) {
		from, _ := url.Parse("https://charts.example.com/stable")
		entries, err := readIndex([]byte(text))
		if err != nil {
			return
		}
		all, err := releases(entries, "redis")
		if err != nil {
			return
		}
		one, err := choose(all, "")
		if err == nil && len(one.urls) > 0 {
			if at, err := resolve(from, one.urls[0]); err == nil && at.Scheme == "" {
				t.Errorf("%q resolves to %s", one.urls[0], at)
			}
		}
	})
}
