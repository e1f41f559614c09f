package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const redis = "redis of a registry"

// pulls are the answers of a registry that gives everybody a token.
func pulls(manifest string, blob http.HandlerFunc) map[string]http.HandlerFunc {
	guarded := func(handle http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			if q.Header.Get("Authorization") != "Bearer everybody" {
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+q.Host+`/token",service="registry",scope="repository:x:push"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			handle(w, q)
		}
	}
	const of = "/v2/team/charts/redis/"
	tags := func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Query().Get("last") == "" {
			w.Header().Set("Link", `<`+of+`tags/list?last=2>; rel="next"`)
			fmt.Fprint(w, `{"tags":["1.0.0","latest","1.1.0-rc.1"]}`)
			return
		}
		fmt.Fprint(w, `{"tags":["1.2.0_build.7","2.0.0","1.1"]}`)
	}
	answer := func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, manifest) }
	return map[string]http.HandlerFunc{
		"/token": func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Query().Get("scope") != "repository:team/charts/redis:pull" || q.URL.Query().Get("service") != "registry" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, `{"token":"everybody"}`)
		},
		of + "tags/list": guarded(tags), of + "manifests/1.0.0": guarded(answer), of + "manifests/1.2.0_build.7": guarded(answer), of + "manifests/3.0.0": guarded(answer),
		of + "blobs/sha256:" + digestOf([]byte(redis)): guarded(blob),
	}
}

func chartManifest(mediaType, digest string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"layers":[{"mediaType":"application/x","digest":"sha256:00"},{"mediaType":%q,"digest":%q}]}`, mediaType, digest)
}

func sends(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, text) }
}

func registryOf(h *host) string {
	return "oci://" + strings.TrimPrefix(h.URL, "http://") + "/team/charts"
}

func TestAChartComesFromARegistry(t *testing.T) {
	h := serve(t, pulls(chartManifest(chartLayer, "sha256:"+digestOf([]byte(redis))), sends(redis)))
	at := registryOf(h)
	f := fetcher(t, at)
	for asked, want := range map[string]string{"1.0.0": "1.0.0", "^1.0.0": "1.2.0+build.7", "~1.2": "1.2.0+build.7"} {
		got, err := ask(t, f, ChartRef{at, "redis", asked})
		if err != nil || got.Version != want || string(got.Archive) != redis {
			t.Errorf("%s: got %s %q, %v", asked, got.Version, got.Archive, err)
		}
	}
	_, err := ask(t, f, ChartRef{at, "redis", "^3.0.0"})
	wantError(t, err, "none of its 4 versions is ^3.0.0")
	_, err = ask(t, f, ChartRef{at + "/../other", "redis", "1.0.0"})
	wantError(t, err, "parts, or hides")
	_, err = ask(t, f, ChartRef{strings.TrimSuffix(at, "/charts"), "redis", "1.0.0"})
	wantError(t, err, "is not in the configuration's fetch.allow")
	_, err = ask(t, f, ChartRef{at, "Redis", "1.0.0"})
	wantError(t, err, "is no name of a repository in a registry")
	if told := f.Fetched(); len(told) != 2 || told[0].Digest != "sha256:"+digestOf([]byte(redis)) || told[0].From != at {
		t.Errorf("told %v", told)
	}
}

func TestWhatARegistrySaysIsNotBelieved(t *testing.T) {
	right := "sha256:" + digestOf([]byte(redis))
	elsewhere := serve(t, map[string]http.HandlerFunc{"/blob": func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "" {
			t.Error("the token went to another host")
		}
		fmt.Fprint(w, redis)
	}})
	led := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, to, http.StatusTemporaryRedirect) }
	}
	for name, c := range map[string]struct {
		manifest string
		blob     http.HandlerFunc
		allow    string
		want     string
	}{
		"another archive":   {chartManifest(chartLayer, right), sends("evil"), "", "was announced"},
		"no chart":          {chartManifest("application/y", right), sends(redis), "", "holds no chart"},
		"another algorithm": {chartManifest(chartLayer, "md5:1"), sends(redis), "", "none of SHA-256"},
		"a path":            {chartManifest(chartLayer, "sha256:../../x"), sends(redis), "", "is no SHA-256"},
		"nonsense":          {"[", sends(redis), "", "reading the manifest"},
		"to the inside":     {chartManifest(chartLayer, right), led("https://10.0.0.1/blob"), "", "10.0.0.1 is an address of the inside"},
		"to metadata":       {chartManifest(chartLayer, right), led("https://169.254.169.254/blob"), "", "of the link or of a cloud's metadata"},
		"without TLS":       {chartManifest(chartLayer, right), led(elsewhere.URL + "/blob"), "", "is not in the configuration's fetch.allow"},
		"allowed elsewhere": {chartManifest(chartLayer, right), led(elsewhere.URL + "/blob"), elsewhere.URL, ""},
	} {
		h := serve(t, pulls(c.manifest, c.blob))
		allow := []string{registryOf(h)}
		if c.allow != "" {
			allow = append(allow, c.allow)
		}
		_, err := ask(t, fetcher(t, allow...), ChartRef{registryOf(h), "redis", "1.0.0"})
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || c.want == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestARegistryThatWantsAnAccountIsToldSo(t *testing.T) {
	for challenge, want := range map[string]string{
		`Basic realm="x"`: "asks for an account, and no credentials are sent",
		`Bearer realm="https://169.254.169.254/token"`: "of the link or of a cloud's metadata",
		`Bearer realm="http://127.0.0.1:1/token"`:      "is not in the configuration's fetch.allow",
		`Bearer service="x"`:                           "asks for an account",
	} {
		h := serve(t, map[string]http.HandlerFunc{"/v2/team/charts/redis/manifests/1.0.0": func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		}})
		_, err := ask(t, fetcher(t, registryOf(h)), ChartRef{registryOf(h), "redis", "1.0.0"})
		wantError(t, err, want)
	}
}
