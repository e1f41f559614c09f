package hygiene

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// crowd is the rendered workloads that a selector matches.
type crowd struct {
	workloads []*cluster.Workload
	// sure tells that no others may be among them.
	sure bool

	asked bool
	// declared are the ports that any of them declares in its containers, or a Service in front of it leads to; silent tells
	// that some declare none.
	declared policy.PortSet
	silent   bool
	// names are the ports that containers name.
	names map[string]policy.PortSet
}

type crowdKey struct{ namespaces, pods string }

func (s *side) crowd(p *policy.Pods) *crowd {
	key := crowdKey{p.Namespaces.Key(), p.Pods.Key()}
	c := s.crowds[key]
	if c == nil {
		c = &crowd{}
		c.workloads, c.sure = s.model.Answering(s.which, *p)
		s.crowds[key] = c
	}
	return c
}

// listen finds out what the crowd's ports are.
func (s *side) listen(c *crowd) {
	if c.asked {
		return
	}
	c.asked, c.names = true, make(map[string]policy.PortSet)
	seen := make(map[string]bool) // most workloads declare what others do
	for _, w := range c.workloads {
		own := s.declared(w)
		c.silent = c.silent || len(own) == 0
		if key := own.Key(); !seen[key] {
			seen[key] = true
			c.declared = c.declared.Union(own)
		}
		for _, p := range w.Ports {
			if p.Name != "" {
				c.names[p.Name] = c.names[p.Name].Union(policy.Range(p.Protocol, p.Port, p.Port))
			}
		}
	}
}

// declared are the ports of a workload that the manifests tell of.
func (s *side) declared(w *cluster.Workload) policy.PortSet {
	var out policy.PortSet
	for _, p := range w.Ports {
		out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
	}
	for _, service := range s.front().Before(w) {
		out = out.Union(service.On(w))
	}
	return out
}

func (s *side) front() *cluster.Backends {
	if s.backends == nil {
		s.backends = cluster.NewBackends(s.state)
	}
	return s.backends
}

// crowdOf is the crowd of a policy's subject, which every dialect gives in one form or in several.
func (s *side) crowdOf(p *policy.Policy) *crowd {
	if len(p.Subject) == 1 {
		return s.crowd(&p.Subject[0])
	}
	all := &crowd{sure: true}
	for i := range p.Subject {
		c := s.crowd(&p.Subject[i])
		all.workloads, all.sure = append(all.workloads, c.workloads...), all.sure && c.sure
	}
	return all
}
