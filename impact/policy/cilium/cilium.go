package cilium

import (
	"fmt"
	"net/netip"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Is tells whether an object is one of the kinds that Compile knows.
func Is(o *manifest.Object) bool {
	return o.Group == "cilium.io" && (o.Kind == clusterwide || o.Kind == namespaced)
}

const (
	namespaced  = "CiliumNetworkPolicy"
	clusterwide = "CiliumClusterwideNetworkPolicy"
)

// Context is what the rules of policies refer to.
type Context struct {
	// Services are those of a cluster; the first that pick accepts or, with all, every one.
	Services func(pick func(s *Service) bool) []Service
	// Groups are the CiliumCIDRGroups.
	Groups []Group
}

// Service is a Service as toServices sees it.
type Service struct {
	Namespace, Name string
	Labels          map[string]string
	// Selector chooses its pods; with none it has Addresses.
	Selector  map[string]string
	Addresses []netip.Addr
}

// Group is a CiliumCIDRGroup.
type Group struct {
	Name   string
	Labels map[string]string
	CIDRs  []netip.Prefix
}

// The orders of the tier that NetworkPolicies are in: what is denied comes before what anybody allows.
const (
	denied  = 0
	allowed = policy.NetworkPolicyOrder
)

// Compile compiles a policy; its namespace must be set if it has one. There are no policies where Cilium would refuse the
// object. A rule makes up to two: what it denies, and what it allows.
func Compile(o *manifest.Object, namespace string, ctx Context) ([]*policy.Policy, []manifest.Diagnostic) {
	c := compiler{Problems: policy.Problems{Object: o}, ctx: ctx}
	if o.Kind == namespaced {
		c.namespace = namespace
	}
	if o.Version != "v2" {
		c.Error(o.Body.Get("apiVersion"), "cilium.io/%s has no %s; write cilium.io/v2", o.Version, o.Kind)
		return nil, c.Diagnostics
	}
	var out []*policy.Policy
	spec, specs := o.Body.Get("spec"), o.Body.Get("specs")
	if spec.IsNull() && len(specs.Elements()) == 0 {
		c.Error(o.Body, "has neither spec nor specs")
	}
	if !spec.IsNull() {
		out = append(out, c.rule(spec, "spec")...)
	}
	for i := range specs.Elements() {
		out = append(out, c.rule(specs.Element(i), fmt.Sprintf("specs[%d]", i))...)
	}
	return c.Result(out)
}

type compiler struct {
	policy.Problems
	// namespace is the policy's; empty if it is clusterwide.
	namespace string
	ctx       Context
}

// rule compiles a spec.
func (c *compiler) rule(node *manifest.Node, path string) []*policy.Policy {
	var r rule
	c.DecodePart(node, path, &r)
	if c.Invalid() {
		return nil
	}
	switch {
	case len(r.Ingress)+len(r.IngressDeny)+len(r.Egress)+len(r.EgressDeny) == 0:
		c.Error(node, "%s has none of ingress, ingressDeny, egress and egressDeny; Cilium refuses it", path)
		return nil
	case r.NodeSelector != nil && r.EndpointSelector != nil:
		c.Error(node, "%s has both endpointSelector and nodeSelector; Cilium refuses it", path)
		return nil
	case r.NodeSelector != nil && c.namespace != "":
		c.Error(node.Get("nodeSelector"), "only a %s can have a nodeSelector", clusterwide)
		return nil
	case r.NodeSelector != nil:
		c.Warn(node.Get("nodeSelector"), "this rule is for the nodes' own firewall, which is not analysed")
		return nil
	case r.EndpointSelector == nil:
		c.Error(node, "%s has neither endpointSelector nor nodeSelector; Cilium refuses it", path)
		return nil
	}
	subject, ok := c.subject(r.EndpointSelector, node.Get("endpointSelector"))
	if !ok {
		return nil
	}
	deny := &policy.Policy{Object: c.Object, Tier: policy.Default, Order: denied, Subject: []policy.Pods{subject}}
	allow := &policy.Policy{Object: c.Object, Tier: policy.Default, Order: allowed, Subject: []policy.Pods{subject}}
	deny.Rules[policy.Ingress] = c.ingress(r.IngressDeny, node.Get("ingressDeny"), policy.Deny)
	allow.Rules[policy.Ingress] = c.ingress(r.Ingress, node.Get("ingress"), policy.Allow)
	deny.Rules[policy.Egress] = c.egress(r.EgressDeny, node.Get("egressDeny"), policy.Deny)
	allow.Rules[policy.Egress] = c.egress(r.Egress, node.Get("egress"), policy.Allow)
	// Each rule of a direction asks for its isolation, so that there is none without rules, whatever enableDefaultDeny says.
	allow.Isolates[policy.Ingress] = len(r.Ingress)+len(r.IngressDeny) > 0 && isTrue(r.EnableDefaultDeny.Ingress)
	allow.Isolates[policy.Egress] = len(r.Egress)+len(r.EgressDeny) > 0 && isTrue(r.EnableDefaultDeny.Egress)
	out := []*policy.Policy{allow}
	if len(deny.Rules[policy.Ingress])+len(deny.Rules[policy.Egress]) > 0 {
		out = append(out, deny)
	}
	return out
}

// isTrue tells whether a setting is on; it is if it is not given.
func isTrue(b *bool) bool { return b == nil || *b }

func (c *compiler) ingress(rules []ingressRule, node *manifest.Node, verdict policy.Verdict) []policy.Rule {
	var out []policy.Rule
	for i := range rules {
		r := &rules[i]
		part := node.Element(i)
		if r.FromRequires != nil {
			c.Error(part.Get("fromRequires"), "fromRequires: Cilium refuses it since 1.17")
		}
		p := peers{compiler: c, ingress: true, verdict: verdict}
		p.endpoints(r.FromEndpoints, part.Get("fromEndpoints"))
		p.nodes(r.FromNodes, part.Get("fromNodes"))
		p.entities(r.FromEntities, part.Get("fromEntities"))
		p.cidrs(r.FromCIDR, part.Get("fromCIDR"))
		p.cidrSets(r.FromCIDRSet, part.Get("fromCIDRSet"))
		p.groups(r.FromGroups, part.Get("fromGroups"))
		out = append(out, p.rule(part, c.ports(r.ToPorts, r.ICMPs, part)))
	}
	return out
}

func (c *compiler) egress(rules []egressRule, node *manifest.Node, verdict policy.Verdict) []policy.Rule {
	var out []policy.Rule
	for i := range rules {
		r := &rules[i]
		part := node.Element(i)
		if r.ToRequires != nil {
			c.Error(part.Get("toRequires"), "toRequires: Cilium refuses it since 1.17")
		}
		p := peers{compiler: c, verdict: verdict}
		p.endpoints(r.ToEndpoints, part.Get("toEndpoints"))
		p.nodes(r.ToNodes, part.Get("toNodes"))
		p.entities(r.ToEntities, part.Get("toEntities"))
		p.cidrs(r.ToCIDR, part.Get("toCIDR"))
		p.cidrSets(r.ToCIDRSet, part.Get("toCIDRSet"))
		p.services(r.ToServices, part.Get("toServices"))
		p.names(r.ToFQDNs, part.Get("toFQDNs"))
		p.groups(r.ToGroups, part.Get("toGroups"))
		out = append(out, p.rule(part, c.ports(r.ToPorts, r.ICMPs, part)))
	}
	return out
}
