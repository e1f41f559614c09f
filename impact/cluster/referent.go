package cluster

import (
	"maps"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// IsReferent tells whether policies may refer to an object, so that it decides what they mean or whom they select.
func IsReferent(o *manifest.Object) bool {
	switch o.Kind {
	case "Tier", "NetworkSet", "GlobalNetworkSet":
		return calico.IsGroup(o.Group)
	case "CiliumCIDRGroup":
		return o.Group == "cilium.io"
	case "Service", "Endpoints", "ServiceAccount":
		return o.Group == ""
	case "EndpointSlice":
		return o.Group == "discovery.k8s.io"
	case "ConfigMap": // Istio's settings
		return o.Group == "" && o.Namespace == "istio-system" && o.Name == "istio"
	}
	return false
}

// Compiled is what an object of a policy means in this state if only some objects are there that it may refer to.
func (s *State) Compiled(object *manifest.Object, referents []*manifest.Object) []*policy.Policy {
	b := newBuilder(s.cni, nil)
	b.state.Namespaces = maps.Clone(s.Namespaces)
	for _, o := range referents {
		b.add(o)
	}
	b.add(object)
	b.compileReferring()
	return b.state.Policies
}
