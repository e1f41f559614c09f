package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Steps answers which workloads others get to on one side, in any number of steps. A step is a connection to a port that the
// destination listens on. It remembers what it found and is not safe for use by several goroutines.
type Steps struct {
	model *Model
	side  Side
	spots []spot
	// spotsOf lists the spots of each class.
	spotsOf [][]int32
	// letIn are the classes that a spot lets in.
	letIn []runs
	// asked counts the pairs of a class and a spot that were asked about.
	asked int
	// known is what holds for more than one spot, and where a sequence means the same on both sides for both of them.
	known *stepsKnown
}

// stepsKnown is what was found of sequences: the classes that one may let out to, and those that one lets in on some ports.
type stepsKnown struct {
	reaches map[sideKey]runs
	letIn   map[letInKey]runs
	// alike tells whether a sequence has the same members on both sides.
	alike map[seqID]bool
	// listens gives the ports of an endpoint, listeners the classes that listen on the same ones, on either side.
	listens   func(endpoint int32) policy.PortSet
	listeners []listener
	// listening are the classes that listen on any of some ports.
	listening map[portsID]runs
}

// listener is classes of which some endpoint listens on some ports.
type listener struct {
	ports   policy.PortSet
	classes runs
}

// sideKey is a sequence on a side: on base, where it is alike on both.
type sideKey struct {
	seq  seqID
	side Side
}

// spot is workloads of one class that listen on the same ports.
type spot struct {
	class     int32
	ports     policy.PortSet
	key       string
	endpoints []int32
}

// Steps prepares for questions about a side. Listens gives the ports of an endpoint; none stands for any port.
func (m *Model) Steps(s Side, listens func(endpoint int32) policy.PortSet) *Steps {
	known := &stepsKnown{reaches: make(map[sideKey]runs), letIn: make(map[letInKey]runs), alike: make(map[seqID]bool),
		listens: listens, listening: make(map[portsID]runs)}
	at := make(map[string]int)
	for c := range m.classes {
		for _, i := range m.classes[c].endpoints {
			e := &m.Endpoints[i]
			if e.Workload[Base] == nil && e.Workload[Head] == nil {
				continue
			}
			ports := m.listened(listens(i))
			n, ok := at[ports.Key()]
			if !ok {
				n = len(known.listeners)
				at[ports.Key()] = n
				known.listeners = append(known.listeners, listener{ports: ports})
			}
			l := &known.listeners[n]
			l.classes = l.classes.append(int32(c), int32(c)+1)
		}
	}
	return m.stepsKnowing(s, known)
}

// listened is the ports that count of an endpoint: all of them where none is given.
func (m *Model) listened(ports policy.PortSet) policy.PortSet {
	if len(ports) == 0 {
		return m.everything
	}
	return ports
}

// Beside prepares for questions about the other side, where most is as on this one. Neither is safe for use beside the other
// by several goroutines.
func (p *Steps) Beside() *Steps { return p.model.stepsKnowing(1-p.side, p.known) }

func (m *Model) stepsKnowing(s Side, known *stepsKnown) *Steps {
	p := &Steps{model: m, side: s, spotsOf: make([][]int32, len(m.classes)), known: known}
	for c := range m.classes {
		for _, i := range m.classes[c].endpoints {
			if m.Endpoints[i].Workload[s] != nil {
				p.place(int32(c), i, m.listened(known.listens(i)))
			}
		}
	}
	p.letIn = make([]runs, len(p.spots))
	return p
}

func (p *Steps) place(class, endpoint int32, ports policy.PortSet) {
	key := ports.Key()
	for _, n := range p.spotsOf[class] {
		if s := &p.spots[n]; s.key == key {
			s.endpoints = append(s.endpoints, endpoint)
			return
		}
	}
	p.spotsOf[class] = append(p.spotsOf[class], int32(len(p.spots)))
	p.spots = append(p.spots, spot{class, ports, key, []int32{endpoint}})
}

// Spread is how far some workloads get.
type Spread struct {
	// Distance is the least number of steps to each endpoint: 0 for where it begins, -1 for what is not reached.
	Distance []int32
	// Via is the endpoint from which the last of these steps is taken, -1 for none.
	Via []int32
	// Reached counts the endpoints at a distance of at least one step.
	Reached int
}

