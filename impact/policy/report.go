package policy

import (
	"net/netip"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy/schema"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Problems collects what is wrong with one policy object. The zero value of Diagnostics means that all is well.
type Problems struct {
	Object      *manifest.Object
	Diagnostics []manifest.Diagnostic
	invalid     bool
	// said are the warnings of WarnOnce.
	said map[string]bool
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

// Unsupported records that nothing is wrong with the object, but that it is not analysed.
func (p *Problems) Unsupported(part *manifest.Node, format string, args ...any) {
	p.Error(part, format, args...)
	p.Diagnostics[len(p.Diagnostics)-1].Unsupported = true
}

// WarnOnce is Warn for what may stand in many rules: it is recorded where it is met first.
func (p *Problems) WarnOnce(part *manifest.Node, text string) {
	if p.said[text] {
		return
	}
	if p.said == nil {
		p.said = make(map[string]bool)
	}
	p.said[text] = true
	p.Warn(part, "%s", text)
}

// Decode fills into from the object's spec and records every mistake.
func (p *Problems) Decode(into any) { p.DecodePart(p.Object.Body.Get("spec"), "spec", into) }

// DecodePart fills into from a part of the object that stands at a path, and records every mistake.
func (p *Problems) DecodePart(part *manifest.Node, path string, into any) {
	for _, m := range manifest.Decode(part, into) {
		at, path := &manifest.Node{Line: m.Line}, strings.TrimSuffix(path+"."+m.Path, ".")
		switch {
		case m.Severity == manifest.Error:
			p.Error(at, "%s: %s", path, m.Text)
		case !schema.Knows(p.Object):
			p.Warn(at, "%s: %s", path, m.Text)
		case !p.drops(path): // what the API server drops is told of every object that has a schema
			p.Warn(at, "%s is not analysed", path)
		}
	}
}

// drops tells whether the API server drops a field of the object.
func (p *Problems) drops(path string) bool {
	return slices.ContainsFunc(schema.Check(p.Object), func(m schema.Mistake) bool { return m.Severity == manifest.Warning && m.Path == path })
}

// Selector reads a label selector of the API.
func (p *Problems) Selector(s *metav1.LabelSelector, part *manifest.Node) Selector {
	selector, err := NewSelector(*s)
	if err != nil {
		p.Error(part, "%v", err)
	}
	return selector
}

// CIDR reads a prefix, which an address alone is not.
func (p *Problems) CIDR(text string, part *manifest.Node) (netip.Prefix, bool) {
	prefix, _, err := ParseCIDR(text)
	if err != nil {
		p.Error(part, "%v", err)
	}
	return prefix, err == nil
}

// Addresses reads a prefix or, as its only member, an address alone.
func (p *Problems) Addresses(text string, part *manifest.Node) (netip.Prefix, bool) {
	prefix, err := ParseAddresses(text)
	if err != nil {
		p.Error(part, "%v", err)
	}
	return prefix, err == nil
}

// Port checks a port's number.
func (p *Problems) Port(n int32, part *manifest.Node) int {
	if n < 1 || n > maxPort {
		p.Error(part, "port %d is not between 1 and 65535", n)
	}
	return int(n)
}

// Result numbers what an object was compiled to; that is nothing if the API server would refuse it.
func (p *Problems) Result(policies []*Policy) ([]*Policy, []manifest.Diagnostic) {
	if p.invalid {
		return nil, p.Diagnostics
	}
	for i, c := range policies {
		c.Number = i
	}
	return policies, p.Diagnostics
}

// Invalid tells whether the API server would refuse the object.
func (p *Problems) Invalid() bool { return p.invalid }
