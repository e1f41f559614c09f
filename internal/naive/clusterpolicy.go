package naive

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

// clusterPolicy is a policy of the Admin or the Baseline tier.
type clusterPolicy struct {
	priority int32
	subject  podsIn
	rules    [2][]clusterRule
}

// podsIn selects pods; a nil pods selector means all of them.
type podsIn struct{ namespaces, pods labels.Selector }

type clusterRule struct {
	action action
	peers  []clusterPeer
	// ports is nil for a rule that does not look at ports.
	ports func(destination Peer, protocol corev1.Protocol, port int) bool
}

// clusterPeer has at most one field set. With none, it is of a kind that we do not know.
type clusterPeer struct {
	pods     *podsIn
	nodes    labels.Selector
	networks []*block
	names    bool
}

// clusterDecisions are the rules of a tier that are about a subject and its peer.
func (e *Evaluator) clusterDecisions(tier []clusterPolicy, d direction, subject *corev1.Pod, peer, destination Peer) []decision {
	var decisions []decision
	for _, policy := range tier {
		if !policy.subject.matches(e, Peer{Pod: subject}) {
			continue
		}
		for _, r := range policy.rules[d] {
			if r.failsClosed() {
				// "For Accept rules, fail closed means: treat the rule as matching no traffic. For Deny and Pass rules:
				// treat the rule as a Deny all rule."
				if r.action != accept {
					decisions = append(decisions, decision{deny, anyPort})
				}
				continue
			}
			if !slices.ContainsFunc(r.peers, func(p clusterPeer) bool { return p.matches(e, peer) }) {
				continue
			}
			ports := anyPort
			if r.ports != nil {
				ports = func(protocol corev1.Protocol, port int) bool { return r.ports(destination, protocol, port) }
			}
			decisions = append(decisions, decision{r.action, ports})
		}
	}
	return decisions
}

func (r clusterRule) failsClosed() bool {
	return slices.ContainsFunc(r.peers, func(p clusterPeer) bool {
		return p.pods == nil && p.nodes == nil && p.networks == nil && !p.names
	})
}

func (p podsIn) matches(e *Evaluator, peer Peer) bool {
	return governed(peer) && p.namespaces.Matches(e.namespaces[peer.Pod.Namespace]) &&
		(p.pods == nil || p.pods.Matches(labels.Set(peer.Pod.Labels)))
}

func (p clusterPeer) matches(e *Evaluator, peer Peer) bool {
	switch {
	case p.pods != nil:
		return p.pods.matches(e, peer)
	case p.nodes != nil:
		return e.isNode(p.nodes, peer)
	}
	return slices.ContainsFunc(p.networks, func(b *block) bool { return e.inBlock(b, peer) })
}

// isNode: nodes are selected "by matching on the IPs present in the node.Status.Addresses field of the node".
func (e *Evaluator) isNode(s labels.Selector, peer Peer) bool {
	if governed(peer) {
		return false
	}
	addresses := []netip.Addr{peer.Address}
	if peer.Pod != nil {
		if s.Empty() {
			return true // whichever node it runs on: "if present but empty, it selects all Nodes"
		}
		addresses = e.addresses(peer.Pod)
	}
	for _, n := range e.nodes {
		if !s.Matches(labels.Set(n.Labels)) {
			continue
		}
		if peer.Pod != nil && peer.Pod.Spec.NodeName == n.Name {
			return true
		}
		for _, text := range nodeAddresses(n) {
			if slices.Contains(addresses, netip.MustParseAddr(text)) {
				return true
			}
		}
	}
	return false
}

func (e *Evaluator) addClusterPolicies(c *Cluster) error {
	for _, p := range c.Admin {
		prepared, err := newAdmin(p)
		if err != nil {
			return fmt.Errorf("preparing AdminNetworkPolicy %s: %w", p.Name, err)
		}
		e.admin = append(e.admin, prepared)
	}
	for _, p := range c.BaselineAdmin {
		prepared, err := newBaselineAdmin(p)
		if err != nil {
			return fmt.Errorf("preparing BaselineAdminNetworkPolicy %s: %w", p.Name, err)
		}
		e.baseline = append(e.baseline, prepared)
	}
	for _, p := range c.ClusterPolicies {
		prepared, err := newClusterPolicy(p)
		if err != nil {
			return fmt.Errorf("preparing ClusterNetworkPolicy %s: %w", p.Name, err)
		}
		if p.Spec.Tier == v1alpha2.AdminTier {
			e.admin = append(e.admin, prepared)
		} else {
			e.baseline = append(e.baseline, prepared)
		}
	}
	for _, tier := range [][]clusterPolicy{e.admin, e.baseline} {
		slices.SortStableFunc(tier, func(a, b clusterPolicy) int { return cmp.Compare(a.priority, b.priority) })
	}
	return nil
}

// selectPods makes a selection of the two forms that subjects and peers have. It is nil where neither is given.
func selectPods(namespaces *metav1.LabelSelector, pods *v1alpha2.NamespacedPod) (*podsIn, error) {
	var in podsIn
	var err error
	switch {
	case namespaces != nil:
		in.namespaces, err = selector(namespaces)
	case pods != nil:
		if in.namespaces, err = selector(&pods.NamespaceSelector); err != nil {
			return nil, err
		}
		in.pods, err = selector(&pods.PodSelector)
	default:
		return nil, nil
	}
	return &in, err
}

// selectPeer makes a peer of any version and direction.
func selectPeer(namespaces *metav1.LabelSelector, pods *v1alpha2.NamespacedPod, nodes *metav1.LabelSelector, networks []string, names bool) (clusterPeer, error) {
	p := clusterPeer{names: names}
	var err error
	if p.pods, err = selectPods(namespaces, pods); err != nil {
		return p, err
	}
	if p.nodes, err = selector(nodes); err != nil {
		return p, err
	}
	for _, cidr := range networks {
		b, err := newBlock(cidr, nil)
		if err != nil {
			return p, err
		}
		p.networks = append(p.networks, b)
	}
	return p, nil
}

func actionOf(name string) action {
	switch name {
	case string(v1alpha1.AdminNetworkPolicyRuleActionDeny):
		return deny
	case string(v1alpha1.AdminNetworkPolicyRuleActionPass):
		return pass
	}
	return accept
}

func stringsOf[S ~string](list []S) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return texts
}
