package admin

import (
	corev1 "k8s.io/api/core/v1"
	v1alpha1 "sigs.k8s.io/network-policy-api/apis/v1alpha1"
	v1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

// v1alpha1's two kinds became one in v1alpha2, with a tier; Allow became Accept, ports became protocols.

func fromAdmin(old v1alpha1.AdminNetworkPolicySpec) v1alpha2.ClusterNetworkPolicySpec {
	spec := v1alpha2.ClusterNetworkPolicySpec{Tier: v1alpha2.AdminTier, Priority: old.Priority, Subject: subject(old.Subject)}
	for _, r := range old.Ingress {
		spec.Ingress = append(spec.Ingress, ingressRule(string(r.Action), r.From, r.Ports))
	}
	for _, r := range old.Egress {
		to := make([]v1alpha2.ClusterNetworkPolicyEgressPeer, len(r.To))
		for i, p := range r.To {
			to[i] = v1alpha2.ClusterNetworkPolicyEgressPeer{Namespaces: p.Namespaces, Pods: pods(p.Pods), Nodes: p.Nodes,
				Networks: networks(p.Networks), DomainNames: domains(p.DomainNames)}
		}
		spec.Egress = append(spec.Egress, v1alpha2.ClusterNetworkPolicyEgressRule{Action: action(string(r.Action)), To: to, Protocols: protocols(r.Ports)})
	}
	return spec
}

func fromBaseline(old v1alpha1.BaselineAdminNetworkPolicySpec) v1alpha2.ClusterNetworkPolicySpec {
	spec := v1alpha2.ClusterNetworkPolicySpec{Tier: v1alpha2.BaselineTier, Subject: subject(old.Subject)}
	for _, r := range old.Ingress {
		spec.Ingress = append(spec.Ingress, ingressRule(string(r.Action), r.From, r.Ports))
	}
	for _, r := range old.Egress {
		to := make([]v1alpha2.ClusterNetworkPolicyEgressPeer, len(r.To))
		for i, p := range r.To {
			to[i] = v1alpha2.ClusterNetworkPolicyEgressPeer{Namespaces: p.Namespaces, Pods: pods(p.Pods), Nodes: p.Nodes, Networks: networks(p.Networks)}
		}
		spec.Egress = append(spec.Egress, v1alpha2.ClusterNetworkPolicyEgressRule{Action: action(string(r.Action)), To: to, Protocols: protocols(r.Ports)})
	}
	return spec
}

func ingressRule(act string, peers []v1alpha1.AdminNetworkPolicyIngressPeer, ports *[]v1alpha1.AdminNetworkPolicyPort) v1alpha2.ClusterNetworkPolicyIngressRule {
	from := make([]v1alpha2.ClusterNetworkPolicyIngressPeer, len(peers))
	for i, p := range peers {
		from[i] = v1alpha2.ClusterNetworkPolicyIngressPeer{Namespaces: p.Namespaces, Pods: pods(p.Pods)}
	}
	return v1alpha2.ClusterNetworkPolicyIngressRule{Action: action(act), From: from, Protocols: protocols(ports)}
}

// action renames Allow; what is no action of v1alpha1 stays unknown.
func action(old string) v1alpha2.ClusterNetworkPolicyRuleAction {
	switch old {
	case "Allow":
		return v1alpha2.ClusterNetworkPolicyRuleActionAccept
	case "Accept":
		return "Accept (use Allow in v1alpha1)"
	}
	return v1alpha2.ClusterNetworkPolicyRuleAction(old)
}

func subject(s v1alpha1.AdminNetworkPolicySubject) v1alpha2.ClusterNetworkPolicySubject {
	return v1alpha2.ClusterNetworkPolicySubject{Namespaces: s.Namespaces, Pods: pods(s.Pods)}
}

func pods(p *v1alpha1.NamespacedPod) *v1alpha2.NamespacedPod {
	if p == nil {
		return nil
	}
	return &v1alpha2.NamespacedPod{NamespaceSelector: p.NamespaceSelector, PodSelector: p.PodSelector}
}

func networks(old []v1alpha1.CIDR) []v1alpha2.CIDR {
	var out []v1alpha2.CIDR
	for _, c := range old {
		out = append(out, v1alpha2.CIDR(c))
	}
	return out
}

func domains(old []v1alpha1.DomainName) []v1alpha2.DomainName {
	var out []v1alpha2.DomainName
	for _, d := range old {
		out = append(out, v1alpha2.DomainName(d))
	}
	return out
}

func protocols(ports *[]v1alpha1.AdminNetworkPolicyPort) []v1alpha2.ClusterNetworkPolicyProtocol {
	if ports == nil {
		return nil
	}
	out := make([]v1alpha2.ClusterNetworkPolicyProtocol, len(*ports))
	for i, p := range *ports {
		switch {
		case p.PortNumber != nil:
			out[i] = protocol(p.PortNumber.Protocol, v1alpha2.Port{Number: p.PortNumber.Port})
		case p.PortRange != nil:
			out[i] = protocol(p.PortRange.Protocol, v1alpha2.Port{Range: &v1alpha2.PortRange{Start: p.PortRange.Start, End: p.PortRange.End}})
		case p.NamedPort != nil:
			out[i] = v1alpha2.ClusterNetworkPolicyProtocol{DestinationNamedPort: *p.NamedPort}
		}
	}
	return out
}

// protocol places a port under its protocol, TCP where none is given; an unknown one is left empty, which is refused.
func protocol(p corev1.Protocol, port v1alpha2.Port) v1alpha2.ClusterNetworkPolicyProtocol {
	switch p {
	case corev1.ProtocolTCP, "":
		return v1alpha2.ClusterNetworkPolicyProtocol{TCP: &v1alpha2.ClusterNetworkPolicyProtocolTCP{DestinationPort: &port}}
	case corev1.ProtocolUDP:
		return v1alpha2.ClusterNetworkPolicyProtocol{UDP: &v1alpha2.ClusterNetworkPolicyProtocolUDP{DestinationPort: &port}}
	case corev1.ProtocolSCTP:
		return v1alpha2.ClusterNetworkPolicyProtocol{SCTP: &v1alpha2.ClusterNetworkPolicyProtocolSCTP{DestinationPort: &port}}
	}
	return v1alpha2.ClusterNetworkPolicyProtocol{}
}
