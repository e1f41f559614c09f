package cluster

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Name identifies an object of a known kind within a side.
type Name struct{ Namespace, Name string }

func (n Name) String() string { return n.Namespace + "/" + n.Name }

// Service is a Service of the core group.
type Service struct {
	Namespace, Name string
	Object          *manifest.Object
	// Type is ClusterIP, NodePort, LoadBalancer or ExternalName.
	Type string
	// Headless tells that the Service's name stands for its pods' addresses, without translation of ports.
	Headless bool
	// ClusterIPs are the Service's own addresses, where the manifest gives them.
	ClusterIPs []netip.Addr
	// ExternalName is the name that a Service of this type stands for.
	ExternalName string
	// ExternalIPs are outside addresses at which nodes take the Service's connections.
	ExternalIPs []string
	// SourceRanges, if any, are the only addresses from which a LoadBalancer takes connections.
	SourceRanges []netip.Prefix
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

// ID identifies the Service.
func (s *Service) ID() Name { return Name{s.Namespace, s.Name} }

// On is the port of a workload that the Service's port leads to; empty where the workload has none of its name.
func (p ServicePort) On(w *Workload) policy.PortSet {
	if p.TargetName == "" {
		if p.Target < 1 || p.Target > 65535 {
			return nil
		}
		return policy.Range(p.Protocol, p.Target, p.Target)
	}
	var out policy.PortSet
	for _, c := range w.Ports {
		if c.Name == p.TargetName && c.Protocol == p.Protocol {
			out = out.Union(policy.Range(c.Protocol, c.Port, c.Port))
		}
	}
	return out
}

// On are the ports of a workload that the Service leads to.
func (s *Service) On(w *Workload) policy.PortSet {
	var out policy.PortSet
	for _, p := range s.Ports {
		out = out.Union(p.On(w))
	}
	return out
}

func (b *builder) addService(o *manifest.Object) {
	spec := o.Body.Get("spec")
	s := &Service{
		Namespace: namespaceOf(o), Name: o.Name, Object: o,
		Type:         cmp.Or(spec.Get("type").Str(), "ClusterIP"),
		Headless:     spec.Get("clusterIP").Str() == "None",
		ExternalName: spec.Get("externalName").Str(),
		SourceRanges: sourceRanges(o),
	}
	if spec.Get("selector") != nil {
		selector, problems := stringMap(o, spec.Get("selector"), "spec.selector")
		b.report(problems...)
		s.Selector = selector
	}
	s.ClusterIPs = clusterIPs(spec)
	ips := spec.Get("externalIPs").Elements()
	for i := range ips {
		s.ExternalIPs = append(s.ExternalIPs, ips[i].Str())
	}
	ports := spec.Get("ports").Elements()
	for i := range ports {
		s.Ports = append(s.Ports, servicePort(&ports[i]))
	}
	b.state.Services = append(b.state.Services, s)
}

func servicePort(n *manifest.Node) ServicePort {
	p := ServicePort{Name: n.Get("name").Str(), Protocol: policy.Protocol(cmp.Or(n.Get("protocol").Str(), string(policy.TCP)))}
	p.Port, _ = n.Get("port").IntValue()
	target := n.Get("targetPort")
	switch number, ok := target.IntValue(); {
	case ok:
		p.Target = number
	case target.Str() != "":
		p.TargetName = target.Str()
	default:
		p.Target = p.Port
	}
	return p
}

// privateRanges are the addresses that an internal load balancer can be reached from (RFC 1918, RFC 4193).
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
}

// internalBalancers are the annotations that keep a load balancer inside a provider's private network, with the values
// that do so.
var internalBalancers = map[string]string{
	"networking.gke.io/load-balancer-type":                    "Internal",
	"cloud.google.com/load-balancer-type":                     "Internal",
	"service.beta.kubernetes.io/aws-load-balancer-internal":   "true",
	"service.beta.kubernetes.io/aws-load-balancer-scheme":     "internal",
	"service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}

// sourceRanges are the addresses that a load balancer is limited to, nil if it is not. The annotation is the field's
// older form, which Kubernetes still reads where the field is empty.
func sourceRanges(o *manifest.Object) []netip.Prefix {
	var texts []string
	ranges := o.Body.Get("spec", "loadBalancerSourceRanges").Elements()
	for i := range ranges {
		texts = append(texts, ranges[i].Str())
	}
	annotations := o.Body.Get("metadata", "annotations")
	if len(texts) == 0 {
		texts = strings.Split(annotations.Get("service.beta.kubernetes.io/load-balancer-source-ranges").Str(), ",")
	}
	var out []netip.Prefix
	for _, text := range texts {
		if prefix, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
			out = append(out, prefix.Masked())
		}
	}
	if out != nil {
		return out
	}
	for key, value := range internalBalancers {
		if annotations.Get(key).Str() == value {
			return privateRanges
		}
	}
	return nil
}

// Selects tells whether the Service leads to a workload.
func (s *Service) Selects(w *Workload) bool {
	if s.Namespace != w.Namespace || len(s.Selector) == 0 {
		return false
	}
	for key, value := range s.Selector {
		if got, ok := w.Labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}