// few is up to how many destinations of a source are looked at one by one. Tests have small clusters, and set it to less.
var few = 64

// From finds what is reached from some workloads. Each source is expanded once and each destination is found once, so
// that no pair is looked at without need: sources that may reach little ask their destinations, of all others each
// destination that is left asks for the first that it lets in.
func (p *Steps) From(sources []int32) Spread {
	m := p.model
	out := Spread{Distance: filled(len(m.Endpoints)), Via: filled(len(m.Endpoints))}
	expanded := make([]bool, len(m.classes))
	first := filled(len(m.classes)) // the endpoint by which each class is reached first
	var frontier []int32
	arrive := func(i, via, distance int32) {
		if out.Distance[i] >= 0 {
			return
		}
		out.Distance[i], out.Via[i] = distance, via
		if distance > 0 {
			out.Reached++
		}
		if c := m.classOf[i]; !expanded[c] {
			expanded[c], first[c] = true, i
			frontier = append(frontier, c)
		}
	}
	for _, i := range sources {
		arrive(i, -1, 0)
	}
	left := make([]int32, len(p.spots))
	for n := range left {
		left[n] = int32(n)
	}
	done := make([]bool, len(p.spots))
	for distance := int32(1); len(frontier) > 0; distance++ {
		sources := frontier
		frontier = nil
		left = p.step(sources, left, done, func(n, from int32) {
			for _, i := range p.spots[n].endpoints {
				arrive(i, first[from], distance)
			}
		})
	}
	return out
}

// step finds the spots that some classes get into by one step: of those that are left, which come back without them, the ones
// that are not done, which then are. Enter is told each with the class that gets in.
func (p *Steps) step(sources, left []int32, done []bool, enter func(n, from int32)) []int32 {
	try := func(n int32, from runs) {
		if done[n] {
			return
		}
		if c := p.opens(n, from); c >= 0 {
			done[n] = true
			enter(n, c)
		}
	}
	wave := p.wave(sources)
	for _, w := range wave.narrow {
		w.to.each(func(c int32) {
			for _, n := range p.spotsOf[c] {
				try(n, w.from)
			}
		})
	}
	return slices.DeleteFunc(left, func(n int32) bool {
		try(n, wave.wide)
		return done[n]
	})
}

func filled(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = -1
	}
	return out
}

// wave is the sources of one distance: those that may reach little, by what acts on their egress, and all others.
type wave struct {
	narrow []outlet
	wide   runs
}

// outlet is sources with the same egress, and to where it may let them.
type outlet struct{ from, to runs }

func (p *Steps) wave(classes []int32) wave {
	slices.Sort(classes)
	var w wave
	by := make(map[seqID]int)
	for _, c := range classes {
		seq := p.model.seq[policy.Egress][p.side][c]
		to := p.reach(seq)
		if to.len() > few {
			w.wide = w.wide.append(c, c+1)
			continue
		}
		n, ok := by[seq]
		if !ok {
			n = len(w.narrow)
			by[seq] = n
			w.narrow = append(w.narrow, outlet{to: to})
		}
		w.narrow[n].from = w.narrow[n].from.append(c, c+1)
	}
	return w
}

// listening are the classes that listen on any of some ports.
func (p *Steps) listening(ports portsID) runs {
	known, ok := p.known.listening[ports]
	if !ok {
		for _, l := range p.known.listeners {
			if l.ports.Intersects(p.model.ports.sets[ports]) {
				known = known.union(l.classes)
			}
		}
		p.known.listening[ports] = known
	}
	return known
}

