package generate

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

// clusterPolicies adds policies of the Admin and Baseline tiers. How a BaselineAdminNetworkPolicy and
// ClusterNetworkPolicies of the Baseline tier go together is defined nowhere, so a cluster has the one or the others.
func (g *generator) clusterPolicies(c *Cluster) {
	g.priorities = make(map[int32]bool)
	if g.oneIn(3) {
		return
	}
	for range g.below(3) {
		c.Admin = append(c.Admin, g.admin())
	}
	for range g.below(3) {
		c.ClusterPolicies = append(c.ClusterPolicies, g.clusterPolicy(v1alpha2.AdminTier))
	}
	switch g.below(3) {
	case 1:
		c.BaselineAdmin = append(c.BaselineAdmin, g.baselineAdmin())
	case 2:
		for range 1 + g.below(2) {
			c.ClusterPolicies = append(c.ClusterPolicies, g.clusterPolicy(v1alpha2.BaselineTier))
		}
	}
}

func (g *generator) priority() int32 {
	n := int32(g.below(200))
	for g.priorities[n] {
		n++
	}
	g.priorities[n] = true
	return n
}

func (g *generator) clusterPolicy(tier v1alpha2.Tier) *v1alpha2.ClusterNetworkPolicy {
	p := &v1alpha2.ClusterNetworkPolicy{
		TypeMeta:   typed("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: g.name("c")},
	}
	p.Spec.Tier, p.Spec.Priority = tier, g.priority()
	p.Spec.Subject.Namespaces, p.Spec.Subject.Pods = g.pods()
	for range g.below(4) {
		r := v1alpha2.ClusterNetworkPolicyIngressRule{Action: v1alpha2.ClusterNetworkPolicyRuleAction(g.action("Accept"))}
		for range 1 + g.below(2) {
			var peer v1alpha2.ClusterNetworkPolicyIngressPeer
			if !g.oneIn(20) {
				peer.Namespaces, peer.Pods = g.pods()
			}
			r.From = append(r.From, peer)
		}
		r.Protocols = g.protocols(true)
		p.Spec.Ingress = append(p.Spec.Ingress, r)
	}
	for range g.below(4) {
		r := v1alpha2.ClusterNetworkPolicyEgressRule{Action: v1alpha2.ClusterNetworkPolicyRuleAction(g.action("Accept"))}
		named := true
		for range 1 + g.below(2) {
			peer, pods := g.egressPeer(string(r.Action) == "Accept")
			r.To, named = append(r.To, peer), named && pods
		}
		r.Protocols = g.protocols(named)
		p.Spec.Egress = append(p.Spec.Egress, r)
	}
	return p
}

func (g *generator) action(accept string) string { return pick(g.dice, accept, "Deny", "Pass") }

func (g *generator) pods() (*metav1.LabelSelector, *v1alpha2.NamespacedPod) {
	if g.oneIn(2) {
		return pointer(g.namespaceSelector()), nil
	}
	return nil, &v1alpha2.NamespacedPod{NamespaceSelector: g.namespaceSelector(), PodSelector: g.selector()}
}

// egressPeer chooses a peer and tells whether its kind can have named ports.
func (g *generator) egressPeer(accept bool) (p v1alpha2.ClusterNetworkPolicyEgressPeer, pods bool) {
	switch g.below(12) {
	default:
		p.Namespaces, p.Pods = g.pods()
		return p, true
	case 5, 6, 7:
		for range 1 + g.below(2) {
			p.Networks = append(p.Networks, v1alpha2.CIDR(pick(g.dice, blocks...).cidr))
		}
		if len(p.Networks) == 2 && p.Networks[0] == p.Networks[1] {
			p.Networks = p.Networks[:1] // a set
		}
	case 8, 9:
		p.Nodes = pointer(g.selector())
	case 10:
		if accept {
			p.DomainNames = []v1alpha2.DomainName{pick[v1alpha2.DomainName](g.dice, "example.com", "*.example.com")}
			break
		}
		p.Namespaces = &metav1.LabelSelector{}
	case 11:
		// A peer of a kind that is not known.
		if g.oneIn(2) {
			break
		}
		p.Namespaces = &metav1.LabelSelector{}
	}
	return p, false
}

func (g *generator) protocols(named bool) []v1alpha2.ClusterNetworkPolicyProtocol {
	var list []v1alpha2.ClusterNetworkPolicyProtocol
	for range g.below(3) {
		var p v1alpha2.ClusterNetworkPolicyProtocol
		port := &v1alpha2.Port{}
		if g.oneIn(3) {
			from, to := g.portRange()
			port.Range = &v1alpha2.PortRange{Start: from, End: to}
		} else {
			port.Number = pick(g.dice, numbers...)
		}
		switch g.below(5) {
		case 0:
			p.TCP = &v1alpha2.ClusterNetworkPolicyProtocolTCP{DestinationPort: port}
		case 1:
			p.UDP = &v1alpha2.ClusterNetworkPolicyProtocolUDP{DestinationPort: port}
		case 2:
			p.SCTP = &v1alpha2.ClusterNetworkPolicyProtocolSCTP{DestinationPort: port}
		default:
			if !named {
				p.TCP = &v1alpha2.ClusterNetworkPolicyProtocolTCP{DestinationPort: port}
				break
			}
			p.DestinationNamedPort = pick(g.dice, portNames...)
		}
		list = append(list, p)
	}
	return list
}

// The older version says the same in other words, but for the ports.

func (g *generator) admin() *v1alpha1.AdminNetworkPolicy {
	p := &v1alpha1.AdminNetworkPolicy{
		TypeMeta:   typed("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: g.name("a")},
	}
	p.Spec.Priority = g.priority()
	p.Spec.Subject = g.adminSubject()
	for range g.below(4) {
		p.Spec.Ingress = append(p.Spec.Ingress, v1alpha1.AdminNetworkPolicyIngressRule{
			Action: v1alpha1.AdminNetworkPolicyRuleAction(g.action("Allow")), From: g.adminFrom(), Ports: g.adminPorts(true),
		})
	}
	for range g.below(4) {
		r := v1alpha1.AdminNetworkPolicyEgressRule{Action: v1alpha1.AdminNetworkPolicyRuleAction(g.action("Allow"))}
		named := true
		for range 1 + g.below(2) {
			peer, pods := g.egressPeer(string(r.Action) == "Allow")
			to := v1alpha1.AdminNetworkPolicyEgressPeer{Namespaces: peer.Namespaces, Pods: (*v1alpha1.NamespacedPod)(peer.Pods), Nodes: peer.Nodes}
			for _, n := range peer.Networks {
				to.Networks = append(to.Networks, v1alpha1.CIDR(n))
			}
			for _, n := range peer.DomainNames {
				to.DomainNames = append(to.DomainNames, v1alpha1.DomainName(n))
			}
			r.To, named = append(r.To, to), named && pods
		}
		r.Ports = g.adminPorts(named)
		p.Spec.Egress = append(p.Spec.Egress, r)
	}
	return p
}

func (g *generator) baselineAdmin() *v1alpha1.BaselineAdminNetworkPolicy {
	p := &v1alpha1.BaselineAdminNetworkPolicy{
		TypeMeta:   typed("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: "default"},
	}
	p.Spec.Subject = g.adminSubject()
	action := func() v1alpha1.BaselineAdminNetworkPolicyRuleAction {
		return pick(g.dice, v1alpha1.BaselineAdminNetworkPolicyRuleActionAllow, v1alpha1.BaselineAdminNetworkPolicyRuleActionDeny)
	}
	for range g.below(4) {
		p.Spec.Ingress = append(p.Spec.Ingress, v1alpha1.BaselineAdminNetworkPolicyIngressRule{
			Action: action(), From: g.adminFrom(), Ports: g.adminPorts(true),
		})
	}
	for range g.below(4) {
		r := v1alpha1.BaselineAdminNetworkPolicyEgressRule{Action: action()}
		named := true
		for range 1 + g.below(2) {
			peer, pods := g.egressPeer(false)
			to := v1alpha1.BaselineAdminNetworkPolicyEgressPeer{Namespaces: peer.Namespaces, Pods: (*v1alpha1.NamespacedPod)(peer.Pods), Nodes: peer.Nodes}
			for _, n := range peer.Networks {
				to.Networks = append(to.Networks, v1alpha1.CIDR(n))
			}
			r.To, named = append(r.To, to), named && pods
		}
		r.Ports = g.adminPorts(named)
		p.Spec.Egress = append(p.Spec.Egress, r)
	}
	return p
}

func (g *generator) adminSubject() v1alpha1.AdminNetworkPolicySubject {
	namespaces, pods := g.pods()
	return v1alpha1.AdminNetworkPolicySubject{Namespaces: namespaces, Pods: (*v1alpha1.NamespacedPod)(pods)}
}

func (g *generator) adminFrom() []v1alpha1.AdminNetworkPolicyIngressPeer {
	var from []v1alpha1.AdminNetworkPolicyIngressPeer
	for range 1 + g.below(2) {
		var peer v1alpha1.AdminNetworkPolicyIngressPeer
		if !g.oneIn(20) {
			namespaces, pods := g.pods()
			peer.Namespaces, peer.Pods = namespaces, (*v1alpha1.NamespacedPod)(pods)
		}
		from = append(from, peer)
	}
	return from
}

func (g *generator) adminPorts(named bool) *[]v1alpha1.AdminNetworkPolicyPort {
	var list []v1alpha1.AdminNetworkPolicyPort
	for range g.below(3) {
		var p v1alpha1.AdminNetworkPolicyPort
		protocol := pick(g.dice, protocols...)
		switch choice := g.below(4); {
		case choice == 0:
			from, to := g.portRange()
			p.PortRange = &v1alpha1.PortRange{Start: from, End: to}
			if protocol != corev1.ProtocolTCP { // else by default
				p.PortRange.Protocol = protocol
			}
		case choice < 3 && named:
			p.NamedPort = pointer(pick(g.dice, portNames...))
		default:
			p.PortNumber = &v1alpha1.Port{Protocol: protocol, Port: pick(g.dice, numbers...)}
		}
		list = append(list, p)
	}
	if list == nil {
		return nil
	}
	return &list
}
