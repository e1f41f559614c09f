package reach

import (
	"cmp"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// entry is one peer of one rule: connections with members of the set on these ports.
type entry struct {
	verdict policy.Verdict
	set     setID
	ports   portsID
}

// stage is a tier as it acts on one subject in one direction.
type stage struct {
	tier tierID
	// entries are asked in order; where all of them allow, order means nothing and they are sorted, one a set.
	entries []entry
	// deny tells that what no entry decides is denied; else the next stage is asked.
	deny bool
	// next tells that another layer begins: it is asked of all that the layers before allow, and of nothing else.
	next bool
}

// sequence is all stages that act on a subject in one direction; what none of them decides is allowed.
type sequence []stage

// tierID numbers a tier, in the order in which tiers are asked.
type tierID int32

// seqID numbers an interned sequence; 0 is the empty one, which allows everything.
type seqID int32

// portsID numbers an interned set of ports; 0 is the empty one.
type portsID int32

// portTable interns sets of ports.
type portTable struct {
	sets  []policy.PortSet
	byKey map[string]portsID
	all   portsID
}

func newPortTable(all policy.PortSet) *portTable {
	t := &portTable{sets: make([]policy.PortSet, 1), byKey: map[string]portsID{"": 0}}
	t.all = t.id(all)
	return t
}

func (t *portTable) id(s policy.PortSet) portsID {
	key := s.Key()
	id, ok := t.byKey[key]
	if !ok {
		id = portsID(len(t.sets))
		t.sets = append(t.sets, s)
		t.byKey[key] = id
	}
	return id
}

// body is what one policy says for one direction, without its name and subject.
type body struct {
	tier     tierID
	isolates bool
	rules    []bodyRule
	// named tells that a rule names a port, so that the body means different things to different destinations.
	named bool
}

type bodyRule struct {
	verdict policy.Verdict
	sets    []setID
	ports   policy.PortSet
	names   []policy.Port
}

// newBody interns a rule list's peers and gives its meaning; nil if it has none in this direction.
func (m *Model) newBody(p *policy.Policy, d policy.Direction) *body {
	b := &body{tier: m.tier(p.Tier), isolates: p.Isolates[d]}
	for i := range p.Rules[d] {
		r := &p.Rules[d][i]
		br := bodyRule{verdict: r.Verdict}
		if r.Any {
			br.sets = []setID{anySet}
		}
		for _, peer := range r.Peers {
			br.sets = append(br.sets, m.sets.peer(peer))
		}
		if r.AllPorts {
			br.ports = m.everything
		}
		for _, port := range r.Ports {
			if port.Name == "" {
				set := port.Set()
				if p.Tier.Layer != policy.PodNetwork {
					set = set.Intersect(m.everything)
				}
				br.ports = br.ports.Union(set)
				continue
			}
			br.names = append(br.names, port)
			m.mentions.ports[port.Name] = true
			b.named = true
		}
		if len(br.sets) > 0 && (len(br.ports) > 0 || len(br.names) > 0) {
			b.rules = append(b.rules, br)
		}
	}
	if len(b.rules) == 0 && !b.isolates {
		return nil
	}
	return b
}

// key identifies the body by content.
func (b *body) key() string {
	k := appendInt32(nil, int32(b.tier))
	if b.isolates {
		k = append(k, '!')
	}
	for _, r := range b.rules {
		k = append(k, '|', byte('0'+r.verdict))
		for _, s := range r.sets {
			k = appendInt32(k, int32(s))
		}
		k = append(append(k, ';'), r.ports.Key()...)
		for _, n := range r.names {
			k = append(append(append(append(k, ';'), n.Protocol...), '/'), n.Name...)
		}
	}
	return string(k)
}

// bodyTable interns bodies.
type bodyTable struct {
	bodies []*body
	byKey  map[string]int32
}

func (t *bodyTable) id(b *body) int32 {
	key := b.key()
	id, ok := t.byKey[key]
	if !ok {
		id = int32(len(t.bodies))
		t.bodies = append(t.bodies, b)
		t.byKey[key] = id
	}
	return id
}

// sequenceTable interns sequences, by the bodies they are made of and by what comes of them.
type sequenceTable struct {
	sequences []sequence
	byBodies  [2]map[string]seqID
	byContent map[string]seqID
}

func newSequenceTable() *sequenceTable {
	return &sequenceTable{
		sequences: make([]sequence, 1),
		byBodies:  [2]map[string]seqID{{"": 0}, {"": 0}},
		byContent: map[string]seqID{"": 0},
	}
}

// sequenceOf is the sequence of a list of bodies, in the order of their policies, as they act in a direction on a
// subject whose port names mean env.
func (m *Model) sequenceOf(d policy.Direction, bodies []int32, env *namedPorts, scratch *[]byte) seqID {
	key := (*scratch)[:0]
	named := false
	for _, b := range bodies {
		key = appendInt32(key, b)
		named = named || m.bodies.bodies[b].named
	}
	if named && d == policy.Ingress {
		key = appendInt32(append(key, '/'), env.id)
	}
	*scratch = key
	if id, ok := m.sequences.byBodies[d][string(key)]; ok {
		return id
	}
	id := m.internSequence(m.resolve(d, bodies, env))
	m.sequences.byBodies[d][string(key)] = id
	return id
}

func (m *Model) internSequence(s sequence) seqID {
	var key []byte
	for _, st := range s {
		key = appendInt32(append(key, 'T'), int32(st.tier))
		if st.deny {
			key = append(key, '!')
		}
		for _, e := range st.entries {
			key = appendInt32(appendInt32(append(key, byte(e.verdict)), int32(e.set)), int32(e.ports))
		}
	}
	id, ok := m.sequences.byContent[string(key)]
	if !ok {
		id = seqID(len(m.sequences.sequences))
		m.sequences.sequences = append(m.sequences.sequences, s)
		m.sequences.byContent[string(key)] = id
	}
	return id
}

// resolve turns bodies into stages whose ports are numbers.
func (m *Model) resolve(d policy.Direction, bodies []int32, env *namedPorts) sequence {
	var seq sequence
	for _, id := range bodies {
		b := m.bodies.bodies[id]
		if n := len(seq); n == 0 || seq[n-1].tier != b.tier {
			seq = append(seq, stage{tier: b.tier, next: n > 0 && m.layer(seq[n-1].tier) != m.layer(b.tier)})
		}
		st := &seq[len(seq)-1]
		st.deny = st.deny || b.isolates
		for _, r := range b.rules {
			st.entries = m.appendRule(st.entries, d, r, env)
		}
	}
	for i := range seq {
		m.canonicalise(&seq[i])
	}
	if m.isolatesLast {
		return m.withIsolationLast(seq)
	}
	return seq
}

func (m *Model) appendRule(entries []entry, d policy.Direction, r bodyRule, env *namedPorts) []entry {
	ports := r.ports
	if d == policy.Ingress {
		for _, n := range r.names {
			ports = ports.Union(env.resolve(n.Protocol, n.Name))
		}
	}
	for _, s := range r.sets {
		if len(ports) > 0 {
			entries = append(entries, entry{r.verdict, s, m.ports.id(ports)})
		}
		if d == policy.Ingress {
			if env.unknown {
				entries = m.appendUnknown(entries, r, s, unknownHere)
			}
			continue
		}
		// A name is resolved on the destination: the rule's peers fall into parts by what the name means there.
		for _, n := range r.names {
			for _, meant := range m.meanings[portName{n.Protocol, n.Name}] {
				part := m.sets.part(s, namedPort{n.Protocol, n.Name, meant.ports.Key()})
				entries = append(entries, entry{r.verdict, part, m.ports.id(meant.ports)})
			}
		}
		if len(r.names) > 0 && m.meetsUnnamed(s) {
			entries = m.appendUnknown(entries, r, s, unknownThere)
		}
	}
	return entries
}

// appendUnknown adds what a rule with names of ports may mean where these are not known: any port of their protocols. It
// counts as no match, so that the entries have no members but uncertain ones.
func (m *Model) appendUnknown(entries []entry, r bodyRule, s setID, which string) []entry {
	for _, n := range r.names {
		ports := policy.AllPorts()
		if n.Protocol != "" {
			ports = policy.Range(n.Protocol, 0, 0)
		}
		part := m.sets.part(s, namedPort{n.Protocol, n.Name, which})
		entries = append(entries, entry{r.verdict, part, m.ports.id(ports)})
	}
	return entries
}

// meetsUnnamed tells whether pods may be in a set of which it is not known how they name their ports.
func (m *Model) meetsUnnamed(id setID) bool {
	t := &m.sets.sets[id]
	for s := Base; s <= Head; s++ {
		if len(m.unnamed.intersect(t.members[s].union(t.unknown[s]))) > 0 {
			return true
		}
	}
	return false
}

// canonicalise brings a stage that only allows into the one form of all stages that allow the same: an entry a set, in
// the order of sets, without what everyone is allowed anyway.
func (m *Model) canonicalise(st *stage) {
	if !allows(st.entries) {
		return
	}
	slices.SortFunc(st.entries, func(a, b entry) int { return cmp.Compare(a.set, b.set) })
	out := st.entries[:0]
	var everyone policy.PortSet // anySet is the first of all
	for i := 0; i < len(st.entries); {
		e := st.entries[i]
		ports := m.ports.sets[e.ports]
		for i++; i < len(st.entries) && st.entries[i].set == e.set; i++ {
			ports = ports.Union(m.ports.sets[st.entries[i].ports])
		}
		if e.set == anySet {
			everyone = ports
		} else if everyone != nil {
			ports = ports.Minus(everyone)
		}
		if len(ports) > 0 {
			out = append(out, entry{policy.Allow, e.set, m.ports.id(ports)})
		}
	}
	st.entries = slices.Clip(out)
}

// portName is a port's name as rules use it; Protocol "" is any.
type portName struct {
	protocol policy.Protocol
	name     string
}

// differ is the ports on which two sequences may decide differently.
func (m *Model) differ(a, b seqID) policy.PortSet {
	var ports policy.PortSet
	add := func(es ...entry) {
		for _, e := range es {
			ports = ports.Union(m.ports.sets[e.ports])
		}
	}
	x, y := m.sequences.sequences[a], m.sequences.sequences[b]
	for len(x) > 0 || len(y) > 0 {
		var s, t stage
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].tier < y[0].tier:
			s, x = x[0], x[1:]
		case len(x) == 0 || y[0].tier < x[0].tier:
			t, y = y[0], y[1:]
		default:
			s, t, x, y = x[0], y[0], x[1:], y[1:]
		}
		if s.deny != t.deny {
			return m.everything
		}
		p, q := s.entries, t.entries
		if allows(p) && allows(q) {
			ports = ports.Union(m.differAllowed(p, q))
			continue
		}
		for len(p) > 0 && len(q) > 0 && p[0] == q[0] {
			p, q = p[1:], q[1:]
		}
		for len(p) > 0 && len(q) > 0 && p[len(p)-1] == q[len(q)-1] {
			p, q = p[:len(p)-1], q[:len(q)-1]
		}
		add(p...)
		add(q...)
	}
	return ports
}

