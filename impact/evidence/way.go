package evidence

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
)

// Way is a name with a port that a workload's configuration uses, and the workloads that it leads to.
type Way struct {
	// Host is the name as it is written; Port is 0 where none is given.
	Host string
	Port int
	// Service is what the name stands for; nil if nothing.
	Service *cluster.Service
	Leads   []Dependency
}

// Ways finds the names of Services that a workload's configuration uses, each with a port once, whether or not they lead anywhere.
func (f *Finder) Ways(w *cluster.Workload) []Way {
	var out []Way
	seen := make(map[hostPort]bool)
	for _, m := range f.mentions(w) {
		at := hostPort{m.host, m.port}
		if seen[at] {
			continue
		}
		seen[at] = true
		if way := f.Way(m.host, m.port, w.Namespace); way.Service != nil {
			for i := range way.Leads {
				way.Leads[i].Text, way.Leads[i].File, way.Leads[i].Line = m.before+m.shown+m.after, m.at.File, m.at.Line
			}
			out = append(out, way)
		}
	}
	return out
}

// Uses tells whether a workload's configuration uses a name with a port.
func (f *Finder) Uses(w *cluster.Workload, host string, port int) bool {
	for _, m := range f.mentions(w) {
		if m.host == host && m.port == port {
			return true
		}
	}
	return false
}

// Way is where a name with a port leads from a namespace.
func (f *Finder) Way(host string, port int, namespace string) Way {
	out := Way{Host: host, Port: port}
	p, ok := f.resolve(host, namespace)
	if !ok {
		return out
	}
	out.Service = p.service
	for _, to := range f.backends.Of(p.service) {
		if ports := p.ports(to, port); len(ports) > 0 {
			out.Leads = append(out.Leads, Dependency{Destination: to, Ports: ports})
		}
	}
	return out
}
