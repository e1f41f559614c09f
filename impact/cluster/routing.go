package cluster

import (
	"net/netip"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Route leads from outside to a Service by way of a controller's pods: a backend of an Ingress, of a route of the Gateway
// API, or of OpenShift's Route. What connects to the backend is the controller, whoever connects to it.
type Route struct {
	Object *manifest.Object
	// Part is where the object names the backend.
	Part    *manifest.Node
	Service Name
	// Port and PortName say which of the Service's ports is meant; 0 and "" all of them.
	Port     int
	PortName string
	// byTarget tells that Port and PortName are the pods' rather than the Service's.
	byTarget bool
	// Sources, if any, are the only outside addresses that the controller lets in.
	Sources []netip.Prefix
}

// On are the ports of a workload behind the route's Service that the route leads to.
func (r *Route) On(s *Service, w *Workload) policy.PortSet {
	var out policy.PortSet
	for _, p := range s.Ports {
		if r.meets(p) {
			out = out.Union(p.On(w))
		}
	}
	return out
}

func (r *Route) meets(p ServicePort) bool {
	switch {
	case r.Port != 0:
		return p.Port == r.Port || r.byTarget && p.Target == r.Port
	case r.PortName != "":
		return p.Name == r.PortName || r.byTarget && p.TargetName == r.PortName
	}
	return true
}

// setPort takes a port that may be a number or a name.
func (r *Route) setPort(n *manifest.Node) {
	if number, ok := n.IntValue(); ok {
		r.Port = number
		return
	}
	r.PortName = n.Str()
}

func (b *builder) addRoute(r Route) {
	if r.Service.Name != "" {
		b.state.Routes = append(b.state.Routes, r)
	}
}
