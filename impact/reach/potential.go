package reach

import (
	"cmp"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// addPotentials adds an endpoint for each selector that no rendered workload answers to on either side or that others may
// answer to as well, for the cluster's name service, for any pod of any namespace that is not in the manifests, and for what
// is asked about.
func (m *Model) addPotentials(named []policy.Pods) {
	p := potentials{model: m, seen: make(map[string]bool)}
	p.nameService()
	for _, c := range m.controllers { // like the name service, they are there even where another repository deploys them
		if c.Pods != nil && !m.anyPod(c.Pods) {
			p.add(*c.Pods, nil)
		}
	}
	p.anyOther()
	for i := range m.sets.sets {
		if pods := m.sets.sets[i].pods; pods != nil && (isOpen(pods) || !m.anyPod(pods)) {
			p.add(*pods, nil)
		}
	}
	for _, pods := range named {
		p.add(pods, nil)
	}
	p.addRelabelled()
	p.addOthers()
	slices.SortFunc(p.found, func(a, b Potential) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.Pods, b.Pods))
	})
	for i := range p.found {
		m.Endpoints = append(m.Endpoints, Endpoint{Potential: &p.found[i]})
	}
}

// nameService adds the pods of the cluster's name service, which always exists, rendered or not.
func (p *potentials) nameService() {
	ports := make(map[string][]cluster.ContainerPort)
	var all []policy.Pods
	for _, n := range p.model.names[Head] {
		if n.Pods == nil || p.model.anyPod(n.Pods) {
			continue
		}
		key := n.Pods.Key()
		if ports[key] == nil {
			all = append(all, *n.Pods)
		}
		ports[key] = append(ports[key], cluster.ContainerPort{Name: "dns", Protocol: policy.UDP, Port: n.Port}, cluster.ContainerPort{Name: "dns-tcp", Protocol: policy.TCP, Port: n.Port})
	}
	for _, pods := range all {
		p.add(pods, ports[pods.Key()])
	}
}

// isOpen tells whether other pods may answer to a selector beside those that are rendered and do: in other namespaces
// with the labels that it asks for, or in a namespace that it selects as a whole.
func isOpen(p *policy.Pods) bool {
	n := p.Namespaces
	if n.Name != "" {
		return false
	}
	isName := func(r policy.Requirement) bool { return r.Key == cluster.NameLabel && inValues(r) != nil }
	return p.Pods.Everything() || !slices.ContainsFunc(n.Selector.Requirements, isName)
}

// anyPod tells whether any rendered workload answers to a selector for sure.
func (m *Model) anyPod(p *policy.Pods) bool {
	found := false
	m.eachPod(p, func(_ int32, t truth) bool {
		found = t == yes
		return !found
	})
	for _, c := range m.changed {
		found = found || m.matchPods(p, &m.classes[c], Base) == yes
	}
	return found
}

type potentials struct {
	model *Model
	found []Potential
	seen  map[string]bool
}

// add makes the potential workloads of a selector: one for each combination of the label values that it asks for.
func (p *potentials) add(pods policy.Pods, ports []cluster.ContainerPort) {
	for _, ns := range p.namespaces(pods.Namespaces) {
		for _, labels := range minimal(pods.Pods) {
			q := Potential{Namespaces: ns.shown, Pods: shown(pods.Pods, labels), namespace: ns.name, labels: labels, ports: ports}
			if key := q.namespace + "\x00" + q.Pods; !p.seen[key] {
				p.seen[key] = true
				p.found = append(p.found, q)
			}
		}
	}
}

// shown is the part of a selector that one combination of label values stands for.
func shown(s policy.Selector, labels map[string]string) string {
	narrowed := make([]policy.Requirement, len(s.Requirements))
	for i, r := range s.Requirements {
		narrowed[i] = r
		if len(inValues(r)) > 1 {
			narrowed[i].Values = []string{labels[r.Key]}
		}
	}
	return policy.Canonical(narrowed).Plain()
}

type potentialNamespace struct{ name, shown string }

// namespaces are those where a selector's potential workloads may be: the named ones, or one that stands for all that
// the selector selects and that are not in the manifests.
func (p *potentials) namespaces(n policy.Namespaces) []potentialNamespace {
	if n.Name != "" {
		return []potentialNamespace{p.named(n.Name, nil, nil)}
	}
	var out []potentialNamespace
	for _, labels := range minimal(n.Selector) {
		name, isNamed := labels[cluster.NameLabel]
		isNamed = isNamed && name != unseen
		if isNamed && !p.isUncertain(name, n) {
			out = append(out, p.named(name, labels, lacking(n.Selector, labels)))
			continue
		}
		text := shown(n.Selector, labels)
		name = "{" + text + "}"
		if p.model.namespaceNumber(name) < 0 {
			lacks := lacking(n.Selector, labels)
			if !isNamed {
				labels[cluster.NameLabel] = unseen
			}
			p.model.addNamespace(namespace{name: name, labels: [2]map[string]string{labels, labels}, lacks: lacks})
		}
		out = append(out, potentialNamespace{name, text})
	}
	return out
}

// isUncertain tells whether it cannot be known if a namespace that is here already is selected. What is in it would count
// as not selected, so that another one has to stand for it.
func (p *potentials) isUncertain(name string, n policy.Namespaces) bool {
	i := p.model.namespaceNumber(name)
	if i < 0 {
		return false
	}
	ns := &p.model.namespaces[i]
	before, after := matchNamespace(n, ns, Base), matchNamespace(n, ns, Head)
	return before != yes && after != yes && (before == unknown || after == unknown)
}

// named is a namespace that is known by its name, and by the labels of the selector that names it.
func (p *potentials) named(name string, labels map[string]string, lacks map[string]bool) potentialNamespace {
	if p.model.namespaceNumber(name) < 0 {
		all := map[string]string{cluster.NameLabel: name}
		maps.Copy(all, labels)
		p.model.addNamespace(namespace{name: name, labels: [2]map[string]string{all, all}, lacks: lacks})
	}
	return potentialNamespace{name, name}
}

// lacking are the keys that a selector asks about and that labels which meet it do not have.
func lacking(s policy.Selector, labels map[string]string) map[string]bool {
	out := make(map[string]bool)
	for _, r := range s.Requirements {
		if _, has := labels[r.Key]; !has && r.Key != cluster.NameLabel {
			out[r.Key] = true
		}
	}
	return out
}

// anyOther adds a pod without labels in a namespace of which nothing is known: what reaches it is open to whoever
// comes.
func (p *potentials) anyOther() {
	p.add(policy.Pods{}, nil)
}

// Ports are the ports that the pods are known to listen on.
func (p *Potential) Ports() []cluster.ContainerPort { return p.ports }
