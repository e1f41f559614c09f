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

// directory is every endpoint as a peer, made once: lists of peers are many and long.
type directory struct {
	peers []Peer
	// place is where a peer stands in the order of all, order who stands at a place.
	place, order []int32
}

func newDirectory(m *reach.Model) directory {
	d := directory{peers: make([]Peer, len(m.Endpoints)), place: make([]int32, len(m.Endpoints))}
	order := make([]int32, len(m.Endpoints))
	for i := range m.Endpoints {
		order[i] = int32(i)
		switch e := &m.Endpoints[i]; {
		case e.External != nil:
			d.peers[i] = Peer{External: &External{CIDRs: e.External}}
		case e.Potential != nil:
			d.peers[i] = Peer{Potential: &Potential{Namespaces: e.Potential.Namespaces, Pods: e.Potential.Pods}}
		case e.Domain != "":
			d.peers[i] = Peer{Name: e.Domain}
		case e.Entity != "":
			d.peers[i] = Peer{Name: e.Entity}
		case e.Nodes != nil:
			d.peers[i] = Peer{Name: "nodes " + e.Nodes.String()}
		default:
			id := identityOf(cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base]))
			d.peers[i] = Peer{Workload: &id}
		}
	}
	slices.SortStableFunc(order, func(i, j int32) int { return comparePeers(d.peers[i], d.peers[j]) })
	for place, i := range order {
		d.place[i] = int32(place)
	}
	d.order = order
	return d
}

// peersOf turns endpoints into peers: workloads by their name on head (or on base, where they are gone), all addresses
// joined to one peer.
func (a *analysis) peersOf(endpoints []int32) []Peer {
	places := make([]int32, len(endpoints))
	for n, i := range endpoints {
		places[n] = a.directory.place[i]
	}
	slices.Sort(places)
	out := make([]Peer, 0, len(endpoints))
	var addresses []netip.Prefix
	at := 0
	for _, place := range places {
		p := a.directory.peers[a.directory.order[place]]
		if p.External == nil {
			out = append(out, p)
			continue
		}
		if addresses == nil {
			at = len(out)
			out = append(out, Peer{})
		}
		addresses = append(addresses, p.External.CIDRs...)
	}
	if addresses != nil {
		out[at] = Peer{External: &External{CIDRs: mergePrefixes(addresses)}}
	}
	return out
}

// countPeers is how many peers endpoints are.
func (a *analysis) countPeers(endpoints []int32) int {
	n, addresses := 0, 0
	for _, i := range endpoints {
		if a.directory.peers[i].External == nil {
			n++
		} else {
			addresses = 1
		}
	}
	return n + addresses
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
