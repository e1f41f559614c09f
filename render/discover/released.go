package discover

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/helmfile"
)

// released returns the targets that helmfiles deploy, and marks what they take as used, so that it is not found again.
func (s *survey) released(ctx context.Context, r *render.Renderer) []Found {
	s.begin()
	if len(s.helmfiles) == 0 && len(s.helmfileFolders(false)) == 0 {
		return nil
	}
	series := helmfile.NewSeries(r)
	defer series.Close()
	outermost := s.outermost(ctx, series, r.Elsewhere(ctx, s.fsys))
	var found []Found
	failed := false
	for _, x := range outermost {
		s.problems = append(s.problems, x.Diagnostics...)
		failed = failed || len(x.Targets) == 0
		for _, name := range x.Read {
			s.used[name] = true
		}
		for _, t := range x.Targets {
			f := Found{Target: t, By: "the " + t.Deployer, clusterBy: "the environment of its helmfile", mark: markOf(t)}
			found = append(found, f)
			s.cover(t)
		}
	}
	s.unreleased(failed)
	return found
}

// outermost expands the helmfiles that no other one includes, in the order of their depth; fsys answers for what may be
// fetched, too.
func (s *survey) outermost(ctx context.Context, series *helmfile.Series, fsys fs.FS) []render.Expansion {
	files := slices.Clone(s.helmfiles)
	slices.SortFunc(files, func(a, b string) int {
		return cmp.Or(strings.Count(a, "/")-strings.Count(b, "/"), cmp.Compare(a, b))
	})
	included := make(map[string]bool)
	expanded := make(map[string]render.Expansion)
	for _, file := range files {
		if s.used[file] || included[file] {
			continue
		}
		x := series.Expand(ctx, fsys, file)
		expanded[file] = x
		for _, name := range x.Read {
			included[name] = included[name] || name != file
			if name != file {
				delete(expanded, name)
			}
		}
	}
	var all []render.Expansion
	for _, file := range files {
		if x, ok := expanded[file]; ok {
			all = append(all, x)
		}
	}
	return all
}

// unreleased names value files beside helmfiles that no release reads, because a helmfile could not be followed or for
// another reason: a change in them would pass in silence. Where a helmfile was not followed, that is every loose file
// beside it, otherwise those of a helmfile.d.
func (s *survey) unreleased(failed bool) {
	s.begin()
	tops := s.helmfileFolders(failed)
	if len(tops) == 0 {
		return
	}
	names := slices.Clone(s.templates)
	for _, folder := range s.folders {
		if !s.inKustomization(folder) {
			for _, base := range s.files[folder] {
				names = append(names, path.Join(folder, base))
			}
		}
	}
	slices.Sort(names)
	for _, top := range tops {
		sum, unread := xxhash.New(), []string(nil)
		note := func(name string) {
			if s.isLate() {
				return
			}
			text, err := fs.ReadFile(s.fsys, name)
			if s.used[name] || err == nil && holdsObject(text, path.Ext(name) == ".json") {
				return
			}
			unread = append(unread, name)
			fmt.Fprintf(sum, "%s\x00%v\x00%s\x00", name, err, text)
		}
		for name := range under(names, top) {
			if !s.inChart(path.Dir(name)) {
				note(name)
			}
		}
		if len(unread) > 0 {
			s.problems = append(s.problems, manifest.Diagnostic{Severity: manifest.Warning, File: top, Digest: max(sum.Sum64(), 1),
				Message: "files beside a helmfile that no release which is analysed reads: " + shorten(unread)})
		}
	}
}

// helmfileFolders are the topmost folders called helmfile.d and, if all is wanted, those with a helmfile.
func (s *survey) helmfileFolders(all bool) []string {
	hasOne := make(map[string]bool)
	for _, name := range s.helmfiles {
		hasOne[path.Dir(name)] = all
	}
	var tops []string
	for _, folder := range s.folders { // parents come first, and what is below a folder follows it
		if s.isLate() {
			return tops
		}
		isOne := path.Base(folder) == helmfile.Folder || hasOne[folder]
		if isOne && (len(tops) == 0 || !within(folder, tops[len(tops)-1])) {
			tops = append(tops, folder)
		}
	}
	return tops
}
