package reach

import (
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// addRelabelled adds potential workloads to the namespaces whose labels differ between the sides: where a selector
// selects such a namespace on one side only and no workload there answers to it, nothing else would show the change. Namespaces are often kept in another place than what runs in them.
func (p *potentials) addRelabelled() {
	m := p.model
	var changed []namespace
	for _, ns := range m.namespaces {
		if ns.known[Base] && ns.known[Head] && !maps.Equal(ns.labels[Base], ns.labels[Head]) {
			changed = append(changed, ns)
		}
	}
	for i := range m.sets.sets {
		pods := m.sets.sets[i].pods
		if pods == nil {
			continue
		}
		for j := range changed {
			ns := &changed[j]
			if matchNamespace(pods.Namespaces, ns, Base) == matchNamespace(pods.Namespaces, ns, Head) {
				continue
			}
			here := policy.Pods{Namespaces: policy.InNamespace(ns.name), Pods: pods.Pods}
			isShown := func(q Potential) bool { return q.namespace == ns.name && pods.Pods.Matches(q.labels) }
			if !m.anyPod(&here) && !slices.ContainsFunc(p.found, isShown) {
				p.add(here, nil)
			}
		}
	}
}

// Namespace is the namespace that the pods are in; one that is not in the manifests has a name that no object has.
func (p *Potential) Namespace() string { return p.namespace }
