package cluster

import "github.com/netpol-impact/netpol-impact/manifest"

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
	r := Route{Object: o, Part: backend, Service: Name{namespaceOf(o), backend.Get("service", "name").Str()}}
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
