package reach

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// unseen is the name label of a namespace that is in no manifest; no policy can ask for it.
const unseen = "\x00"

// index finds the classes that a selector may match without looking at all of them. It is made of head's labels.
type index struct {
	// postings are the classes of pods with a label that some selector asks for, ascending.
	postings map[label][]int32
	// labelled are the namespaces with a label, and unlabelled those of which not every label is known, on head.
	labelled   map[label][]int32
	unlabelled []int32
}

type label struct{ key, value string }

func (m *Model) buildIndex() {
	m.index = index{postings: make(map[label][]int32), labelled: make(map[label][]int32)}
	for i := range m.namespaces {
		m.indexNamespace(int32(i))
	}
	for c := range m.classes {
		m.addToIndex(int32(c))
	}
}

// indexNamespace adds a namespace; they come in ascending order.
func (m *Model) indexNamespace(i int32) {
	ns := &m.namespaces[i]
	for key, value := range ns.labels[Head] {
		l := label{key, value}
		m.index.labelled[l] = append(m.index.labelled[l], i)
	}
	if !ns.known[Head] {
		m.index.unlabelled = append(m.index.unlabelled, i)
	}
}

// addToIndex adds a class; classes come in ascending order.
func (m *Model) addToIndex(c int32) {
	cl := &m.classes[c]
	if !cl.pod[Head] {
		return
	}
	ns := &m.namespaces[cl.namespace[Head]]
	ns.classes = ns.classes.append(c, c+1)
	for key, value := range m.labels(cl, Head) {
		if values := m.mentions.values[key]; values != nil && values[value] {
			l := label{key, value}
			m.index.postings[l] = append(m.index.postings[l], c)
		}
	}
}

// labels are the pods' labels of a class.
func (m *Model) labels(c *class, s Side) map[string]string {
	e := &m.Endpoints[c.endpoints[0]]
	if e.Potential != nil {
		return e.Potential.labels
	}
	return m.podLabels(e.on(s))
}

// podLabels are a workload's labels and, where some selector asks for it, what stands for its ServiceAccount.
func (m *Model) podLabels(w *cluster.Workload) map[string]string {
	if !m.mentions.accounts {
		return w.Labels
	}
	labels := m.accountLabels[w]
	if labels == nil {
		labels = make(map[string]string, len(w.Labels)+1+len(w.AccountLabels))
		maps.Copy(labels, w.Labels)
		labels[policy.Account] = w.ServiceAccount
		for key, value := range w.AccountLabels {
			labels[policy.AccountLabel+key] = value
		}
		m.accountLabels[w] = labels
	}
	return labels
}

// matchPods tells whether a class's pods are among those selected.
func (m *Model) matchPods(p *policy.Pods, c *class, s Side) truth {
	if !c.pod[s] || !p.Pods.Matches(m.labels(c, s)) {
		return no
	}
	return matchNamespace(p.Namespaces, &m.namespaces[c.namespace[s]], s)
}

// matchNamespace tells whether a namespace is selected. Labels of a namespace that is not in the manifests are unknown,
// but for its name.
func matchNamespace(n policy.Namespaces, ns *namespace, s Side) truth {
	if n.Name != "" {
		return truthOf(n.Name == ns.name)
	}
	all := yes
	for i := range n.Selector.Requirements {
		r := &n.Selector.Requirements[i]
		_, present := ns.labels[s][r.Key]
		if !present && !ns.known[s] && r.Key != cluster.NameLabel {
			all = all.and(unknown)
			continue
		}
		all = all.and(truthOf(r.Matches(ns.labels[s])))
	}
	return all
}

