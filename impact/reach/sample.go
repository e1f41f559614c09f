package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// maxKinds and maxParts bound how many kinds of peers and parts of the ports of an effect are asked about one by one.
const (
	maxKinds = 16
	maxParts = 4
)

// Sample is cells that stand for an effect: one for each kind of peers that the changed things can tell apart, and each
// part of the ports that policies divide. Make it once for an effect, and ask it for each subject.
type Sample struct {
	m     *Model
	e     *Effect
	parts []policy.PortSet
	// peers are one of each kind; changed tells that something about one of them differs, or its own policies.
	peers   []int32
	changed bool
}

// NewSample chooses peers and ports of an effect.
func (m *Model) NewSample(e *Effect) *Sample {
	s := &Sample{m: m, e: e}
	c := m.classOf[e.Subjects[0]]
	before, after := m.seq[e.Direction][Base][c], m.seq[e.Direction][Head][c]
	s.choosePeers(before, after, m.isChanged(c))
	cuts := []policy.Cuts{m.cutsOf(before), m.cutsOf(after)}
	for _, p := range s.peers {
		for side := Base; side <= Head; side++ {
			cuts = append(cuts, m.cutsOf(m.seq[1-e.Direction][side][m.classOf[p]]))
		}
	}
	parts := e.Ports.FirstParts(maxParts, cuts...)
	for i := range parts[:min(len(parts), maxParts)] {
		at := parts.Part(i).Ranges()[0]
		s.parts = append(s.parts, policy.Range(at.Protocol, at.From, at.From))
	}
	return s
}

// sampling remembers what samples of one model ask again and again: a policy of thousands of rules has as many effects.
type sampling struct {
	cuts   map[seqID]policy.Cuts
	differ map[[2]seqID][]entry
}

// cutsOf are the cuts of the ports of a sequence's entries.
func (m *Model) cutsOf(id seqID) policy.Cuts {
	if known, ok := m.sampling.cuts[id]; ok {
		return known
	}
	var ports []policy.PortSet
	for _, st := range m.sequences.sequences[id] {
		for _, e := range st.entries {
			ports = append(ports, m.ports.sets[e.ports])
		}
	}
	if m.sampling.cuts == nil {
		m.sampling.cuts = make(map[seqID]policy.Cuts)
	}
	m.sampling.cuts[id] = policy.CutsOf(ports)
	return m.sampling.cuts[id]
}

// differing are the entries of either sequence that the other one has not, those of the first one first.
func (m *Model) differing(before, after seqID) []entry {
	if known, ok := m.sampling.differ[[2]seqID{before, after}]; ok {
		return known
	}
	var out []entry
	for _, pair := range [][2]seqID{{before, after}, {after, before}} {
		other := make(map[entry]bool)
		for _, st := range m.sequences.sequences[pair[1]] {
			for _, e := range st.entries {
				other[e] = true
			}
		}
		for _, st := range m.sequences.sequences[pair[0]] {
			for _, e := range st.entries {
				if !other[e] {
					out = append(out, e)
				}
			}
		}
	}
	if m.sampling.differ == nil {
		m.sampling.differ = make(map[[2]seqID][]entry)
	}
	m.sampling.differ[[2]seqID{before, after}] = out
	return out
}

// choosePeers divides the peers by the sets in which the subjects' rules differ, and by what changed about them.
func (s *Sample) choosePeers(before, after seqID, own bool) {
	m, d := s.m, s.e.Direction
	var classes []int32
	first := make(map[int32]int32)
	for _, i := range s.e.Peers {
		c := m.classOf[i]
		if _, ok := first[c]; !ok {
			first[c] = i
			classes = append(classes, c)
		}
	}
	slices.Sort(classes)
	p := newPartition(len(classes))
	seen := make(map[setID]bool)
	for _, e := range m.differing(before, after) {
		if seen[e.set] || !m.ports.sets[e.ports].Intersects(s.e.Ports) {
			continue
		}
		seen[e.set] = true
		for side := Base; side <= Head; side++ {
			p.split(positions(m.sets.sets[e.set].members[side], classes))
		}
	}
	p.splitBy(func(i int32) int32 { return m.changeOf(1-d, classes[i]) })
	if own {
		p.splitBy(func(i int32) int32 { return int32(m.seq[1-d][Head][classes[i]]) })
	}
	groups := p.members()
	for _, g := range groups[:min(len(groups), maxKinds)] {
		c := classes[g[0]]
		s.peers = append(s.peers, first[c])
		s.changed = s.changed || m.changeOf(1-d, c) != 0
	}
}

// isChanged tells whether anything differs about the members of a class themselves.
func (m *Model) isChanged(c int32) bool { return m.lookChanged(c) || m.namespaceChanged(c) }

// Key is equal for subjects of which the sample's answers are the same, apart from their own names.
func (s *Sample) Key(subject int32) [2]int32 {
	c := s.m.classOf[subject]
	key := [2]int32{s.m.changeOf(s.e.Direction, c), -1}
	if s.changed {
		key[1] = c
	}
	return key
}

// Each calls f with the cells of a subject.
func (s *Sample) Each(subject int32, f func(c Cell)) {
	for _, p := range s.peers {
		for _, port := range s.parts {
			if s.e.Direction == policy.Ingress {
				f(Cell{Source: p, Destination: subject, Port: port})
			} else {
				f(Cell{Source: subject, Destination: p, Port: port})
			}
		}
	}
}

// changeTable numbers what differs about classes: 0 is nothing.
type changeTable struct {
	of    [2][]int32 // by direction and class; -1 if not known yet
	byKey map[string]int32
}

// changeOf is equal for classes of which the same differs: policies that govern them in a direction, their namespace's
// labels, and, for one class only, what is seen of it.
func (m *Model) changeOf(d policy.Direction, c int32) int32 {
	t := &m.changes
	if t.byKey == nil {
		t.byKey = map[string]int32{"": 0}
		for d := range t.of {
			t.of[d] = slices.Repeat([]int32{-1}, len(m.classes))
		}
	}
	if known := t.of[d][c]; known >= 0 {
		return known
	}
	var key []byte
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		for _, i := range m.acting[d][s].on(c) {
			if changed[m.policies[s][i].policy.Object.Key()] {
				key = appendInt32(append(key, byte('0'+s)), i)
			}
		}
	}
	if m.namespaceChanged(c) {
		key = appendInt32(append(key, 'n'), m.classes[c].namespace[Head])
	}
	if m.lookChanged(c) {
		key = appendInt32(append(key, 'w'), c)
	}
	id, ok := t.byKey[string(key)]
	if !ok {
		id = int32(len(t.byKey))
		t.byKey[string(key)] = id
	}
	t.of[d][c] = id
	return id
}

// Alike are the endpoints of an effect that are of an endpoint's class.
func (m *Model) Alike(among []int32, endpoint int32) []int32 {
	var out []int32
	for _, i := range m.classes[m.classOf[endpoint]].endpoints {
		if _, ok := slices.BinarySearch(among, i); ok {
			out = append(out, i)
		}
	}
	return out
}
