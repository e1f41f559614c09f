package cluster

import (
	"cmp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// vendorRoutes read the backends of routes that controllers have kinds of their own for, by API group and kind.
var vendorRoutes = map[string]func(*builder, *manifest.Object){
	"traefik.io/IngressRoute":             (*builder).addTraefikRoute,
	"traefik.io/IngressRouteTCP":          (*builder).addTraefikRoute,
	"traefik.io/IngressRouteUDP":          (*builder).addTraefikRoute,
	"traefik.containo.us/IngressRoute":    (*builder).addTraefikRoute,
	"traefik.containo.us/IngressRouteTCP": (*builder).addTraefikRoute,
	"traefik.containo.us/IngressRouteUDP": (*builder).addTraefikRoute,
	"projectcontour.io/HTTPProxy":         (*builder).addContourProxy,
	"networking.istio.io/VirtualService":  (*builder).addVirtualService,
}

// addTraefikRoute reads Traefik's routes (reference of traefik.io/v1alpha1).
func (b *builder) addTraefikRoute(o *manifest.Object) {
	for _, route := range o.Body.Get("spec", "routes").Elements() {
		b.addBackends(o, route.Get("services"))
	}
}

// addContourProxy reads Contour's HTTPProxy (reference of projectcontour.io/v1). What it includes are other HTTPProxies.
func (b *builder) addContourProxy(o *manifest.Object) {
	for _, route := range o.Body.Get("spec", "routes").Elements() {
		b.addBackends(o, route.Get("services"))
	}
	b.addBackends(o, o.Body.Get("spec", "tcpproxy", "services"))
}

// addBackends reads a list of Services with name, port and perhaps namespace.
func (b *builder) addBackends(o *manifest.Object, list *manifest.Node) {
	services := list.Elements()
	for i := range services {
		s := &services[i]
		if cmp.Or(s.Get("kind").Str(), "Service") != "Service" {
			continue
		}
		r := Route{Object: o, Part: s, Service: Name{cmp.Or(s.Get("namespace").Str(), namespaceOf(o)), s.Get("name").Str()}}
		r.setPort(s.Get("port"))
		b.addRoute(r)
	}
}

// addVirtualService reads Istio's VirtualService (reference of networking.istio.io/v1). One that is bound to no gateway is
// about what pods of the mesh ask for, and exposes nothing.
func (b *builder) addVirtualService(o *manifest.Object) {
	spec := o.Body.Get("spec")
	if !slices.ContainsFunc(spec.Get("gateways").Elements(), func(n manifest.Node) bool { return n.Str() != "mesh" }) {
		return
	}
	for _, protocol := range []string{"http", "tls", "tcp"} {
		for _, rule := range spec.Get(protocol).Elements() {
			routes := rule.Get("route").Elements()
			for i := range routes {
				to := routes[i].Get("destination")
				// A short name is meant in the VirtualService's own namespace; another one begins with name and namespace.
				labels := strings.Split(to.Get("host").Str(), ".")
				service := Name{namespaceOf(o), labels[0]}
				if len(labels) > 1 {
					service.Namespace = labels[1]
				}
				if len(labels) > 2 && labels[2] != "svc" {
					continue // a host outside
				}
				r := Route{Object: o, Part: to, Service: service}
				r.Port, _ = to.Get("port", "number").IntValue()
				b.addRoute(r)
			}
		}
	}
}
