package calico

import (
	"math"
	"net/netip"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// IsGroup tells whether an API group is Calico's: the one that its API server serves, or the one of its resources.
func IsGroup(group string) bool {
	return group == "projectcalico.org" || group == "crd.projectcalico.org"
}

// Is tells whether an object is one of the kinds that Compile knows.
func Is(o *manifest.Object) bool {
	return IsGroup(o.Group) && (o.Kind == "NetworkPolicy" || o.Kind == "GlobalNetworkPolicy")
}

// IsStaged tells whether an object is a policy that enforces nothing yet.
func IsStaged(o *manifest.Object) bool {
	switch o.Kind {
	case "StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy":
		return IsGroup(o.Group)
	}
	return false
}

// Context is what policies refer to.
type Context struct {
	// Tiers are those of the manifests, by name.
	Tiers map[string]Tier
	// Networks are NetworkSets and, with no namespace, GlobalNetworkSets.
	Networks []Networks
	// Namespaces are the labels of namespaces.
	Namespaces map[string]map[string]string
	// Service finds a Service; nil if it is not in the manifests.
	Service func(namespace, name string) *Service
}

// Tier is a Tier.
type Tier struct {
	// Order is +Inf where the object gives none: it is asked last.
	Order float64
	// Passes tells that what its policies leave undecided goes on to the next tier; else it is denied.
	Passes bool
}

// Networks is a set of addresses with labels.
type Networks struct {
	Namespace, Name string
	Labels          map[string]string
	Nets            []netip.Prefix
}

// Service is a Service as rules see it.
type Service struct {
	Selector map[string]string
	Ports    []policy.Port
}

// Compile compiles a policy; its namespace must be set if it has one. There are no policies where the API would refuse the
// object or it governs no pods.
func Compile(o *manifest.Object, namespace string, ctx Context) ([]*policy.Policy, []manifest.Diagnostic) {
	c := compiler{Problems: policy.Problems{Object: o}, ctx: ctx}
	if o.Kind == "NetworkPolicy" {
		c.namespace = namespace
	}
	var s spec
	c.Decode(&s)
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	at := o.Body.Get("spec")
	if s.DoNotTrack || s.PreDNAT {
		c.Warn(at, "doNotTrack and preDNAT are for host endpoints, which are not analysed; the policy governs no pods")
		return nil, c.Diagnostics
	}
	return c.Result(c.policies(&s, at))
}

type compiler struct {
	policy.Problems
	// namespace is the policy's; empty if it is global.
	namespace string
	ctx       Context
}

// policies compiles the spec: one policy isolates, then one for each rule, in their order.
func (c *compiler) policies(s *spec, at *manifest.Node) []*policy.Policy {
	tier, passes := c.tier(s.Tier, at.Get("tier"))
	order := math.Inf(1) // without an order a policy is asked last
	if s.Order != nil {
		order = *s.Order
	}
	subject := c.subject(s, at)
	types := c.types(s, at.Get("types"))
	base := policy.Policy{Object: c.Object, Tier: tier, Order: order, Subject: subject}
	whole := base
	for _, d := range policy.Directions {
		whole.Isolates[d] = types[d] && !passes
	}
	out := []*policy.Policy{&whole}
	for _, section := range []struct {
		d     policy.Direction
		rules []rule
	}{{policy.Ingress, s.Ingress}, {policy.Egress, s.Egress}} {
		list := at.Get(section.d.String())
		if !types[section.d] {
			continue
		}
		for i := range section.rules {
			r, own, ok := c.rule(&section.rules[i], section.d, list.Element(i))
			if !ok {
				continue
			}
			p := base
			if own != nil {
				p.Subject = c.narrowed(subject, own)
			}
			p.Rules[section.d] = []policy.Rule{r}
			out = append(out, &p)
		}
	}
	return out
}

// tier finds where the policy's tier is.
func (c *compiler) tier(name string, at *manifest.Node) (t policy.Tier, passes bool) {
	switch name {
	case "", "default":
		return policy.Default, c.ctx.Tiers["default"].Passes
	case "kube-admin", "adminnetworkpolicy":
		return policy.Admin, true
	case "kube-baseline", "baselineadminnetworkpolicy":
		return policy.Baseline, true
	}
	known, ok := c.ctx.Tiers[name]
	if !ok {
		c.Warn(at, "the tier %s is not in the manifests: it is taken to be asked last, and to deny what it does not decide", name)
		known.Order = math.Inf(1)
	}
	return policy.Tier{Order: known.Order, Name: name}, known.Passes
}

// types are the directions that the policy is for: those given, else those that have rules, else Ingress.
func (c *compiler) types(s *spec, at *manifest.Node) [2]bool {
	var out [2]bool
	for i, t := range s.Types {
		switch t {
		case "Ingress":
			out[policy.Ingress] = true
		case "Egress":
			out[policy.Egress] = true
		default:
			c.Error(at.Element(i), "spec.types: %q is neither Ingress nor Egress", t)
		}
	}
	if len(s.Types) > 0 {
		return out
	}
	out[policy.Egress] = len(s.Egress) > 0
	out[policy.Ingress] = len(s.Ingress) > 0 || len(s.Egress) == 0
	if c.Object.Group == "crd.projectcalico.org" {
		c.WarnOnce(c.Object.Body.Get("spec"), "has no types; whether a policy that did not pass Calico's API server isolates both directions depends on how it was written: give types")
	}
	return out
}

// subject is whom the policy governs.
func (c *compiler) subject(s *spec, at *manifest.Node) []policy.Pods {
	if c.namespace != "" && s.NamespaceSelector != "" {
		c.Error(at.Get("namespaceSelector"), "only a GlobalNetworkPolicy has a namespaceSelector of its own")
	}
	pods := c.selector(s.Selector, at.Get("selector"))
	if s.ServiceAccountSelector != "" {
		pods = product(pods, accounts(c.selector(s.ServiceAccountSelector, at.Get("serviceAccountSelector"))))
	}
	return c.pods(pods, s.NamespaceSelector, at.Get("namespaceSelector"))
}

// narrowed is whom a rule governs that says more of its own end.
func (c *compiler) narrowed(subject, own []policy.Pods) []policy.Pods {
	var out []policy.Pods
	for _, s := range subject {
		for _, o := range own {
			namespaces := s.Namespaces
			switch {
			case o.Namespaces.Name == "" && o.Namespaces.Selector.Everything():
			case s.Namespaces.Name == "" && s.Namespaces.Selector.Everything():
				namespaces = o.Namespaces
			case s.Namespaces.Key() == o.Namespaces.Key():
			default:
				all := append(requirements(s.Namespaces), requirements(o.Namespaces)...)
				namespaces = policy.Namespaces{Selector: policy.Canonical(all)}
			}
			all := append(slices.Clone(s.Pods.Requirements), o.Pods.Requirements...)
			out = append(out, policy.Pods{Namespaces: namespaces, Pods: policy.Canonical(all)})
		}
	}
	return out
}

// requirements are a choice of namespaces as conditions on their labels.
func requirements(n policy.Namespaces) []policy.Requirement {
	if n.Name != "" {
		return []policy.Requirement{{Key: policy.NameLabel, Operator: "In", Values: []string{n.Name}}}
	}
	return slices.Clone(n.Selector.Requirements)
}
