package hygiene

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// The rules about objects among others.
const (
	unisolatedRule = "H12"
	orderRule      = "H13"
)

// unisolated tells of workloads that no policy isolates where policies isolate others of the namespace. Where these are
// not the most, the namespace is most likely only about to be isolated.
func (s *side) unisolated(only map[string]bool) {
	if len(s.state.Policies) == 0 {
		return
	}
	type count struct{ isolated, open int }
	counts := make(map[string]*count)
	var open []*cluster.Workload
	for i := range s.model.Endpoints {
		w := s.model.Endpoints[i].Workload[s.which]
		if w == nil || w.HostNetwork {
			continue
		}
		c := counts[w.Namespace]
		if c == nil {
			c = &count{}
			counts[w.Namespace] = c
		}
		if isIsolated(s.model, s.which, int32(i)) {
			c.isolated++
			continue
		}
		c.open++
		open = append(open, w)
	}
	for _, w := range open {
		c := counts[w.Namespace]
		if c.isolated == 0 || only != nil && !only[w.Object.Key()] {
			continue
		}
		s.add(Remark{Rule: unisolatedRule, Object: w.Object, faint: c.isolated <= c.open,
			Note:        "is isolated by no policy",
			Title:       fmt.Sprintf("%s is isolated by no policy, unlike %d of %d workloads in %s", w.Object, c.isolated, c.isolated+c.open, w.Namespace),
			Explanation: "Everybody can connect to it, and it to everybody.",
			Advice:      "Make a policy select it, too."})
	}
}

// toldElsewhere are the unisolated workloads that other rules tell of: new ones, and those that a policy isolated before.
func toldElsewhere(m *reach.Model) map[string]bool {
	out := make(map[string]bool)
	for i := range m.Endpoints {
		w := m.Endpoints[i].Workload
		if w[reach.Head] != nil && (w[reach.Base] == nil || isIsolated(m, reach.Base, int32(i))) {
			out[w[reach.Head].Object.Key()] = true
		}
	}
	return out
}

// formerKeys leads from the keys of workloads that the change renames to those that they had.
func formerKeys(m *reach.Model) map[string]string {
	out := make(map[string]string)
	for i := range m.Endpoints {
		w := m.Endpoints[i].Workload
		if w[reach.Base] != nil && w[reach.Head] != nil {
			if before, after := w[reach.Base].Object, w[reach.Head].Object; before.Kind != after.Kind || before.Name != after.Name {
				out[after.Key()] = before.Key()
			}
		}
	}
	return out
}

// orders tells of policies whose order the API leaves undefined.
func (s *side) orders(only map[string]bool) {
	ps := s.state.Policies
	for i := 1; i < len(ps); i++ {
		p, before := ps[i], ps[i-1]
		if !admin.Is(p.Object) || p.Tier != before.Tier || p.Order != before.Order || only != nil && !only[p.Object.Key()] {
			continue
		}
		s.add(Remark{Rule: orderRule, Object: p.Object, Part: p.Object.Body.Get("spec", "priority"), about: before.Object.Key(),
			Note:        fmt.Sprintf("has priority %v, like %s", p.Order, before.Object),
			Title:       fmt.Sprintf("%s has the same priority %v as %s", p.Object, p.Order, before.Object),
			Explanation: "Which of the two is asked first is undefined where both select a pod; here it is the first by name.",
			Advice:      "Give them different priorities; the lower number is asked first."})
	}
}
