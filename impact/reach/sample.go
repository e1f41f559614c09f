package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Sample is connections that stand for those of an effect: of each kind of peers that the changed things and the rules around
// them can tell apart, and of each part of the ports that policies divide. Make it once for an effect, and ask it for each
// subject.
//
// Of most effects nothing has to be asked: where no more than a policy differs at each end, what is to be put back follows from
// what the peers' policies let through on the side that refuses.
type Sample struct {
	m *Model
	e *Effect
	// classes are those of the peers. About changed ones, or about their own policies, something differs; of these, mixed are
	// all but those of which it is one policy.
	classes, changed, mixed runs
	// governed are the groups of those of which it is one policy.
	governed []governed
	// groupOf finds the group of a class, by the number of its group from 1.
	groupOf map[int32]int32
	// all divides all peers, part those that are mixed; nil until they are needed.
	all, part *division
	// subjects tells apart the subjects' classes that the peers' policies can, keys numbers what acts on them.
	subjects map[int32]int32
	keys     map[string]int32
}

// governed is peers about which one policy differs, the same, and that refuse the same.
type governed struct {
	peer    int32 // the class of one of them
	policy  string
	refused []refusal
}

// Answer is what has to be put back for connections with peers of a kind, Peer among them, as Necessary tells it.
type Answer struct {
	Peer, Kind int32
	Things     []Thing
	Alone      bool
	// Asked tells that it took putting things back; the others follow from what the engine knows.
	Asked bool
}

// NewSample looks at the peers of an effect.
func (m *Model) NewSample(e *Effect) *Sample {
	d := 1 - e.Direction
	s := &Sample{m: m, e: e, classes: m.peerClasses(e)}
	s.changed = s.classes.intersect(m.differing(d))
	if len(s.changed) == 0 {
		return s
	}
	type key struct {
		change int32
		seq    seqID
	}
	at := make(map[key]int32)
	s.groupOf = make(map[int32]int32)
	s.changed.each(func(c int32) {
		if _, one := m.onePolicy(d, c); !one {
			s.mixed = s.mixed.append(c, c+1)
			return
		}
		k := key{change: m.changeOf(d, c)}
		if s.asksPeers() {
			k.seq = m.seq[d][s.refusing()][c]
		}
		if at[k] == 0 {
			s.governed = append(s.governed, s.govern(c))
			at[k] = int32(len(s.governed))
		}
		s.groupOf[c] = at[k]
	})
	return s
}

// refusing is the side that does not allow the effect's ports.
func (s *Sample) refusing() Side {
	if s.e.Opened {
		return Base
	}
	return Head
}

// asksPeers tells whether peers may refuse what the subjects do: what both ends refuse counts as the destination's.
func (s *Sample) asksPeers() bool { return s.e.Direction == policy.Ingress }

// govern asks what peers of a class refuse, whichever of the subjects it is.
func (s *Sample) govern(c int32) governed {
	d := 1 - s.e.Direction
	g := governed{peer: c}
	g.policy, _ = s.m.onePolicy(d, c)
	if s.asksPeers() {
		g.refused = s.m.refusals(d, s.refusing(), c, s.subjectClasses(), s.e.Ports)
	}
	return g
}

// refuses tells whether the peers of a group refuse a subject's class some of the effect's ports, and whether they let it
// have some.
func (g *governed) refuses(subject int32) (some, others bool) {
	for _, r := range g.refused {
		if r.peers.has(subject) {
			some = true
		} else {
			others = true
		}
	}
	return some, others || len(g.refused) == 0
}

// subjectClasses are the classes of the effect's subjects.
func (s *Sample) subjectClasses() runs {
	if n := s.e.Subjects; len(n) == 1 {
		c := s.m.classOf[n[0]]
		return runs{{c, c + 1}}
	}
	numbers := make([]int32, len(s.e.Subjects))
	for i, n := range s.e.Subjects {
		numbers[i] = s.m.classOf[n]
	}
	slices.Sort(numbers)
	return runsOf(numbers)
}

// Each calls f with what has to be put back for the connections of a subject, kind by kind, until it returns false. It tells
// whether these are all: where there are too many kinds of connections, some are left out.
func (s *Sample) Each(subject int32, f func(a Answer) bool) (whole bool) {
	key, one := s.m.onePolicy(s.e.Direction, s.m.classOf[subject])
	if !one {
		if s.all == nil {
			s.all = s.divide(s.classes)
		}
		return s.eachAsked(s.all, 0, subject, f)
	}
	if !s.eachKnown(key, subject, f) {
		return false
	}
	if len(s.mixed) == 0 {
		return true
	}
	if s.part == nil {
		s.part = s.divide(s.mixed)
	}
	return s.eachAsked(s.part, s.mixedKinds(), subject, f)
}

