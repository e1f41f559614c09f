package render

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// Output is what a target renders to.
type Output struct {
	Objects []*manifest.Object
	// Diagnostics are about single documents; the rest of the target is in Objects.
	Diagnostics []manifest.Diagnostic
}

// A Renderer renders the targets of one run. A target of a [tree.Tree] that would read what it has read before is not
// rendered again, and a document of plain manifests that comes again, on the other side or in another target, is parsed
// once. So what comes out must not be changed. The zero value works, for several goroutines at once.
type Renderer struct {
	// Limits bound each render, and all of them together; those that are not set have the values of [sandbox.Defaults].
	Limits sandbox.Limits
	// Kept is what earlier runs have rendered.
	Kept Kept
	// Fetch gets what targets need from elsewhere; nil if nothing may be fetched.
	Fetch *fetch.Fetcher

	reader    manifest.Reader
	mu        sync.Mutex
	known     map[string][]known // by the target
	allow     sync.Once
	allowance *manifest.Allowance
}

// Allowance is what all that this run renders or expands may take of this process's memory together.
func (r *Renderer) Allowance() *manifest.Allowance {
	r.allow.Do(func() { r.allowance = manifest.Allow(r.Limits.Or(sandbox.Defaults).Total) })
	return r.allowance
}

// A Series renders targets one after the other, and those that need it in one child process: starting one takes about as
// long as rendering a small overlay. What a render leaves behind there meets the next one, so the more trusted comes
// first: base before head, and one target only. A Series is for one goroutine.
type Series struct {
	renderer *Renderer
	children *sandbox.Series
}

// Series begins a series. The caller closes it.
func (r *Renderer) Series() *Series { return &Series{renderer: r, children: inChild.Series(r.Limits)} }

// Close ends what the series has started.
func (s *Series) Close() { s.children.Close() }

// Render renders one target of a tree. An error means that the target did not render at all.
func (s *Series) Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	out, err := Output{}, ctx.Err()
	if err == nil {
		out, err = s.render(ctx, fsys, t)
	}
	if err != nil {
		return Output{}, fmt.Errorf("rendering %s: %w", t, err)
	}
	return out, nil
}

// Elsewhere is a tree that answers for what may be fetched, too, for those who ask before anything is rendered.
func (r *Renderer) Elsewhere(ctx context.Context, fsys fs.FS) fs.FS {
	if r.Fetch == nil {
		return fsys
	}
	return r.Fetch.View(ctx, fsys, false)
}

// renderAnew renders, and tells whether it asked for anything that is not in the tree. With keep, what is fetched is kept.
func (s *Series) renderAnew(ctx context.Context, fsys fs.FS, t Target, keep bool) (out Output, fetched bool, err error) {
	if isPlain(t) {
		out, err = s.plain(ctx, fsys, t)
		return out, false, err
	}
	if s.renderer.Fetch == nil {
		out, err = s.isolated(ctx, fsys, t)
		return out, false, err
	}
	view := s.renderer.Fetch.View(ctx, fsys, keep)
	out, err = s.isolated(ctx, view, t)
	return out, view.Asked(), err
}

// plain reads plain manifests in this process, which is as fast as handing them over, within the limits of time and output.
func (s *Series) plain(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	limits := s.renderer.Limits.Or(sandbox.Defaults)
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	out, err := renderHere(timed, fsys, t, &s.renderer.reader, s.renderer.Allowance().Part(limits.Output))
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		err = limits.TooLate()
	}
	return out, tooMuch(limits, err)
}

// Render renders one target as a [Series] does, in a child of its own.
func (r *Renderer) Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	s := r.Series()
	defer s.Close()
	return s.Render(ctx, fsys, t)
}

// Render renders one target as [Renderer.Render] does.
func Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	return new(Renderer).Render(ctx, fsys, t)
}

// renderHere renders in this process.
func renderHere(ctx context.Context, fsys fs.FS, t Target, reader *manifest.Reader, within *manifest.Allowance) (Output, error) {
	if t.Source != nil {
		return renderSource(ctx, fsys, t)
	}
	var out Output
	var err error
	switch t.Kind {
	case Kustomize:
		out.Objects, out.Diagnostics, err = kustomize.BuildEdited(ctx, fsys, t.Path, t.edits())
	case Helm:
		out.Objects, out.Diagnostics, err = helm.Render(ctx, fsys, t.release())
	case Plain:
		out.Objects, out.Diagnostics, err = plain.ReadOnly(ctx, fsys, t.Path, t.changes().Files, reader, within)
	default:
		err = fmt.Errorf("there is no renderer for targets of kind %q", t.Kind)
	}
	if err != nil {
		return Output{}, err
	}
	if v := t.changes().Variables; v != nil {
		objects, problems := v.substitute(out.Objects)
		out.Objects, out.Diagnostics = objects, append(out.Diagnostics, problems...)
	}
	if t.Namespace != "" {
		deployInto(t.Namespace, out.Objects)
	}
	return out, nil
}
