package helmfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// repository is one that a helmfile gives a name to.
type repository struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	OCI  bool   `json:"oci"`
}

// fetched finds where a release's chart comes from that is not in the tree; why says what it is not fetched for.
func (f *following) fetched(r *release) (_ *render.Source, why string, err error) {
	at := r.Chart
	if !strings.HasPrefix(at, "oci://") {
		name, chart, ok := strings.Cut(r.Chart, "/")
		if isRemote(r.Chart) || !ok {
			return nil, "only charts of repositories and registries are fetched", nil
		}
		from, ok := f.repositories[name]
		if !ok {
			return nil, fmt.Sprintf("this helmfile names no repository %s", name), nil
		}
		if at = strings.TrimSuffix(from.URL, "/") + "/" + chart; from.OCI && !strings.HasPrefix(at, "oci://") {
			at = "oci://" + at
		}
	}
	slash := strings.LastIndexByte(at, '/')
	s := &render.Source{Repository: at[:slash], Chart: at[slash+1:], Version: r.Version, Named: manifest.Origin{File: f.file, Line: f.line(r.Name, "version")}}
	if why := s.Refused(f.tree.FS); why != "" || f.probing {
		return nil, why, nil
	}
	s.Version, err = f.locked(s)
	return s, "", err
}

// locked is the version that the lock has of a chart; the one that is asked for if that has none which fits, as helmfile
// takes it.
func (f *following) locked(s *render.Source) (string, error) {
	name := strings.TrimSuffix(f.file, ".gotmpl")
	name = strings.TrimSuffix(name, path.Ext(name)) + ".lock"
	if f.lock != "" {
		name = path.Join(f.folder, f.lock)
	}
	text, err := f.tree.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s.Version, nil
	}
	var lock struct {
		Dependencies []struct {
			Name       string `json:"name"`
			Repository string `json:"repository"`
			Version    string `json:"version"`
		} `json:"dependencies"`
	}
	if err == nil {
		err = decode(text, &lock)
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	held, err := semver.NewConstraint(s.Version)
	if s.Version == "" {
		held, err = semver.NewConstraint("*")
	}
	if err != nil {
		return s.Version, nil // no range: a version that only its repository understands
	}
	for _, d := range lock.Dependencies {
		v, err := semver.NewVersion(d.Version)
		if d.Name == s.Chart && strings.TrimSuffix(d.Repository, "/") == strings.TrimSuffix(s.Repository, "/") && err == nil && held.Check(v) {
			return d.Version, nil
		}
	}
	return s.Version, nil
}
