package cluster

import (
	"cmp"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// isOpenShiftRoute tells OpenShift's own kind of route.
func isOpenShiftRoute(o *manifest.Object) bool {
	return o.Group == "route.openshift.io" && o.Kind == "Route"
}

// addOpenShiftRoute reads a Route's backends; its port is the pods' (API reference of RoutePort).
func (b *builder) addOpenShiftRoute(o *manifest.Object) {
	spec := o.Body.Get("spec")
	backends := []*manifest.Node{spec.Get("to")}
	others := spec.Get("alternateBackends").Elements()
	for i := range others {
		backends = append(backends, &others[i])
	}
	for _, backend := range backends {
		if cmp.Or(backend.Get("kind").Str(), "Service") != "Service" {
			continue
		}
		r := Route{Object: o, Part: backend, Service: Name{namespaceOf(o), backend.Get("name").Str()}, byTarget: true}
		r.setPort(spec.Get("port", "targetPort"))
		b.addRoute(r)
	}
}
