package render

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Output is what a target renders to.
type Output struct {
	Objects []*manifest.Object
	// Diagnostics are about single documents; the rest of the target is in Objects.
	Diagnostics []manifest.Diagnostic
}

// Render renders one target of a tree. An error means that the target did not render at all.
func Render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	if err := ctx.Err(); err != nil {
		return Output{}, fmt.Errorf("rendering %s: %w", t, err)
	}
	return Output{}, fmt.Errorf("rendering %s: there is no renderer for targets of kind %q", t, t.Kind)
}
