package naive

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type networkPolicy struct {
	namespace string
	pods      labels.Selector
	isolates  [2]bool
	rules     [2][]networkRule
}

type networkRule struct {
	peers []networkPeer
	ports []networkingv1.NetworkPolicyPort
}

type networkPeer struct {
	pods, namespaces labels.Selector
	block            *block
}

func newNetworkPolicy(p *networkingv1.NetworkPolicy) (networkPolicy, error) {
	n := networkPolicy{namespace: p.Namespace}
	var err error
	if n.pods, err = selector(&p.Spec.PodSelector); err != nil {
		return n, err
	}
	// "If no policyTypes are specified on a NetworkPolicy then by default Ingress will always be set and Egress will be
	// set if the NetworkPolicy has any egress rules."
	types := p.Spec.PolicyTypes
	if len(types) == 0 {
		types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(p.Spec.Egress) > 0 {
			types = append(types, networkingv1.PolicyTypeEgress)
		}
	}
	for _, t := range types {
		if t == networkingv1.PolicyTypeIngress {
			n.isolates[ingress] = true
		} else {
			n.isolates[egress] = true
		}
	}
	for _, r := range p.Spec.Ingress {
		if err := n.add(ingress, r.From, r.Ports); err != nil {
			return n, err
		}
	}
	for _, r := range p.Spec.Egress {
		if err := n.add(egress, r.To, r.Ports); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *networkPolicy) add(d direction, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) error {
	rule := networkRule{ports: ports}
	for _, p := range peers {
		var peer networkPeer
		var err error
		if peer.pods, err = selector(p.PodSelector); err != nil {
			return err
		}
		if peer.namespaces, err = selector(p.NamespaceSelector); err != nil {
			return err
		}
		if p.IPBlock != nil {
			if peer.block, err = newBlock(p.IPBlock.CIDR, p.IPBlock.Except); err != nil {
				return err
			}
		}
		rule.peers = append(rule.peers, peer)
	}
	n.rules[d] = append(n.rules[d], rule)
	return nil
}

func (n *networkPolicy) selects(pod *corev1.Pod) bool {
	return pod.Namespace == n.namespace && n.pods.Matches(labels.Set(pod.Labels))
}

// matchesPeer: "If this field is empty or missing, this rule matches all sources (traffic not restricted by source)."
func (r networkRule) matchesPeer(e *Evaluator, namespace string, peer Peer) bool {
	if len(r.peers) == 0 {
		return true
	}
	for _, p := range r.peers {
		if p.matches(e, namespace, peer) {
			return true
		}
	}
	return false
}

func (p networkPeer) matches(e *Evaluator, namespace string, peer Peer) bool {
	if p.block != nil {
		return e.inBlock(p.block, peer)
	}
	if !governed(peer) {
		return false
	}
	if p.namespaces == nil {
		if peer.Pod.Namespace != namespace {
			return false
		}
	} else if !p.namespaces.Matches(e.namespaces[peer.Pod.Namespace]) {
		return false
	}
	return p.pods == nil || p.pods.Matches(labels.Set(peer.Pod.Labels))
}

// portsOn: "If this field is empty or missing, this rule matches all ports (traffic not restricted by port)."
func (r networkRule) portsOn(destination Peer) portMatcher {
	if len(r.ports) == 0 {
		return anyPort
	}
	return func(protocol corev1.Protocol, port int) bool {
		for _, p := range r.ports {
			if matchesPort(p, destination, protocol, port) {
				return true
			}
		}
		return false
	}
}

func matchesPort(p networkingv1.NetworkPolicyPort, destination Peer, protocol corev1.Protocol, port int) bool {
	want := corev1.ProtocolTCP
	if p.Protocol != nil {
		want = *p.Protocol
	}
	switch {
	case want != protocol:
		return false
	case p.Port == nil:
		return true
	case p.Port.Type == intstr.String:
		return hasNamedPort(destination, p.Port.StrVal, protocol, port)
	case p.EndPort != nil:
		return int(p.Port.IntVal) <= port && port <= int(*p.EndPort)
	}
	return int(p.Port.IntVal) == port
}

// hasNamedPort tells whether a container, or a sidecar, of a pod calls a port by the name. Nodes and addresses have no
// names for ports.
func hasNamedPort(p Peer, name string, protocol corev1.Protocol, port int) bool {
	if !governed(p) {
		return false
	}
	containers := p.Pod.Spec.Containers
	for _, c := range p.Pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers[:len(containers):len(containers)], c)
		}
	}
	for _, c := range containers {
		for _, declared := range c.Ports {
			its := declared.Protocol
			if its == "" {
				its = corev1.ProtocolTCP
			}
			if declared.Name == name && its == protocol && int(declared.ContainerPort) == port {
				return true
			}
		}
	}
	return false
}
