package review

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/cache"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// openCache has the renderer use the cache, if one is wanted. Whoever can put a file there decides what base renders to,
// so it must not be a folder that a pull request brings along.
func (p *opener) openCache(base *side) (closeIt func() error, err error) {
	if p.o.Cache == "" {
		return func() error { return nil }, nil
	}
	dir := p.path(p.o.Cache)
	for _, folder := range p.inputs() {
		if isBelow(dir, folder) {
			return nil, usagef("the cache %s is in %s, where a change that is compared could put files: give a folder elsewhere", p.o.Cache, folder)
		}
	}
	c, err := cache.Open(dir)
	if err != nil {
		return nil, usagef("%s: %w", p.o.Cache, err)
	}
	p.o.renderer.Kept = render.Kept{Cache: c}
	if p.o.KeepBaseOnly {
		p.o.renderer.Kept.From = func(t *tree.Tree) bool { return t == base.tree }
	}
	return c.Close, nil
}

// cacheNote tells what went wrong with the cache: it makes later runs slower, and nothing else.
func cacheNote(err error) manifest.Diagnostic {
	return manifest.Diagnostic{Severity: manifest.Info, Message: fmt.Sprintf("the cache was not used as it could be: %v", err)}
}

// inputs are the folders on disk that this run reads: the repository's and those of the sides.
func (p *opener) inputs() []string {
	var all []string
	if repo, err := p.repository(); err == nil {
		all = append(all, repo.Root())
	}
	if p.alone && p.o.Head == "" {
		all = append(all, p.dir())
	}
	for _, name := range []string{p.o.Base, p.o.Head} {
		if name != "" && p.isPath(name) && name != "-" {
			all = append(all, p.path(name))
		}
	}
	return all
}

// isBelow tells whether a path is a folder or below it, whatever links are on the way.
func isBelow(name, folder string) bool {
	rel, err := filepath.Rel(realPath(folder), realPath(name))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// realPath is an absolute path without links, as far as it exists.
func realPath(name string) string {
	name, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		return real
	}
	if up := filepath.Dir(name); up != name {
		return filepath.Join(realPath(up), filepath.Base(name))
	}
	return name
}