func allows(entries []entry) bool {
	return !slices.ContainsFunc(entries, func(e entry) bool { return e.verdict != policy.Allow })
}

// differAllowed is the ports that two sorted stages allow to different sets.
func (m *Model) differAllowed(p, q []entry) policy.PortSet {
	var ports policy.PortSet
	for len(p) > 0 || len(q) > 0 {
		switch {
		case len(q) == 0 || len(p) > 0 && p[0].set < q[0].set:
			ports, p = ports.Union(m.ports.sets[p[0].ports]), p[1:]
		case len(p) == 0 || q[0].set < p[0].set:
			ports, q = ports.Union(m.ports.sets[q[0].ports]), q[1:]
		default:
			if p[0].ports != q[0].ports {
				a, b := m.ports.sets[p[0].ports], m.ports.sets[q[0].ports]
				ports = ports.Union(a.Minus(b)).Union(b.Minus(a))
			}
			p, q = p[1:], q[1:]
		}
	}
	return ports
}

// allowed is the ports that a sequence allows with a class on a side: the plain reading of a sequence, for one peer. With
// maybe, uncertain members of a set count as members.
func (m *Model) allowed(id seqID, peer int32, s Side, maybe bool) policy.PortSet {
	return m.allowedOf(m.everything, id, peer, s, maybe)
}

