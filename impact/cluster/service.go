package cluster

import (
	"cmp"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Service is a Service of the core group.
type Service struct {
	Namespace, Name string
	Object          *manifest.Object
	// Type is ClusterIP, NodePort, LoadBalancer or ExternalName.
	Type string
	// Selector is nil for a Service whose endpoints are not selected by labels.
	Selector map[string]string
	Ports    []ServicePort
}

// ServicePort leads from a Service's port to its pods'.
type ServicePort struct {
	Name     string
	Protocol policy.Protocol
	Port     int
	// Target is the pods' port, by number or, where that is 0, by name.
	Target     int
	TargetName string
}

func (b *builder) addService(o *manifest.Object) {
	spec := o.Body.Get("spec")
	s := &Service{Namespace: namespaceOf(o), Name: o.Name, Object: o, Type: cmp.Or(spec.Get("type").Str(), "ClusterIP")}
	if spec.Get("selector") != nil {
		selector, problems := stringMap(o, spec.Get("selector"), "spec.selector")
		b.report(problems...)
		s.Selector = selector
	}
	ports := spec.Get("ports").Elements()
	for i := range ports {
		p := ServicePort{Name: ports[i].Get("name").Str(), Protocol: policy.Protocol(cmp.Or(ports[i].Get("protocol").Str(), string(policy.TCP)))}
		p.Port, _ = ports[i].Get("port").IntValue()
		target := ports[i].Get("targetPort")
		switch n, ok := target.IntValue(); {
		case ok:
			p.Target = n
		case target.Str() != "":
			p.TargetName = target.Str()
		default:
			p.Target = p.Port
		}
		s.Ports = append(s.Ports, p)
	}
	b.state.Services = append(b.state.Services, s)
}

// Selects tells whether the Service leads to a workload.
func (s *Service) Selects(w *Workload) bool {
	if s.Namespace != w.Namespace || len(s.Selector) == 0 {
		return false
	}
	for key, value := range s.Selector {
		if w.Labels[key] != value {
			return false
		}
	}
	return true
}
