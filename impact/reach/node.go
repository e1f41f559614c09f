package reach

import (
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

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
