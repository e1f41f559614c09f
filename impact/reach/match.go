package reach

import (
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// match tells whether a class is in a set on a side; it is the definition that the index only speeds up.
func (m *Model) match(t *set, c *class, s Side) truth {
	switch {
	case t.pods != nil:
		return m.matchPods(t.pods, c, s)
	case t.block != nil:
		return m.matchAddress(t.block, c, s)
	case t.nodes != nil:
		return m.matchNode(t.nodes, c, s)
	case t.domain != nil:
		e := &m.Endpoints[c.endpoints[0]]
		return truthOf(t.domain.CoversDomain(policy.Peer{Domain: e.Domain, OneLabel: e.OneLabel}))
	case t.inside && t.entity == "":
		e := &m.Endpoints[c.endpoints[0]]
		return truthOf(e.Entity != "" && e.inside)
	case t.entity != "":
		return truthOf(m.Endpoints[c.endpoints[0]].Entity == t.entity)
	}
	return yes
}

// fillSets finds the members of every set.
func (m *Model) fillSets() {
	for i := range m.sets.sets {
		t := &m.sets.sets[i]
		m.fillSet(t)
		m.hasUnknown = m.hasUnknown || len(t.unknown[Base]) > 0 || len(t.unknown[Head]) > 0
	}
}

// fillSet finds a set's members on both sides. Only classes whose looks changed can be members on one side alone.
func (m *Model) fillSet(t *set) {
	if t.all != nil {
		m.compose(t)
		return
	}
	if t.perhaps {
		of := &m.sets.sets[t.within]
		for s := Base; s <= Head; s++ {
			t.unknown[s] = of.members[s].union(of.unknown[s])
		}
		return
	}
	switch {
	case t.pods != nil:
		t.members[Head], t.unknown[Head] = m.podMembers(t.pods)
	case t.block != nil:
		t.members[Head], t.unknown[Head] = m.blockMembers(t.block)
	case t == &m.sets.sets[anySet]:
		t.members[Head] = runs{{0, int32(len(m.classes))}}
	default:
		t.members[Head], t.unknown[Head] = m.matching(t, m.places.notPods)
	}
	t.members[Base], t.unknown[Base] = t.members[Head], t.unknown[Head]
	var in, out, maybe []int32
	for _, c := range m.changed {
		before, after := m.match(t, &m.classes[c], Base), m.match(t, &m.classes[c], Head)
		if before == after {
			continue
		}
		switch before {
		case yes:
			in = append(in, c)
		case unknown:
			maybe = append(maybe, c)
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		gone := runsOf(out)
		t.members[Base] = t.members[Head].minus(gone).union(runsOf(in))
		t.unknown[Base] = t.unknown[Head].minus(gone).union(runsOf(maybe))
	}
}

// compose finds the members of a set that is made of others, which are filled.
func (m *Model) compose(t *set) {
	for s := Base; s <= Head; s++ {
		members, maybe := runs{{0, int32(len(m.classes))}}, runs{{0, int32(len(m.classes))}}
		for _, id := range t.all {
			of := &m.sets.sets[id]
			members = members.intersect(of.members[s])
			maybe = maybe.intersect(of.members[s].union(of.unknown[s]))
		}
		for _, id := range t.not {
			of := &m.sets.sets[id]
			members = members.minus(of.members[s]).minus(of.unknown[s])
			maybe = maybe.minus(of.members[s])
		}
		t.members[s], t.unknown[s] = members, maybe.minus(members)
	}
}

// matching finds a set's members among some classes, on head.
func (m *Model) matching(t *set, among []int32) (members, maybe runs) {
	for _, c := range among {
		switch m.match(t, &m.classes[c], Head) {
		case yes:
			members = members.append(c, c+1)
		case unknown:
			maybe = maybe.append(c, c+1)
		}
	}
	return members, maybe
}
