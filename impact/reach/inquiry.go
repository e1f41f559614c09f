package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Inquiry answers many questions about what one side allows. It looks at classes and at the sequences that act on them, not
// at pairs of endpoints, and remembers what it found; it is not safe for use by several goroutines.
type Inquiry struct {
	m    *Model
	side Side
	// few is up to how many classes are asked one by one.
	few int
	// outside are the classes that are no pods: between them there are no connections of the cluster.
	outside runs
	// own is what a sequence allows to all peers, by direction.
	own [2]map[seqID][]share
	// ends are the classes by their own sequences, by direction; made when first asked for.
	ends [2]*ends
}

// share is ports with the classes that are let in, or out to, on all of them.
type share struct {
	ports   policy.PortSet
	classes runs
}

// ends tell what the sequences of a direction allow with one peer, for all classes at once: most of them do not mention any
// set that the peer is in, and allow it what they allow everybody.
type ends struct {
	// by are the classes of each sequence.
	by map[seqID]runs
	// byDefault is what classes allow to a peer that is in no set but that of all.
	byDefault []share
	// using are the sequences that mention a set, in which setsOf tells the peers to be.
	using  map[setID][]seqID
	setsOf map[int32][]setID
	// mentions is how many sequences mention a set that the peer is in, by the peer.
	mentions map[int32]int
	// maybe are the sets with members of which it is not known whether they are.
	maybe []setID
}

// Inquiry prepares for questions about a side.
func (m *Model) Inquiry(s Side) *Inquiry {
	q := &Inquiry{m: m, side: s, few: 64, own: [2]map[seqID][]share{{}, {}}}
	for c := range m.classes {
		if m.isOutside(int32(c)) {
			q.outside = q.outside.append(int32(c), int32(c)+1)
		}
	}
	return q
}

// noClass stands for a peer that is in no set but that of all.
const noClass = -1

// Deviations are the connections of a rectangle that do not meet an expectation: those that the side allows where none of
// the ports is to be allowed to anybody, or those that it does not allow where all are to be. A pod's traffic to itself
// is no connection.
func (q *Inquiry) Deviations(sources, destinations Group, ports policy.PortSet, allowed bool) []Deviation {
	d, subjects, peers := orient(sources, destinations)
	c := collector{inquiry: q, d: d, subjects: subjects, peers: peers, at: make(map[string]int)}
	subjects.classes.each(func(subject int32) {
		across := q.across(subjects, peers, subject)
		if len(across) == 0 {
			return
		}
		for _, s := range q.deviating(d, subject, across, ports, allowed) {
			c.add(subject, s)
		}
	})
	return c.deviations()
}

// orient chooses the end with fewer classes to be asked one by one.
func orient(sources, destinations Group) (d policy.Direction, subjects, peers Group) {
	if sources.classes.len() < destinations.classes.len() {
		return policy.Egress, sources, destinations
	}
	return policy.Ingress, destinations, sources
}

// across are the classes of peers that a subject can have connections with.
func (q *Inquiry) across(subjects, peers Group, subject int32) runs {
	out := peers.classes
	if q.outside.has(subject) {
		out = out.minus(q.outside)
	}
	if !out.has(subject) {
		return out
	}
	class := &q.m.classes[subject]
	if i := subjects.only(class); i >= 0 && peers.only(class) == i {
		if w := q.m.Endpoints[i].Workload[q.side]; w != nil && w.Kind == "Pod" {
			return out.minus(runs{{subject, subject + 1}})
		}
	}
	return out
}

