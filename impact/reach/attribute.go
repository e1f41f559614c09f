package reach

import (
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Effect is a part of a block that one end decides: its subjects, which have the same policies, refuse the peers on the
// side where the ports are not allowed. What both ends refuse counts as the destination's.
type Effect struct {
	// Direction is the subjects' own: Ingress if they are the destinations.
	Direction policy.Direction
	// Subjects and Peers are numbers of Endpoints, ascending. They are read-only: effects share them. To take some out, see
	// Without.
	Subjects, Peers []int32
	// classes are those of Peers; nil if they are not known.
	classes runs
	// Opened tells that head allows the ports and base does not; else it is the other way round.
	Opened bool
	Ports  policy.PortSet
	// Doubtful tells that the verdict rests on facts that are not known: labels of a namespace that is not in the
	// manifests, or pods' addresses.
	Doubtful bool
}

// Sources and destinations of the effect.
func (e *Effect) Sources() []int32 {
	if e.Direction == policy.Ingress {
		return e.Peers
	}
	return e.Subjects
}

// Destinations are the ends that connections lead to.
func (e *Effect) Destinations() []int32 {
	if e.Direction == policy.Ingress {
		return e.Subjects
	}
	return e.Peers
}

// Without is the effect without some endpoints, wherever they are; false if nothing is left of it.
func (e Effect) Without(gone func(endpoint int32) bool) (rest Effect, some bool) {
	if slices.ContainsFunc(e.Subjects, gone) {
		e.Subjects = slices.DeleteFunc(slices.Clone(e.Subjects), gone)
	}
	if slices.ContainsFunc(e.Peers, gone) {
		e.Peers, e.classes = slices.DeleteFunc(slices.Clone(e.Peers), gone), nil
	}
	return e, len(e.Subjects) > 0 && len(e.Peers) > 0
}

// peerClasses are the classes of an effect's peers.
func (m *Model) peerClasses(e *Effect) runs {
	if e.classes != nil {
		return e.classes
	}
	numbers := make([]int32, len(e.Peers))
	for n, i := range e.Peers {
		numbers[n] = m.classOf[i]
	}
	slices.Sort(numbers)
	return runsOf(numbers)
}

// effectKey says what the subjects of one effect have in common.
type effectKey struct {
	direction policy.Direction
	before    seqID
	after     seqID
	opened    bool
	doubtful  bool
	ports     string
	peers     string
}

// attribution collects effects of classes and merges those whose subjects are alike.
type attribution struct {
	model *Model
	order []effectKey
	found map[effectKey]*classEffect
}

type classEffect struct {
	subjects []int32
	peers    runs
	ports    policy.PortSet
}

// attribute tells for each part of some blocks which end decides it.
func (m *Model) attribute(blocks []block) []Effect {
	a := attribution{model: m, found: make(map[effectKey]*classEffect)}
	for _, b := range blocks {
		a.half(b, b.opened, true)
		a.half(b, b.blocked, false)
	}
	out := make([]Effect, len(a.order))
	peers := make(map[string][]int32) // many effects have the same
	for i, key := range a.order {
		e := a.found[key]
		slices.Sort(e.subjects)
		if peers[key.peers] == nil {
			peers[key.peers] = m.endpointsOf(e.peers)
		}
		out[i] = Effect{
			Direction: key.direction, Opened: key.opened, Doubtful: key.doubtful, Ports: e.ports,
			Subjects: m.endpointsOf(runsOf(e.subjects)), Peers: peers[key.peers], classes: e.peers,
		}
	}
	return out
}

// half attributes what a block opens or what it blocks, on the side that does not allow it.
func (a *attribution) half(b block, ports policy.PortSet, opened bool) {
	if len(ports) == 0 {
		return
	}
	refusing := Head
	if opened {
		refusing = Base
	}
	others := make(map[leftKey][]int32) // destinations that let a source in
	byPorts := make(map[string]policy.PortSet)
	b.destinations.each(func(d int32) {
		for _, r := range a.model.refusals(policy.Ingress, refusing, d, b.sources, ports) {
			a.add(policy.Ingress, d, r.peers, r.ports, opened)
			left := leftKey{ports: r.ports.Key()}
			byPorts[left.ports] = r.ports
			b.sources.minus(r.peers).each(func(s int32) {
				left.source = s
				others[left] = append(others[left], d)
			})
		}
	})
	for _, key := range slices.Sorted(maps.Keys(byPorts)) {
		b.sources.each(func(s int32) {
			if ds := others[leftKey{s, key}]; len(ds) > 0 {
				a.add(policy.Egress, s, runsOf(ds), byPorts[key], opened)
			}
		})
	}
}

// leftKey is a source and ports that some destinations let in, so that the source's own end must refuse them.
type leftKey struct {
	source int32
	ports  string
}

func (a *attribution) add(d policy.Direction, subject int32, peers runs, ports policy.PortSet, opened bool) {
	doubtful := a.model.doubtful(d, subject, peers, ports, []Side{Base, Head})
	for _, part := range []struct {
		peers    runs
		doubtful bool
	}{{peers.minus(doubtful), false}, {peers.intersect(doubtful), true}} {
		if len(part.peers) == 0 {
			continue
		}
		key := effectKey{d, a.model.seq[d][Base][subject], a.model.seq[d][Head][subject], opened, part.doubtful, ports.Key(), part.peers.key()}
		e := a.found[key]
		if e == nil {
			e = &classEffect{peers: part.peers, ports: ports}
			a.found[key] = e
			a.order = append(a.order, key)
		}
		e.subjects = append(e.subjects, subject)
	}
}

// refusal is ports with the peers that a subject refuses on all of them.
type refusal struct {
	ports policy.PortSet
	peers runs
}

// refusals divides ports by the peers to which a subject's sequence refuses them; peers may be none.
func (m *Model) refusals(d policy.Direction, s Side, subject int32, peers runs, ports policy.PortSet) []refusal {
	seq := m.sequences.sequences[m.seq[d][s][subject]]
	var by []policy.PortSet
	for _, st := range seq {
		for _, e := range st.entries {
			by = append(by, m.ports.sets[e.ports])
		}
	}
	parts := ports.Divide(by)
	at := make(map[string]int)
	var out []refusal
	for i := range parts {
		refused := m.refusedPart(seq, s, peers, parts.Part(i))
		key := refused.key()
		j, ok := at[key]
		if !ok {
			j = len(out)
			at[key] = j
			out = append(out, refusal{peers: refused})
		}
		out[j].ports = out[j].ports.Union(parts.Part(i))
	}
	return out
}

// refused are the peers with which a subject's sequence does not allow all of the ports.
func (m *Model) refused(d policy.Direction, s Side, subject int32, peers runs, ports policy.PortSet) runs {
	var out runs
	for _, r := range m.refusals(d, s, subject, peers, ports) {
		out = out.union(r.peers)
	}
	return out
}

// refusedPart are the peers to which a sequence refuses ports that none of its entries divides.
func (m *Model) refusedPart(seq sequence, s Side, peers runs, ports policy.PortSet) runs {
	return peers.minus(m.allowedPart(seq, s, peers, ports))
}

// allowedPart are the peers with which a sequence allows ports that none of its entries divides.
func (m *Model) allowedPart(seq sequence, s Side, peers runs, ports policy.PortSet) runs {
	var allowed runs
	open := peers
	for _, st := range seq {
		if st.next {
			allowed, open = nil, allowed.union(open)
		}
		onlyAllows := st.onlyAllows()
		var passed runs
		for _, e := range st.entries {
			if !m.ports.sets[e.ports].Intersects(ports) {
				continue
			}
			hit := open.intersect(m.sets.sets[e.set].members[s])
			if !onlyAllows {
				open = open.minus(hit)
			}
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
	return allowed.union(open)
}

// doubtful are the peers with which what some sides allow on some ports depends on a membership that is not known.
func (m *Model) doubtful(d policy.Direction, subject int32, peers runs, ports policy.PortSet, sides []Side) runs {
	if !m.hasUnknown {
		return nil
	}
	var candidates runs
	for _, s := range sides {
		for _, id := range m.unknownSets(m.seq[d][s][subject], s, ports) {
			candidates = candidates.union(peers.intersect(m.sets.sets[id].unknown[s]))
		}
		rests := make(map[seqID]bool)
		var more []int32
		peers.each(func(p int32) {
			id := m.seq[1-d][s][p]
			rest, known := rests[id]
			if !known {
				rest = slices.ContainsFunc(m.unknownSets(id, s, ports), func(t setID) bool { return m.sets.sets[t].unknown[s].has(subject) })
				rests[id] = rest
			}
			if rest {
				more = append(more, p)
			}
		})
		candidates = candidates.union(runsOf(more))
	}
	var out []int32
	candidates.each(func(p int32) {
		for _, s := range sides {
			if !m.between(d, subject, p, s, false).Intersect(ports).Equal(m.between(d, subject, p, s, true).Intersect(ports)) {
				out = append(out, p)
				return
			}
		}
	})
	return runsOf(out)
}

// between is what a side allows between two classes, the subject's direction given; maybe counts uncertain members.
func (m *Model) between(d policy.Direction, subject, peer int32, s Side, maybe bool) policy.PortSet {
	out := m.allowed(m.seq[d][s][subject], peer, s, maybe)
	return m.allowedOf(out, m.seq[1-d][s][peer], subject, s, maybe)
}

// unknownBetween are those of some ports on which it is not known what a side allows between two classes.
func (m *Model) unknownBetween(d policy.Direction, subject, peer int32, s Side, ports policy.PortSet) policy.PortSet {
	one, other := m.between(d, subject, peer, s, false).Intersect(ports), m.between(d, subject, peer, s, true).Intersect(ports)
	return one.Minus(other).Union(other.Minus(one))
}

// unknownSets are the sets with uncertain members that a sequence uses on some ports.
func (m *Model) unknownSets(id seqID, s Side, ports policy.PortSet) []setID {
	var out []setID
	for _, st := range m.sequences.sequences[id] {
		for _, e := range st.entries {
			if len(m.sets.sets[e.set].unknown[s]) > 0 && m.ports.sets[e.ports].Intersects(ports) {
				out = append(out, e.set)
			}
		}
	}
	return out
}
