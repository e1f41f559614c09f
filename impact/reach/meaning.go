package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// addMeanings finds what port names mean where, and makes the sets of the destinations that agree on it.
func (m *Model) addMeanings() {
	m.meanings = make(map[portName][]meaning)
	for c := range m.classes {
		if m.classes[c].ports[Head].unknown {
			m.unnamed = m.unnamed.append(int32(c), int32(c)+1)
		}
	}
	for _, b := range m.bodies.bodies {
		for _, r := range b.rules {
			for _, n := range r.names {
				name := portName{n.Protocol, n.Name}
				if _, done := m.meanings[name]; !done {
					m.meanings[name] = m.meaningsOf(name)
				}
			}
		}
	}
}

// meaning is what a port's name is on some classes.
type meaning struct {
	ports   policy.PortSet
	classes [2]runs
}

func (m *Model) meaningsOf(n portName) []meaning {
	found := make(map[string]*meaning)
	var keys []string
	for c := range m.classes {
		for s, env := range m.classes[c].ports {
			if len(env.ports) == 0 {
				continue
			}
			ports := env.resolve(n.protocol, n.name)
			if len(ports) == 0 {
				continue
			}
			key := ports.Key()
			if found[key] == nil {
				found[key] = &meaning{ports: ports}
				keys = append(keys, key)
			}
			found[key].classes[s] = found[key].classes[s].append(int32(c), int32(c)+1)
		}
	}
	slices.Sort(keys)
	out := make([]meaning, len(keys))
	for i, key := range keys {
		out[i] = *found[key]
	}
	return out
}

// fillPart finds the members of a part of a set.
func (m *Model) fillPart(t *set) {
	whole := &m.sets.sets[t.within]
	if which := t.resolves.ports; which == unknownThere || which == unknownHere {
		for s := Base; s <= Head; s++ {
			t.unknown[s] = whole.members[s].union(whole.unknown[s])
			if which == unknownThere {
				t.unknown[s] = t.unknown[s].intersect(m.unnamed)
			}
			m.hasUnknown = m.hasUnknown || len(t.unknown[s]) > 0
		}
		return
	}
	for _, meant := range m.meanings[portName{t.resolves.protocol, t.resolves.name}] {
		if meant.ports.Key() != t.resolves.ports {
			continue
		}
		for s := Base; s <= Head; s++ {
			t.members[s] = whole.members[s].intersect(meant.classes[s])
			t.unknown[s] = whole.unknown[s].intersect(meant.classes[s])
		}
	}
}
