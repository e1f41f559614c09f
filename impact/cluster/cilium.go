package cluster

import (
	"net/netip"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
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
			case calico.Is(o), calico.IsStaged(o):
				return config.Calico
			}
		}
	}
	return ""
}

// setAside tells of a policy of another network than the one that is there.
func (b *builder) setAside(o *manifest.Object, whose string) {
	b.state.aside = append(b.state.aside, len(b.state.Diagnostics))
	b.report(manifest.Problem(manifest.Warning, o, nil, "takes no part: the network is %s, not %s", b.cni, whose))
}

// Undecided makes errors of policies that take no part where nobody said which network there is: it was taken from policies,
// and these may be the ones that are enforced.
func (s *State) Undecided() {
	for _, i := range s.aside {
		d := &s.Diagnostics[i]
		d.Severity, d.Unsupported = manifest.Error, true
		d.Message += ", whose policies are there, too; say which it is with cni in the configuration, or --cni"
	}
}

// reading is how the network reads Kubernetes' own dialects.
func (b *builder) reading() policy.Reading {
	if b.cni == config.Cilium {
		return policy.Cilium
	}
	return policy.Written
}

// addAdmin compiles a policy of policy.networking.k8s.io. Cilium enforces its version v1alpha2 only.
func (b *builder) addAdmin(o *manifest.Object) {
	if b.cni == config.Cilium && o.Kind != "ClusterNetworkPolicy" {
		b.report(manifest.Problem(manifest.Warning, o, nil, "takes no part: Cilium 1.20 does not enforce %s, only its successor ClusterNetworkPolicy (v1alpha2)", o.Kind))
		return
	}
	b.addPolicy(admin.Compile(o, b.reading()))
}

// addCilium keeps one of Cilium's policies until all that it may refer to is known.
func (b *builder) addCilium(o *manifest.Object) {
	if b.cni != "" && b.cni != config.Cilium {
		b.setAside(o, "Cilium")
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
