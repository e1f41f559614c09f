package reach

import "github.com/netpol-impact/netpol-impact/impact/policy"

// Clients answers whether anyone is left to connect to an endpoint on one side. It remembers what it found and is not
// safe for use by several goroutines.
type Clients struct {
	model *Model
	side  Side
	letIn map[letInKey]runs
}

// letInKey is what whom an endpoint lets in depends on.
type letInKey struct {
	sideKey
	ports string
}

// Clients prepares for questions about a side.
func (m *Model) Clients(s Side) *Clients {
	return &Clients{model: m, side: s, letIn: make(map[letInKey]runs)}
}

// Any tells whether any other endpoint can connect to a destination on all of some ports: workloads, potential ones and
// outside addresses alike.
func (c *Clients) Any(destination int32, ports policy.PortSet) bool {
	m := c.model
	to := m.classOf[destination]
	key := letInKey{sideKey{m.seq[policy.Ingress][c.side][to], c.side}, ports.Key()}
	letIn, ok := c.letIn[key]
	if !ok {
		all := runs{{0, int32(len(m.classes))}}
		letIn = all.minus(m.refused(policy.Ingress, c.side, to, all, ports))
		c.letIn[key] = letIn
	}
	found := false
	for _, r := range letIn {
		for from := r.lo; from < r.hi && !found; from++ {
			endpoints := m.classes[from].endpoints
			if from == to && len(endpoints) == 1 || !m.Endpoints[endpoints[0]].exists(c.side) {
				continue
			}
			found = len(m.refused(policy.Egress, c.side, from, runs{{to, to + 1}}, ports)) == 0
		}
	}
	return found
}
