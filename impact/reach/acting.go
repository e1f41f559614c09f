package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// acting lists for each class the policies that act on it, in order: class c's are policies[starts[c]:starts[c+1]],
// numbers of the side's policies.
type acting struct{ starts, policies []int32 }

// on are the policies on a class.
func (a *acting) on(c int32) []int32 { return a.policies[a.starts[c]:a.starts[c+1]] }

// addSequences finds what acts on each class.
func (m *Model) addSequences(states [2]*cluster.State) {
	var scratch []byte
	var bodies []int32
	for _, d := range policy.Directions {
		for s := Base; s <= Head; s++ {
			if s == Head && states[Base] == states[Head] {
				m.seq[d][Head], m.acting[d][Head] = m.seq[d][Base], m.acting[d][Base]
				continue
			}
			a := m.actingOn(d, s)
			ids := make([]seqID, len(m.classes))
			for c := range ids {
				bodies = bodies[:0]
				for _, p := range a.on(int32(c)) {
					bodies = append(bodies, m.policies[s][p].body[d])
				}
				ids[c] = m.sequenceOf(d, bodies, m.classes[c].ports[s], &scratch)
			}
			m.seq[d][s], m.acting[d][s] = ids, a
		}
	}
	for i := range m.sets.sets {
		if t := &m.sets.sets[i]; t.resolves != nil {
			m.fillPart(t)
		}
	}
}

// actingOn finds the policies on each class in a direction.
func (m *Model) actingOn(d policy.Direction, s Side) acting {
	each := func(f func(c, p int32)) {
		for i, p := range m.policies[s] {
			if p.body[d] < 0 {
				continue
			}
			var subject runs
			for _, id := range p.subject {
				subject = subject.union(m.sets.sets[id].members[s])
			}
			subject.each(func(c int32) { f(c, int32(i)) })
		}
	}
	starts := make([]int32, len(m.classes)+1)
	each(func(c, _ int32) { starts[c+1]++ })
	for c := range m.classes {
		starts[c+1] += starts[c]
	}
	policies := make([]int32, starts[len(m.classes)])
	next := slices.Clone(starts)
	each(func(c, p int32) {
		policies[next[c]] = p
		next[c]++
	})
	return acting{starts, policies}
}

// Acting are the policies that say something about an endpoint in a direction, on a side.
func (m *Model) Acting(d policy.Direction, s Side, endpoint int32) []*policy.Policy {
	var out []*policy.Policy
	for _, p := range m.acting[d][s].on(m.classOf[endpoint]) {
		out = append(out, m.policies[s][p].policy)
	}
	return out
}

// Governs tells whether the policy of an object's key says something about an endpoint in a direction, on either side.
func (m *Model) Governs(d policy.Direction, key string, endpoint int32) bool {
	for s := Base; s <= Head; s++ {
		for _, i := range m.policyIndex[s][key] {
			if p := &m.policies[s][i]; p.body[d] >= 0 && m.governs(p, s, m.classOf[endpoint]) {
				return true
			}
		}
	}
	return false
}

// governs tells whether a side's policy selects a class.
func (m *Model) governs(p *compiled, s Side, class int32) bool {
	return slices.ContainsFunc(p.subject, func(id setID) bool { return m.sets.sets[id].members[s].has(class) })
}

// Class is the number of an endpoint's class: endpoints of one class have the same connections.
func (m *Model) Class(endpoint int32) int32 { return m.classOf[endpoint] }

// Isolated tells whether anything is denied to an endpoint in a direction for want of a rule, on a side.
func (m *Model) Isolated(d policy.Direction, s Side, endpoint int32) bool {
	for _, st := range m.sequences.sequences[m.seq[d][s][m.classOf[endpoint]]] {
		if st.deny {
			return true
		}
	}
	return false
}

// Selected are the endpoints that the policy of an object's key selects on a side.
func (m *Model) Selected(s Side, key string) []int32 {
	var classes runs
	for _, i := range m.policyIndex[s][key] {
		for _, id := range m.policies[s][i].subject {
			classes = classes.union(m.sets.sets[id].members[s])
		}
	}
	return m.endpointsOf(classes)
}

// Breadth is how many endpoints the policy of an object's key selects, on the side that has more.
func (m *Model) Breadth(key string) int {
	return max(len(m.Selected(Base, key)), len(m.Selected(Head, key)))
}
