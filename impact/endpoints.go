package impact

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

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
	// identities are the peers as fingerprints have them; of addresses they are not made.
	identities []string
	// anyPods are those that stand for any pod.
	anyPods marks
	// addresses are those of several endpoints, by these.
	addresses map[string]*External
}

func newDirectory(m *reach.Model) directory {
	d := directory{addresses: make(map[string]*External), peers: make([]Peer, len(m.Endpoints)), place: make([]int32, len(m.Endpoints))}
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
	d.order, d.identities = order, make([]string, len(d.peers))
	for i, p := range d.peers {
		if p.External == nil {
			d.identities[i] = p.identity()
		}
		if p.Potential != nil && *p.Potential == anyPod {
			d.anyPods.add([]int32{int32(i)})
		}
	}
	return d
}

// anyPod is any pod of any namespace.
var anyPod = Potential{"*", "*"}

// inOrder are endpoints in the order of their peers.
func (d *directory) inOrder(endpoints []int32) []int32 {
	out := make([]int32, len(endpoints))
	if len(endpoints) < len(d.order)/64 {
		for n, i := range endpoints {
			out[n] = d.place[i]
		}
		slices.Sort(out)
		for n, place := range out {
			out[n] = d.order[place]
		}
		return out
	}
	// Of many, marking their places is cheaper than sorting them.
	at := make(marks, len(d.order)/64+1)
	for _, i := range endpoints {
		at.set(d.place[i])
	}
	n := 0
	at.each(func(place int32) {
		out[n] = d.order[place]
		n++
	})
	return out[:n]
}

// peersOf turns endpoints into peers: workloads by their name on head (or on base, where they are gone), all addresses
// joined to one peer.
func (a *analysis) peersOf(endpoints []int32) []Peer {
	out := make([]Peer, 0, len(endpoints))
	a.eachPeer(endpoints, func(_ int32, p Peer) { out = append(out, p) })
	return out
}

// eachPeer calls f with the peers that endpoints are, in order; addresses, which are one peer, are no endpoint.
func (a *analysis) eachPeer(endpoints []int32, f func(endpoint int32, p Peer)) {
	ordered := a.directory.inOrder(endpoints)
	for n := 0; n < len(ordered); n++ {
		i := ordered[n]
		if a.directory.peers[i].External == nil {
			f(i, a.directory.peers[i])
			continue
		}
		first := n // they stand side by side
		for n+1 < len(ordered) && a.directory.peers[ordered[n+1]].External != nil {
			n++
		}
		f(-1, Peer{External: a.directory.joined(ordered[first : n+1])})
	}
}

// joined are the addresses of some endpoints, together; most lists have the same ones.
func (d *directory) joined(endpoints []int32) *External {
	key := make([]byte, 0, 4*len(endpoints))
	for _, i := range endpoints {
		key = append(key, byte(i>>24), byte(i>>16), byte(i>>8), byte(i))
	}
	out := d.addresses[string(key)]
	if out == nil {
		var all []netip.Prefix
		for _, i := range endpoints {
			all = append(all, d.peers[i].External.CIDRs...)
		}
		out = &External{CIDRs: mergePrefixes(all)}
		d.addresses[string(key)] = out
	}
	return out
}

// identities names endpoints as fingerprints have them. Where any pod is among them, which other pods are named as well depends
// on what else there is, so that none is.
func (a *analysis) identities(endpoints []int32) string {
	var words strings.Builder
	a.writeIdentities(&words, endpoints)
	return words.String()
}

func (a *analysis) writeIdentities(to *strings.Builder, endpoints []int32) {
	any := slices.ContainsFunc(endpoints, a.directory.anyPods.has)
	if any {
		endpoints = slices.DeleteFunc(slices.Clone(endpoints), func(i int32) bool {
			p := &a.directory.peers[i]
			return p.Workload != nil || p.Potential != nil
		})
	}
	length := 0
	for _, i := range endpoints {
		length += len(a.directory.identities[i]) + len(", ")
	}
	to.Grow(length)
	first := true
	add := func(word string) {
		if !first {
			to.WriteString(", ")
		}
		first = false
		to.WriteString(word)
	}
	a.eachPeer(endpoints, func(i int32, p Peer) {
		if i < 0 {
			add(p.identity())
		} else {
			add(a.directory.identities[i])
		}
	})
	if any {
		add("any pod")
	}
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
