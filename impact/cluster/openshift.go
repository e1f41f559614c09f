package cluster

import (
	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy/openshift"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// addEgressFirewall reads what guards a namespace's way out. Networks of other makers do not know it.
func (b *builder) addEgressFirewall(o *manifest.Object) {
	if b.cni != "" && b.cni != config.Generic {
		b.setAside(o, "OVN-Kubernetes")
		return
	}
	b.addPolicies(openshift.Compile(o, namespaceOf(o)))
}
