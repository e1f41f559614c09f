// Package admin compiles the cluster-wide policies of policy.networking.k8s.io to the common form:
// AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2).
//
// Semantics follow the types' API reference. Rules are ordered by priority and position; they isolate nobody. Peers by
// pods and namespaces leave out pods on the host's network; networks match pods, too. A peer of a kind that this
// program does not know fails closed, as the reference demands: an Accept rule matches nothing, a Deny or Pass rule
// denies everything.
package admin

import (
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	v1alpha1 "sigs.k8s.io/network-policy-api/apis/v1alpha1"
	v1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Is tells whether an object is one of the kinds that Compile knows.
func Is(o *manifest.Object) bool {
	if o.Group != "policy.networking.k8s.io" {
		return false
	}
	switch o.Kind {
	case "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy":
		return true
	}
	return false
}

// Compile compiles a policy. It is nil where the API server would refuse the object.
func Compile(o *manifest.Object, reading policy.Reading) (*policy.Policy, []manifest.Diagnostic) {
	c := compiler{Problems: policy.Problems{Object: o}, reading: reading, maxRules: 100, ports: "ports"}
	spec := c.spec()
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	p := c.policy(spec)
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	return p, c.Diagnostics
}

type compiler struct {
	policy.Problems
	reading  policy.Reading
	maxRules int
	// ports is the field that holds a rule's ports in this version.
	ports string
}

// spec reads the object as its own version says and returns it as the newest one.
func (c *compiler) spec() v1alpha2.ClusterNetworkPolicySpec {
	var spec v1alpha2.ClusterNetworkPolicySpec
	switch c.Object.Kind {
	case "AdminNetworkPolicy":
		var old v1alpha1.AdminNetworkPolicySpec
		c.Decode(&old)
		spec = fromAdmin(old)
	case "BaselineAdminNetworkPolicy":
		var old v1alpha1.BaselineAdminNetworkPolicySpec
		c.Decode(&old)
		spec = fromBaseline(old)
		if c.Object.Name != "default" {
			c.Error(c.Object.Body.Get("metadata", "name"), "a BaselineAdminNetworkPolicy must be named default")
		}
	default:
		c.maxRules, c.ports = 25, "protocols"
		c.Decode(&spec)
	}
	return spec
}

func (c *compiler) policy(spec v1alpha2.ClusterNetworkPolicySpec) *policy.Policy {
	node := c.Object.Body.Get("spec")
	p := &policy.Policy{Object: c.Object, Alone: true, Order: float64(spec.Priority)}
	switch spec.Tier {
	case v1alpha2.AdminTier:
		p.Tier = policy.Admin
	case v1alpha2.BaselineTier:
		p.Tier = policy.Baseline
	default:
		c.Error(node.Get("tier"), "spec.tier: %q is neither Admin nor Baseline", spec.Tier)
	}
	if spec.Priority < 0 || spec.Priority > 1000 {
		c.Error(node.Get("priority"), "spec.priority: %d is not between 0 and 1000", spec.Priority)
	}
	p.Subject = c.subject(spec.Subject, node.Get("subject"))
	for i, r := range spec.Ingress {
		peers := make([]v1alpha2.ClusterNetworkPolicyEgressPeer, len(r.From))
		for j, from := range r.From {
			peers[j] = v1alpha2.ClusterNetworkPolicyEgressPeer{Namespaces: from.Namespaces, Pods: from.Pods}
		}
		part := node.Get("ingress").Element(i)
		p.Rules[policy.Ingress] = append(p.Rules[policy.Ingress], c.rule(r.Action, peers, r.Protocols, part, part.Get("from")))
	}
	for i, r := range spec.Egress {
		part := node.Get("egress").Element(i)
		if c.reading == policy.Cilium && namesDomains(r) {
			p.Rules[policy.Egress] = append(p.Rules[policy.Egress], toNameService(part))
		}
		p.Rules[policy.Egress] = append(p.Rules[policy.Egress], c.rule(r.Action, r.To, r.Protocols, part, part.Get("to")))
	}
	for _, section := range []string{"ingress", "egress"} {
		if list := node.Get(section); len(list.Elements()) > c.maxRules {
			c.Error(list, "spec.%s: %d rules are more than the %d that the API allows", section, len(list.Elements()), c.maxRules)
		}
	}
	return p
}

func (c *compiler) subject(s v1alpha2.ClusterNetworkPolicySubject, node *manifest.Node) []policy.Pods {
	if (s.Namespaces == nil) == (s.Pods == nil) {
		c.Error(node, "spec.subject must have either namespaces or pods")
		return nil
	}
	return []policy.Pods{*c.pods(s.Namespaces, s.Pods, node)}
}

// pods compiles a peer or a subject that is given by namespaces or by namespaces and pods.
func (c *compiler) pods(namespaces *metav1.LabelSelector, pods *v1alpha2.NamespacedPod, node *manifest.Node) *policy.Pods {
	if namespaces != nil {
		return &policy.Pods{Namespaces: policy.Namespaces{Selector: c.Selector(namespaces, node.Get("namespaces"))}}
	}
	at := node.Get("pods")
	return &policy.Pods{
		Namespaces: policy.Namespaces{Selector: c.Selector(&pods.NamespaceSelector, at.Get("namespaceSelector"))},
		Pods:       c.Selector(&pods.PodSelector, at.Get("podSelector")),
	}
}

var verdicts = map[v1alpha2.ClusterNetworkPolicyRuleAction]policy.Verdict{
	v1alpha2.ClusterNetworkPolicyRuleActionAccept: policy.Allow,
	v1alpha2.ClusterNetworkPolicyRuleActionDeny:   policy.Deny,
	v1alpha2.ClusterNetworkPolicyRuleActionPass:   policy.Pass,
}

func (c *compiler) rule(action v1alpha2.ClusterNetworkPolicyRuleAction, peers []v1alpha2.ClusterNetworkPolicyEgressPeer,
	protocols []v1alpha2.ClusterNetworkPolicyProtocol, part, peerNodes *manifest.Node) policy.Rule {
	verdict, ok := verdicts[action]
	if !ok {
		c.Error(part.Get("action"), "action %q is not known here", action)
	}
	if verdict == policy.Pass && c.Object.Kind == "BaselineAdminNetworkPolicy" {
		c.Error(part.Get("action"), "a baseline policy cannot Pass: nothing comes after it")
	}
	r := policy.Rule{Verdict: verdict, Part: part, AllPorts: len(protocols) == 0}
	if list := part.Get(c.ports); len(protocols) == 0 && !list.IsNull() {
		c.Error(list, "%s must not be empty; leave it out for all ports", c.ports)
	}
	if len(peers) == 0 {
		c.Error(part, "a rule needs at least one peer")
	}
	named := false
	denied := false // Cilium keeps the ports of a rule that fails closed, and of one that accepts the peers that are known
	for i, p := range protocols {
		r.Ports = append(r.Ports, c.port(p, part.Get(c.ports).Element(i)))
		named = named || p.DestinationNamedPort != ""
	}
	for i, peer := range peers {
		at := peerNodes.Element(i)
		found := c.peer(peer, verdict, at)
		if found == nil && c.reading == policy.Cilium {
			c.Warn(at, "a peer of a kind that is not known here; it fails closed, as Cilium has it")
			denied = denied || verdict != policy.Allow
			continue
		}
		if found == nil {
			c.Warn(at, "a peer of a kind that is not known here; the rule fails closed, as the API reference demands")
			return failClosed(r)
		}
		if named && peer.Namespaces == nil && peer.Pods == nil {
			c.Error(at, "a named port cannot be used with networks, nodes or domainNames: only pods name their ports")
		}
		r.Peers = append(r.Peers, found...)
	}
	if denied {
		r.Verdict, r.Any, r.Peers = policy.Deny, true, nil
	}
	return r
}

// failClosed is what a rule with an unknown peer means: an Accept rule matches no traffic, a Deny or Pass rule denies
// all of it (API reference of ClusterNetworkPolicyEgressPeer).
func failClosed(r policy.Rule) policy.Rule {
	if r.Verdict == policy.Allow {
		return policy.Rule{Verdict: policy.Allow, Part: r.Part}
	}
	return policy.Rule{Verdict: policy.Deny, Any: true, AllPorts: true, Part: r.Part}
}

var domainName = regexp.MustCompile(`^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$`)

// peer compiles one peer, which may be several of the common form; nil if none of its fields is known.
func (c *compiler) peer(p v1alpha2.ClusterNetworkPolicyEgressPeer, verdict policy.Verdict, node *manifest.Node) []policy.Peer {
	var peers []policy.Peer
	c.single("peer", node, "namespaces", "pods", "nodes", "networks", "domainNames")
	switch {
	case p.Namespaces != nil && c.reading == policy.Cilium && onlyExcludes(p.Namespaces):
		return []policy.Peer{besides(c.Selector(p.Namespaces, node.Get("namespaces")))}
	case p.Namespaces != nil || p.Pods != nil:
		return []policy.Peer{{Pods: c.pods(p.Namespaces, p.Pods, node)}}
	case p.Nodes != nil:
		s := c.Selector(p.Nodes, node.Get("nodes"))
		return []policy.Peer{{Nodes: &s}}
	case len(p.Networks) > 0:
		for i, text := range p.Networks {
			prefix, _ := c.CIDR(string(text), node.Get("networks").Element(i))
			peers = append(peers, policy.Peer{Block: &policy.Block{CIDR: prefix}})
		}
	case len(p.DomainNames) > 0:
		for i, name := range p.DomainNames {
			at := node.Get("domainNames").Element(i)
			if !domainName.MatchString(string(name)) {
				c.Error(at, "%q is no domain name", name)
			}
			if verdict != policy.Allow {
				c.Error(at, "domainNames can only be accepted, not denied or passed")
			}
			// Names are compared without regard to case, and are complete with or without the last dot (RFC 4343, RFC 1034).
			peers = append(peers, policy.Peer{Domain: strings.ToLower(strings.TrimSuffix(string(name), "."))})
		}
	default:
		for _, list := range []string{"networks", "domainNames"} {
			if n := node.Get(list); n != nil && n.Kind == manifest.List && len(n.Items) == 0 {
				c.Error(n, "%s must not be empty", list)
				return []policy.Peer{{}}
			}
		}
	}
	return peers
}

// single refuses a part that has more than one of the fields that exclude each other.
func (c *compiler) single(what string, node *manifest.Node, fields ...string) {
	var has []string
	for _, f := range fields {
		if !node.Get(f).IsNull() {
			has = append(has, f)
		}
	}
	if len(has) > 1 {
		c.Error(node, "a %s must have exactly one field, not %s; make them %ss of their own", what, strings.Join(has, " and "), what)
	}
}

func (c *compiler) port(p v1alpha2.ClusterNetworkPolicyProtocol, node *manifest.Node) policy.Port {
	numbered := func(protocol policy.Protocol, port *v1alpha2.Port) policy.Port {
		switch {
		case port == nil:
			c.Error(node, "a port must be given by number, range or name")
			return policy.Port{Protocol: protocol}
		case port.Number != 0 && port.Range != nil:
			c.Error(node, "a port must be given by number or by range, not by both")
			return policy.Port{Protocol: protocol}
		case port.Range != nil:
			if port.Range.Start >= port.Range.End {
				c.Error(node, "the port range %d–%d does not ascend", port.Range.Start, port.Range.End)
			}
			return policy.Port{Protocol: protocol, From: c.Port(port.Range.Start, node), To: c.Port(port.Range.End, node)}
		}
		n := c.Port(port.Number, node)
		return policy.Port{Protocol: protocol, From: n, To: n}
	}
	c.single("port", node, "tcp", "udp", "sctp", "destinationNamedPort", "portNumber", "portRange", "namedPort")
	switch {
	case p.TCP != nil:
		return numbered(policy.TCP, p.TCP.DestinationPort)
	case p.UDP != nil:
		return numbered(policy.UDP, p.UDP.DestinationPort)
	case p.SCTP != nil:
		return numbered(policy.SCTP, p.SCTP.DestinationPort)
	case p.DestinationNamedPort != "":
		for _, reason := range validation.IsValidPortName(p.DestinationNamedPort) {
			c.Error(node, "port %q: %s", p.DestinationNamedPort, reason)
		}
		return policy.Port{Name: p.DestinationNamedPort}
	}
	c.Error(node, "a port must be given by number, range or name")
	return policy.Port{}
}
