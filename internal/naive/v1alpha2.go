package naive

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

func newClusterPolicy(p *v1alpha2.ClusterNetworkPolicy) (clusterPolicy, error) {
	c := clusterPolicy{priority: p.Spec.Priority}
	subject, err := selectPods(p.Spec.Subject.Namespaces, p.Spec.Subject.Pods)
	if err != nil {
		return c, err
	}
	c.subject = *subject
	for _, r := range p.Spec.Ingress {
		rule := clusterRule{action: actionOf(string(r.Action)), ports: protocols(r.Protocols)}
		for _, from := range r.From {
			peer, err := selectPeer(from.Namespaces, from.Pods, nil, nil, false)
			if err != nil {
				return c, err
			}
			rule.peers = append(rule.peers, peer)
		}
		c.rules[ingress] = append(c.rules[ingress], rule)
	}
	for _, r := range p.Spec.Egress {
		rule := clusterRule{action: actionOf(string(r.Action)), ports: protocols(r.Protocols)}
		for _, to := range r.To {
			peer, err := selectPeer(to.Namespaces, to.Pods, to.Nodes, stringsOf(to.Networks), len(to.DomainNames) > 0)
			if err != nil {
				return c, err
			}
			rule.peers = append(rule.peers, peer)
		}
		c.rules[egress] = append(c.rules[egress], rule)
	}
	return c, nil
}

// protocols: "If unspecified, protocol-specific attributes will not be used to match traffic."
func protocols(list []v1alpha2.ClusterNetworkPolicyProtocol) func(Peer, corev1.Protocol, int) bool {
	if len(list) == 0 {
		return nil
	}
	return func(destination Peer, protocol corev1.Protocol, port int) bool {
		for _, p := range list {
			switch {
			case p.TCP != nil:
				if protocol == corev1.ProtocolTCP && destinationPort(p.TCP.DestinationPort, port) {
					return true
				}
			case p.UDP != nil:
				if protocol == corev1.ProtocolUDP && destinationPort(p.UDP.DestinationPort, port) {
					return true
				}
			case p.SCTP != nil:
				if protocol == corev1.ProtocolSCTP && destinationPort(p.SCTP.DestinationPort, port) {
					return true
				}
			case hasNamedPort(destination, p.DestinationNamedPort, protocol, port):
				return true
			}
		}
		return false
	}
}

func destinationPort(p *v1alpha2.Port, port int) bool {
	switch {
	case p == nil:
		return true
	case p.Range != nil:
		return int(p.Range.Start) <= port && port <= int(p.Range.End)
	}
	return int(p.Number) == port
}
