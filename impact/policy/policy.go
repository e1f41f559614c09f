package policy

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Direction is the direction of a connection seen from the subject.
type Direction uint8

// The directions.
const (
	Ingress Direction = iota
	Egress
)

// Directions are both of them, for loops.
var Directions = [2]Direction{Ingress, Egress}

func (d Direction) String() string { return [...]string{"ingress", "egress"}[d] }

// Verdict is what a rule says of the connections it matches.
type Verdict uint8

// The verdicts. Pass leaves the tier undecided.
const (
	Allow Verdict = iota
	Deny
	Pass
)

func (v Verdict) String() string { return [...]string{"allow", "deny", "pass"}[v] }

// Tier is a policy's place among those that act on the same subject: in its layer, tiers of lower order are asked first,
// equal ones by name. Tiers are equal if all of their fields are.
type Tier struct {
	Layer Layer
	Order float64
	Name  string
}

// Layer is one of the systems that judge a connection independently: each of them has to allow it.
type Layer int8

// The layers, in the order in which a connection meets them.
const (
	PodNetwork Layer = iota // the network that connects pods
	Exit                    // what guards the cluster's way out
	Mesh                    // proxies beside the pods
)

// The tiers of Kubernetes' own dialects. Their orders are those that implementations with more tiers give them, too.
var (
	Admin    = Tier{Order: 1000}
	Default  = Tier{Order: 1_000_000}
	Baseline = Tier{Order: 10_000_000}
)

// NetworkPolicyOrder is the order of NetworkPolicies in the tier Default, for dialects that share it and put policies
// before or after them.
const NetworkPolicyOrder = 1000

// Compare orders tiers as they are asked.
func (t Tier) Compare(u Tier) int {
	return cmp.Or(cmp.Compare(t.Layer, u.Layer), cmp.Compare(t.Order, u.Order), strings.Compare(t.Name, u.Name))
}

// Policy is one policy object, or a part of one, compiled.
type Policy struct {
	Object *manifest.Object
	// Number tells apart the policies that one object compiles to; 0 for the first.
	Number int
	// Alone tells that nothing but the object and its namespace decided what the policy says: where both sides have the
	// object, they have the policy.
	Alone bool
	Tier  Tier
	// Order sorts the policies of a tier; equal ones go by name.
	Order float64
	// Subject is whom the policy governs, in all of the forms it names.
	Subject []Pods
	// Isolates tells for each direction whether what no rule decides is denied.
	Isolates [2]bool
	Rules    [2][]Rule
}

// Rule is one rule of a policy.
type Rule struct {
	Verdict Verdict
	// Any matches every peer, pods and addresses alike; Peers is then empty. A rule with neither matches nothing.
	Any   bool
	Peers []Peer
	// AllPorts matches every port of every protocol; Ports is then empty. A rule with neither matches nothing.
	AllPorts bool
	Ports    []Port
	// Part is where the rule stands in the policy's object.
	Part *manifest.Node
	// Beyond is what the rule asks for that no connection shows. It is no part of the verdict.
	Beyond []Beyond
	// Implied tells that the rule is not written, but follows from what is.
	Implied bool
}

// Peer is what the other end of a connection may be: exactly one of its fields is set, or All, Not or both. The zero value
// is anybody.
type Peer struct {
	Pods  *Pods
	Block *Block
	Nodes *Selector
	// Domain is a domain name, "*." in front standing for any depth of subdomains.
	Domain string
	// OneLabel tells that each star in Domain stands for characters of one label, that there may be several, and that "**." at
	// the beginning stands for any depth of subdomains.
	OneLabel bool
	// Entity names an end that neither selectors nor addresses describe, such as a cluster's API server. Inside tells that it
	// is in the cluster, as pods and nodes are; else its address may be any.
	Entity string
	// Inside without an Entity is every entity in the cluster that some rule names.
	Inside bool
	// All are conditions that have to be met together (none: anything meets them), and Not ones that must not be met.
	All, Not []Peer
	// Perhaps is who may be meant, which cannot be known: it counts as nobody, and what rests on it is uncertain.
	Perhaps *Peer
}

// Pods selects pods by their namespace and their labels.
type Pods struct {
	Namespaces Namespaces
	Pods       Selector
}

// Namespaces selects namespaces: the one named, or those whose labels match where no name is given.
type Namespaces struct {
	Name     string
	Selector Selector
}

// Block is a set of addresses: a prefix without some of its parts.
type Block struct {
	CIDR   netip.Prefix
	Except []netip.Prefix
	// ByAddress tells that pods are matched by their addresses whatever network connects them: who asks sees these only.
	ByAddress bool
}

// Port is ports of a protocol: by number (From to To, both included; 0, 0 for all of a protocol with ports) or by the name
// that the destination's containers give them. Protocols without ports are given by ranges of what stands for ports.
type Port struct {
	// Protocol is empty for a name whose protocol is the container port's.
	Protocol Protocol
	From, To int
	Name     string
	// Whole is all that there is of the protocol.
	Whole bool
}

// Set is the ports that are given by number; none for a name.
func (p Port) Set() PortSet {
	switch {
	case p.Name != "":
		return nil
	case p.Whole:
		return Whole(p.Protocol)
	}
	return Range(p.Protocol, p.From, p.To)
}
