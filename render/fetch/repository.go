package fetch

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Bounds of what a chart repository sends, in bytes.
const (
	maxIndex   = 32 << 20
	maxArchive = 32 << 20
)

// A ChartRef names a chart as Chart.yaml does: Repository is an address of https, http or oci, Version a version or a
// range of versions, and the newest release if it is empty.
type ChartRef struct{ Repository, Name, Version string }

func (r ChartRef) String() string {
	return strings.TrimSpace(r.Name+" "+r.Version) + " from " + r.Repository
}

// A Chart is a packed chart.
type Chart struct {
	Version string
	Archive []byte
}

// chart fetches a chart.
func (f *Fetcher) chart(ctx context.Context, r ChartRef) (Chart, error) {
	source, err := config.ParseSource(r.Repository)
	if err != nil {
		return Chart{}, err
	}
	if !f.allowed(source) {
		return Chart{}, &notAllowedError{r.Repository}
	}
	if !isChartName(r.Name) {
		return Chart{}, fmt.Errorf("%q is no name of a chart", r.Name)
	}
	repository, err := url.Parse(r.Repository)
	if err != nil {
		return Chart{}, err
	}
	find := f.inRepository
	if source.Scheme == "oci" {
		find = f.inRegistry
	}
	return fetchOnce(ctx, f, "chart "+r.String(), func() (Chart, error) { return find(ctx, repository, r) })
}

// isChartName holds a name to what Helm allows, so that it is one element of a path.
// https://helm.sh/docs/chart_best_practices/conventions/
func isChartName(name string) bool {
	return name != "" && len(name) <= 250 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" &&
		name[0] != '.'
}

// A released chart is an entry of an index.
type released struct {
	version *semver.Version
	written string // as it is in the index
	urls    []string
	digest  string
}

// inRepository fetches a chart of a repository with an index.
// https://helm.sh/docs/topics/chart_repository/
func (f *Fetcher) inRepository(ctx context.Context, repository *url.URL, r ChartRef) (Chart, error) {
	entries, err := fetchOnce(ctx, f, "index "+repository.String(), func() (*manifest.Node, error) {
		at := repository.JoinPath("index.yaml")
		at.RawQuery = repository.RawQuery
		got, err := f.get(ctx, request{address: at, most: maxIndex})
		if err != nil {
			return nil, err
		}
		entries, err := readIndex(got.text)
		if err != nil {
			err = fmt.Errorf("reading %s: %w", shown(at), err)
		}
		return entries, err
	})
	if err != nil {
		return Chart{}, err
	}
	all, err := releases(entries, r.Name)
	if err != nil {
		return Chart{}, fmt.Errorf("reading the index of %s: %w", shown(repository), err)
	}
	if len(all) == 0 {
		return Chart{}, fmt.Errorf("%s has no chart %s", shown(repository), r.Name)
	}
	one, err := choose(all, r.Version)
	if err != nil {
		return Chart{}, fmt.Errorf("%s: %w", shown(repository), err)
	}
	if len(one.urls) == 0 {
		return Chart{}, fmt.Errorf("the index of %s has no address for %s %s", shown(repository), r.Name, one.written)
	}
	at, err := resolve(repository, one.urls[0])
	if err != nil {
		return Chart{}, fmt.Errorf("the index of %s: %w", shown(repository), err)
	}
	return f.archive(ctx, r, repository, one.written, request{address: at, most: maxArchive, digest: one.digest}, f.get)
}

// readIndex returns an index's charts by name.
func readIndex(text []byte) (*manifest.Node, error) {
	root, err := manifest.ParseLarge(text)
	return root.Get("entries"), err
}

// archive gets a chart's archive, from what is kept if its digest is known.
func (f *Fetcher) archive(ctx context.Context, r ChartRef, from *url.URL, version string, q request,
	get func(context.Context, request) (reply, error)) (Chart, error) {
	text, ok := f.blob(q.digest)
	if !ok {
		got, err := get(ctx, q)
		if err != nil {
			return Chart{}, err
		}
		text = got.text
	}
	f.tell(Fetched{Name: "chart " + r.Name + " " + version, From: shown(from), Digest: "sha256:" + digestOf(text)})
	return Chart{Version: version, Archive: text}, nil
}

func (f *Fetcher) blob(digest string) ([]byte, bool) {
	if f.kept == nil || digest == "" {
		return nil, false
	}
	return f.kept.Blob(digest)
}

// releases reads the versions of a chart in an index, the newest first. What is no version is passed over, as Helm does.
func releases(entries *manifest.Node, name string) ([]released, error) {
	var all []released
	for _, n := range entries.Get(name).Elements() {
		one := released{written: n.Get("version").Str()}
		var err error
		if one.version, err = semver.NewVersion(one.written); err != nil {
			continue
		}
		if digest := n.Get("digest").Str(); digest != "" {
			if one.digest, err = sha256Hex(digest); err != nil {
				return nil, fmt.Errorf("%s %s: %w", name, one.written, err)
			}
		}
		for _, u := range n.Get("urls").Elements() {
			one.urls = append(one.urls, u.Str())
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b released) int { return b.version.Compare(a.version) })
	return all, nil
}

// sha256Hex reads a SHA-256 with or without the algorithm's name.
func sha256Hex(digest string) (string, error) {
	text := strings.ToLower(strings.TrimPrefix(digest, "sha256:"))
	if raw, err := hex.DecodeString(text); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%q is no SHA-256", digest)
	}
	return text, nil
}

// choose finds the version that is asked for: this one as it is written, else the newest that a range holds, as Helm
// does.
func choose(all []released, version string) (released, error) {
	for _, one := range all {
		if version != "" && one.written == version {
			return one, nil
		}
	}
	held, err := semver.NewConstraint(cmp.Or(version, "*"))
	if err != nil {
		return released{}, fmt.Errorf("%q is neither a version nor a range of versions", version)
	}
	for _, one := range all {
		if held.Check(one.version) {
			return one, nil
		}
	}
	return released{}, fmt.Errorf("none of its %d versions is %s", len(all), cmp.Or(version, "a release"))
}

// resolve finds the address of an archive, which may be relative to its repository.
func resolve(repository *url.URL, written string) (*url.URL, error) {
	to, err := url.Parse(written)
	if err != nil {
		return nil, fmt.Errorf("%q is no address", written)
	}
	if to.IsAbs() {
		if to.Scheme == "oci" {
			return nil, errors.New("it leads to a registry; name that in the dependency")
		}
		return to, nil
	}
	from := *repository
	from.Path = strings.TrimSuffix(from.Path, "/") + "/"
	from.RawPath = ""
	at := from.ResolveReference(to)
	at.RawQuery = repository.RawQuery
	return at, nil
}
