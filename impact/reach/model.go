package reach

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Options are the facts about a cluster that its manifests do not tell.
type Options struct {
	// Renamed pairs workloads of base with those of head that they became; workloads of the same kind, namespace and
	// name are paired anyway.
	Renamed map[*cluster.Workload]*cluster.Workload
	// PodCIDRs are the pods' addresses; none if not known.
	PodCIDRs []netip.Prefix
	// BlocksMissPods tells that blocks of addresses never match pods or nodes, whatever their addresses (Cilium).
	BlocksMissPods bool
}

// Model is two states of a cluster, compiled. It is not safe for use by several goroutines: questions may intern sets of
// ports.
type Model struct {
	// Endpoints are all ends of connections: workloads by namespace, then those on the host's network, potential
	// workloads, outside addresses, names.
	Endpoints []Endpoint

	classes []class
	classOf []int32 // by endpoint
	// changed are the classes that look different to selectors on the two sides.
	changed []int32

	namespaces     []namespace
	namespaceIndex map[string]int32
	nodes          [2]map[string]map[string]string // labels, by name

	mentions  *mentions
	index     index
	places    places
	sets      *setTable
	ports     *portTable
	bodies    *bodyTable
	sequences *sequenceTable
	meanings  map[portName][]meaning
	// unnamed are the classes of which it is not known how they name their ports.
	unnamed runs
	// policies are each side's, in order, with their bodies.
	policies    [2][]compiled
	policyIndex [2]map[string][]int // by the object's key
	// everything is all ports of all protocols, of those without ports where some policy names them.
	everything policy.PortSet
	// tiers are those of both sides, in the order in which they are asked.
	tiers []policy.Tier
	// policyChanged are the keys of policies that do not mean the same on both sides; nil until asked for.
	policyChanged map[string]bool
	changes       changeTable
	// governing are the policies that may govern a class with only some changes put back, by direction and class.
	governing map[[2]int32][]string
	// seq is what acts on each class, by direction and side, and acting the policies that it is made of.
	seq    [2][2][]seqID
	acting [2][2]acting

	// accountLabels are the labels of workloads with what stands for their ServiceAccounts, where selectors ask for it.
	accountLabels  map[*cluster.Workload]map[string]string
	podCIDRs       *netipx.IPSet
	blocksMissPods bool
	hasBlocks      bool
	// hasUnknown tells that some set has uncertain members.
	hasUnknown bool
}

// compiled is a policy whose parts are interned. A body is -1 where the policy says nothing in that direction.
type compiled struct {
	policy  *policy.Policy
	subject []setID
	body    [2]int32
}

// New compiles two states. A single state is compared with itself.
func New(base, head *cluster.State, o Options) *Model {
	m := &Model{
		namespaceIndex: make(map[string]int32),
		mentions:       newMentions(),
		sets:           newSetTable(),
		bodies:         &bodyTable{byKey: make(map[string]int32)},
		sequences:      newSequenceTable(),
		accountLabels:  make(map[*cluster.Workload]map[string]string),
		blocksMissPods: o.BlocksMissPods,
		podCIDRs:       prefixSet(o.PodCIDRs),
	}
	states := [2]*cluster.State{base, head}
	m.addNamespaces(states)
	m.addTiers(states)
	m.everything = everything(states)
	m.ports = newPortTable(m.everything)
	m.addPolicies(states)
	m.addWorkloads(states, o.Renamed)
	m.classify()
	m.findPlaces()
	m.fillSets()
	m.addMeanings()
	m.addSequences(states)
	return m
}

func prefixSet(prefixes []netip.Prefix) *netipx.IPSet {
	if len(prefixes) == 0 {
		return nil
	}
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(p)
	}
	return built(&b)
}

// namespaceNumber is a namespace's number, or -1.
func (m *Model) namespaceNumber(name string) int32 {
	if n, ok := m.namespaceIndex[name]; ok {
		return n
	}
	return -1
}

