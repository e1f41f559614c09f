package reach

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
)

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

// namespaceNumber is a namespace's number, or -1.
func (m *Model) namespaceNumber(name string) int32 {
	if n, ok := m.namespaceIndex[name]; ok {
		return n
	}
	return -1
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
func (m *Model) classify(o Options) {
	c := &classifier{model: m, mentions: m.mentions, byKey: make(map[string]int32), envs: make(map[string]*namedPorts)}
	c.addFrom(0)
	m.findChanged(0)
	m.buildIndex()
	indexed, added := len(m.classes), len(m.Endpoints)
	m.addPotentials(o.Named)
	m.addOutside(o.Asked)
	c.addFrom(added)
	m.findChanged(indexed)
	for i := indexed; i < len(m.classes); i++ {
		m.addToIndex(int32(i))
	}
}

// addOutside adds names, nodes and the addresses outside the cluster, with those that are asked about apart.
func (m *Model) addOutside(asked []netip.Prefix) {
	var blocks []*blockSet
	for _, a := range asked {
		blocks = append(blocks, &blockSet{ips: prefixSet([]netip.Prefix{a})})
	}
	for i := range m.sets.sets {
		switch s := &m.sets.sets[i]; {
		case s.block != nil:
			blocks = append(blocks, s.block)
		case s.domain != nil:
			m.Endpoints = append(m.Endpoints, Endpoint{Domain: s.domain.Domain, OneLabel: s.domain.OneLabel})
		case s.entity != "":
			m.Endpoints = append(m.Endpoints, Endpoint{Entity: s.entity, inside: s.inside})
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
