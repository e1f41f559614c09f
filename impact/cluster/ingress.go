package cluster

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// isIngress tells an Ingress of any version: networking.k8s.io/v1 and, with another form of backend, the v1beta1 of both
// groups.
func isIngress(o *manifest.Object) bool {
	return o.Kind == "Ingress" && (o.Group == "networking.k8s.io" || o.Group == "extensions")
}

func (b *builder) addIngress(o *manifest.Object) {
	spec := o.Body.Get("spec")
	b.addIngressBackend(o, spec.Get("defaultBackend"))
	b.addIngressBackend(o, spec.Get("backend"))
	rules := spec.Get("rules").Elements()
	for i := range rules {
		paths := rules[i].Get("http", "paths").Elements()
		for j := range paths {
			b.addIngressBackend(o, paths[j].Get("backend"))
		}
	}
}

func (b *builder) addIngressBackend(o *manifest.Object, backend *manifest.Node) {
	r := Route{Object: o, Part: backend, Service: Name{namespaceOf(o), backend.Get("service", "name").Str()}, Sources: ingressSources(o)}
	if r.Service.Name != "" {
		port := backend.Get("service", "port")
		r.Port, _ = port.Get("number").IntValue()
		r.PortName = port.Get("name").Str()
	} else {
		r.Service.Name = backend.Get("serviceName").Str()
		r.setPort(backend.Get("servicePort"))
	}
	b.addRoute(r)
}

// sourceAnnotations are those by which controllers of Ingresses admit some addresses only, as lists with commas.
var sourceAnnotations = []string{
	"nginx.ingress.kubernetes.io/whitelist-source-range",
	"nginx.ingress.kubernetes.io/allowlist-source-range",
	"haproxy-ingress.github.io/allowlist-source-range",
	"haproxy-ingress.github.io/whitelist-source-range",
	"haproxy.org/allow-list",
	"alb.ingress.kubernetes.io/inbound-cidrs",
}

// ingressSources are the addresses that an Ingress's controller lets in, nil if it lets everybody in. A balancer of AWS's
// controller is internal unless the annotation says otherwise; Google's is by its class.
func ingressSources(o *manifest.Object) []netip.Prefix {
	annotations := o.Body.Get("metadata", "annotations")
	var out []netip.Prefix
	for _, key := range sourceAnnotations {
		for text := range strings.SplitSeq(annotations.Get(key).Str(), ",") {
			if prefix, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
				out = append(out, prefix.Masked())
			}
		}
	}
	class := cmp.Or(o.Body.Get("spec", "ingressClassName").Str(), annotations.Get("kubernetes.io/ingress.class").Str())
	scheme := annotations.Get("alb.ingress.kubernetes.io/scheme").Str()
	if out == nil && (class == "gce-internal" || scheme == "internal" || class == "alb" && scheme != "internet-facing") {
		return privateRanges
	}
	return out
}
