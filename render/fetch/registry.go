package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/netpol-impact/netpol-impact/config"
)

// Bounds of what a registry sends beside archives: a manifest, a list of tags, a token, in bytes; and how many lists of
// tags there may be.
const (
	maxManifest = 4 << 20
	maxLists    = 50
)

// The media types of a chart in a registry, today's and that of charts before Helm 3.7.
// https://github.com/helm/community/blob/main/hips/hip-0006.md
const (
	chartLayer    = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	oldChartLayer = "application/tar+gzip"
	manifestType  = "application/vnd.oci.image.manifest.v1+json"
)

// A registry is asked for the versions of one chart.
type registry struct {
	*Fetcher
	// base is the registry's address, name the repository's name in it.
	base *url.URL
	name string
}

// repositoryName is what the specification allows.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
var repositoryName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// tag is what the specification allows.
var tag = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

// inRegistry fetches a chart of a registry. Only what needs no account can be had.
func (f *Fetcher) inRegistry(ctx context.Context, repository *url.URL, r ChartRef) (Chart, error) {
	source, err := config.SourceOf(repository)
	if err != nil {
		return Chart{}, err
	}
	scheme := "https"
	if source.IsPlain() {
		scheme = "http"
	}
	in := registry{f, &url.URL{Scheme: scheme, Host: repository.Host}, strings.Trim(repository.Path+"/"+r.Name, "/")}
	if !repositoryName.MatchString(in.name) {
		return Chart{}, fmt.Errorf("%q is no name of a repository in a registry", in.name)
	}
	version := r.Version
	if _, err := semver.NewVersion(version); err != nil {
		if version, err = in.newest(ctx, r.Version); err != nil {
			return Chart{}, err
		}
	}
	layer, err := in.layer(ctx, version)
	if err != nil {
		return Chart{}, err
	}
	q, err := in.request("blobs/sha256:"+layer, maxArchive)
	if err != nil {
		return Chart{}, err
	}
	q.digest = layer
	return f.archive(ctx, r, repository, version, q, in.get)
}

// request is for something of the repository.
func (in registry) request(what string, most int) (request, error) {
	at, err := in.base.Parse("/v2/" + in.name + "/" + what)
	return request{address: at, most: most, granted: true}, err
}

// newest finds the newest version of a range. A tag has an underscore where a version has a plus.
func (in registry) newest(ctx context.Context, version string) (string, error) {
	tags, err := fetchOnce(ctx, in.Fetcher, "tags "+in.base.String()+" "+in.name, func() ([]string, error) { return in.tags(ctx) })
	if err != nil {
		return "", err
	}
	var all []released
	for _, t := range tags {
		written := strings.ReplaceAll(t, "_", "+")
		if v, err := semver.StrictNewVersion(written); err == nil {
			all = append(all, released{version: v, written: written})
		}
	}
	slices.SortStableFunc(all, func(a, b released) int { return b.version.Compare(a.version) })
	one, err := choose(all, version)
	if err != nil {
		return "", fmt.Errorf("oci://%s/%s: %w", in.base.Host, in.name, err)
	}
	return one.written, nil
}

// tags lists the repository's tags, page by page.
func (in registry) tags(ctx context.Context) ([]string, error) {
	var all []string
	q, err := in.request("tags/list", maxManifest)
	for pages := 0; err == nil; pages++ {
		if pages == maxLists {
			return nil, fmt.Errorf("oci://%s/%s has more than %d lists of tags", in.base.Host, in.name, maxLists)
		}
		got, err := in.get(ctx, q)
		if err != nil {
			return nil, err
		}
		var list struct{ Tags []string }
		if err := json.Unmarshal(got.text, &list); err != nil {
			return nil, fmt.Errorf("reading the tags of oci://%s/%s: %w", in.base.Host, in.name, err)
		}
		all = append(all, list.Tags...)
		next := nextPage.FindStringSubmatch(got.header.Get("Link"))
		if next == nil {
			return all, nil
		}
		at, err := q.address.Parse(next[1])
		if err != nil || at.Host != q.address.Host || at.Scheme != q.address.Scheme || at.Path != q.address.Path {
			return nil, fmt.Errorf("the tags of oci://%s/%s lead on to another place", in.base.Host, in.name)
		}
		q.address = at
	}
	return nil, err
}

