package review

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds on looking for changed policies that no target reads: files that are read, bytes of one, and those that are named.
const (
	maxUnreadFiles = 500
	maxUnreadBytes = 1 << 20
	maxUnreadNamed = 10
)

// unread looks for policies that the change edits and no target reads.
type unread struct {
	*comparison
	// onBase and onHead are the files and whole folders that each side's targets read at most.
	onBase, onHead map[string]bool
	files          int
	found          []manifest.Diagnostic
}

// coverage tells on which sides some target reads a path.
type coverage struct{ base, head bool }

func (u *unread) coverage(at string, above coverage) coverage {
	return coverage{above.base || u.onBase[at], above.head || u.onHead[at]}
}

// tellUnread warns of policies that the change adds, edits or removes in files that no target reads: most often the
// kustomization or the configuration does not name them, and without a word "no connection changes" would be taken to be about
// them. Nothing is told where what some target reads is not known.
func (c *comparison) tellUnread() {
	if c.filesOnly() || len(c.o.Targets) > 0 || len(c.base.failures)+len(c.head.failures) > 0 {
		return
	}
	u := unread{comparison: c, onBase: make(map[string]bool), onHead: make(map[string]bool)}
	for _, s := range []struct {
		units   []*unit
		covered map[string]bool
	}{{c.base.units, u.onBase}, {c.head.units, u.onHead}} {
		for _, one := range s.units {
			paths, ok := one.Reads()
			if !ok {
				return
			}
			for _, p := range paths {
				s.covered[p] = true
			}
		}
		for _, p := range c.config.Context {
			s.covered[path.Clean(p)] = true
		}
	}
	u.folder(".", coverage{})
	if more := len(u.found) - maxUnreadNamed; more > 0 {
		u.found = append(u.found[:maxUnreadNamed], manifest.Diagnostic{Severity: manifest.Warning,
			Message: fmt.Sprintf("%d more changed manifests of policies that no target reads", more)})
	}
	c.notes = append(c.notes, u.found...)
}

func (u *unread) folder(dir string, above coverage) {
	read := u.coverage(dir, above)
	if read.base && read.head || u.files > maxUnreadFiles || tree.Same(u.base.tree, u.head.tree, dir) {
		return
	}
	names, kinds := u.entries(dir)
	for _, name := range names {
		at := path.Join(dir, name)
		switch mode := kinds[name]; {
		case strings.HasPrefix(name, "."):
		case mode.IsDir():
			u.folder(at, read)
		case mode.IsRegular() && slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)):
			u.file(at, u.coverage(at, read))
		}
	}
}

// entries are what either side has in a folder, by name, with the kind of each.
func (c *comparison) entries(dir string) (names []string, kinds map[string]fs.FileMode) {
	kinds = make(map[string]fs.FileMode)
	for _, s := range []*state{c.base, c.head} {
		entries, err := s.tree.ReadDir(dir)
		if err != nil {
			continue // it is on the other side only
		}
		for _, e := range entries {
			kinds[e.Name()] = e.Type()
		}
	}
	return slices.Sorted(maps.Keys(kinds)), kinds
}

func (u *unread) file(at string, read coverage) {
	if read.base && read.head || tree.Same(u.base.tree, u.head.tree, at) {
		return
	}
	did, side, isRead := "edits", u.head, read.head
	if _, err := fs.Stat(u.head.tree, at); err != nil {
		did, side, isRead = "removes", u.base, read.base
	} else if _, err := fs.Stat(u.base.tree, at); err != nil {
		did = "adds"
	}
	if isRead {
		return
	}
	u.files++
	info, err := fs.Stat(side.tree, at)
	if err != nil || info.Size() > maxUnreadBytes {
		return
	}
	text, err := side.tree.ReadFile(at)
	if err != nil {
		return
	}
	objects, _ := manifest.Read(at, text)
	i := slices.IndexFunc(objects, cluster.IsPolicy)
	if i < 0 {
		return
	}
	u.found = append(u.found, manifest.Diagnostic{Severity: manifest.Warning, Object: objects[i].String(), File: at, Line: objects[i].Origin.Line,
		Message: fmt.Sprintf("the change %s this file, and no target reads it: what it says is not in this report; is it missing in a kustomization, or in the configuration's targets?", did)})
}
