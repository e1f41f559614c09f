package cluster

import (
	"fmt"
	"net/netip"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Exposure is a way by which traffic from outside the cluster gets to a workload, if policies let it.
type Exposure struct {
	// By names it: "LoadBalancer Service shop/web", "Ingress shop/web", "hostPort".
	By     string
	Object *manifest.Object
	// Part is where the object says so.
	Part *manifest.Node
	// Ports are the workload's own.
	Ports policy.PortSet
	// Routed tells that a controller's pods stand between: the connection that policies see comes from them, not from
	// outside.
	Routed bool
	// Sources, if any, are the only outside addresses that get there.
	Sources []netip.Prefix
}

// Exposures finds how the workloads of a side are exposed.
//
// Pods on the host's network are exposed on the ports that they declare, at their node's address. A Service of type
// LoadBalancer is exposed to its loadBalancerSourceRanges only: the node ports that come with it are not counted, since
// nobody is told of them.
func Exposures(s *State, b *Backends) map[*Workload][]Exposure {
	out := make(map[*Workload][]Exposure)
	add := func(w *Workload, e Exposure) {
		if len(e.Ports) > 0 {
			out[w] = append(out[w], e)
		}
	}
	for _, w := range s.Workloads {
		switch {
		case w.HostNetwork:
			var declared policy.PortSet
			for _, p := range w.Ports {
				declared = declared.Union(policy.Range(p.Protocol, p.Port, p.Port))
			}
			add(w, Exposure{By: "hostNetwork", Object: w.Object, Part: w.Pod.Get("hostNetwork"), Ports: declared})
		case len(w.HostPorts) > 0:
			add(w, Exposure{By: "hostPort", Object: w.Object, Part: w.Pod.Get("containers"), Ports: w.HostPorts})
		}
	}
	for _, service := range s.Services {
		part, by := service.exposure()
		if by == "" {
			continue
		}
		for _, w := range b.Of(service) {
			e := Exposure{By: fmt.Sprintf("%s Service %s", by, service.ID()), Object: service.Object, Part: part, Ports: service.On(w)}
			if service.Type == "LoadBalancer" {
				e.Sources = service.SourceRanges
			}
			add(w, e)
		}
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		service := b.Service(r.Service)
		if service == nil {
			continue
		}
		for _, w := range b.Of(service) {
			add(w, Exposure{By: fmt.Sprintf("%s %s/%s", r.Object.Kind, namespaceOf(r.Object), r.Object.Name), Object: r.Object, Part: r.Part, Ports: r.On(service, w), Routed: true})
		}
	}
	return out
}

// exposure says by which part of it, and in which way, a Service is reached from outside; "" if it is not.
func (s *Service) exposure() (part *manifest.Node, by string) {
	spec := s.Object.Body.Get("spec")
	switch {
	case s.Type == "LoadBalancer" || s.Type == "NodePort":
		return spec.Get("type"), s.Type
	case len(s.ExternalIPs) > 0:
		return spec.Get("externalIPs"), "externalIPs of"
	}
	return nil, ""
}
