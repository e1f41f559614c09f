package impact

import (
	"cmp"
	"net/netip"
	"slices"

	"go4.org/netipx"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

func identityOf(w *cluster.Workload) WorkloadID { return WorkloadID{w.Kind, w.Namespace, w.Name} }

// peersOf turns endpoints into peers: workloads by their name on head (or on base, where they are gone), all addresses
// joined to one peer.
func peersOf(m *reach.Model, endpoints []int32) []Peer {
	out := make([]Peer, 0, len(endpoints))
	var addresses []netip.Prefix
	for _, i := range endpoints {
		e := &m.Endpoints[i]
		switch {
		case e.External != nil:
			addresses = append(addresses, e.External...)
		case e.Potential != nil:
			out = append(out, Peer{Potential: &Potential{Namespaces: e.Potential.Namespaces, Pods: e.Potential.Pods}})
		case e.Domain != "":
			out = append(out, Peer{Name: e.Domain})
		case e.Nodes != nil:
			out = append(out, Peer{Name: "nodes " + e.Nodes.String()})
		default:
			id := identityOf(cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base]))
			out = append(out, Peer{Workload: &id})
		}
	}
	if len(addresses) > 0 {
		out = append(out, Peer{External: &External{CIDRs: mergePrefixes(addresses)}})
	}
	slices.SortFunc(out, comparePeers)
	return out
}

// mergePrefixes writes a set of addresses with as few prefixes as possible, v4 first.
func mergePrefixes(prefixes []netip.Prefix) []netip.Prefix {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(p)
	}
	set, err := b.IPSet()
	if err != nil { // only invalid prefixes fail, and the policies' compilers refuse these
		return prefixes
	}
	return set.Prefixes()
}

// comparePeers orders peers: workloads by namespace and name, then potential workloads, addresses, names.
func comparePeers(a, b Peer) int {
	if order := cmp.Compare(a.order(), b.order()); order != 0 {
		return order
	}
	switch {
	case a.Workload != nil:
		return cmp.Or(cmp.Compare(a.Workload.Namespace, b.Workload.Namespace), cmp.Compare(a.Workload.Name, b.Workload.Name),
			cmp.Compare(a.Workload.Kind, b.Workload.Kind))
	case a.Potential != nil:
		return cmp.Or(cmp.Compare(a.Potential.Namespaces, b.Potential.Namespaces), cmp.Compare(a.Potential.Pods, b.Potential.Pods))
	case a.External != nil:
		return slices.CompareFunc(a.External.CIDRs, b.External.CIDRs, func(x, y netip.Prefix) int {
			return cmp.Or(x.Addr().Compare(y.Addr()), cmp.Compare(x.Bits(), y.Bits()))
		})
	}
	return cmp.Compare(a.Name, b.Name)
}

func (p Peer) order() int {
	switch {
	case p.Workload != nil:
		return 0
	case p.Potential != nil:
		return 1
	case p.External != nil:
		return 2
	}
	return 3
}