// eachKnown is Each for a subject about which one policy differs, with peers about which no more does. The policy is what
// refuses the connections; a peer's one is to be put back, too, if it does as well. None has a say at the other one's end, so
// that each refuses whatever becomes of the other.
func (s *Sample) eachKnown(key string, subject int32, f func(a Answer) bool) bool {
	own := Thing{Policy: key, Endpoint: -1}
	if len(s.changed) == 0 || s.changed.len() < s.classes.len() {
		if !f(Answer{s.anyOf(s.classes.minus(s.changed)), 0, []Thing{own}, true, false}) {
			return false
		}
	}
	for n := range s.governed {
		g := &s.governed[n]
		refuses, lets := g.refuses(s.m.classOf[subject])
		peer, kind := s.peer(g.peer, subject), int32(n+1)
		if (lets || g.policy == key) && !f(Answer{peer, kind, []Thing{own}, true, false}) {
			return false
		}
		if refuses && g.policy != key && !f(Answer{peer, kind, []Thing{own, {Policy: g.policy, Endpoint: -1}}, s.e.Opened, false}) {
			return false
		}
	}
	return true
}

// eachAsked is Each for peers that have to be asked about one by one.
func (s *Sample) eachAsked(by *division, kinds, subject int32, f func(a Answer) bool) (whole bool) {
	for _, x := range by.cells {
		c := Cell{Source: s.peer(x.class, subject), Destination: subject, Port: x.port}
		peer := c.Source
		if s.e.Direction == policy.Egress {
			c.Source, c.Destination = c.Destination, c.Source
		}
		things, alone := s.m.Necessary(c)
		if !f(Answer{peer, kinds + by.kinds[x.class], things, alone, true}) {
			return false
		}
	}
	return !by.partial
}

// mixedKinds is where the kinds of mixed peers begin for a subject about which one policy differs.
func (s *Sample) mixedKinds() int32 { return int32(len(s.governed) + 1) }

// Kind numbers the kind that a peer of the effect is of for a subject: answers for peers of one kind are the same.
func (s *Sample) Kind(subject, peer int32) int32 {
	c := s.m.classOf[peer]
	switch _, one := s.m.onePolicy(s.e.Direction, s.m.classOf[subject]); {
	case !one && s.all == nil:
		return 0
	case !one:
		return s.all.kinds[c]
	case s.part != nil && s.mixed.has(c):
		return s.mixedKinds() + s.part.kinds[c]
	}
	return s.groupOf[c]
}

// anyOf is a peer of some classes.
func (s *Sample) anyOf(classes runs) int32 { return s.peer(classes[0].lo, -1) }

// peer is a peer of a class, another one than the subject if there is: that is another end, with changes of its own.
func (s *Sample) peer(class, subject int32) int32 {
	found := subject
	for _, i := range s.m.classes[class].endpoints {
		if _, ok := slices.BinarySearch(s.e.Peers, i); ok {
			if i != subject {
				return i
			}
			found = i
		}
	}
	return found
}

// Key is equal for subjects of which the sample's answers are the same, apart from their own names: the same acts on them,
// and the peers' policies do not tell them apart. The first number is equal for those of which at least the same differs.
func (s *Sample) Key(subject int32) [3]int32 {
	m, d, c := s.m, s.e.Direction, s.m.classOf[subject]
	key := [3]int32{m.changeOf(d, c), -1, s.alike(c)}
	if _, one := m.onePolicy(d, c); one && len(s.mixed) == 0 {
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
	if s.keys == nil {
		s.keys = make(map[string]int32)
	}
	if !ok {
		n = int32(len(s.keys))
		s.keys[string(acts)] = n
	}
	key[1] = n
	return key
}

// alike numbers the classes of subjects by what peers' policies may say of them. Where nothing differs about a peer nor, to its
// policies, about the subject, they let the connection through on both sides.
func (s *Sample) alike(c int32) int32 {
	if len(s.e.Subjects) == 1 {
		return 0
	}
	if s.subjects == nil {
		m, d := s.m, s.e.Direction
		classes := s.subjectClasses().numbers()
		ask := s.mixed
		for _, c := range classes {
			switch _, one := m.onePolicy(d, c); {
			case one:
			case m.isChanged(c):
				ask = s.classes
			default:
				ask = ask.union(s.changed)
			}
		}
		p := newPartition(len(classes))
		for i := range s.governed {
			for _, r := range s.governed[i].refused {
				p.split(positions(r.peers, classes))
			}
		}
		for id := range m.setsOf(1-d, ask) {
			for side := Base; side <= Head; side++ {
				p.split(positions(m.sets.sets[id].members[side], classes))
			}
		}
		s.subjects = make(map[int32]int32, len(classes))
		for i, c := range classes {
			s.subjects[c] = p.group[i]
		}
	}
	return s.subjects[c]
}

// setsOf are the sets in the rules that act on some classes in a direction, on either side.
func (m *Model) setsOf(d policy.Direction, classes runs) map[setID]bool {
	out, asked := make(map[setID]bool), make(map[seqID]bool)
	classes.each(func(c int32) {
		for side := Base; side <= Head; side++ {
			id := m.seq[d][side][c]
			if asked[id] {
				continue
			}
			asked[id] = true
			for _, st := range m.sequences.sequences[id] {
				for _, e := range st.entries {
					out[e.set] = true
				}
			}
		}
	})
	return out
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