// deviating are the peers of one subject with which a connection is not as expected, by ports.
func (q *Inquiry) deviating(d policy.Direction, subject int32, peers runs, ports policy.PortSet, allowed bool) []share {
	var out []share
	seq := q.m.seq[d][q.side][subject]
	if allowed {
		for _, s := range q.ownOf(d, subject, seq) {
			if missing := ports.Intersect(s.ports); len(missing) > 0 {
				if refused := peers.minus(s.classes); len(refused) > 0 {
					out = append(out, share{missing, refused})
				}
			}
		}
		for _, s := range q.towards(1-d, subject, peers) {
			if missing := ports.Minus(s.ports); len(missing) > 0 {
				out = append(out, share{missing, s.classes})
			}
		}
		return out
	}
	for _, s := range q.ownOf(d, subject, seq) {
		in := ports.Intersect(s.ports)
		if len(in) == 0 {
			continue
		}
		let := peers.intersect(s.classes)
		if len(let) == 0 {
			continue
		}
		for _, t := range q.towards(1-d, subject, let) {
			if both := in.Intersect(t.ports); len(both) > 0 {
				out = append(out, share{both, t.classes})
			}
		}
	}
	return out
}

// ownOf is whom a subject's own sequence lets, by parts of all ports: who is missing is refused.
func (q *Inquiry) ownOf(d policy.Direction, subject int32, seq seqID) []share {
	known, ok := q.own[d][seq]
	if ok {
		return known
	}
	all := runs{{0, int32(len(q.m.classes))}}
	for _, r := range q.m.refusals(d, q.side, subject, all, q.m.everything) {
		known = append(known, share{r.ports, all.minus(r.peers)})
	}
	q.own[d][seq] = known
	return known
}

// towards divides some classes by what their own sequences allow with a peer.
func (q *Inquiry) towards(d policy.Direction, peer int32, classes runs) []share {
	m := q.m
	var out []share
	at := make(map[string]int)
	add := func(ports policy.PortSet, classes runs) {
		key := ports.Key()
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out = append(out, share{ports: ports})
		}
		out[n].classes = out[n].classes.union(classes)
	}
	oneByOne := func() []share {
		classes.each(func(c int32) { add(m.allowed(m.seq[d][q.side][c], peer, q.side, false), runs{{c, c + 1}}) })
		return out
	}
	if classes.len() <= q.few {
		return oneByOne()
	}
	e := q.endsOf(d)
	if q.few > 0 && classes.len() <= e.mentions[peer] {
		return oneByOne()
	}
	var special []int32
	for _, seq := range e.mentioning(peer) {
		if part := e.by[seq].intersect(classes); len(part) > 0 {
			add(m.allowed(seq, peer, q.side, false), part)
			special = append(special, part.numbers()...)
		}
	}
	slices.Sort(special)
	rest := classes.minus(runsOf(special))
	for _, s := range e.byDefault {
		if part := s.classes.intersect(rest); len(part) > 0 {
			add(s.ports, part)
		}
	}
	return out
}

