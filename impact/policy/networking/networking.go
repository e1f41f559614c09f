// Package networking compiles networking.k8s.io/v1 NetworkPolicy to the common form.
//
// Semantics and validation follow the API reference of NetworkPolicySpec and the API server's own validation: rules
// are additive, there is no order and no deny; a policy isolates its subject in the directions of its policyTypes.
// What the API server refuses is an error on the object, which then takes no part in the analysis.
package networking

import (
	"net/netip"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Is tells whether an object is a NetworkPolicy. The extensions group is its name before Kubernetes 1.22, with the
// same meaning.
func Is(o *manifest.Object) bool {
	return o.Kind == "NetworkPolicy" && (o.Group == "networking.k8s.io" || o.Group == "extensions")
}

// Compile compiles a NetworkPolicy. Its namespace must be set. The policy is nil where the API server would refuse it.
func Compile(o *manifest.Object, namespace string, reading policy.Reading) (*policy.Policy, []manifest.Diagnostic) {
	c := compiler{Problems: policy.Problems{Object: o}, namespace: namespace}
	if o.Group == "networking.k8s.io" && o.Version != "v1" {
		c.Error(o.Body.Get("apiVersion"), "networking.k8s.io/%s has no NetworkPolicy; write networking.k8s.io/v1", o.Version)
	}
	if reasons := validation.IsDNS1123Label(o.Namespace); o.Namespace != "" && len(reasons) > 0 {
		c.Error(o.Body.Get("metadata", "namespace"), "the namespace %q cannot exist: %s", o.Namespace, reasons[0])
	}
	var spec networkingv1.NetworkPolicySpec
	c.Decode(&spec)
	node := o.Body.Get("spec")
	if node.IsNull() {
		c.Error(o.Body, "spec is missing")
	}
	if c.Invalid() {
		return nil, c.Diagnostics // what could not be read would only be complained of again
	}
	p := &policy.Policy{Object: o, Alone: true, Tier: policy.Default, Order: policy.NetworkPolicyOrder}
	p.Subject = []policy.Pods{{
		Namespaces: policy.InNamespace(namespace),
		Pods:       c.Selector(&spec.PodSelector, node.Get("podSelector")),
	}}
	p.Isolates = c.isolates(spec, node.Get("policyTypes"))
	for i, rule := range spec.Ingress {
		part := node.Get("ingress").Element(i)
		p.Rules[policy.Ingress] = append(p.Rules[policy.Ingress], c.rule(rule.From, rule.Ports, part, part.Get("from")))
	}
	for i, rule := range spec.Egress {
		part := node.Get("egress").Element(i)
		p.Rules[policy.Egress] = append(p.Rules[policy.Egress], c.rule(rule.To, rule.Ports, part, part.Get("to")))
	}
	for _, d := range policy.Directions {
		switch {
		case p.Isolates[d] || len(p.Rules[d]) == 0:
		case reading == policy.Cilium:
			p.Isolates[d] = true // ParseNetworkPolicy takes a section before it looks at policyTypes
		default:
			p.Rules[d] = nil // a section that policyTypes leaves out has no effect
		}
	}
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	return p, c.Diagnostics
}

type compiler struct {
	policy.Problems
	namespace string
}

// isolates defaults policyTypes as the API reference tells: Ingress always, Egress if the policy has any egress rule.
func (c *compiler) isolates(spec networkingv1.NetworkPolicySpec, node *manifest.Node) [2]bool {
	if len(spec.PolicyTypes) == 0 {
		return [2]bool{policy.Ingress: true, policy.Egress: len(spec.Egress) > 0}
	}
	if len(spec.PolicyTypes) > len(policy.Directions) {
		c.Error(node, "spec.policyTypes: there are more than two")
	}
	var isolates [2]bool
	for i, t := range spec.PolicyTypes {
		switch t {
		case networkingv1.PolicyTypeIngress:
			isolates[policy.Ingress] = true
		case networkingv1.PolicyTypeEgress:
			isolates[policy.Egress] = true
		default:
			c.Error(node.Element(i), "spec.policyTypes: %q is neither Ingress nor Egress", t)
		}
	}
	return isolates
}

func (c *compiler) rule(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, part, peerNodes *manifest.Node) policy.Rule {
	r := policy.Rule{Verdict: policy.Allow, Part: part, Any: len(peers) == 0, AllPorts: len(ports) == 0}
	for i, peer := range peers {
		if p, ok := c.peer(peer, peerNodes.Element(i)); ok {
			r.Peers = append(r.Peers, p)
		}
	}
	for i, port := range ports {
		r.Ports = append(r.Ports, c.port(port, part.Get("ports").Element(i)))
	}
	return r
}

func (c *compiler) peer(peer networkingv1.NetworkPolicyPeer, node *manifest.Node) (policy.Peer, bool) {
	switch {
	case peer.IPBlock != nil && (peer.PodSelector != nil || peer.NamespaceSelector != nil):
		c.Error(node, "a peer with ipBlock must not have podSelector or namespaceSelector; make them two peers")
	case peer.IPBlock != nil:
		return policy.Peer{Block: c.block(peer.IPBlock, node.Get("ipBlock"))}, true
	case peer.PodSelector != nil || peer.NamespaceSelector != nil:
		pods := policy.Pods{Namespaces: policy.InNamespace(c.namespace)}
		if peer.NamespaceSelector != nil {
			pods.Namespaces = policy.Namespaces{Selector: c.Selector(peer.NamespaceSelector, node.Get("namespaceSelector"))}
		}
		if peer.PodSelector != nil {
			pods.Pods = c.Selector(peer.PodSelector, node.Get("podSelector"))
		}
		return policy.Peer{Pods: &pods}, true
	default:
		c.Error(node, "a peer must have podSelector, namespaceSelector or ipBlock; to allow every peer leave out the list")
	}
	return policy.Peer{}, false
}

func (c *compiler) block(b *networkingv1.IPBlock, node *manifest.Node) *policy.Block {
	if node.Get("cidr").IsNull() {
		c.Error(node, "an ipBlock must have a cidr")
		return &policy.Block{}
	}
	cidr, ok := c.CIDR(b.CIDR, node.Get("cidr"))
	out := &policy.Block{CIDR: cidr}
	for i, text := range b.Except {
		at := node.Get("except").Element(i)
		except, exceptOK := c.CIDR(text, at)
		if !ok || !exceptOK {
			continue
		}
		if except.Bits() <= cidr.Bits() || !cidr.Contains(except.Addr()) {
			c.Error(at, "except %s is not a part of cidr %s", except, cidr)
			continue
		}
		out.Except = append(out.Except, except)
	}
	slices.SortFunc(out.Except, netip.Prefix.Compare)
	out.Except = slices.Compact(out.Except)
	return out
}

func (c *compiler) port(p networkingv1.NetworkPolicyPort, node *manifest.Node) policy.Port {
	out := policy.Port{Protocol: policy.TCP}
	if p.Protocol != nil {
		switch *p.Protocol {
		case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
			out.Protocol = policy.Protocol(*p.Protocol)
		default:
			c.Error(node.Get("protocol"), "protocol %q is none of TCP, UDP, SCTP", *p.Protocol)
		}
	}
	switch {
	case p.Port == nil:
		if p.EndPort != nil {
			c.Error(node.Get("endPort"), "endPort needs a port")
		}
		return out
	case p.Port.Type == intstr.String:
		out.Name = p.Port.StrVal
		if _, err := strconv.Atoi(out.Name); err == nil {
			c.Error(node.Get("port"), "port %q is a text, and no port has this name: write the number without quotes", out.Name)
			return out
		}
		for _, reason := range validation.IsValidPortName(out.Name) {
			c.Error(node.Get("port"), "port %q: %s", out.Name, reason)
		}
		if p.EndPort != nil {
			c.Error(node.Get("endPort"), "endPort needs a port by number, not by name")
		}
		return out
	}
	out.From = c.Port(p.Port.IntVal, node.Get("port"))
	out.To = out.From
	if p.EndPort != nil {
		if out.To = c.Port(*p.EndPort, node.Get("endPort")); out.To < out.From {
			c.Error(node.Get("endPort"), "endPort %d is less than port %d", out.To, out.From)
		}
	}
	return out
}
