package reach

import (
	"cmp"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Thing is something that differs between the sides and can be put back by itself: exactly one of a policy, what the
// network sees of a workload (labels, ports, host network), and the labels of a namespace.
type Thing struct {
	// Policy is the key of a policy's object, Namespace a namespace's name.
	Policy, Namespace string
	// Endpoint is a workload's number, -1 if the thing is none.
	Endpoint int32
}

// Cell is one connection: two endpoints, and one port.
type Cell struct {
	Source, Destination int32
	Port                policy.PortSet
}

// Without tells whether head would allow a connection if some things were as in base.
func (m *Model) Without(c Cell, back []Thing) bool {
	r := m.newReplay(c)
	at := make([]bool, len(r.things))
	for i, t := range r.things {
		at[i] = slices.Contains(back, t)
	}
	return r.allows(at)
}

// Necessary are the changed things without which a connection that differs would not differ. If alone, putting back any
// one of them is enough; else all of them must be put back, and none can be left out.
func (m *Model) Necessary(c Cell) (things []Thing, alone bool) {
	r := m.newReplay(c)
	back := make([]bool, len(r.things))
	now := r.allows(back)
	undone := func(numbers ...int) bool {
		clear(back)
		for _, i := range numbers {
			back[i] = true
		}
		return r.allows(back) != now
	}
	all := make([]int, len(r.things))
	for i := range all {
		all[i] = i
	}
	if !undone(all...) {
		return nil, false
	}
	var minimal []int
	for _, i := range all {
		if undone(i) {
			minimal = append(minimal, i)
		}
	}
	switch alone = len(minimal) > 0; {
	case !alone:
		minimal = all
		for i := len(all) - 1; i >= 0; i-- {
			if rest := without(minimal, i); undone(rest...) {
				minimal = rest
			}
		}
		// Of what acts on each other, more can be spared once something else has been.
		for i := 0; i < len(minimal); {
			if rest := without(minimal, minimal[i]); undone(rest...) {
				minimal, i = rest, 0
				continue
			}
			i++
		}
	case !undone(minimal...): // they undo each other
		minimal = minimal[:1]
	}
	for _, i := range minimal {
		things = append(things, r.things[i])
	}
	return things, alone
}

func without(numbers []int, n int) []int {
	return slices.DeleteFunc(slices.Clone(numbers), func(i int) bool { return i == n })
}

// replay asks again for one connection, with any of the changed things as in base and the others as in head. It reads
// what policies say, not the sets that the engine made of it: those know the two sides only.
type replay struct {
	m    *Model
	port policy.PortSet
	// class is the class of each direction's subject: the source's for egress, the destination's for ingress.
	class [2]int32
	// things are policies, then namespaces, then workloads; look and namespace are the numbers of the ends' own, or -1.
	things          []Thing
	look, namespace [2]int
	candidates      [2][]candidate
	// thing is the number of each candidate, -1 if it is the same on both sides.
	thing [2][]int
	// found and order are scratch.
	found []ranked
	order []*compiled
}

// candidate is an object whose policies may govern an end: the numbers of each side's, none where it is not there.
type candidate struct {
	key     string
	sides   [2][]int
	changed bool
}

// objectTable is the objects of policies.
type objectTable struct {
	all []candidate
	// of is the object of each side's policies, rank their place in the order of those of both sides.
	of, rank [2][]int32
}

// objectsOfPolicies are those of both sides, found once.
func (m *Model) objectsOfPolicies() *objectTable {
	t := &m.objects
	if t.of[Head] != nil {
		return t
	}
	at := make(map[string]int32, len(m.policies[Head]))
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		t.of[s], t.rank[s] = make([]int32, len(m.policies[s])), make([]int32, len(m.policies[s]))
		for i := range m.policies[s] {
			key := m.policies[s][i].key
			n, known := at[key]
			if !known {
				n = int32(len(t.all))
				at[key] = n
				t.all = append(t.all, candidate{key, [2][]int{m.policyIndex[Base][key], m.policyIndex[Head][key]}, changed[key]})
			}
			t.of[s][i] = n
		}
	}
	// Each side's policies are in order.
	for i, j, rank := 0, 0, int32(0); i < len(t.rank[Base]) || j < len(t.rank[Head]); rank++ {
		order := 0
		switch {
		case i == len(t.rank[Base]):
			order = 1
		case j == len(t.rank[Head]):
			order = -1
		default:
			order = cluster.ComparePolicies(m.policies[Base][i].policy, m.policies[Head][j].policy)
		}
		if order <= 0 {
			t.rank[Base][i] = rank
			i++
		}
		if order >= 0 {
			t.rank[Head][j] = rank
			j++
		}
	}
	return t
}

