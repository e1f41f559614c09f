package helmfile

import (
	"context"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

var inChild = render.DefineExpansion("helmfile", func(tree fs.FS, order []byte) (render.Expansion, error) {
	return Expand(tree, string(order)), nil
})

// A Series expands helmfiles of one tree, one after the other, in a child process that starts when it is needed. It is
// for one goroutine.
type Series struct{ expander *render.Expander }

// NewSeries begins a series in which the limits of a renderer bound the work on each helmfile. The caller closes it.
func NewSeries(r *render.Renderer) *Series { return &Series{r.Expander(inChild)} }

// Close ends the child.
func (s *Series) Close() { s.expander.Close() }

// Expand does what the function of that name does. A helmfile that reaches a limit, or crashes the child, comes to a
// diagnostic.
func (s *Series) Expand(ctx context.Context, fsys fs.FS, file string) render.Expansion {
	x, err := s.expander.Expand(ctx, fsys, []byte(file))
	if err != nil {
		return render.Expansion{Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, File: file, Message: "expanding this helmfile: " + err.Error()}}}
	}
	return x
}
