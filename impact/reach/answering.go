package reach

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Answering are the rendered workloads of a side that a selector matches for sure. The selector must be a subject or a peer
// of a policy on either side, else there are none. Sure tells that no more workloads may answer, for want of a namespace's
// labels.
func (m *Model) Answering(s Side, p policy.Pods) (workloads []*cluster.Workload, sure bool) {
	id, ok := m.sets.byKey[setKey{kind: 'p', namespaces: p.Namespaces.Key(), pods: p.Pods.Key()}]
	if !ok {
		return nil, false
	}
	t := &m.sets.sets[id]
	t.members[s].each(func(c int32) {
		for _, i := range m.classes[c].endpoints {
			if w := m.Endpoints[i].Workload[s]; w != nil {
				workloads = append(workloads, w)
			}
		}
	})
	sure = true
	t.unknown[s].each(func(c int32) {
		sure = sure && m.Endpoints[m.classes[c].endpoints[0]].Workload[s] == nil
	})
	return workloads, sure
}

// LetIn is the ports that some rule lets in to an endpoint from anybody, and whether all others are closed to everybody.
func (m *Model) LetIn(s Side, endpoint int32) (ports policy.PortSet, closed bool) {
	for _, st := range m.sequences.sequences[m.seq[policy.Ingress][s][m.classOf[endpoint]]] {
		for _, e := range st.entries {
			if e.verdict == policy.Allow {
				ports = ports.Union(m.ports.sets[e.ports])
			}
		}
		if st.deny {
			return ports, true
		}
	}
	return ports, false
}
