package naive

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

func newAdmin(p *v1alpha1.AdminNetworkPolicy) (clusterPolicy, error) {
	c := clusterPolicy{priority: p.Spec.Priority}
	subject, err := selectPods(p.Spec.Subject.Namespaces, pods(p.Spec.Subject.Pods))
	if err != nil {
		return c, err
	}
	c.subject = *subject
	for _, r := range p.Spec.Ingress {
		if err := c.addIngress(string(r.Action), r.From, r.Ports); err != nil {
			return c, err
		}
	}
	for _, r := range p.Spec.Egress {
		rule := clusterRule{action: actionOf(string(r.Action)), ports: adminPorts(r.Ports)}
		for _, to := range r.To {
			peer, err := selectPeer(to.Namespaces, pods(to.Pods), to.Nodes, stringsOf(to.Networks), len(to.DomainNames) > 0)
			if err != nil {
				return c, err
			}
			rule.peers = append(rule.peers, peer)
		}
		c.rules[egress] = append(c.rules[egress], rule)
	}
	return c, nil
}

func newBaselineAdmin(p *v1alpha1.BaselineAdminNetworkPolicy) (clusterPolicy, error) {
	var c clusterPolicy
	subject, err := selectPods(p.Spec.Subject.Namespaces, pods(p.Spec.Subject.Pods))
	if err != nil {
		return c, err
	}
	c.subject = *subject
	for _, r := range p.Spec.Ingress {
		if err := c.addIngress(string(r.Action), r.From, r.Ports); err != nil {
			return c, err
		}
	}
	for _, r := range p.Spec.Egress {
		rule := clusterRule{action: actionOf(string(r.Action)), ports: adminPorts(r.Ports)}
		for _, to := range r.To {
			peer, err := selectPeer(to.Namespaces, pods(to.Pods), to.Nodes, stringsOf(to.Networks), false)
			if err != nil {
				return c, err
			}
			rule.peers = append(rule.peers, peer)
		}
		c.rules[egress] = append(c.rules[egress], rule)
	}
	return c, nil
}

func (c *clusterPolicy) addIngress(action string, from []v1alpha1.AdminNetworkPolicyIngressPeer, ports *[]v1alpha1.AdminNetworkPolicyPort) error {
	rule := clusterRule{action: actionOf(action), ports: adminPorts(ports)}
	for _, f := range from {
		peer, err := selectPeer(f.Namespaces, pods(f.Pods), nil, nil, false)
		if err != nil {
			return err
		}
		rule.peers = append(rule.peers, peer)
	}
	c.rules[ingress] = append(c.rules[ingress], rule)
	return nil
}

// pods is the same selection in the other version.
func pods(p *v1alpha1.NamespacedPod) *v1alpha2.NamespacedPod {
	return (*v1alpha2.NamespacedPod)(p)
}

// adminPorts: "If Ports is not set then the rule does not filter traffic via port."
func adminPorts(list *[]v1alpha1.AdminNetworkPolicyPort) func(Peer, corev1.Protocol, int) bool {
	if list == nil || len(*list) == 0 {
		return nil
	}
	return func(destination Peer, protocol corev1.Protocol, port int) bool {
		for _, p := range *list {
			switch {
			case p.PortNumber != nil:
				if is(p.PortNumber.Protocol, protocol) && int(p.PortNumber.Port) == port {
					return true
				}
			case p.PortRange != nil:
				if is(p.PortRange.Protocol, protocol) && int(p.PortRange.Start) <= port && port <= int(p.PortRange.End) {
					return true
				}
			case p.NamedPort != nil && hasNamedPort(destination, *p.NamedPort, protocol, port):
				return true
			}
		}
		return false
	}
}

// is: "If not specified, this field defaults to TCP."
func is(declared, protocol corev1.Protocol) bool {
	if declared == "" {
		declared = corev1.ProtocolTCP
	}
	return declared == protocol
}
