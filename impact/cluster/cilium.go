package cluster

import (
	"net/netip"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/impact/policy/cilium"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Network is the network that enforces a cluster's policies: what the configuration says, else the one whose policies are
// among the objects of either side; "" if neither tells.
func Network(cfg config.Config, sides ...[]*manifest.Object) string {
	if cfg.CNI != "" {
		return cfg.CNI
	}
	for _, objects := range sides {
		for _, o := range objects {
			switch {
			case cilium.Is(o):
				return config.Cilium
			case calico.Is(o):
				return config.Calico
			}
		}
	}
	return ""
}

// addCilium keeps one of Cilium's policies until all that it may refer to is known.
func (b *builder) addCilium(o *manifest.Object) {
	if b.cni != "" && b.cni != config.Cilium {
		b.report(manifest.Problem(manifest.Warning, o, nil, "takes no part: the network is %s, not Cilium", b.cni))
		return
	}
	b.cilium = append(b.cilium, o)
}

// addCIDRGroup reads a CiliumCIDRGroup.
func (b *builder) addCIDRGroup(o *manifest.Object) {
	labels, problems := stringMap(o, o.Body.Get("metadata", "labels"), "metadata.labels")
	b.report(problems...)
	g := cilium.Group{Name: o.Name, Labels: labels}
	g.CIDRs = b.addresses(o, "externalCIDRs")
	b.cidrGroups = append(b.cidrGroups, g)
}

// addresses reads a list of prefixes, or addresses alone, of an object's spec.
func (b *builder) addresses(o *manifest.Object, field string) []netip.Prefix {
	var out []netip.Prefix
	list := o.Body.Get("spec", field)
	for i := range list.Elements() {
		at := list.Element(i)
		prefix, err := policy.ParseAddresses(at.Str())
		if err != nil {
			b.report(manifest.Problem(manifest.Error, o, at, "spec.%s: %v", field, err))
			continue
		}
		out = append(out, prefix)
	}
	return out
}

// compileCilium compiles Cilium's policies.
func (b *builder) compileCilium() {
	ctx := cilium.Context{Groups: b.cidrGroups, Services: b.ciliumServices}
	for _, o := range b.cilium {
		namespace := ""
		if o.Kind == "CiliumNetworkPolicy" {
			namespace = namespaceOf(o)
		}
		b.addPolicies(cilium.Compile(o, namespace, ctx))
	}
}

// ciliumServices are the Services that a policy means.
func (b *builder) ciliumServices(meant func(s *cilium.Service) bool) []cilium.Service {
	var out []cilium.Service
	for _, s := range b.state.Services {
		labels, _ := stringMap(s.Object, s.Object.Body.Get("metadata", "labels"), "metadata.labels")
		c := cilium.Service{Namespace: s.Namespace, Name: s.Name, Labels: labels, Selector: s.Selector}
		if !meant(&c) {
			continue
		}
		for _, a := range b.state.endpoints[s.ID()] {
			c.Addresses = append(c.Addresses, a.ip)
		}
		out = append(out, c)
	}
	return out
}