var nextPage = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?next"?`)

// layer finds the SHA-256 of a version's archive.
func (in registry) layer(ctx context.Context, version string) (string, error) {
	name := strings.ReplaceAll(version, "+", "_")
	if !tag.MatchString(name) {
		return "", fmt.Errorf("%q is no version", version)
	}
	q, err := in.request("manifests/"+name, maxManifest)
	if err != nil {
		return "", err
	}
	q.accept = manifestType
	got, err := in.get(ctx, q)
	if err != nil {
		return "", err
	}
	var m struct {
		Layers []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(got.text, &m); err != nil {
		return "", fmt.Errorf("reading the manifest of oci://%s/%s:%s: %w", in.base.Host, in.name, name, err)
	}
	for _, l := range m.Layers {
		if l.MediaType == chartLayer || l.MediaType == oldChartLayer {
			if !strings.HasPrefix(l.Digest, "sha256:") {
				return "", fmt.Errorf("the digest %q is none of SHA-256", l.Digest)
			}
			return sha256Hex(l.Digest)
		}
	}
	return "", fmt.Errorf("oci://%s/%s:%s holds no chart", in.base.Host, in.name, name)
}

// get fetches something of the repository, with a token for everybody where the registry asks for one.
func (in registry) get(ctx context.Context, q request) (reply, error) {
	got, err := in.Fetcher.get(ctx, q)
	var status *statusError
	if !errors.As(err, &status) || status.code != http.StatusUnauthorized {
		return got, err
	}
	realm, ok := challenge(status.header.Get("WWW-Authenticate"))
	if !ok {
		return reply{}, fmt.Errorf("oci://%s/%s asks for an account, and no credentials are sent", in.base.Host, in.name)
	}
	if q.token, err = in.token(ctx, realm); err != nil {
		return reply{}, err
	}
	got, err = in.Fetcher.get(ctx, q)
	if errors.As(err, &status) && (status.code == http.StatusUnauthorized || status.code == http.StatusForbidden) {
		return reply{}, fmt.Errorf("oci://%s/%s may not be read without an account (%w), and no credentials are sent", in.base.Host, in.name, err)
	}
	return got, err
}

// token asks for a token that everybody gets. It decides nothing, and is sent to the registry alone.
// https://distribution.github.io/distribution/spec/auth/token/
func (in registry) token(ctx context.Context, realm string) (string, error) {
	at, err := url.Parse(realm)
	if err != nil {
		return "", fmt.Errorf("oci://%s wants a token from what is no address", in.base.Host)
	}
	asked := at.Query()
	asked.Set("scope", "repository:"+in.name+":pull")
	at.RawQuery = asked.Encode()
	return fetchOnce(ctx, in.Fetcher, "token "+at.String(), func() (string, error) {
		sameHost := at.Host == in.base.Host && at.Scheme == in.base.Scheme
		got, err := in.Fetcher.get(ctx, request{address: at, most: 64 << 10, vouched: true, granted: sameHost})
		if err != nil {
			return "", fmt.Errorf("asking for a token: %w", err)
		}
		var t struct {
			Token       string
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(got.text, &t); err != nil {
			return "", fmt.Errorf("asking for a token: %w", err)
		}
		if t.Token == "" {
			t.Token = t.AccessToken
		}
		if t.Token == "" || strings.ContainsAny(t.Token, "\r\n") {
			return "", fmt.Errorf("%s gives no token", at.Host)
		}
		return t.Token, nil
	})
}

var parameter = regexp.MustCompile(`([a-z]+)="([^"]*)"`)

// challenge reads the address that hands out tokens, with the service as its query.
func challenge(header string) (realm string, ok bool) {
	rest, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return "", false
	}
	values := make(map[string]string)
	for _, p := range parameter.FindAllStringSubmatch(rest, -1) {
		values[p[1]] = p[2]
	}
	at, err := url.Parse(values["realm"])
	if err != nil || at.Host == "" {
		return "", false
	}
	asked := at.Query()
	if service := values["service"]; service != "" {
		asked.Set("service", service)
	}
	at.RawQuery = asked.Encode()
	return at.String(), true
}
