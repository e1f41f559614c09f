package promise

import (
	"fmt"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/internal/spelling"
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

// ofPorts begins what is said of a part of the ports.
const ofPorts = "ports: "

// absentPorts are those of a promise's ports that no destination has: where others are had, the promise would pass for one
// about these, too.
func (j *Judge) absentPorts(p *config.Promise, to found) []string {
	if len(p.Ports) == 0 || len(to.domains) > 0 {
		return nil
	}
	var out []string
	for _, text := range p.Ports {
		one := portsOf(&config.Promise{Ports: config.Words{text}})
		if !j.isHad(&one, to) {
			out = append(out, fmt.Sprintf(ofPorts+"no destination has the port %s%s", text, j.nearestPort(&one, to)))
		}
	}
	return out
}

// isHad tells whether a destination has one of some ports. Any has the numbers, but a Service only its own.
func (j *Judge) isHad(p *ports, to found) bool {
	for _, b := range to.services {
		for i := range b.group.All() {
			if len(p.ofService(b.service, j.people.workload(i))) > 0 {
				return true
			}
		}
	}
	if to.plain.Len() == 0 {
		return false
	}
	if len(p.numbers) > 0 {
		return true
	}
	for i := range to.plain.All() {
		if len(p.on(j.Model.Endpoints[i].Workload[j.Side], nil)) > 0 {
			return true
		}
	}
	return false
}

// nearestPort words the name that was probably meant instead of one that no destination has.
func (j *Judge) nearestPort(p *ports, to found) string {
	if len(p.names) == 0 {
		return ""
	}
	names := make(map[string]bool)
	for _, b := range to.services {
		for _, sp := range b.service.Ports {
			names[sp.Name] = true
		}
	}
	for i := range to.plain.All() {
		if w := j.Model.Endpoints[i].Workload[j.Side]; w != nil {
			for _, c := range w.Ports {
				names[c.Name] = true
			}
		}
	}
	return meant(p.names[0].Name, slices.Sorted(maps.Keys(names)))
}

// meant words the one of some names that is spelt most alike; "" if none is.
func meant(name string, names []string) string {
	best, distance := "", min(max(2, len(name)/3), len(name)-1)+1
	for _, other := range names {
		if d := spelling.Distance(name, other); other != "" && other != name && d < distance {
			best, distance = other, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
