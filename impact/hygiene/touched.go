package hygiene

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// touched is what a change touches, so that what it leaves alone need not be looked at twice. A nil *touched is a change of
// everything.
type touched struct {
	// policies are the bodies of the policies that both sides have: what is the same text shares its body.
	policies map[*manifest.Node]bool
	// namespaces are those in which a workload or a Service differs, governed those in which a policy does.
	namespaces, governed map[string]bool
	// everywhere tells that labels of namespaces or a cluster-wide policy differ.
	everywhere bool
}

func newTouched(m *reach.Model, base, head *cluster.State) *touched {
	t := &touched{policies: make(map[*manifest.Node]bool), namespaces: make(map[string]bool), governed: make(map[string]bool)}
	for i := range m.Endpoints {
		before, after := m.Endpoints[i].Workload[reach.Base], m.Endpoints[i].Workload[reach.Head]
		if before != nil && after != nil && before.Object.Body == after.Object.Body && before.Namespace == after.Namespace {
			continue
		}
		for _, w := range []*cluster.Workload{before, after} {
			if w != nil {
				t.namespaces[w.Namespace] = true
			}
		}
	}
	differing(base.Services, head.Services, func(s *cluster.Service) *manifest.Node { return s.Object.Body }, func(s *cluster.Service) {
		t.namespaces[s.Namespace] = true
	})
	t.policies = differing(base.Policies, head.Policies, func(p *policy.Policy) *manifest.Node { return p.Object.Body }, func(p *policy.Policy) {
		for _, s := range p.Subject {
			t.governed[s.Namespaces.Name] = true
			t.everywhere = t.everywhere || s.Namespaces.Name == ""
		}
	})
	t.everywhere = t.everywhere || len(base.Namespaces) != len(head.Namespaces)
	for name, ns := range head.Namespaces {
		before := base.Namespaces[name]
		t.everywhere = t.everywhere || before == nil || before.Known != ns.Known || ns.Object != nil && (before.Object == nil || before.Object.Body != ns.Object.Body)
	}
	return t
}

// differing calls f with what only one of two lists has, by the objects' bodies, and returns the bodies of both.
func differing[T any](base, head []T, body func(T) *manifest.Node, f func(T)) map[*manifest.Node]bool {
	before, both := make(map[*manifest.Node]bool, len(base)), make(map[*manifest.Node]bool, len(base))
	for _, o := range base {
		before[body(o)] = true
	}
	for _, o := range head {
		if before[body(o)] {
			both[body(o)] = true
		} else {
			f(o)
		}
	}
	for _, o := range base {
		if !both[body(o)] {
			f(o)
		}
	}
	return both
}

// itself tells whether a policy differs.
func (t *touched) itself(p *policy.Policy) bool { return t == nil || !t.policies[p.Object.Body] }

// beside tells whether a policy of a namespace differs, or what it may concern.
func (t *touched) beside(namespace string) bool {
	return t == nil || t.everywhere || t.governed[namespace] || t.namespaces[namespace]
}

// around tells whether a policy differs, or what its selectors may select.
func (t *touched) around(p *policy.Policy) bool {
	if t.itself(p) || t.everywhere {
		return true
	}
	for i := range p.Subject {
		if t.within(&p.Subject[i]) {
			return true
		}
	}
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			for j := range p.Rules[d][i].Peers {
				if pods := p.Rules[d][i].Peers[j].Pods; pods != nil && t.within(pods) {
					return true
				}
			}
		}
	}
	return false
}

// anywhere tells whether anything differs in any namespace.
func (t *touched) anywhere() bool { return len(t.namespaces) > 0 }

// within tells whether anything differs in the namespaces that a selector may select.
func (t *touched) within(p *policy.Pods) bool {
	if p.Namespaces.Name != "" {
		return t.namespaces[p.Namespaces.Name]
	}
	for _, r := range p.Namespaces.Selector.Requirements {
		if r.Key == policy.NameLabel && r.Operator == "In" {
			for _, name := range r.Values {
				if t.namespaces[name] {
					return true
				}
			}
			return false
		}
	}
	return len(t.namespaces) > 0
}