// eachNamespace calls yield with the namespaces that are selected or may be, on head, until yield returns false.
func (m *Model) eachNamespace(n policy.Namespaces, yield func(ns *namespace, t truth) bool) {
	try := func(i int32) bool {
		ns := &m.namespaces[i]
		t := matchNamespace(n, ns, Head)
		return t == no || yield(ns, t)
	}
	if n.Name != "" {
		if i := m.namespaceNumber(n.Name); i >= 0 {
			try(i)
		}
		return
	}
	for _, r := range n.Selector.Requirements {
		if r.Operator != metav1.LabelSelectorOpIn {
			continue
		}
		for _, v := range r.Values {
			for _, i := range m.index.labelled[label{r.Key, v}] {
				if !try(i) {
					return
				}
			}
		}
		if r.Key != cluster.NameLabel {
			for _, i := range m.index.unlabelled {
				if _, has := m.namespaces[i].labels[Head][r.Key]; !has && !try(i) {
					return
				}
			}
		}
		return
	}
	for i := range m.namespaces {
		if !try(int32(i)) {
			return
		}
	}
}

// driver lists the classes with one of the labels that a selector asks for by value, a list a value, for the requirement
// that has the fewest.
func (m *Model) driver(s policy.Selector) (lists [][]int32, ok bool) {
	best, count := -1, 0
	for i, r := range s.Requirements {
		if r.Operator != metav1.LabelSelectorOpIn {
			continue
		}
		n := 0
		for _, v := range r.Values {
			n += len(m.index.postings[label{r.Key, v}])
		}
		if best < 0 || n < count {
			best, count = i, n
		}
	}
	if best < 0 {
		return nil, false
	}
	r := &s.Requirements[best]
	lists = make([][]int32, len(r.Values))
	for i, v := range r.Values {
		lists[i] = m.index.postings[label{r.Key, v}]
	}
	return lists, true
}

// eachPod calls yield with the classes that a selector matches or may match on head, each once, in no order, until
// yield returns false.
func (m *Model) eachPod(p *policy.Pods, yield func(c int32, t truth) bool) {
	lists, ok := m.driver(p.Pods)
	// What the only requirement found need not be asked again.
	certain := p.Pods.Everything() || ok && len(p.Pods.Requirements) == 1
	try := func(list []int32, t truth) bool {
		for _, c := range list {
			if (certain || p.Pods.Matches(m.labels(&m.classes[c], Head))) && !yield(c, t) {
				return false
			}
		}
		return true
	}
	if ok && p.Namespaces.Name == "" && p.Namespaces.Selector.Everything() {
		for _, list := range lists {
			if !try(list, yes) {
				return
			}
		}
		return
	}
	m.eachNamespace(p.Namespaces, func(ns *namespace, t truth) bool {
		if !ok {
			return try(ns.classes.numbers(), t)
		}
		for _, list := range lists {
			if !try(ns.classes.within(list), t) {
				return false
			}
		}
		return true
	})
}

// podMembers finds the classes that a selector matches, and those that it may match, on head.
func (m *Model) podMembers(p *policy.Pods) (members, maybe runs) {
	if p.Namespaces.Name != "" && p.Pods.Everything() {
		if ns := m.namespaceNumber(p.Namespaces.Name); ns >= 0 {
			members = m.namespaces[ns].classes
		}
		return members, nil
	}
	var found [3][]int32
	m.eachPod(p, func(c int32, t truth) bool {
		found[t] = append(found[t], c)
		return true
	})
	for _, list := range found {
		if !slices.IsSorted(list) {
			slices.Sort(list)
		}
	}
	return runsOf(found[yes]), runsOf(found[unknown])
}

// matchAddress tells whether a class's address is in a block.
func (m *Model) matchAddress(b *blockSet, c *class, s Side) truth {
	e := &m.Endpoints[c.endpoints[0]]
	switch {
	case e.External != nil:
		return truthOf(b.ips.ContainsPrefix(e.External[0]))
	case e.Domain != "", e.Entity != "":
		return m.anywhere(b)
	case m.blocksMissPods:
		return no
	case e.Nodes != nil:
		return b.private
	case e.Potential != nil:
		return m.podAddress(b)
	}
	w := e.on(s)
	if len(w.IPs) > 0 {
		for _, ip := range w.IPs {
			if b.ips.Contains(ip) {
				return yes
			}
		}
		return no
	}
	if w.HostNetwork {
		return b.private
	}
	return m.podAddress(b)
}