func (m *Model) newReplay(c Cell) *replay {
	r := &replay{m: m, port: c.Port}
	ends := [2]int32{policy.Ingress: c.Destination, policy.Egress: c.Source}
	for d, end := range ends {
		r.class[d] = m.classOf[end]
	}
	for _, d := range policy.Directions {
		r.candidates[d] = m.candidatesFor(d, r.class[d])
	}
	thing := func(t Thing) int {
		if i := slices.Index(r.things, t); i >= 0 {
			return i
		}
		r.things = append(r.things, t)
		return len(r.things) - 1
	}
	for _, d := range policy.Directions {
		r.thing[d] = make([]int, len(r.candidates[d]))
		for n := range r.candidates[d] {
			if r.thing[d][n] = -1; r.candidates[d][n].changed {
				r.thing[d][n] = thing(Thing{Policy: r.candidates[d][n].key, Endpoint: -1})
			}
		}
	}
	for d, c := range r.class {
		r.namespace[d] = -1
		if m.namespaceChanged(c) {
			r.namespace[d] = thing(Thing{Namespace: m.namespaces[m.classes[c].namespace[Head]].name, Endpoint: -1})
		}
	}
	for d, c := range r.class {
		r.look[d] = -1
		if m.lookChanged(c) {
			r.look[d] = thing(Thing{Endpoint: ends[d]})
		}
	}
	return r
}

// lookChanged tells whether the sides differ in what the network sees of a class's workloads themselves.
func (m *Model) lookChanged(c int32) bool {
	cl := &m.classes[c]
	return cl.changed || cl.ports[Base] != cl.ports[Head] || !cl.pod[Head] && m.nodeChanged(cl)
}

func (m *Model) namespaceChanged(c int32) bool {
	ns := m.classes[c].namespace[Head]
	return ns >= 0 && !sameLabels(&m.namespaces[ns])
}

// changedPolicies are the keys of the policies that do not mean the same on both sides.
func (m *Model) changedPolicies() map[string]bool {
	if m.policyChanged != nil {
		return m.policyChanged
	}
	m.policyChanged = make(map[string]bool)
	for s := Base; s <= Head; s++ {
		for i := range m.policies[s] {
			p := &m.policies[s][i]
			if other := m.counterpart(1-s, p); other == nil || !sameMeaning(p, other) {
				m.policyChanged[p.key] = true
			}
		}
	}
	return m.policyChanged
}

func sameMeaning(p, q *compiled) bool {
	return p.policy.Tier == q.policy.Tier && p.policy.Order == q.policy.Order && p.body == q.body && slices.Equal(p.subject, q.subject)
}

// candidatesFor finds the policies that govern a class in a direction on either side, or with some things put back, once.
func (m *Model) candidatesFor(d policy.Direction, c int32) []candidate {
	at := [2]int32{int32(d), c}
	if known, ok := m.candidates[at]; ok {
		return known
	}
	var out []candidate
	objects := m.objectsOfPolicies()
	var have []int32
	add := func(s Side, i int32) {
		if n := objects.of[s][i]; !slices.Contains(have, n) {
			have, out = append(have, n), append(out, objects.all[n])
		}
	}
	for s := Base; s <= Head; s++ {
		for _, i := range m.acting[d][s].on(c) {
			add(s, i)
		}
	}
	if look, namespace := m.lookChanged(c), m.namespaceChanged(c); look || namespace {
		for s := Base; s <= Head; s++ {
			for i := range m.policies[s] {
				p := &m.policies[s][i]
				if p.body[d] >= 0 && (objects.all[objects.of[s][i]].changed || look && namespace) && m.mayGovern(p, c) {
					add(s, int32(i))
				}
			}
		}
	}
	if m.candidates == nil {
		m.candidates = make(map[[2]int32][]candidate)
	}
	m.candidates[at] = out
	return out
}

// mayGovern tells whether a policy governs a class with its labels and its namespace's as on any side.
func (m *Model) mayGovern(p *compiled, c int32) bool {
	for _, id := range p.subject {
		for look := Base; look <= Head; look++ {
			for namespace := Base; namespace <= Head; namespace++ {
				if m.isMember(id, c, look, namespace) {
					return true
				}
			}
		}
	}
	return false
}

