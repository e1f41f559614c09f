package discover

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// Reads are the paths that a target can read at most, of files and of whole folders, whether there is something or not.
// It is false where they cannot be told without rendering.
//
// It rests on names alone: every string of a kustomization that could be a path counts as one, whatever its field. What
// is not known for certain (generators and transformers with files of their own, kustomizations in folders that are not
// looked into) makes it false.
func (f Found) Reads() ([]string, bool) {
	if f.reads == nil {
		return nil, false
	}
	return f.reads()
}

// giveReads lets each target answer from what the survey has seen.
func (s *survey) giveReads(found []Found) {
	for i := range found {
		t := found[i].Target
		found[i].reads = func() ([]string, bool) {
			r := reading{survey: s, paths: make(map[string]bool), known: true}
			r.target(t)
			paths := make([]string, 0, len(r.paths))
			for at := range r.paths {
				paths = append(paths, at)
			}
			slices.Sort(paths)
			return paths, r.known
		}
	}
}

// A reading collects what one target can read.
type reading struct {
	*survey
	paths map[string]bool
	known bool
}

func (r *reading) target(t render.Target) {
	if t.Source != nil { // what a run fetches is the same on both sides
		for _, file := range t.Values {
			if fs.ValidPath(file) {
				r.paths[file] = true
			}
		}
		return
	}
	switch t.Kind {
	case render.Plain:
		r.paths[t.Path] = true
	case render.Helm:
		r.chart(t.Path)
		for _, file := range t.Values {
			r.paths[file] = true
		}
	case render.Kustomize:
		if t.Changes != nil {
			for _, component := range t.Changes.Kustomize.Components {
				r.reference(t.Path, component)
			}
			// A deployer's patch may name a file.
			r.known = r.known && len(t.Changes.Kustomize.Patches) == 0
		}
		if r.kustomizations[t.Path] == nil { // Flux makes one of all that is below, seen by the survey or not
			r.known = false
			return
		}
		r.kustomization(t.Path)
	default:
		r.known = false
	}
}

// kustomization adds one and what it names.
func (r *reading) kustomization(at string) {
	// Each of the names that it could have: a second one beside the first is a mistake.
	first := path.Join(at, "kustomization.yaml")
	if r.paths[first] {
		return
	}
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		r.paths[path.Join(at, name)] = true
	}
	n := r.readNode(r.kustomizations[at].file)
	if n == nil {
		r.known = false
		return
	}
	for _, field := range []string{"generators", "transformers", "validators"} {
		r.known = r.known && len(n.Get(field).Elements()) == 0
	}
	for _, field := range []string{"helmCharts", "helmChartInflationGenerator"} {
		if len(n.Get(field).Elements()) > 0 {
			home := n.Get("helmGlobals", "chartHome").Str()
			if home == "" {
				home = "charts"
			}
			r.chartHome(at, home)
		}
	}
	r.strings(at, n)
}

// strings adds what any string below a node could name.
func (r *reading) strings(from string, n *manifest.Node) {
	if n.Kind == manifest.String {
		r.reference(from, n.Text)
		if _, file, ok := strings.Cut(n.Text, "="); ok {
			r.reference(from, file)
		}
		return
	}
	for i := range n.Items {
		r.strings(from, &n.Items[i])
	}
}

func (r *reading) reference(from, ref string) {
	at, ok := inside(from, ref)
	if !ok || ref == "" || at == from {
		return
	}
	if at == "." { // everything
		r.known = false
		return
	}
	if r.kustomizations[at] != nil {
		r.kustomization(at)
		return
	}
	if r.paths[at] {
		return
	}
	r.paths[at] = true
	if about, err := fs.Stat(r.fsys, at); err == nil && about.IsDir() {
		r.folder(at)
	}
}

// folder adds all that is in a folder, and what kustomizations in it name. One in a folder that the survey has not seen
// could name anything.
func (r *reading) folder(at string) {
	r.paths[at] = true
	if !r.sorted().folders[at] {
		r.known = false
		return
	}
	for other := range under(r.sorted().kustomizations, at) {
		r.kustomization(other)
	}
}

// chartHome adds a folder of charts.
func (r *reading) chartHome(from, home string) {
	at, ok := inside(from, home)
	if !ok {
		r.known = false
		return
	}
	r.chart(at)
}

// chart adds a folder with one or several charts, unless one of them takes others from elsewhere.
func (r *reading) chart(at string) {
	r.paths[at] = true
	r.known = r.known && r.sorted().folders[at]
	for range under(r.sorted().takers, at) {
		r.known = false
	}
}
