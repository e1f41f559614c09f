package cluster

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// serviceAddresses are where a cluster's Services are reached. Policies see none of them as a destination: the network puts
// the address of a pod in their place before it asks a policy. (NetworkPolicy's reference leaves the order open; kube-proxy
// and what replaces it translate first.)
type serviceAddresses struct {
	// ranges are what the configuration says.
	ranges []netip.Prefix
	// of are the Services that manifests give an address.
	of map[netip.Addr]*Service
}

// addressServices finds out which addresses are Services'.
func (b *builder) addressServices(ranges []string) {
	at := serviceAddresses{of: make(map[netip.Addr]*Service)}
	for _, text := range ranges {
		block, _, err := policy.ParseCIDR(text)
		if err != nil { // a configuration that was read has none such
			b.reportConfig(fmt.Errorf("reading the configuration: serviceCIDRs: %w", err))
			continue
		}
		at.ranges = append(at.ranges, block)
	}
	for _, s := range b.state.Services {
		for _, ip := range s.ClusterIPs {
			at.of[ip] = s
		}
	}
	b.state.serviceAddresses = at
}

// ServicesAt tells whether a block holds nothing but addresses of Services, and of which one where it is a single address
// that a manifest gives.
func (s *State) ServicesAt(block netip.Prefix) (one *Service, is bool) {
	if block.IsSingleIP() {
		one = s.serviceAddresses.of[block.Addr()]
	}
	return one, one != nil || slices.ContainsFunc(s.serviceAddresses.ranges, func(r netip.Prefix) bool {
		return r.Bits() <= block.Bits() && r.Contains(block.Addr())
	})
}

// clusterIPs are a Service's own addresses; a headless one has none.
func clusterIPs(spec *manifest.Node) []netip.Addr {
	var out []netip.Addr
	add := func(n *manifest.Node) {
		if ip, err := netip.ParseAddr(n.Str()); err == nil && !slices.Contains(out, ip) {
			out = append(out, ip)
		}
	}
	add(spec.Get("clusterIP"))
	list := spec.Get("clusterIPs").Elements()
	for i := range list {
		add(&list[i])
	}
	return out
}
