package policy

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Problems collects what is wrong with one policy object. The zero value of Diagnostics means that all is well.
type Problems struct {
	Object      *manifest.Object
	Diagnostics []manifest.Diagnostic
	invalid     bool
}

// Error records that the API server would refuse the object.
func (p *Problems) Error(part *manifest.Node, format string, args ...any) {
	p.invalid = true
	p.Diagnostics = append(p.Diagnostics, manifest.Problem(manifest.Error, p.Object, part, format, args...))
}

// Warn records that the object is accepted, but may not mean what its author thinks.
func (p *Problems) Warn(part *manifest.Node, format string, args ...any) {
	p.Diagnostics = append(p.Diagnostics, manifest.Problem(manifest.Warning, p.Object, part, format, args...))
}

// Decode fills into from the object's spec and records every mistake.
func (p *Problems) Decode(into any) {
	spec := p.Object.Body.Get("spec")
	for _, m := range manifest.Decode(spec, into) {
		at, path := &manifest.Node{Line: m.Line}, strings.TrimSuffix("spec."+m.Path, ".")
		if m.Severity == manifest.Error {
			p.Error(at, "%s: %s", path, m.Text)
		} else {
			p.Warn(at, "%s: %s", path, m.Text)
		}
	}
}

// Invalid tells whether the API server would refuse the object.
func (p *Problems) Invalid() bool { return p.invalid }
