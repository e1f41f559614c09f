package argocd

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// A place is where a source's files are: in this tree, or fetched for it.
type place struct {
	// source is nil for this tree.
	source *render.Source
	// fsys has the files, below root. err says why they cannot be had: the renderer will say the same.
	fsys fs.FS
	root string
	err  error
}

// here is this tree, if a source's path is in it; else nil.
func (x *expansion) here(at string, s *source) *place {
	in := &place{fsys: x.fsys}
	if info, err := fs.Stat(x.fsys, at); s.Chart != "" || err != nil || !info.IsDir() || at == "." && in.tool(".") == render.Plain {
		return nil
	}
	return in
}

// elsewhere fetches a source. It is not, and why says so, where base's configuration does not allow it.
func (x *expansion) elsewhere(s *source) (in *place, why string) {
	from := &render.Source{Repository: s.RepoURL, Chart: s.Chart, Named: x.named(s)}
	if s.Chart == "" {
		from.Revision = s.Revision
	} else {
		from.Version = s.Revision
		if !strings.Contains(s.RepoURL, "://") { // Argo CD names registries so
			from.Repository = "oci://" + s.RepoURL
		}
	}
	if why := from.Refused(x.fsys); why != "" {
		return nil, why
	}
	key := from.String()
	known, ok := x.fetched[key]
	if !ok {
		known.fsys, known.root, known.err = from.Fetch(x.fsys)
		if x.fetched == nil {
			x.fetched = make(map[string]place)
		}
		x.fetched[key] = known
	}
	known.source = from
	return &known, ""
}

// named is the line of the object that names a source's revision: where a new one is asked for.
func (x *expansion) named(s *source) manifest.Origin {
	spec := x.object.Body.Get("spec")
	if x.object.Kind == "ApplicationSet" {
		spec = spec.Get("template", "spec")
	}
	all := slices.Clone(spec.Get("sources").Elements())
	if one := spec.Get("source"); one != nil {
		all = append(all, *one)
	}
	for i := range all {
		n := &all[i]
		if all[i].Get("repoURL").Str() != s.RepoURL || all[i].Get("chart").Str() != s.Chart || all[i].Get("path").Str() != s.Path {
			continue // a template's is not as it is written, and is found at the object
		}
		if revision := n.Get("targetRevision"); revision != nil {
			return x.object.At(revision)
		}
		return x.object.At(n.Get("repoURL"))
	}
	return x.object.Origin
}

// name is a target's name for a path of the place.
func (in *place) name(at string) string {
	if in.source == nil {
		return at
	}
	return in.source.At(at)
}

func (in *place) String() string {
	if in.source == nil {
		return "this repository"
	}
	return in.source.String()
}

// hasFile tells whether there is a file. Where none can be had there is each.
func (in *place) hasFile(at string) bool {
	if in.err != nil {
		return true
	}
	info, err := fs.Stat(in.fsys, path.Join(in.root, at))
	return err == nil && info.Mode().IsRegular()
}

// kind is the tool that Argo CD takes: the one that the source has settings for, else by the files that there are.
func (in *place) kind(at string, s *source) (render.Kind, error) {
	switch {
	case s.Chart != "":
		return render.Helm, nil
	case in.err != nil:
		return render.Kustomize, nil // it will not render
	case in.source != nil:
		if info, err := fs.Stat(in.fsys, path.Join(in.root, at)); err != nil || !info.IsDir() {
			return "", fmt.Errorf("there is no folder %s in %s", at, in)
		}
	}
	tool := in.tool(at)
	switch {
	case s.Helm != nil && tool != render.Kustomize:
		return render.Helm, nil
	case s.Kustomize != nil:
		return render.Kustomize, nil
	case s.Directory != nil:
		return render.Plain, nil
	}
	return tool, nil
}

func (in *place) tool(at string) render.Kind {
	switch {
	case in.hasFile(path.Join(at, "Chart.yaml")):
		return render.Helm
	case in.hasFile(path.Join(at, "kustomization.yaml")), in.hasFile(path.Join(at, "kustomization.yml")), in.hasFile(path.Join(at, "Kustomization")):
		return render.Kustomize
	}
	return render.Plain
}