func (m *Model) addNamespaces(states [2]*cluster.State) {
	names := make(map[string]bool)
	for _, s := range states {
		for name := range s.Namespaces {
			names[name] = true
		}
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		ns := namespace{name: name}
		for s := Base; s <= Head; s++ {
			// A namespace that comes or goes has the same labels before and after.
			n := cmp.Or(states[s].Namespaces[name], states[1-s].Namespaces[name])
			ns.labels[s], ns.known[s] = n.Labels, n.Known
		}
		m.addNamespace(ns)
	}
	for s, state := range states {
		m.nodes[s] = make(map[string]map[string]string)
		for _, n := range state.Nodes {
			m.nodes[s][n.Name] = n.Labels
		}
	}
}

func (m *Model) addNamespace(ns namespace) {
	i := int32(len(m.namespaces))
	m.namespaceIndex[ns.name] = i
	m.namespaces = append(m.namespaces, ns)
	if m.index.labelled != nil {
		m.indexNamespace(i)
	}
}

// addTiers numbers the tiers of both sides in the order in which they are asked.
func (m *Model) addTiers(states [2]*cluster.State) {
	seen := make(map[policy.Tier]bool)
	for _, state := range states {
		for _, p := range state.Policies {
			if !seen[p.Tier] {
				seen[p.Tier] = true
				m.tiers = append(m.tiers, p.Tier)
			}
		}
	}
	slices.SortFunc(m.tiers, policy.Tier.Compare)
}

// everything is every port, and all of the protocols without ports that some policy names.
func everything(states [2]*cluster.State) policy.PortSet {
	all := policy.AllPorts()
	named := make(map[policy.Protocol]bool)
	for _, state := range states {
		for _, p := range state.Policies {
			for _, rules := range p.Rules {
				for i := range rules {
					for _, port := range rules[i].Ports {
						if !port.Protocol.HasPorts() && port.Name == "" && !named[port.Protocol] {
							named[port.Protocol] = true
							all = all.Union(policy.Whole(port.Protocol))
						}
					}
				}
			}
		}
	}
	return all
}

// tier is a tier's number.
func (m *Model) tier(t policy.Tier) tierID { return tierID(slices.Index(m.tiers, t)) }

func (m *Model) layer(t tierID) policy.Layer { return m.tiers[t].Layer }

// addPolicies interns what the policies of both sides say.
func (m *Model) addPolicies(states [2]*cluster.State) {
	type part struct {
		object *manifest.Object
		number int
	}
	done := make(map[part]compiled) // what is the same on both sides is interned once
	for s, state := range states {
		m.policies[s] = make([]compiled, len(state.Policies))
		m.policyIndex[s] = make(map[string][]int, len(state.Policies))
		for i, p := range state.Policies {
			c, ok := done[part{p.Object, p.Number}]
			if !ok {
				c = m.compile(p)
				done[part{p.Object, p.Number}] = c
			}
			c.policy = p
			m.policies[s][i] = c
			key := p.Object.Key()
			m.policyIndex[s][key] = append(m.policyIndex[s][key], i)
		}
	}
	for i := range m.sets.sets {
		if p := m.sets.sets[i].pods; p != nil {
			m.mentions.selector(p.Pods)
		}
		m.hasBlocks = m.hasBlocks || m.sets.sets[i].block != nil
	}
}

func (m *Model) compile(p *policy.Policy) compiled {
	c := compiled{policy: p, body: [2]int32{-1, -1}}
	for _, subject := range p.Subject {
		c.subject = append(c.subject, m.sets.pods(subject))
	}
	for _, d := range policy.Directions {
		if b := m.newBody(p, d); b != nil {
			c.body[d] = m.bodies.id(b)
		}
	}
	return c
}