// mentioning are the sequences that mention a set which the peer is in.
func (e *ends) mentioning(peer int32) []seqID {
	var out []seqID
	for _, set := range e.setsOf[peer] {
		out = append(out, e.using[set]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// endsOf prepares a direction.
func (q *Inquiry) endsOf(d policy.Direction) *ends {
	if q.ends[d] != nil {
		return q.ends[d]
	}
	m := q.m
	e := &ends{by: make(map[seqID]runs), using: make(map[setID][]seqID), setsOf: make(map[int32][]setID), mentions: make(map[int32]int)}
	var order []seqID
	for c := range m.classes {
		seq := m.seq[d][q.side][c]
		if _, ok := e.by[seq]; !ok {
			order = append(order, seq)
		}
		e.by[seq] = e.by[seq].append(int32(c), int32(c)+1)
	}
	at := make(map[string]int)
	for _, seq := range order {
		ports := m.allowed(seq, noClass, q.side, false)
		for _, st := range m.sequences.sequences[seq] {
			for _, entry := range st.entries {
				if list := e.using[entry.set]; len(list) == 0 || list[len(list)-1] != seq {
					e.using[entry.set] = append(list, seq)
				}
			}
		}
		n, ok := at[ports.Key()]
		if !ok {
			n = len(e.byDefault)
			at[ports.Key()] = n
			e.byDefault = append(e.byDefault, share{ports: ports})
		}
		e.byDefault[n].classes = e.byDefault[n].classes.union(e.by[seq])
	}
	for set := range m.sets.sets {
		if setID(set) == anySet || len(e.using[setID(set)]) == 0 {
			continue
		}
		m.sets.sets[set].members[q.side].each(func(c int32) {
			e.setsOf[c] = append(e.setsOf[c], setID(set))
			e.mentions[c] += len(e.using[setID(set)])
		})
		if len(m.sets.sets[set].unknown[q.side]) > 0 {
			e.maybe = append(e.maybe, setID(set))
		}
	}
	q.ends[d] = e
	return e
}

// Doubtful tells whether any verdict of a rectangle on some of the ports rests on facts that are not known.
func (q *Inquiry) Doubtful(sources, destinations Group, ports policy.PortSet) bool {
	if !q.m.hasUnknown {
		return false
	}
	d, subjects, peers := orient(sources, destinations)
	found := false
	subjects.classes.each(func(subject int32) {
		if !found {
			found = len(q.uncertain(d, subject, q.across(subjects, peers, subject), ports)) > 0
		}
	})
	return found
}

// uncertain are those of some peers with which a subject's verdict on some of the ports is not known for sure.
func (q *Inquiry) uncertain(d policy.Direction, subject int32, peers runs, ports policy.PortSet) runs {
	m := q.m
	if !m.hasUnknown {
		return nil
	}
	var candidates runs
	for _, id := range m.unknownSets(m.seq[d][q.side][subject], q.side, ports) {
		candidates = candidates.union(m.sets.sets[id].unknown[q.side].intersect(peers))
	}
	e := q.endsOf(1 - d)
	for _, id := range e.maybe {
		if !m.sets.sets[id].unknown[q.side].has(subject) {
			continue
		}
		for _, seq := range e.using[id] {
			candidates = candidates.union(e.by[seq].intersect(peers))
		}
	}
	var out runs
	candidates.each(func(c int32) {
		if len(m.unknownBetween(d, subject, c, q.side, ports)) > 0 {
			out = out.append(c, c+1)
		}
	})
	return out
}

// collector merges what deviates for subjects that are alike.
type collector struct {
	inquiry         *Inquiry
	d               policy.Direction
	subjects, peers Group
	at              map[string]int
	found           []found
}

type found struct {
	subjects []int32
	share    share
	doubtful bool
}

func (c *collector) add(subject int32, s share) {
	maybe := c.inquiry.uncertain(c.d, subject, s.classes, s.ports)
	c.file(subject, share{s.ports, s.classes.minus(maybe)}, false)
	maybe.each(func(peer int32) {
		// What is not known of one port is known of another.
		unknown := c.inquiry.m.unknownBetween(c.d, subject, peer, c.inquiry.side, s.ports)
		c.file(subject, share{s.ports.Minus(unknown), runs{{peer, peer + 1}}}, false)
		c.file(subject, share{unknown, runs{{peer, peer + 1}}}, true)
	})
}

func (c *collector) file(subject int32, s share, doubtful bool) {
	if len(s.classes) == 0 || len(s.ports) == 0 {
		return
	}
	key := s.ports.Key() + "|" + s.classes.key()
	if doubtful {
		key += "?"
	}
	n, ok := c.at[key]
	if !ok {
		n = len(c.found)
		c.at[key] = n
		c.found = append(c.found, found{share: s, doubtful: doubtful})
	}
	c.found[n].subjects = append(c.found[n].subjects, subject)
}

func (c *collector) deviations() []Deviation {
	var out []Deviation
	for _, f := range c.found {
		subjects := runsOf(f.subjects)
		own := Group{c.subjects.partOf(c.inquiry.m, subjects), subjects}
		across := Group{c.peers.partOf(c.inquiry.m, f.share.classes), f.share.classes}
		d := Deviation{Sources: across, Destinations: own, Ports: f.share.ports, Doubtful: f.doubtful}
		if c.d == policy.Egress {
			d.Sources, d.Destinations = own, across
		}
		out = append(out, d)
	}
	return out
}
