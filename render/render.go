package render

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// Output is what a target renders to.
type Output struct {
	Objects []*manifest.Object
	// Diagnostics are about single documents; the rest of the target is in Objects.
	Diagnostics []manifest.Diagnostic
}

// A Renderer renders the targets of one run. A document of plain manifests that comes again, on the other side or in
// another target, is parsed once. The zero value works, for several goroutines at once.
type Renderer struct{ reader manifest.Reader }

// Render renders one target of a tree. An error means that the target did not render at all.
func (r *Renderer) Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	var out Output
	err := ctx.Err()
	if err == nil {
		out.Objects, out.Diagnostics, err = r.render(ctx, fsys, t)
	}
	if v := t.changes().Variables; v != nil && err == nil {
		objects, problems := v.substitute(out.Objects)
		out.Objects, out.Diagnostics = objects, append(out.Diagnostics, problems...)
	}
	if err != nil {
		return Output{}, fmt.Errorf("rendering %s: %w", t, err)
	}
	if t.Namespace != "" {
		deployInto(t.Namespace, out.Objects)
	}
	return out, nil
}

// Render renders one target as [Renderer.Render] does.
func Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	return new(Renderer).Render(ctx, fsys, t)
}

func (r *Renderer) render(ctx context.Context, fsys fs.FS, t Target) ([]*manifest.Object, []manifest.Diagnostic, error) {
	switch t.Kind {
	case Kustomize:
		return kustomize.BuildEdited(ctx, fsys, t.Path, t.edits())
	case Helm:
		return helm.Render(ctx, fsys, t.release())
	case Plain:
		return plain.ReadOnly(ctx, fsys, t.Path, t.changes().Files, &r.reader)
	}
	return nil, nil, fmt.Errorf("there is no renderer for targets of kind %q", t.Kind)
}
