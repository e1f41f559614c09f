package argocd

import (
	"context"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

var inChild = render.DefineExpansion("argocd", func(tree fs.FS, order []byte) (render.Expansion, error) {
	var x render.Expansion
	objects, _, err := manifest.ReadObjects(order, nil) // it comes from the parent
	for _, o := range objects {
		targets, problems := Targets(tree, o)
		x.Targets = append(x.Targets, targets...)
		x.Diagnostics = append(x.Diagnostics, problems...)
	}
	return x, err
})

// A Series expands objects of one tree, one after the other, in a child process that starts when it is needed. It is for
// one goroutine.
type Series struct{ expander *render.Expander }

// NewSeries begins a series in which the limits of a renderer bound the work on each object. The caller closes it.
func NewSeries(r *render.Renderer) *Series { return &Series{r.Expander(inChild)} }

// Close ends the child.
func (s *Series) Close() { s.expander.Close() }

// Targets returns what [Targets] does. An object that reaches a limit, or crashes the child, has no targets and a
// diagnostic.
func (s *Series) Targets(ctx context.Context, fsys fs.FS, o *manifest.Object) ([]render.Target, []manifest.Diagnostic) {
	x, err := s.expander.Expand(ctx, fsys, manifest.AppendObjects(nil, []*manifest.Object{o}))
	if err != nil {
		return nil, []manifest.Diagnostic{manifest.Problem(manifest.Error, o, nil, "expanding this %s: %v", o.Kind, err)}
	}
	return x.Targets, x.Diagnostics
}