// reach is the classes that a sequence may let out to on some port that they listen on: none else, and perhaps fewer.
func (p *Steps) reach(seq seqID) runs {
	key := p.keyOf(seq)
	if known, ok := p.known.reaches[key]; ok {
		return known
	}
	m := p.model
	var allowed runs
	open := runs{{0, int32(len(m.classes))}}
	for _, st := range m.sequences.sequences[seq] {
		if st.next {
			allowed, open = nil, allowed.union(open)
		}
		var passed runs
		for _, e := range st.entries {
			hit := open.intersect(m.sets.sets[e.set].members[p.side]).intersect(p.listening(e.ports))
			switch e.verdict {
			case policy.Allow:
				allowed = allowed.union(hit)
			case policy.Pass:
				passed = passed.union(hit)
			}
		}
		if st.deny {
			open = nil
		}
		open = open.union(passed)
	}
	p.known.reaches[key] = allowed.union(open)
	return p.known.reaches[key]
}

// keyOf is where to find what is known of a sequence.
func (p *Steps) keyOf(seq seqID) sideKey {
	alike, ok := p.known.alike[seq]
	if !ok {
		alike = true
		for _, st := range p.model.sequences.sequences[seq] {
			for _, e := range st.entries {
				members := &p.model.sets.sets[e.set].members
				alike = alike && members[Base].equal(members[Head])
			}
		}
		p.known.alike[seq] = alike
	}
	if alike {
		return sideKey{seq, Base}
	}
	return sideKey{seq, p.side}
}

// opens is the first of some classes that gets into a spot, -1 if none does.
func (p *Steps) opens(n int32, from runs) int32 {
	m, s := p.model, &p.spots[n]
	p.asked++
	if len(from) == 0 || len(from) == 1 && from[0].hi == from[0].lo+1 && !p.lets(n).has(from[0].lo) {
		return -1 // most spots let most classes in nowhere
	}
	ingress := m.seq[policy.Ingress][p.side][s.class]
	var out policy.PortSet // what the egress last looked at lets out to the spot
	whole := false         // whether these are all of its ports
	last, found := seqID(-1), int32(-1)
	from.meet(p.lets(n), func(lo, hi int32) bool {
		for c := lo; c < hi; c++ {
			p.asked++
			if egress := m.seq[policy.Egress][p.side][c]; egress != last {
				last, out, whole = egress, nil, false
				if p.reach(egress).has(s.class) {
					out = m.allowedOf(s.ports, egress, s.class, p.side, false)
					whole = out.Equal(s.ports)
				}
			}
			// The spot lets it in on some port; where it may use them all, it does not matter on which.
			if whole || len(out) > 0 && len(m.allowedOf(out, ingress, c, p.side, false)) > 0 {
				found = c
				return false
			}
		}
		return true
	})
	return found
}

// lets is the classes that a spot lets in on some port that it listens on.
func (p *Steps) lets(n int32) runs {
	if p.letIn[n] != nil {
		return p.letIn[n]
	}
	s := &p.spots[n]
	key := letInKey{p.keyOf(p.model.seq[policy.Ingress][p.side][s.class]), s.key}
	known, ok := p.known.letIn[key]
	if !ok {
		known = p.model.admitted(key.seq, p.side, s.ports)
		if known == nil {
			known = runs{} // nobody, which is not the same as not yet known
		}
		p.known.letIn[key] = known
	}
	p.letIn[n] = known
	return known
}

// admitted are the classes with which a sequence allows any of some ports on a side. Nearly every sequence is one stage that
// only allows: of these it is the members of its sets, and no ports need to be divided.
func (m *Model) admitted(id seqID, s Side, ports policy.PortSet) runs {
	seq := m.sequences.sequences[id]
	if len(seq) == 1 && seq[0].onlyAllows() {
		var out runs
		for _, e := range seq[0].entries {
			if m.ports.sets[e.ports].Intersects(ports) {
				out = out.union(m.sets.sets[e.set].members[s])
			}
		}
		return out
	}
	var by []policy.PortSet
	for _, st := range seq {
		for _, e := range st.entries {
			if set := m.ports.sets[e.ports]; set.Intersects(ports) && len(ports.Minus(set)) > 0 {
				by = append(by, set)
			}
		}
	}
	all := runs{{0, int32(len(m.classes))}}
	if len(by) == 0 {
		return m.allowedPart(seq, s, all, ports)
	}
	var out runs
	parts := ports.Divide(by)
	for i := range parts {
		out = out.union(m.allowedPart(seq, s, all, parts.Part(i)))
	}
	return out
}