// podAddress is what is known of a pod whose address is not: it is one of the configured addresses of pods, or private.
func (m *Model) podAddress(b *blockSet) truth {
	if m.podCIDRs == nil {
		return b.private
	}
	v4, v6 := covers(b.ips, m.podCIDRs, true), covers(b.ips, m.podCIDRs, false)
	switch {
	case v4 == yes || v6 == yes:
		return yes
	case v4 == no && v6 == no:
		return no
	}
	return unknown
}

// anywhere is what is known of an address that may be any: only a block of all addresses holds it for sure.
func (m *Model) anywhere(b *blockSet) truth {
	for _, p := range b.ips.Prefixes() {
		if p.Bits() == 0 {
			return yes
		}
	}
	return unknown
}

// osLabel is on every node; Linux is what runs the networks that enforce policies.
const osLabel = "kubernetes.io/os"

// matchNode tells whether a class of pods on the host's network runs on a selected node.
func (m *Model) matchNode(n *policy.Selector, c *class, s Side) truth {
	e := &m.Endpoints[c.endpoints[0]]
	switch {
	case e.Nodes != nil:
		// Only the labels that its own selector asks for are known of it.
		labels := minimal(*e.Nodes)
		if n.String() == e.Nodes.String() || n.Everything() || len(labels) == 0 {
			return yes
		}
		return matchPartly(n, labels[0])
	case e.isOutside() || e.Potential != nil || c.pod[s]:
		return no
	}
	if labels, ok := m.nodes[s][e.on(s).Node]; ok {
		return truthOf(n.Matches(labels))
	}
	return matchPartly(n, map[string]string{osLabel: "linux"})
}

// matchPartly matches where some labels are known and others are not.
func matchPartly(n *policy.Selector, known map[string]string) truth {
	all := yes
	for i := range n.Requirements {
		r := &n.Requirements[i]
		if _, has := known[r.Key]; !has {
			all = all.and(unknown)
			continue
		}
		all = all.and(truthOf(r.Matches(known)))
	}
	return all
}

// match tells whether a class is in a set on a side; it is the definition that the index only speeds up.
func (m *Model) match(t *set, c *class, s Side) truth {
	switch {
	case t.pods != nil:
		return m.matchPods(t.pods, c, s)
	case t.block != nil:
		return m.matchAddress(t.block, c, s)
	case t.nodes != nil:
		return m.matchNode(t.nodes, c, s)
	case t.domain != nil:
		e := &m.Endpoints[c.endpoints[0]]
		return truthOf(t.domain.CoversDomain(policy.Peer{Domain: e.Domain, OneLabel: e.OneLabel}))
	case t.entity != "":
		return truthOf(m.Endpoints[c.endpoints[0]].Entity == t.entity)
	}
	return yes
}

