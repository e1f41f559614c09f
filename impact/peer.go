package impact

import (
	"net/netip"
	"strings"
)

// Peer is one end of a connection: exactly one of its fields is set.
type Peer struct {
	Workload  *WorkloadID
	External  *External
	Potential *Potential
	// Name is a domain name or an entity that no address stands for.
	Name string
}

// WorkloadID identifies a workload within a side.
type WorkloadID struct{ Kind, Namespace, Name string }

// External is a set of addresses outside the cluster.
type External struct {
	// CIDRs are merged and sorted, v4 before v6.
	CIDRs []netip.Prefix
}

// Potential is the pods that a policy names and no rendered workload is.
type Potential struct {
	// Namespaces says which namespaces: a name, a selector ("team=a"), or "*" for any.
	Namespaces string
	// Pods is a selector; "*" for any.
	Pods string
}

// String is the peer in few words: "shop/cart", "the internet", "10.0.0.0/8", "pods app=web in shop".
func (p Peer) String() string {
	switch {
	case p.Workload != nil:
		return p.Workload.Namespace + "/" + p.Workload.Name
	case p.External != nil:
		return p.External.String()
	case p.Potential != nil:
		return p.Potential.String()
	}
	return p.Name
}

// identity is the peer as fingerprints have it: two workloads of one name are told apart by their kinds. A Deployment goes by
// its name alone, so that the fingerprints of waivers that were written before kinds counted stay what they are.
func (p Peer) identity() string {
	if p.Workload != nil && p.Workload.Kind != "Deployment" {
		return p.Workload.Kind + " " + p.String()
	}
	return p.String()
}

func (e External) String() string {
	if e.All() {
		return "any address"
	}
	words := make([]string, len(e.CIDRs))
	for i, c := range e.CIDRs {
		words[i] = c.String()
	}
	return strings.Join(words, ", ")
}

// All tells whether the peer is every address, v4 and v6.
func (e External) All() bool {
	return len(e.CIDRs) == 2 && e.CIDRs[0].Bits() == 0 && e.CIDRs[1].Bits() == 0
}

// all4 tells whether the peer has every v4 address.
func (e External) all4() bool {
	return len(e.CIDRs) > 0 && e.CIDRs[0].Addr().Is4() && e.CIDRs[0].Bits() == 0 && len(e.CIDRs) <= 2
}

func (p Potential) String() string {
	pods, namespaces := "pods "+p.Pods, "in "+p.Namespaces
	if p.Pods == "*" {
		pods = "any pod"
	}
	switch {
	case p.Namespaces == "*":
		namespaces = "in any namespace"
	case strings.ContainsAny(p.Namespaces, "=!(, "): // a selector, not a name
		namespaces = "in namespaces " + p.Namespaces
	}
	return pods + " " + namespaces
}
