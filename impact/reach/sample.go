package reach

import (
	"math"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// maxCells bounds how many cells of one subject are asked about: of kinds of peers times parts of ports.
const maxCells = 256

// Sample is cells that stand for an effect: one for each kind of peers that the changed things and the rules around them
// can tell apart, and each part of the ports that policies divide. Make it once for an effect, and ask it for each subject.
type Sample struct {
	m *Model
	e *Effect
	// changed tells that something about a peer differs, or its own policies.
	changed bool
	// classes are those of the peers, first the first endpoint of each; nil until they are needed.
	classes, first []int32
	cells          []samplePart
	partial        bool
	// kinds numbers the kinds of peers, by class.
	kinds map[int32]int32
	// group tells apart the subjects' classes that the peers' policies can, keys numbers what acts on them.
	group map[int32]int32
	keys  map[string]int32
}

// samplePart is a peer and a port.
type samplePart struct {
	peer int32
	port policy.PortSet
}

// NewSample looks at the peers of an effect.
func (m *Model) NewSample(e *Effect) *Sample {
	return &Sample{m: m, e: e, keys: make(map[string]int32),
		changed: slices.ContainsFunc(e.Peers, func(i int32) bool { return m.changeOf(1-e.Direction, m.classOf[i]) != 0 })}
}

// findClasses finds the peers' classes, if they are not known yet.
func (s *Sample) findClasses() {
	if s.classes != nil {
		return
	}
	both := make([]int64, len(s.e.Peers))
	for n, i := range s.e.Peers {
		both[n] = int64(s.m.classOf[i])<<32 | int64(i)
	}
	slices.Sort(both)
	for _, x := range both {
		if c := int32(x >> 32); len(s.classes) == 0 || s.classes[len(s.classes)-1] != c {
			s.classes, s.first = append(s.classes, c), append(s.first, int32(x))
		}
	}
}

// single tells whether all that differs about a subject and the peers is one policy. Whatever differs is its doing, so that
// any cell stands for all.
func (s *Sample) single(subject int32) bool {
	c := s.m.classOf[subject]
	return !s.changed && !s.m.isChanged(c) && s.m.changesOf(s.e.Direction, c) <= 1
}

// prepare chooses the cells.
func (s *Sample) prepare() {
	if s.cells != nil {
		return
	}
	s.findClasses()
	m, d := s.m, s.e.Direction
	subjects := s.subjects()
	own := m.classOf[s.e.Subjects[0]]
	peers := s.choosePeers(m.bothSides(d, own), subjects)
	sequences := map[seqID]bool{m.seq[d][Base][own]: true, m.seq[d][Head][own]: true}
	var renamed []policy.PortSet
	subjects.each(func(c int32) { renamed = append(renamed, m.renamedPorts(c)...) })
	for _, p := range peers {
		c := m.classOf[p]
		renamed = append(renamed, m.renamedPorts(c)...)
		for side := Base; side <= Head; side++ {
			sequences[m.seq[1-d][side][c]] = true
		}
	}
	parts := m.kindsOf(s.e.Ports, sequences, renamed)
	for _, p := range peers {
		for _, port := range parts {
			if len(s.cells) == maxCells {
				s.partial = true
				return
			}
			s.cells = append(s.cells, samplePart{p, port})
		}
	}
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

// subjects are the classes of the effect's subjects.
func (s *Sample) subjects() runs {
	numbers := make([]int32, len(s.e.Subjects))
	for i, n := range s.e.Subjects {
		numbers[i] = s.m.classOf[n]
	}
	slices.Sort(numbers)
	return runsOf(slices.Compact(numbers))
}

// bothSides are what acts on a class in a direction, on base and on head.
func (m *Model) bothSides(d policy.Direction, c int32) [2]sequence {
	return [2]sequence{m.sequences.sequences[m.seq[d][Base][c]], m.sequences.sequences[m.seq[d][Head][c]]}
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

// choosePeers divides the peers by the sets in the subjects' rules, by what changed about them, and, where something may
// have changed about either end, by what their own rules say of the subjects; it returns one of each kind.
func (s *Sample) choosePeers(sequences [2]sequence, subjects runs) []int32 {
	m, d := s.m, s.e.Direction
	p := newPartition(len(s.classes))
	seen := make(map[setID]bool)
	for _, seq := range sequences {
		for _, st := range seq {
			for _, e := range st.entries {
				if seen[e.set] || !m.ports.sets[e.ports].Intersects(s.e.Ports) {
					continue
				}
				seen[e.set] = true
				for side := Base; side <= Head; side++ {
					p.split(positions(m.sets.sets[e.set].members[side], s.classes))
				}
			}
		}
	}
	p.splitBy(func(i int32) int32 { return m.changeOf(1-d, s.classes[i]) })
	own := false
	subjects.each(func(c int32) { own = own || m.isChanged(c) })
	if own || s.changed {
		about := aboutTable{m: m, subjects: subjects, bySeq: make(map[seqID]int32), byKey: make(map[string]int32)}
		for side := Base; side <= Head; side++ {
			p.splitBy(func(i int32) int32 {
				if !own && m.changeOf(1-d, s.classes[i]) == 0 {
					return -1
				}
				return about.of(m.seq[1-d][side][s.classes[i]])
			})
		}
	}
	var peers []int32
	s.kinds = make(map[int32]int32, len(s.classes))
	for n, g := range p.members() {
		peers = append(peers, s.first[g[0]])
		for _, i := range g {
			s.kinds[s.classes[i]] = int32(n)
		}
	}
	slices.Sort(peers)
	return peers
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
			if members := &t.m.sets.sets[e.set].members; len(members[Base].intersect(t.subjects))+len(members[Head].intersect(t.subjects)) > 0 {
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

// isChanged tells whether anything differs about the members of a class themselves.
func (m *Model) isChanged(c int32) bool { return m.lookChanged(c) || m.namespaceChanged(c) }

// Key is equal for subjects of which the sample's answers are the same, apart from their own names: the same acts on them,
// and the peers' policies do not tell them apart. The first number is equal for those of which at least the same differs.
func (s *Sample) Key(subject int32) [3]int32 {
	m, d, c := s.m, s.e.Direction, s.m.classOf[subject]
	key := [3]int32{m.changeOf(d, c), -1, -1}
	if s.single(subject) {
		return key
	}
	var acts []byte
	changed := m.changedPolicies()
	for side := Base; side <= Head; side++ {
		acts = append(acts, byte(side))
		for _, i := range m.acting[d][side].on(c) {
			if p := &m.policies[side][i]; changed[p.key] {
				acts = appendInt32(append(acts, 'c'), i)
			} else {
				acts = appendInt32(append(acts, 'b'), p.body[d])
			}
		}
	}
	n, ok := s.keys[string(acts)]
	if !ok {
		n = int32(len(s.keys))
		s.keys[string(acts)] = n
	}
	key[1] = n
	if s.changed {
		key[2] = s.groupOf(c)
	}
	return key
}

// groupOf numbers the classes of subjects by the sets that the peers' rules have them in.
func (s *Sample) groupOf(c int32) int32 {
	if s.group == nil {
		m, d := s.m, s.e.Direction
		classes := s.subjects().numbers()
		p := newPartition(len(classes))
		seen, asked := make(map[setID]bool), make(map[seqID]bool)
		s.findClasses()
		for _, peer := range s.classes {
			for which := Base; which <= Head; which++ {
				id := m.seq[1-d][which][peer]
				if asked[id] {
					continue
				}
				asked[id] = true
				for _, st := range m.sequences.sequences[id] {
					for _, e := range st.entries {
						if seen[e.set] {
							continue
						}
						seen[e.set] = true
						for side := Base; side <= Head; side++ {
							p.split(positions(m.sets.sets[e.set].members[side], classes))
						}
					}
				}
			}
		}
		s.group = make(map[int32]int32, len(classes))
		for i, c := range classes {
			s.group[c] = p.group[i]
		}
	}
	return s.group[c]
}

// Each calls f with the cells of a subject until it returns false. It tells whether they stand for all: where there are too
// many kinds of them, some are left out.
func (s *Sample) Each(subject int32, f func(c Cell) bool) (whole bool) {
	cell := func(p samplePart) Cell {
		if p.peer == subject { // another one of its class is another end, with changes of its own
			for _, i := range s.m.Alike(s.e.Peers, subject) {
				if i != subject {
					p.peer = i
					break
				}
			}
		}
		if s.e.Direction == policy.Ingress {
			return Cell{Source: p.peer, Destination: subject, Port: p.port}
		}
		return Cell{Source: subject, Destination: p.peer, Port: p.port}
	}
	if s.single(subject) {
		f(cell(samplePart{s.e.Peers[0], onePort(s.e.Ports)}))
		return true
	}
	s.prepare()
	for _, p := range s.cells {
		if !f(cell(p)) {
			return false
		}
	}
	return !s.partial
}

// Kind numbers the kind that a peer of the effect is of: cells of one kind of peers stand for each other. It is 0 while there
// is one kind only.
func (s *Sample) Kind(peer int32) int32 { return s.kinds[s.m.classOf[peer]] }

// changeTable numbers what differs about classes: 0 is nothing.
type changeTable struct {
	of    [2][]int32 // by direction and class; -1 if not known yet
	byKey map[string]int32
	// things counts what differs, by number.
	things []int
}

// changeOf is equal for classes of which the same differs: policies that govern them in a direction, their namespace's
// labels, and, for one class only, what is seen of it.
func (m *Model) changeOf(d policy.Direction, c int32) int32 {
	t := &m.changes
	if t.byKey == nil {
		t.byKey, t.things = map[string]int32{"": 0}, []int{0}
		for d := range t.of {
			t.of[d] = slices.Repeat([]int32{-1}, len(m.classes))
		}
	}
	if known := t.of[d][c]; known >= 0 {
		return known
	}
	var key []byte
	var policies []string
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		for _, i := range m.acting[d][s].on(c) {
			if name := m.policies[s][i].key; changed[name] {
				key = appendInt32(append(key, byte('0'+s)), i)
				if !slices.Contains(policies, name) {
					policies = append(policies, name)
				}
			}
		}
	}
	things := len(policies)
	if m.namespaceChanged(c) {
		key = appendInt32(append(key, 'n'), m.classes[c].namespace[Head])
		if things++; m.changesAcross() {
			key = appendInt32(key, c) // with one of them put back, other policies may select it
		}
	}
	if m.lookChanged(c) {
		key = appendInt32(append(key, 'w'), c)
		things++
	}
	id, ok := t.byKey[string(key)]
	if !ok {
		id = int32(len(t.byKey))
		t.byKey[string(key)] = id
		t.things = append(t.things, things)
	}
	t.of[d][c] = id
	return id
}

// changesAcross tells whether a policy differs that selects pods of several namespaces.
func (m *Model) changesAcross() bool {
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		for i := range m.policies[s] {
			if p := &m.policies[s][i]; changed[p.key] && slices.ContainsFunc(p.policy.Subject, func(s policy.Pods) bool { return s.Namespaces.Name == "" }) {
				return true
			}
		}
	}
	return false
}

// changesOf counts the things that differ about a class, as changeOf tells them apart.
func (m *Model) changesOf(d policy.Direction, c int32) int { return m.changes.things[m.changeOf(d, c)] }

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
