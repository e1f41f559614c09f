package reach

import (
	"math"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// maxCells bounds how many cells of one subject are asked about: of kinds of peers times parts of ports.
const maxCells = 4096

// division is peers of an effect by their kinds, with cells that stand for them.
type division struct {
	cells []samplePart
	// partial tells that there are more than maxCells.
	partial bool
	// kinds numbers the kinds of peers, by class.
	kinds map[int32]int32
}

// samplePart is a class of peers and a port.
type samplePart struct {
	class int32
	port  policy.PortSet
}

// divide chooses the cells for peers of some classes.
func (s *Sample) divide(classes runs) *division {
	m, d := s.m, s.e.Direction
	subjects := s.subjectClasses()
	own := m.classOf[s.e.Subjects[0]]
	out := &division{kinds: make(map[int32]int32)}
	peers := s.choosePeers(classes.numbers(), subjects, out.kinds)
	sequences := map[seqID]bool{m.seq[d][Base][own]: true, m.seq[d][Head][own]: true}
	var renamed []policy.PortSet
	subjects.each(func(c int32) { renamed = append(renamed, m.renamedPorts(c)...) })
	for _, c := range peers {
		renamed = append(renamed, m.renamedPorts(c)...)
		for side := Base; side <= Head; side++ {
			sequences[m.seq[1-d][side][c]] = true
		}
	}
	parts := m.kindsOf(s.e.Ports, sequences, renamed)
	for _, c := range peers {
		for _, port := range parts {
			if len(out.cells) == maxCells {
				out.partial = true
				return out
			}
			out.cells = append(out.cells, samplePart{c, port})
		}
	}
	return out
}

// choosePeers divides classes of peers by the sets in the subjects' rules, by what changed about them, and, where something may
// have changed about either end, by what their own rules say of the subjects; it returns one of each kind.
func (s *Sample) choosePeers(classes []int32, subjects runs, kinds map[int32]int32) []int32 {
	m, d := s.m, s.e.Direction
	p := newPartition(len(classes))
	seen := make(map[setID]bool)
	for _, seq := range m.bothSides(d, m.classOf[s.e.Subjects[0]]) {
		for _, st := range seq {
			for _, e := range st.entries {
				if seen[e.set] || !m.ports.sets[e.ports].Intersects(s.e.Ports) {
					continue
				}
				seen[e.set] = true
				for side := Base; side <= Head; side++ {
					p.split(positions(m.sets.sets[e.set].members[side], classes))
				}
			}
		}
	}
	p.splitBy(func(i int32) int32 { return m.changeOf(1-d, classes[i]) })
	own := false
	subjects.each(func(c int32) { own = own || m.isChanged(c) })
	if own || len(s.changed) > 0 {
		about := aboutTable{m: m, subjects: subjects, bySeq: make(map[seqID]int32), byKey: make(map[string]int32)}
		for side := Base; side <= Head; side++ {
			p.splitBy(func(i int32) int32 {
				if !own && m.changeOf(1-d, classes[i]) == 0 {
					return -1
				}
				return about.of(m.seq[1-d][side][classes[i]])
			})
		}
	}
	var peers []int32
	for n, g := range p.members() {
		peers = append(peers, classes[g[0]])
		for _, i := range g {
			kinds[classes[i]] = int32(n)
		}
	}
	slices.Sort(peers)
	return peers
}

// bothSides are what acts on a class in a direction, on base and on head.
func (m *Model) bothSides(d policy.Direction, c int32) [2]sequence {
	return [2]sequence{m.sequences.sequences[m.seq[d][Base][c]], m.sequences.sequences[m.seq[d][Head][c]]}
}

// aboutTable numbers what sequences say of some classes: equal ones differ only in rules that concern none of them.
type aboutTable struct {
	m        *Model
	subjects runs
	bySeq    map[seqID]int32
	byKey    map[string]int32
}

func (t *aboutTable) of(id seqID) int32 {
	if n, ok := t.bySeq[id]; ok {
		return n
	}
	var key []byte
	for _, st := range t.m.sequences.sequences[id] {
		key = appendInt32(append(key, 's'), int32(st.tier))
		if st.deny {
			key = append(key, '!')
		}
		for _, e := range st.entries {
			if members := &t.m.sets.sets[e.set].members; members[Base].meets(t.subjects) || members[Head].meets(t.subjects) {
				key = appendInt32(appendInt32(append(key, 'e', byte(e.verdict)), int32(e.set)), int32(e.ports))
			}
		}
	}
	n, ok := t.byKey[string(key)]
	if !ok {
		n = int32(len(t.byKey))
		t.byKey[string(key)] = n
	}
	t.bySeq[id] = n
	return n
}

// renamedPorts are the ports that go by a name on a class, where its names do not mean the same on both sides: a rule of
// one side may come to mean the other one's.
func (m *Model) renamedPorts(c int32) []policy.PortSet {
	sides := m.classes[c].ports
	if sides[Base] == sides[Head] {
		return nil
	}
	var out []policy.PortSet
	for _, env := range sides {
		for _, p := range env.ports {
			out = append(out, policy.Range(p.Protocol, p.Port, p.Port))
		}
	}
	return out
}

// kindsOf are ports of a set, one for each combination of the ports of rules and of other ports that some are in.
func (m *Model) kindsOf(ports policy.PortSet, sequences map[seqID]bool, others []policy.PortSet) []policy.PortSet {
	cuts := []policy.Cuts{policy.CutsOf(others)}
	for id := range sequences {
		cuts = append(cuts, m.cutsOf(id))
	}
	parts := ports.FirstParts(math.MaxInt, cuts...)
	if len(parts) == 1 {
		return []policy.PortSet{onePort(parts.Part(0))}
	}
	used := make(map[portsID]bool)
	for id := range sequences {
		for _, st := range m.sequences.sequences[id] {
			for _, e := range st.entries {
				if !used[e.ports] && m.ports.sets[e.ports].Intersects(ports) {
					used[e.ports] = true
					others = append(others, m.ports.sets[e.ports])
				}
			}
		}
	}
	seen := make(map[string]bool)
	var out []policy.PortSet
	for i := range parts {
		one := onePort(parts.Part(i))
		in := make([]byte, len(others))
		for n, set := range others {
			if set.Intersects(one) {
				in[n] = 1
			}
		}
		if !seen[string(in)] {
			seen[string(in)] = true
			out = append(out, one)
		}
		if len(out) > maxCells {
			break
		}
	}
	return out
}

// onePort is the first port of a set; all of it where that is a message without a number of its own.
func onePort(set policy.PortSet) policy.PortSet {
	if at := set.Ranges()[0]; at.From > 0 {
		return policy.Range(at.Protocol, at.From, at.From)
	}
	return set
}

// cutsOf are the cuts of the ports of a sequence's entries. They are remembered: a policy of thousands of rules has as many
// effects.
func (m *Model) cutsOf(id seqID) policy.Cuts {
	if known, ok := m.cuts[id]; ok {
		return known
	}
	var ports []policy.PortSet
	for _, st := range m.sequences.sequences[id] {
		for _, e := range st.entries {
			ports = append(ports, m.ports.sets[e.ports])
		}
	}
	if m.cuts == nil {
		m.cuts = make(map[seqID]policy.Cuts)
	}
	m.cuts[id] = policy.CutsOf(ports)
	return m.cuts[id]
}