// addWorkloads pairs the workloads of the two sides.
func (m *Model) addWorkloads(states [2]*cluster.State, renamed map[*cluster.Workload]*cluster.Workload) {
	type identity struct{ kind, namespace, name string }
	of := func(w *cluster.Workload) identity { return identity{w.Kind, w.Namespace, w.Name} }
	at := make(map[identity]int, len(states[Head].Workloads))
	atHead := make(map[*cluster.Workload]int, len(renamed))
	for _, w := range states[Head].Workloads {
		at[of(w)] = len(m.Endpoints)
		atHead[w] = len(m.Endpoints)
		m.Endpoints = append(m.Endpoints, Endpoint{Workload: [2]*cluster.Workload{Head: w}})
	}
	for _, w := range states[Base].Workloads {
		i, ok := at[of(w)]
		if to := renamed[w]; to != nil {
			i, ok = atHead[to], true
		}
		if ok {
			m.Endpoints[i].Workload[Base] = w
			continue
		}
		m.Endpoints = append(m.Endpoints, Endpoint{Workload: [2]*cluster.Workload{Base: w}})
	}
	slices.SortStableFunc(m.Endpoints, func(a, b Endpoint) int {
		v, w := a.on(Head), b.on(Head)
		if v.HostNetwork != w.HostNetwork {
			if v.HostNetwork {
				return 1
			}
			return -1
		}
		return cmp.Or(strings.Compare(v.Namespace, w.Namespace), strings.Compare(v.Kind, w.Kind), strings.Compare(v.Name, w.Name))
	})
}

// classify sorts the workloads into classes, adds what is no rendered workload, and indexes all of it.
func (m *Model) classify() {
	c := &classifier{model: m, mentions: m.mentions, byKey: make(map[string]int32), envs: make(map[string]*namedPorts)}
	c.addFrom(0)
	m.findChanged(0)
	m.buildIndex()
	indexed, added := len(m.classes), len(m.Endpoints)
	m.addPotentials()
	m.addOutside()
	c.addFrom(added)
	m.findChanged(indexed)
	for i := indexed; i < len(m.classes); i++ {
		m.addToIndex(int32(i))
	}
}

// addOutside adds names, nodes and the addresses outside the cluster.
func (m *Model) addOutside() {
	var blocks []*blockSet
	for i := range m.sets.sets {
		switch s := &m.sets.sets[i]; {
		case s.block != nil:
			blocks = append(blocks, s.block)
		case s.domain != nil:
			m.Endpoints = append(m.Endpoints, Endpoint{Domain: s.domain.Domain, OneLabel: s.domain.OneLabel})
		case s.entity != "":
			m.Endpoints = append(m.Endpoints, Endpoint{Entity: s.entity})
		case s.nodes != nil:
			m.Endpoints = append(m.Endpoints, Endpoint{Nodes: s.nodes})
		}
	}
	m.Endpoints = append(m.Endpoints, externals(blocks, m.podCIDRs)...)
}

// findChanged lists the classes, from a number on, that selectors may see differently on the two sides.
func (m *Model) findChanged(first int) {
	for c := first; c < len(m.classes); c++ {
		cl := &m.classes[c]
		ns := cl.namespace[Head]
		if cl.changed || ns >= 0 && !sameLabels(&m.namespaces[ns]) || !cl.pod[Head] && m.nodeChanged(cl) {
			m.changed = append(m.changed, int32(c))
		}
	}
}

// nodeChanged tells whether the node of pods on its network has other labels on head.
func (m *Model) nodeChanged(c *class) bool {
	e := &m.Endpoints[c.endpoints[0]]
	if e.isOutside() {
		return false
	}
	node := e.on(Head).Node
	return !maps.Equal(m.nodes[Base][node], m.nodes[Head][node])
}

func sameLabels(ns *namespace) bool {
	if ns.known[Base] != ns.known[Head] || len(ns.labels[Base]) != len(ns.labels[Head]) {
		return false
	}
	for key, value := range ns.labels[Head] {
		if before, ok := ns.labels[Base][key]; !ok || before != value {
			return false
		}
	}
	return true
}