// isMember tells whether a class is in a set, with what is seen of it and its namespace as on sides.
func (m *Model) isMember(id setID, c int32, look, namespace Side) bool {
	if look == namespace {
		return m.sets.sets[id].members[look].has(c)
	}
	return m.member(id, c, look, namespace) == yes
}

// member is the definition of isMember, for sides that differ: no set is made for these.
func (m *Model) member(id setID, c int32, look, namespace Side) truth {
	t, cl := &m.sets.sets[id], &m.classes[c]
	switch {
	case t.all != nil:
		all := yes
		for _, id := range t.all {
			all = all.and(m.member(id, c, look, namespace))
		}
		for _, id := range t.not {
			all = all.and(m.member(id, c, look, namespace).not())
		}
		return all
	case t.pods == nil:
		return m.match(t, cl, look)
	case !cl.pod[look] || !t.pods.Pods.Matches(m.labels(cl, look)):
		return no
	}
	return matchNamespace(t.pods.Namespaces, &m.namespaces[cl.namespace[look]], namespace)
}

func sideOf(thing int, back []bool) Side {
	if thing >= 0 && back[thing] {
		return Base
	}
	return Head
}

// allows tells whether the connection is allowed with some things put back.
func (r *replay) allows(back []bool) bool {
	return r.decide(policy.Ingress, back) && r.decide(policy.Egress, back)
}

// decide tells whether one direction allows the connection: every layer must.
func (r *replay) decide(d policy.Direction, back []bool) bool {
	acting := r.acting(d, back)
	for len(acting) > 0 {
		n := 0
		for n < len(acting) && acting[n].policy.Tier.Layer == acting[0].policy.Tier.Layer {
			n++
		}
		if !r.decideLayer(d, acting[:n], back) {
			return false
		}
		acting = acting[n:]
	}
	return true
}

// acting are the policies that govern the subject of a direction with some things put back, in order.
func (r *replay) acting(d policy.Direction, back []bool) []*compiled {
	r.found = r.found[:0]
	look, namespace := sideOf(r.look[d], back), sideOf(r.namespace[d], back)
	for n := range r.candidates[d] {
		side := sideOf(r.thing[d][n], back)
		for _, i := range r.candidates[d][n].sides[side] {
			p := &r.m.policies[side][i]
			if p.body[d] >= 0 && slices.ContainsFunc(p.subject, func(id setID) bool { return r.m.isMember(id, r.class[d], look, namespace) }) {
				r.found = append(r.found, ranked{r.m.objects.rank[side][i], p})
			}
		}
	}
	slices.SortStableFunc(r.found, func(x, y ranked) int { return cmp.Compare(x.rank, y.rank) })
	r.order = r.order[:0]
	for _, x := range r.found {
		r.order = append(r.order, x.policy)
	}
	return r.order
}

// ranked is a policy with its place in the order of those of both sides.
type ranked struct {
	rank   int32
	policy *compiled
}

func (r *replay) decideLayer(d policy.Direction, acting []*compiled, back []bool) bool {
	isolatedAtLast := false
	for len(acting) > 0 {
		tier, decided, isolated := acting[0].policy.Tier, false, false
		verdict := policy.Pass
		for len(acting) > 0 && acting[0].policy.Tier == tier {
			b := r.m.bodies.bodies[acting[0].body[d]]
			acting = acting[1:]
			isolated = isolated || b.isolates
			for i := range b.rules {
				if !decided && r.matches(&b.rules[i], d, back) {
					verdict, decided = b.rules[i].verdict, true
				}
			}
		}
		switch {
		case decided && verdict != policy.Pass:
			return verdict == policy.Allow
		case r.m.isolatesLast && tier.Layer == policy.PodNetwork:
			isolatedAtLast = isolatedAtLast || isolated
		case !decided && isolated:
			return false
		}
	}
	return !isolatedAtLast
}

// matches tells whether a rule for a direction matches the other end, and the port.
func (r *replay) matches(rule *bodyRule, d policy.Direction, back []bool) bool {
	ports := rule.ports.Intersects(r.port)
	env := r.m.classes[r.class[policy.Ingress]].ports[sideOf(r.look[policy.Ingress], back)]
	for _, n := range rule.names {
		ports = ports || env.resolve(n.Protocol, n.Name).Intersects(r.port)
	}
	if !ports {
		return false
	}
	look, namespace := sideOf(r.look[1-d], back), sideOf(r.namespace[1-d], back)
	return slices.ContainsFunc(rule.sets, func(id setID) bool { return r.m.isMember(id, r.class[1-d], look, namespace) })
}
