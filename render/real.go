package render

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// nameFiles names the files of what was rendered as they are in the tree, not by the links that led there: a platform shows a line
// of a file, and has no line of a link. Nothing else has the objects yet.
func nameFiles(from *tree.Tree, out Output) {
	known := make(map[string]string)
	real := func(name string) string {
		at, ok := known[name]
		if !ok {
			var err error
			if at, err = from.Real(name); err != nil || at == "." {
				at = name
			}
			known[name] = at
		}
		return at
	}
	for _, o := range out.Objects {
		o.Origin.File = real(o.Origin.File)
		if slices.ContainsFunc(o.Sources, func(name string) bool { return real(name) != name }) {
			o.Sources = slices.Clone(o.Sources)
			for i, name := range o.Sources {
				o.Sources[i] = real(name)
			}
		}
	}
	for i := range out.Diagnostics {
		d := &out.Diagnostics[i]
		if d.File != "" {
			d.File = real(d.File)
		}
	}
}