// fillSets finds the members of every set.
func (m *Model) fillSets() {
	for i := range m.sets.sets {
		t := &m.sets.sets[i]
		m.fillSet(t)
		m.hasUnknown = m.hasUnknown || len(t.unknown[Base]) > 0 || len(t.unknown[Head]) > 0
	}
}

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

// acting lists for each class the policies that act on it, in order: class c's are policies[starts[c]:starts[c+1]],
// numbers of the side's policies.
type acting struct{ starts, policies []int32 }

// on are the policies on a class.
func (a *acting) on(c int32) []int32 { return a.policies[a.starts[c]:a.starts[c+1]] }

// addSequences finds what acts on each class.
func (m *Model) addSequences(states [2]*cluster.State) {
	var scratch []byte
	var bodies []int32
	for _, d := range policy.Directions {
		for s := Base; s <= Head; s++ {
			if s == Head && states[Base] == states[Head] {
				m.seq[d][Head], m.acting[d][Head] = m.seq[d][Base], m.acting[d][Base]
				continue
			}
			a := m.actingOn(d, s)
			ids := make([]seqID, len(m.classes))
			for c := range ids {
				bodies = bodies[:0]
				for _, p := range a.on(int32(c)) {
					bodies = append(bodies, m.policies[s][p].body[d])
				}
				ids[c] = m.sequenceOf(d, bodies, m.classes[c].ports[s], &scratch)
			}
			m.seq[d][s], m.acting[d][s] = ids, a
		}
	}
	for i := range m.sets.sets {
		if t := &m.sets.sets[i]; t.resolves != nil {
			m.fillPart(t)
		}
	}
}

// actingOn finds the policies on each class in a direction.
func (m *Model) actingOn(d policy.Direction, s Side) acting {
	each := func(f func(c, p int32)) {
		for i, p := range m.policies[s] {
			if p.body[d] < 0 {
				continue
			}
			var subject runs
			for _, id := range p.subject {
				subject = subject.union(m.sets.sets[id].members[s])
			}
			subject.each(func(c int32) { f(c, int32(i)) })
		}
	}
	starts := make([]int32, len(m.classes)+1)
	each(func(c, _ int32) { starts[c+1]++ })
	for c := range m.classes {
		starts[c+1] += starts[c]
	}
	policies := make([]int32, starts[len(m.classes)])
	next := slices.Clone(starts)
	each(func(c, p int32) {
		policies[next[c]] = p
		next[c]++
	})
	return acting{starts, policies}
}

// Acting are the policies that say something about an endpoint in a direction, on a side.
func (m *Model) Acting(d policy.Direction, s Side, endpoint int32) []*policy.Policy {
	var out []*policy.Policy
	for _, p := range m.acting[d][s].on(m.classOf[endpoint]) {
		out = append(out, m.policies[s][p].policy)
	}
	return out
}

// Class is the number of an endpoint's class: endpoints of one class have the same connections.
func (m *Model) Class(endpoint int32) int32 { return m.classOf[endpoint] }

// Isolated tells whether anything is denied to an endpoint in a direction for want of a rule, on a side.
func (m *Model) Isolated(d policy.Direction, s Side, endpoint int32) bool {
	for _, st := range m.sequences.sequences[m.seq[d][s][m.classOf[endpoint]]] {
		if st.deny {
			return true
		}
	}
	return false
}

// Selected are the endpoints that the policy of an object's key selects on a side.
func (m *Model) Selected(s Side, key string) []int32 {
	var classes runs
	for _, i := range m.policyIndex[s][key] {
		for _, id := range m.policies[s][i].subject {
			classes = classes.union(m.sets.sets[id].members[s])
		}
	}
	return m.endpointsOf(classes)
}

// Breadth is how many endpoints the policy of an object's key selects, on the side that has more.
func (m *Model) Breadth(key string) int {
	return max(len(m.Selected(Base, key)), len(m.Selected(Head, key)))
}
