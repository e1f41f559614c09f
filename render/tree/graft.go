package tree

import (
	"io/fs"
	"strings"
)

// Grafted is a tree with other trees in the places of some folders. What is below a place is the other tree's alone; the
// folder above it does not list it. When all is put in place, it is safe for concurrent use.
type Grafted struct {
	fs.FS
	grafts []graft
}

type graft struct {
	at   string
	tree fs.FS
}

var (
	_ fs.ReadFileFS = (*Grafted)(nil)
	_ fs.ReadDirFS  = (*Grafted)(nil)
	_ fs.StatFS     = (*Grafted)(nil)
)

// Graft is a tree that others may be put into.
func Graft(t fs.FS) *Grafted { return &Grafted{FS: t} }

// Put puts a tree's root in the place of a folder.
func (g *Grafted) Put(at string, t fs.FS) { g.grafts = append(g.grafts, graft{at, t}) }

// of is the tree that a path is in, and the path there.
func (g *Grafted) of(name string) (fs.FS, string) {
	for _, one := range g.grafts {
		if name == one.at {
			return one.tree, "."
		}
		if rest, ok := strings.CutPrefix(name, one.at+"/"); ok {
			return one.tree, rest
		}
	}
	return g.FS, name
}

// Open implements fs.FS.
func (g *Grafted) Open(name string) (fs.File, error) {
	t, rest := g.of(name)
	return t.Open(rest)
}

// ReadFile implements fs.ReadFileFS.
func (g *Grafted) ReadFile(name string) ([]byte, error) {
	t, rest := g.of(name)
	return fs.ReadFile(t, rest)
}

// ReadDir implements fs.ReadDirFS.
func (g *Grafted) ReadDir(name string) ([]fs.DirEntry, error) {
	t, rest := g.of(name)
	return fs.ReadDir(t, rest)
}

// Stat implements fs.StatFS.
func (g *Grafted) Stat(name string) (fs.FileInfo, error) {
	t, rest := g.of(name)
	return fs.Stat(t, rest)
}
