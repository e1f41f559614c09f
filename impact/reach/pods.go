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

// given is the value of a label that a controller gives to its pods: that it is there is known, its value is not. No
// policy can ask for it.
const given = "\x00"

// podLabels are a workload's labels and, where some selector asks for it, what stands for its ServiceAccount and for the
// labels that its controller gives.
func (m *Model) podLabels(w *cluster.Workload) map[string]string {
	if !m.mentions.accounts && !m.mentions.given {
		return w.Labels
	}
	labels := m.allLabels[w]
	if labels == nil {
		labels = make(map[string]string, len(w.Labels)+1+len(w.AccountLabels))
		maps.Copy(labels, w.Labels)
		labels[policy.Account] = w.ServiceAccount
		for key, value := range w.AccountLabels {
			labels[policy.AccountLabel+key] = value
		}
		for _, key := range w.GivenLabels() {
			if _, known := labels[key]; !known {
				labels[key] = given
			}
		}
		m.allLabels[w] = labels
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
		if !present && !ns.known[s] && !ns.lacks[r.Key] && r.Key != cluster.NameLabel {
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
