package discover

import (
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// A taking is what a target takes in of the tree, by names alone. What is asked of it costs what it takes in, not what the
// tree holds: there may be thousands of targets.
type taking struct {
	// names are folders of kustomizations and files that are taken in one by one.
	names map[string]bool
	// below is a folder of which all is taken that part lets pass; "" if there is none. All passes if part is nil.
	below string
	part  func(name string) bool
}

// among returns those of sorted paths that are taken in.
func (t taking) among(sorted []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range slices.Sorted(maps.Keys(t.names)) {
			if _, ok := slices.BinarySearch(sorted, name); ok && !yield(name) {
				return
			}
		}
		if t.below == "" {
			return
		}
		for name := range under(sorted, t.below) {
			if !t.names[name] && (t.part == nil || t.part(name)) && !yield(name) {
				return
			}
		}
	}
}

// under returns those of sorted paths that are a folder or in it.
func under(sorted []string, folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if folder == "." {
			slices.Values(sorted)(yield)
			return
		}
		if i, ok := slices.BinarySearch(sorted, folder); ok && !yield(sorted[i]) {
			return
		}
		// "a-b" stands between "a" and "a/b".
		for i, _ := slices.BinarySearch(sorted, folder+"/"); i < len(sorted) && strings.HasPrefix(sorted[i], folder+"/"); i++ {
			if !yield(sorted[i]) {
				return
			}
		}
	}
}

// taken returns what a target takes in.
func (s *survey) taken(t render.Target) taking {
	changes := render.Changes{}
	if t.Changes != nil {
		changes = *t.Changes
	}
	switch {
	case t.Source != nil: // nothing of this tree
		return taking{}
	case t.Kind == render.Plain && changes.Files.Flat:
		return taking{below: t.Path, part: func(name string) bool {
			return name == t.Path || path.Dir(name) == t.Path && path.Ext(name) != ""
		}}
	case t.Kind != render.Kustomize:
		return taking{below: t.Path}
	}
	all := make(map[string]bool)
	for _, component := range changes.Kustomize.Components {
		if at, ok := inside(t.Path, component); ok {
			s.reach(at, all)
		}
	}
	if s.kustomizations[t.Path] != nil {
		s.reach(t.Path, all)
		return taking{names: all}
	}
	// Flux makes a kustomization here: of all manifests below, and of a folder with a kustomization that one.
	for at := range under(s.sorted().kustomizations, t.Path) {
		s.reach(at, all)
	}
	return taking{names: all, below: t.Path, part: func(name string) bool { return !s.ownedBelow(path.Dir(name), t.Path) }}
}

// ownedBelow tells whether a folder, or one above it up to the top, has a kustomization.
func (s *survey) ownedBelow(folder, top string) bool {
	for at := range upward(folder) {
		if s.kustomizations[at] != nil {
			return true
		}
		if at == top {
			break
		}
	}
	return false
}

// reach adds to all the kustomization of a folder and whatever it builds on.
func (s *survey) reach(folder string, all map[string]bool) {
	if all[folder] {
		return
	}
	all[folder] = true
	if k := s.kustomizations[folder]; k != nil {
		for _, name := range k.names {
			s.reach(name, all)
		}
	}
}

// cover marks what a target takes in as used.
func (s *survey) cover(t render.Target) {
	for name := range s.taken(t).among(s.sorted().all) {
		s.used[name] = true
	}
}

// A listing is what a survey has seen, in sorted lists for looking up what is below a folder.
type listing struct {
	// kustomizations and charts are folders, takers the charts among these that take others from elsewhere in the tree.
	kustomizations, charts, takers []string
	// all are both, and all files of YAML and JSON.
	all []string
	// folders are those that were walked.
	folders map[string]bool
}

// sorted returns the survey's listing, once the walk is done.
func (s *survey) sorted() *listing {
	if s.list != nil {
		return s.list
	}
	l := &listing{kustomizations: slices.Sorted(maps.Keys(s.kustomizations)), charts: slices.Sorted(maps.Keys(s.charts)), folders: make(map[string]bool)}
	for _, at := range l.charts {
		if s.charts[at].takesFolders {
			l.takers = append(l.takers, at)
		}
	}
	l.all = slices.Concat(l.kustomizations, l.charts)
	for _, folder := range s.folders {
		l.folders[folder] = true
		for _, base := range s.files[folder] {
			l.all = append(l.all, path.Join(folder, base))
		}
	}
	slices.Sort(l.all)
	l.all = slices.Compact(l.all)
	s.list = l
	return l
}
