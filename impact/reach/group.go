package reach

import (
	"iter"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Group is some endpoints, with the classes that they are in. The zero value is empty; values are immutable.
type Group struct{ endpoints, classes runs }

// Group makes a group of some endpoints, given by number in any order.
func (m *Model) Group(endpoints []int32) Group {
	sorted := slices.Clone(endpoints)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	classes := make([]int32, len(sorted))
	for n, i := range sorted {
		classes[n] = m.classOf[i]
	}
	slices.Sort(classes)
	return Group{runsOf(sorted), runsOf(classes)}
}

// Union is the endpoints in either group.
func (g Group) Union(h Group) Group {
	return Group{g.endpoints.union(h.endpoints), g.classes.union(h.classes)}
}

// Except is the endpoints of a group that are not in another one. What it costs grows with the other one's size.
func (m *Model) Except(g, other Group) Group {
	out := Group{endpoints: g.endpoints.minus(other.endpoints)}
	var gone []int32
	g.classes.intersect(other.classes).each(func(c int32) {
		if !slices.ContainsFunc(m.classes[c].endpoints, out.endpoints.has) {
			gone = append(gone, c)
		}
	})
	out.classes = g.classes.minus(runsOf(gone))
	return out
}

// Len counts the endpoints.
func (g Group) Len() int { return g.endpoints.len() }

// Has tells whether an endpoint is in the group.
func (g Group) Has(endpoint int32) bool { return g.endpoints.has(endpoint) }

// All goes through the group, ascending.
func (g Group) All() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, x := range g.endpoints {
			for i := x.lo; i < x.hi; i++ {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// Endpoints lists the group, ascending.
func (g Group) Endpoints() []int32 { return g.endpoints.numbers() }

// Common is the endpoints that are in both groups, ascending.
func (g Group) Common(h Group) []int32 { return g.endpoints.intersect(h.endpoints).numbers() }

// Equal tells whether both groups have the same endpoints.
func (g Group) Equal(h Group) bool { return g.endpoints.equal(h.endpoints) }

// Key identifies the group by content.
func (g Group) Key() string { return g.endpoints.key() }

// Exists tells whether an endpoint is there on a side.
func (m *Model) Exists(s Side, endpoint int32) bool { return m.Endpoints[endpoint].exists(s) }

// Labels are those that the pods have at least: what the selector that names them asks for.
func (p *Potential) Labels() map[string]string { return maps.Clone(p.labels) }

// NamespaceLabels are the labels of a namespace on a side, by the name that endpoints have it by; known tells whether there
// are no others.
func (m *Model) NamespaceLabels(s Side, name string) (labels map[string]string, known bool) {
	i := m.namespaceNumber(name)
	if i < 0 {
		return nil, false
	}
	return m.namespaces[i].labels[s], m.namespaces[i].known[s]
}

// partOf is the endpoints of some classes that are in the group.
func (g Group) partOf(m *Model, classes runs) runs {
	if gone := g.classes.minus(classes); gone.len() < classes.len() {
		if len(gone) == 0 {
			return g.endpoints
		}
		return g.endpoints.minus(runsOf(m.endpointsOf(gone)))
	}
	return runsOf(g.endpoints.within(m.endpointsOf(classes)))
}

// only is the one endpoint of a class that is in the group, -1 if there are several or none.
func (g Group) only(c *class) int32 {
	found := int32(-1)
	for _, i := range c.endpoints {
		if g.endpoints.has(i) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// Deviation is connections from each source to each destination that are allowed, or are not, against an expectation.
type Deviation struct {
	Sources, Destinations Group
	Ports                 policy.PortSet
	// Doubtful tells that the verdict rests on facts that are not known.
	Doubtful bool
}
