package review

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds on looking into the packed charts that a change edits: how many of them, and how deep they lie in one another.
const (
	maxArchives     = 100
	maxArchiveDepth = 3
)

// archive looks at the templates of a packed chart that differs from the one of its name at base, which most often is there in
// another version and so at another path.
func (a *asking) archive(dir, name string) {
	at := path.Join(dir, name)
	if tree.Same(a.base.tree, a.head.tree, at) {
		return
	}
	text, err := a.head.tree.ReadFile(at)
	if err != nil {
		return // it is gone
	}
	if a.archives++; a.archives > maxArchives {
		if a.archives == maxArchives+1 {
			a.unasked(at, fmt.Errorf("more than %d archives of charts are new or other ones", maxArchives))
		}
		return
	}
	var old []byte
	for _, was := range a.packedBefore(dir, name) {
		if text, err := a.base.tree.ReadFile(was); err == nil {
			old = text
			break
		}
	}
	if old != nil {
		a.was[at] = true
	}
	a.packed("", at, old, text, 1)
}

// packedBefore are where base may have a packed chart: at the same path, or by the same name in the same folder.
func (a *asking) packedBefore(dir, name string) []string {
	out := []string{path.Join(dir, name)}
	entries, err := a.base.tree.ReadDir(dir)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name() != name && helm.PackedName(e.Name()) == helm.PackedName(name) {
			out = append(out, path.Join(dir, e.Name()))
		}
	}
	return out
}

// packed compares two packed charts, and the charts in them; within is where the second lies in the archive at.
func (a *asking) packed(within, at string, old, text []byte, depth int) {
	if bytes.Equal(old, text) {
		return
	}
	files, err := helm.Packed(text)
	if err == nil && depth > maxArchiveDepth {
		err = fmt.Errorf("%s lies more than %d archives deep", within, maxArchiveDepth)
	}
	if err != nil {
		a.unasked(at, err)
		return
	}
	var before map[string][]byte
	if old != nil {
		if before, err = helm.Packed(old); err != nil {
			before = nil // whatever is asked now counts as new
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch {
		case helm.PackedName(path.Base(name)) != "":
			a.packed(within+name+"/", at, sameChart(before, name), files[name], depth+1)
		case !strings.HasPrefix(name, "templates/") && !strings.Contains(name, "/templates/"):
		case a.files < maxTemplates && !bytes.Equal(before[name], files[name]):
			a.files++
			a.text(within+name, at, before[name], files[name])
		}
	}
}

// sameChart is the archive among some files that has the same chart as one of a name, whatever its version.
func sameChart(files map[string][]byte, name string) []byte {
	if text, ok := files[name]; ok {
		return text
	}
	for _, other := range slices.Sorted(maps.Keys(files)) {
		if path.Dir(other) == path.Dir(name) && helm.PackedName(path.Base(other)) == helm.PackedName(path.Base(name)) {
			return files[other]
		}
	}
	return nil
}

// unasked says that an archive was not looked at. One that a target renders is an error of its own if it cannot be read.
func (a *asking) unasked(at string, why error) {
	a.notes = append(a.notes, manifest.Diagnostic{Severity: manifest.Warning, File: at,
		Message: fmt.Sprintf("this archive, which is new or another one, was not searched for templates that ask what only a cluster knows: %s", why)})
}
