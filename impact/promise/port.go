package promise

import (
	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// ports are those of a promise: none, numbers, names.
type ports struct {
	none    bool
	numbers policy.PortSet
	names   []config.Port
}

func portsOf(p *config.Promise) ports {
	out := ports{none: len(p.Ports) == 0}
	for _, text := range p.Ports {
		port, err := config.ParsePort(text)
		switch {
		case err != nil: // a promise that was read has none such
		case port.Name != "":
			out.names = append(out.names, port)
		default:
			out.numbers = out.numbers.Union(policy.Range(policy.Protocol(port.Protocol), port.From, port.To))
		}
	}
	return out
}

// everywhere are the ports that do not depend on the destination; ok tells that there are no others.
func (p *ports) everywhere(denied bool) (numbers policy.PortSet, ok bool) {
	if p.none {
		return policy.AllPorts(), denied
	}
	return p.numbers, len(p.names) == 0
}

// on are the ports on a destination: without any, those that it declares, all if it declares none; names are looked up at
// its containers. The workload is nil for what has none.
func (p *ports) on(w *cluster.Workload, declared policy.PortSet) policy.PortSet {
	if p.none {
		if len(declared) == 0 {
			return policy.AllPorts()
		}
		return declared
	}
	out := p.numbers
	if w == nil {
		return out
	}
	for _, name := range p.names {
		for _, c := range w.Ports {
			if c.Name == name.Name && (name.Protocol == "" || policy.Protocol(name.Protocol) == c.Protocol) {
				out = out.Union(policy.Range(c.Protocol, c.Port, c.Port))
			}
		}
	}
	return out
}

// ofService are the ports of a workload that the meant ports of a Service lead to. A headless Service's name stands for the
// addresses of its pods, so that its ports are theirs.
func (p *ports) ofService(s *cluster.Service, w *cluster.Workload) policy.PortSet {
	var out policy.PortSet
	for _, sp := range s.Ports {
		if !p.means(sp) {
			continue
		}
		if s.Headless && sp.Port > 0 {
			out = out.Union(policy.Range(sp.Protocol, sp.Port, sp.Port))
			continue
		}
		out = out.Union(sp.On(w))
	}
	return out
}

// means tells whether a port of a Service is among those of the promise.
func (p *ports) means(sp cluster.ServicePort) bool {
	if p.none || p.numbers.Has(sp.Protocol, sp.Port) {
		return true
	}
	for _, name := range p.names {
		if name.Name == sp.Name && (name.Protocol == "" || policy.Protocol(name.Protocol) == sp.Protocol) {
			return true
		}
	}
	return false
}
