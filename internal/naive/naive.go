// Package naive decides connections one by one, as slowly and as plainly as the API references tell it: the judge of the
// engine in impact/reach.
//
// In go a cluster's typed API objects; out comes whether one peer may connect to another on one port. It shares no code
// with the packages that it judges and must not: label selectors are matched by k8s.io/apimachinery, addresses by
// net/netip, and the rest stands here a second time, written from the comments of the API types.
//
// It does not validate: objects are taken to be such as the API server accepts. Domain names match nothing, because no
// peer here has one.
package naive

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

// Cluster is what there is. A workload is one pod, made of its template.
type Cluster struct {
	Namespaces       []*corev1.Namespace
	Nodes            []*corev1.Node
	Pods             []*corev1.Pod
	NetworkPolicies  []*networkingv1.NetworkPolicy
	Admin            []*v1alpha1.AdminNetworkPolicy
	BaselineAdmin    []*v1alpha1.BaselineAdminNetworkPolicy
	ClusterPolicies  []*v1alpha2.ClusterNetworkPolicy
	PodAddressBlocks []netip.Prefix
	Calico           Calico
}

// Peer is one end of a connection: a pod of the cluster or an address outside of it.
type Peer struct {
	Pod     *corev1.Pod
	Address netip.Addr
}

// Evaluator decides connections.
type Evaluator struct {
	namespaces    map[string]labels.Set
	nodes         map[string]*corev1.Node
	podBlocks     []netip.Prefix
	admin         []clusterPolicy
	baseline      []clusterPolicy
	networkPolicy []networkPolicy
	// calico are the tiers as Calico asks them; none without a policy of its own.
	calico      []*calicoTier
	networkSets []*CalicoNetworkSet
	accounts    []*corev1.ServiceAccount
}

// New prepares a cluster's policies. It fails on objects that the API server would not accept.
func New(c *Cluster) (*Evaluator, error) {
	e := &Evaluator{
		namespaces: make(map[string]labels.Set),
		nodes:      make(map[string]*corev1.Node),
		podBlocks:  c.PodAddressBlocks,
	}
	for _, n := range c.Namespaces {
		// The API server labels every namespace with its name.
		set := labels.Set{corev1.LabelMetadataName: n.Name}
		for k, v := range n.Labels {
			if k != corev1.LabelMetadataName {
				set[k] = v
			}
		}
		e.namespaces[n.Name] = set
	}
	for _, n := range c.Nodes {
		e.nodes[n.Name] = n
	}
	for _, p := range c.NetworkPolicies {
		prepared, err := newNetworkPolicy(p)
		if err != nil {
			return nil, fmt.Errorf("preparing NetworkPolicy %s/%s: %w", p.Namespace, p.Name, err)
		}
		e.networkPolicy = append(e.networkPolicy, prepared)
	}
	if err := e.addClusterPolicies(c); err != nil {
		return nil, err
	}
	return e, e.addCalico(&c.Calico)
}

// Allowed tells whether a connection is allowed: by the source's egress and by the destination's ingress.
func (e *Evaluator) Allowed(source, destination Peer, protocol corev1.Protocol, port int) bool {
	return e.Between(source, destination).Allowed(protocol, port)
}

// Pair is two peers with the rules that are about them.
type Pair struct {
	// alwaysIn tells that the destination's ingress is no question.
	alwaysIn        bool
	egress, ingress path
}

// Between collects the rules that are about two peers, for many ports at once.
func (e *Evaluator) Between(source, destination Peer) Pair {
	var p Pair
	if governed(source) {
		p.egress = e.path(egress, source.Pod, destination)
	}
	if governed(destination) {
		p.ingress = e.path(ingress, destination.Pod, source)
		p.alwaysIn = e.onNodeOf(destination.Pod, source)
	}
	return p
}

// Allowed tells whether the pair may connect on a port.
func (p Pair) Allowed(protocol corev1.Protocol, port int) bool {
	return p.egress.allows(protocol, port) && (p.alwaysIn || p.ingress.allows(protocol, port))
}

type direction int

const (
	ingress direction = iota
	egress
)

// governed tells whether policies can select a peer at all. The API leaves pods on the host's network to the
// implementation; ours are nodes to the network.
func governed(p Peer) bool { return p.Pod != nil && !p.Pod.Spec.HostNetwork }

// onNodeOf tells whether a peer is the node that a pod runs on: "traffic to and from the node where a Pod is running is
// always allowed" (Kubernetes' concept page on network policies).
func (e *Evaluator) onNodeOf(pod *corev1.Pod, peer Peer) bool {
	return peer.Pod != nil && peer.Pod.Spec.HostNetwork && pod.Spec.NodeName != "" && pod.Spec.NodeName == peer.Pod.Spec.NodeName
}

type action int

const (
	accept action = iota
	deny
	pass
	open // no rule has decided
)

// decision is what a rule that is about a pair of peers does with the ports it matches.
type decision struct {
	action action
	ports  portMatcher
}

type portMatcher func(protocol corev1.Protocol, port int) bool

func anyPort(corev1.Protocol, int) bool { return true }

// path is what a connection meets in one direction, tier by tier; what none decides is allowed.
type path []stage

// stage is a tier: the rules that are about the connection, in their order, and what comes of what they leave open.
type stage struct {
	decisions []decision
	end       action
}

func (p path) allows(protocol corev1.Protocol, port int) bool {
	for _, s := range p {
		decided := first(s.decisions, protocol, port)
		if decided == open {
			decided = s.end
		}
		if decided != pass {
			return decided == accept
		}
	}
	return true
}

// first is the action of the first rule that matches; open if none does.
func first(decisions []decision, protocol corev1.Protocol, port int) action {
	for _, d := range decisions {
		if d.ports(protocol, port) {
			return d.action
		}
	}
	return open
}

func (e *Evaluator) path(d direction, subject *corev1.Pod, peer Peer) path {
	if len(e.calico) > 0 {
		return e.calicoPath(d, subject, peer)
	}
	destination := peer
	if d == ingress {
		destination = Peer{Pod: subject}
	}
	isolated, allowed := e.networkPolicies(d, subject, peer, destination)
	end := pass
	if isolated {
		end = deny
	}
	return path{
		{e.clusterDecisions(e.admin, d, subject, peer, destination), pass},
		{allowed, end},
		{e.clusterDecisions(e.baseline, d, subject, peer, destination), pass},
	}
}

// networkPolicies tells whether any NetworkPolicy isolates a subject, and what they decide of a peer: they only allow.
func (e *Evaluator) networkPolicies(d direction, subject *corev1.Pod, peer, destination Peer) (isolated bool, allowed []decision) {
	for _, policy := range e.networkPolicy {
		if !policy.selects(subject) || !policy.isolates[d] {
			continue
		}
		isolated = true
		for _, r := range policy.rules[d] {
			if r.matchesPeer(e, policy.namespace, peer) {
				allowed = append(allowed, decision{accept, r.portsOn(destination)})
			}
		}
	}
	return isolated, allowed
}

// selector is a label selector of the API: absent, it is nil.
func selector(s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil {
		return nil, nil
	}
	return metav1.LabelSelectorAsSelector(s)
}