// allowedOf is those of some ports that a sequence allows.
func (m *Model) allowedOf(ports policy.PortSet, id seqID, peer int32, s Side, maybe bool) policy.PortSet {
	var allowed policy.PortSet
	open := ports
	for _, st := range m.sequences.sequences[id] {
		if st.next {
			allowed, open = nil, allowed.Union(open)
		}
		onlyAllows := st.onlyAllows()
		var passed policy.PortSet
		for _, e := range st.entries {
			t := &m.sets.sets[e.set]
			if e.set != anySet && !t.members[s].has(peer) && !(maybe && t.unknown[s].has(peer)) {
				continue
			}
			hit := open.Intersect(m.ports.sets[e.ports])
			if len(hit) == 0 {
				continue
			}
			if !onlyAllows {
				open = open.Minus(hit)
			}
			switch e.verdict {
			case policy.Allow:
				allowed = allowed.Union(hit)
			case policy.Pass:
				passed = passed.Union(hit)
			}
		}
		if st.deny {
			open = nil
		}
		open = open.Union(passed)
	}
	return allowed.Union(open)
}

// onlyAllows tells that the stage denies what its entries do not allow, so that it does not matter which of them does.
func (st *stage) onlyAllows() bool {
	return st.deny && allows(st.entries)
}
