package helm

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// fetch asks the tree for what is missing and puts each archive where `helm dependency build` would put it. An error names
// all that may not be fetched.
func (s *chartSource) fetch(tree fs.FS, dir string, all []missing) error {
	var refused []missing
	for _, m := range all {
		err := s.fetchOne(tree, dir, m)
		if errors.Is(err, errRefused) {
			refused = append(refused, m)
		} else if err != nil {
			return fmt.Errorf("fetching the chart %s: %w", m, err)
		}
	}
	if len(refused) > 0 {
		return notThere(refused, dir)
	}
	return nil
}

var errRefused = errors.New("it may not be fetched")

func (s *chartSource) fetchOne(tree fs.FS, dir string, m missing) error {
	if m.inArchive || !isAddress(m.Repository) {
		return errRefused
	}
	key := m.of + "charts/" + cmp.Or(m.Alias, m.Name)
	if _, ok := s.named[key]; ok {
		return errors.New("it was fetched, and what is in charts stands in its way")
	}
	locked, err := s.locked(dir, m)
	if err != nil {
		return err
	}
	got, err := fetch.AskChart(tree, fetch.ChartRef{Repository: locked.Repository, Name: m.Name, Version: locked.Version})
	switch {
	case errors.Is(err, fetch.ErrOff), fetch.IsRefusal(err, locked.Repository):
		return errRefused
	case err != nil:
		return err
	}
	if err := m.is(got); err != nil {
		return err
	}
	name := m.of + "charts/" + m.Name + "-" + got.Version + ".tgz"
	if !isArchiveOf(path.Base(name), m.Name) {
		return fmt.Errorf("%q is no version", got.Version)
	}
	s.named[key] = s.namedAt(m)
	if _, ok := s.file(name); !ok { // another alias may have it already
		s.files = append(s.files, chartFile{name: name, origin: path.Join(dir, name), text: got.Archive})
	}
	return nil
}

// is tells whether what came is what was asked for. Helm takes whatever is in charts/, and what it cannot take for a
// dependency it renders beside them.
func (m missing) is(got fetch.Chart) error {
	c, err := loader.LoadArchive(bytes.NewReader(got.Archive))
	if err != nil {
		return fmt.Errorf("reading what came: %w", err)
	}
	if c.Name() != m.Name || m.Version != "" && !chartutil.IsCompatibleRange(m.Version, c.Metadata.Version) {
		return fmt.Errorf("what came is the chart %s %s", c.Name(), c.Metadata.Version)
	}
	return nil
}

// isAddress tells an address from a folder and from the name that somebody's helm has for a repository.
func isAddress(repository string) bool {
	return strings.HasPrefix(repository, "https://") || strings.HasPrefix(repository, "http://") || strings.HasPrefix(repository, "oci://")
}

// file returns a file of the chart that needs a dependency.
func (s *chartSource) file(name string) (chartFile, bool) {
	i := slices.IndexFunc(s.files, func(f chartFile) bool { return f.name == name })
	if i < 0 {
		return chartFile{}, false
	}
	return s.files[i], true
}

// namedAt is where a dependency is asked for: the line of its name.
func (s *chartSource) namedAt(m missing) manifest.Origin {
	f, ok := s.file(m.of + "Chart.yaml")
	if old, is := s.file(m.of + "requirements.yaml"); is && len(dependenciesIn(f.text)) == 0 {
		f, ok = old, true
	}
	if !ok {
		return manifest.Origin{}
	}
	at := manifest.Origin{File: f.origin, Line: 1}
	var c struct {
		Dependencies []struct {
			Name, Alias yaml.Node
		}
	}
	if yaml.Unmarshal(f.text, &c) == nil {
		for _, d := range c.Dependencies {
			if d.Name.Value == m.Name && d.Alias.Value == m.Alias {
				at.Line = d.Name.Line
				break
			}
		}
	}
	return at
}

// locked is a dependency with the version that Chart.lock has for it, if there is one: it must be one of these very
// dependencies, as `helm dependency build` wants.
func (s *chartSource) locked(dir string, m missing) (chart.Dependency, error) {
	about, _ := s.file(m.of + "Chart.yaml")
	all, name := dependenciesIn(about.text), "Chart.lock"
	if old, ok := s.file(m.of + "requirements.yaml"); ok && len(all) == 0 {
		all, name = dependenciesIn(old.text), "requirements.lock"
	}
	f, ok := s.file(m.of + name)
	if !ok {
		return m.Dependency, nil
	}
	var lock chart.Lock
	if err := sigsyaml.Unmarshal(f.text, &lock); err != nil {
		return chart.Dependency{}, fmt.Errorf("reading %s: %w", f.origin, err)
	}
	outdated := fmt.Errorf("%s is not of these dependencies; run `helm dependency update %s` and commit it", f.origin, path.Join(dir, m.of))
	if sum, err := lockDigest(all, lock.Dependencies); err != nil || sum != lock.Digest && (name == "Chart.lock" || !isOldDigest(all, lock.Digest)) || len(all) != len(lock.Dependencies) ||
		slices.Contains(lock.Dependencies, nil) || slices.Contains(all, nil) {
		return chart.Dependency{}, outdated
	}
	for i, d := range all {
		if d.Name == m.Name && d.Alias == m.Alias && d.Version == m.Version && d.Repository == m.Repository && lock.Dependencies[i].Name == d.Name {
			return *lock.Dependencies[i], nil
		}
	}
	return chart.Dependency{}, outdated
}

// lockDigest is how Helm sums up what a lock was made of: resolver.HashReq, which is not exported.
func lockDigest(wanted, locked []*chart.Dependency) (string, error) {
	text, err := json.Marshal([2][]*chart.Dependency{wanted, locked})
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), err
}

// isOldDigest tells whether a digest is what Helm 2 wrote (resolver.HashV2Req).
func isOldDigest(wanted []*chart.Dependency, digest string) bool {
	text, err := json.Marshal(map[string][]*chart.Dependency{"dependencies": wanted})
	sum := sha256.Sum256(text)
	return err == nil && digest == "sha256:"+hex.EncodeToString(sum[:])
}
