package reach

import "github.com/netpol-impact/netpol-impact/impact/policy"

// Clients answers with whom an endpoint can connect on one side. It remembers what it found and is not safe for use by several
// goroutines.
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
	found := false
	for _, r := range c.lets(policy.Ingress, to, ports) {
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

// lets are the classes with which the policies on one allow all of some ports in a direction.
func (c *Clients) lets(d policy.Direction, class int32, ports policy.PortSet) runs {
	m := c.model
	key := letInKey{sideKey{m.seq[d][c.side][class], c.side}, ports.Key()}
	known, ok := c.letIn[key]
	if !ok {
		all := runs{{0, int32(len(m.classes))}}
		known = all.minus(m.refused(d, c.side, class, all, ports))
		c.letIn[key] = known
	}
	return known
}

// Line is the connections of an endpoint on some ports, with whomever.
type Line struct {
	of    *Clients
	d     policy.Direction
	class int32
	ports policy.PortSet
	lets  runs
}

// Line prepares for questions about an endpoint in a direction.
func (c *Clients) Line(d policy.Direction, subject int32, ports policy.PortSet) Line {
	class := c.model.classOf[subject]
	return Line{c, d, class, ports, c.lets(d, class, ports)}
}

// Open tells whether all of the ports are allowed with a peer, as Allows does.
func (l *Line) Open(peer int32) bool {
	m, class := l.of.model, l.of.model.classOf[peer]
	return l.lets.has(class) && m.allowedOf(l.ports, m.seq[1-l.d][l.of.side][class], l.class, l.of.side, false).Equal(l.ports)
}