// fillSet finds a set's members on both sides. Only classes whose looks changed can be members on one side alone.
func (m *Model) fillSet(t *set) {
	if t.all != nil {
		m.compose(t)
		return
	}
	switch {
	case t.pods != nil:
		t.members[Head], t.unknown[Head] = m.podMembers(t.pods)
	case t.block != nil:
		t.members[Head], t.unknown[Head] = m.blockMembers(t.block)
	case t == &m.sets.sets[anySet]:
		t.members[Head] = runs{{0, int32(len(m.classes))}}
	default:
		t.members[Head], t.unknown[Head] = m.matching(t, m.places.notPods)
	}
	t.members[Base], t.unknown[Base] = t.members[Head], t.unknown[Head]
	var in, out, maybe []int32
	for _, c := range m.changed {
		before, after := m.match(t, &m.classes[c], Base), m.match(t, &m.classes[c], Head)
		if before == after {
			continue
		}
		switch before {
		case yes:
			in = append(in, c)
		case unknown:
			maybe = append(maybe, c)
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		gone := runsOf(out)
		t.members[Base] = t.members[Head].minus(gone).union(runsOf(in))
		t.unknown[Base] = t.unknown[Head].minus(gone).union(runsOf(maybe))
	}
}

// compose finds the members of a set that is made of others, which are filled.
func (m *Model) compose(t *set) {
	for s := Base; s <= Head; s++ {
		members, maybe := runs{{0, int32(len(m.classes))}}, runs{{0, int32(len(m.classes))}}
		for _, id := range t.all {
			of := &m.sets.sets[id]
			members = members.intersect(of.members[s])
			maybe = maybe.intersect(of.members[s].union(of.unknown[s]))
		}
		for _, id := range t.not {
			of := &m.sets.sets[id]
			members = members.minus(of.members[s]).minus(of.unknown[s])
			maybe = maybe.minus(of.members[s])
		}
		t.members[s], t.unknown[s] = members, maybe.minus(members)
	}
}

// matching finds a set's members among some classes, on head.
func (m *Model) matching(t *set, among []int32) (members, maybe runs) {
	for _, c := range among {
		switch m.match(t, &m.classes[c], Head) {
		case yes:
			members = members.append(c, c+1)
		case unknown:
			maybe = maybe.append(c, c+1)
		}
	}
	return members, maybe
}

// places sorts classes by what is known of their addresses on head.
type places struct {
	// somewhere are pods of whose addresses no more is known than of any pod's.
	somewhere runs
	// addressed are all others: pods with addresses, and what notPods lists.
	addressed []int32
	// notPods are workloads on the host's network, outside addresses, names and nodes.
	notPods []int32
}

func (m *Model) findPlaces() {
	for c := range m.classes {
		cl, n := &m.classes[c], int32(c)
		e := &m.Endpoints[cl.endpoints[0]]
		switch {
		case !cl.pod[Head]:
			m.places.notPods = append(m.places.notPods, n)
			m.places.addressed = append(m.places.addressed, n)
		case e.Potential == nil && len(e.on(Head).IPs) > 0:
			m.places.addressed = append(m.places.addressed, n)
		default:
			m.places.somewhere = m.places.somewhere.append(n, n+1)
		}
	}
}

// blockMembers finds the classes with addresses in a block.
func (m *Model) blockMembers(b *blockSet) (members, maybe runs) {
	members, maybe = m.matching(&set{block: b}, m.places.addressed)
	pods := no
	if !m.blocksMissPods {
		pods = m.podAddress(b)
	}
	switch pods {
	case yes:
		members = members.union(m.places.somewhere)
	case unknown:
		maybe = maybe.union(m.places.somewhere)
	}
	return members, maybe
}

// minimal makes labels that meet a selector and have nothing else, one for each combination of the values it asks for.
// Exists is met by a value that no policy asks for.
func minimal(s policy.Selector) []map[string]string {
	all := []map[string]string{{}}
	for _, r := range s.Requirements {
		var values []string
		switch r.Operator {
		case metav1.LabelSelectorOpIn:
			values = r.Values
		case metav1.LabelSelectorOpExists:
			values = []string{unseen}
		case policy.Contains, policy.StartsWith, policy.EndsWith:
			values = r.Values
		default:
			continue
		}
		var next []map[string]string
		for _, labels := range all {
			for _, v := range values {
				if old, has := labels[r.Key]; has && old != unseen {
					if v == unseen || v == old {
						next = append(next, labels)
					}
					continue
				}
				more := map[string]string{r.Key: v}
				for key, value := range labels {
					if key != r.Key {
						more[key] = value
					}
				}
				next = append(next, more)
			}
		}
		all = next
		if len(all) > maxCombinations {
			all = all[:maxCombinations]
		}
	}
	return slices.DeleteFunc(all, func(labels map[string]string) bool { return !s.Matches(labels) })
}

// maxCombinations bounds how many potential workloads one selector stands for.
const maxCombinations = 64
