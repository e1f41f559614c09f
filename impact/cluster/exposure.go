package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
	// Relayed tells that something of which the manifests tell nothing stands between, at any address outside: what comes from
	// a private one may come from the internet all the same.
	Relayed bool
	// Sources, if any, are the only outside addresses that get there.
	Sources []netip.Prefix
	// Service is what leads to the workload, nil for what its pods have by themselves.
	Service *Service
}

// Public tells whether addresses of the internet are among those that get there.
func (e *Exposure) Public() bool {
	return len(e.Sources) == 0 || slices.ContainsFunc(e.Sources, policy.IsPublic)
}

// Covers tells whether whoever gets in by another exposure gets in by this one.
func (e *Exposure) Covers(other *Exposure) bool {
	if len(e.Sources) == 0 {
		return true
	}
	return len(other.Sources) > 0 && !slices.ContainsFunc(other.Sources, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(e.Sources, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	})
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
	for _, w := range s.Workloads {
		if by := s.facing[w]; by != "" {
			add(w, Exposure{By: "The configuration (" + by + " internet-facing)", Object: w.Object, Ports: policy.AllPorts(), Relayed: true})
		}
	}
	for _, service := range s.Services {
		part, by := service.exposure()
		if by == "" {
			continue
		}
		for _, w := range b.Of(service) {
			e := service.exposed(part, by)
			e.Ports = service.On(w)
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
			e := r.exposed(service)
			e.Ports = r.On(service, w)
			add(w, e)
		}
	}
	return out
}

func (s *Service) exposed(part *manifest.Node, by string) Exposure {
	e := Exposure{By: fmt.Sprintf("%s Service %s", by, s.ID()), Object: s.Object, Part: part, Service: s}
	if s.Type == "LoadBalancer" {
		e.Sources = s.SourceRanges
	}
	return e
}

func (r *Route) exposed(s *Service) Exposure {
	return Exposure{By: fmt.Sprintf("%s %s/%s", r.Object.Kind, namespaceOf(r.Object), r.Object.Name), Object: r.Object, Part: r.Part, Routed: true, Sources: r.Sources, Service: s}
}

// Absent is what is exposed and no rendered workload is: an operator's pods, or the backend of another repository.
type Absent struct {
	Exposure
	// Namespace and Pods say which pods: by a selector, or by the name of a Service that is not in the manifests.
	Namespace, Pods string
}

// AbsentExposures finds what is exposed of what is not in the manifests, in the order of Services, then of routes.
func AbsentExposures(s *State, b *Backends) []Absent {
	var out []Absent
	for _, service := range s.Services {
		if part, by := service.exposure(); by != "" && len(service.Selector) > 0 && len(b.Of(service)) == 0 {
			e := Absent{service.exposed(part, by), service.Namespace, service.selectorText()}
			for _, p := range service.Ports {
				e.Ports = e.Ports.Union(p.numbered())
			}
			out = append(out, e)
		}
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		service := b.Service(r.Service)
		e := Absent{r.exposed(service), r.Service.Namespace, "behind Service " + r.Service.Name}
		if service != nil {
			if len(service.Selector) == 0 || len(b.Of(service)) > 0 {
				continue
			}
			e.Pods = service.selectorText()
			for _, p := range service.Ports {
				if r.meets(p) {
					e.Ports = e.Ports.Union(p.numbered())
				}
			}
		}
		out = append(out, e)
	}
	return out
}

func (s *Service) selectorText() string {
	words := make([]string, 0, len(s.Selector))
	for key, value := range s.Selector {
		words = append(words, key+"="+value)
	}
	slices.Sort(words)
	return strings.Join(words, ",")
}

// numbered is the port of pods that are not known; by a name nothing tells it.
func (p ServicePort) numbered() policy.PortSet {
	if p.Target < 1 || p.Target > 65535 {
		return nil
	}
	return policy.Range(p.Protocol, p.Target, p.Target)
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
