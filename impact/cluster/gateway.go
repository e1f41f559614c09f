package cluster

import (
	"cmp"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// isGatewayRoute tells the routes of the Gateway API: HTTPRoute, GRPCRoute, TCPRoute, TLSRoute, UDPRoute.
func isGatewayRoute(o *manifest.Object) bool {
	return o.Group == "gateway.networking.k8s.io" && strings.HasSuffix(o.Kind, "Route")
}

// addGatewayRoute reads a route's backends. One in another namespace needs a ReferenceGrant there; it is taken to be
// given, so that an exposure is rather told once too often.
func (b *builder) addGatewayRoute(o *manifest.Object) {
	rules := o.Body.Get("spec", "rules").Elements()
	for i := range rules {
		refs := rules[i].Get("backendRefs").Elements()
		for j := range refs {
			ref := &refs[j]
			if cmp.Or(ref.Get("kind").Str(), "Service") != "Service" || ref.Get("group").Str() != "" {
				continue
			}
			r := Route{Object: o, Part: ref, Service: Name{cmp.Or(ref.Get("namespace").Str(), namespaceOf(o)), ref.Get("name").Str()}}
			r.setPort(ref.Get("port"))
			b.addRoute(r)
		}
	}
}
