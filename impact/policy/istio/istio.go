package istio

import (
	"cmp"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Is tells whether an object is of the kind that Compile knows.
func Is(o *manifest.Object) bool {
	return o.Group == "security.istio.io" && o.Kind == "AuthorizationPolicy"
}

// Mesh is what is known of a mesh. The zero value is that of Istio's defaults.
type Mesh struct {
	// RootNamespace is where policies are everybody's; istio-system if not known.
	RootNamespace string
	// TrustDomain begins every identity; cluster.local if not known.
	TrustDomain string
}

func (m Mesh) root() string   { return cmp.Or(m.RootNamespace, "istio-system") }
func (m Mesh) domain() string { return cmp.Or(m.TrustDomain, "cluster.local") }

// The tiers of the layer, by action.
var tiers = map[string]policy.Tier{
	"CUSTOM": {Layer: policy.Mesh, Order: 1, Name: "CUSTOM"},
	"DENY":   {Layer: policy.Mesh, Order: 2, Name: "DENY"},
	"ALLOW":  {Layer: policy.Mesh, Order: 3, Name: "ALLOW"},
}

// Compile compiles a policy of a namespace. There is none where the API would refuse the object, and where it decides
// nothing.
func Compile(o *manifest.Object, namespace string, mesh Mesh) ([]*policy.Policy, []manifest.Diagnostic) {
	c := compiler{Problems: policy.Problems{Object: o}, namespace: namespace, mesh: mesh}
	if o.Version != "v1" && o.Version != "v1beta1" {
		c.Error(o.Body.Get("apiVersion"), "security.istio.io/%s has no AuthorizationPolicy; write security.istio.io/v1", o.Version)
		return nil, c.Diagnostics
	}
	var s spec
	c.Decode(&s)
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	at := o.Body.Get("spec")
	for _, field := range []string{"targetRef", "targetRefs"} {
		if !at.Get(field).IsNull() {
			c.Unsupported(at.Get(field), "policies of gateways, waypoints and Services (%s) are not analysed yet; what it allows or denies is not in this report", field)
			return nil, c.Diagnostics
		}
	}
	action := cmp.Or(s.Action, "ALLOW")
	tier, decides := tiers[action]
	switch {
	case action == "AUDIT":
		return nil, c.Diagnostics
	case !decides:
		c.Error(at.Get("action"), "spec.action: %q is none of ALLOW, DENY, AUDIT and CUSTOM", s.Action)
		return nil, c.Diagnostics
	case action == "CUSTOM":
		c.Warn(at.Get("action"), "an external authorizer decides on what this policy matches; it counts as allowed, and is uncertain")
	}
	p := &policy.Policy{Object: o, Tier: tier, Subject: []policy.Pods{c.subject(&s)}}
	p.Isolates[policy.Ingress] = action == "ALLOW"
	var rules []policy.Rule
	if action == "ALLOW" {
		rules = append(rules, notTCP(at))
	}
	for i := range s.Rules {
		rules = append(rules, c.rule(&s.Rules[i], action, at.Get("rules").Element(i))...)
	}
	p.Rules[policy.Ingress] = rules
	return c.Result([]*policy.Policy{p})
}

type compiler struct {
	policy.Problems
	namespace string
	mesh      Mesh
}

// subject are the pods that the policy governs: those of its namespace or, in the root namespace, of all.
func (c *compiler) subject(s *spec) policy.Pods {
	var out policy.Pods
	if c.namespace != c.mesh.root() {
		out.Namespaces = policy.InNamespace(c.namespace)
	}
	if s.Selector != nil {
		out.Pods = c.Selector(&metav1.LabelSelector{MatchLabels: s.Selector.MatchLabels}, c.Object.Body.Get("spec", "selector"))
	}
	return out
}

// notTCP lets in what a mesh's proxies do not see.
func notTCP(at *manifest.Node) policy.Rule {
	var ports []policy.Port
	for _, protocol := range []policy.Protocol{policy.UDP, policy.SCTP, policy.ICMP, policy.ICMPv6, policy.IP} {
		ports = append(ports, policy.Port{Protocol: protocol, Whole: true})
	}
	return policy.Rule{Verdict: policy.Allow, Any: true, Ports: ports, Part: at, Implied: true}
}

// rule compiles a rule: one of the common form for each operation, and before a denial that is not certain one that may
// pass it by.
func (c *compiler) rule(r *rule, action string, at *manifest.Node) []policy.Rule {
	condition := c.conditions(r.When, at.Get("when"))
	peers := c.from(r, condition, at)
	operations := []operation{{}}
	if len(r.To) > 0 {
		operations = operations[:0]
		for i := range r.To {
			operations = append(operations, r.To[i].Operation)
		}
	}
	var out []policy.Rule
	for i := range operations {
		ports, beyond := c.operation(&operations[i], at.Get("to").Element(i).Get("operation"))
		ports = ports.Intersect(condition.ports)
		rule := policy.Rule{Peers: peers, Part: at, Beyond: append(beyond, condition.beyond...)}
		for _, part := range ports.Ranges() {
			rule.Ports = append(rule.Ports, policy.Port{Protocol: part.Protocol, From: part.From, To: part.To})
		}
		rule.Beyond = append(rule.Beyond, c.beyondSources(r, at)...)
		out = append(out, decide(rule, action, len(beyond)+len(condition.beyond) > 0)...)
	}
	return out
}

// decide gives a rule its verdict. What is uncertain of a denial counts as met, of everything else as not met.
func decide(r policy.Rule, action string, uncertain bool) []policy.Rule {
	who := r.Peers
	if uncertain {
		who = perhaps(who)
	}
	switch action {
	case "ALLOW":
		return []policy.Rule{among(r, who)}
	case "CUSTOM":
		r.Verdict = policy.Deny
		return []policy.Rule{among(r, perhaps(who))}
	}
	r.Verdict = policy.Deny
	certain := make([]policy.Peer, len(who))
	for i, p := range who {
		certain[i] = p
		if p.Perhaps != nil {
			uncertain, certain[i] = true, *p.Perhaps
		}
	}
	deny := among(r, certain)
	if !uncertain {
		return []policy.Rule{deny}
	}
	pass := among(r, perhaps(certain))
	pass.Verdict, pass.Beyond, pass.Implied = policy.Pass, nil, true
	return []policy.Rule{pass, deny}
}

// among makes some peers those of a rule.
func among(r policy.Rule, peers []policy.Peer) policy.Rule {
	r.Peers = peers
	for _, p := range peers {
		if isComposed(p) && len(p.All)+len(p.Not) == 0 {
			r.Any, r.Peers = true, nil
		}
	}
	return r
}

func perhaps(peers []policy.Peer) []policy.Peer {
	out := make([]policy.Peer, len(peers))
	for i, p := range peers {
		out[i] = p
		if p.Perhaps == nil {
			out[i] = policy.Peer{Perhaps: &p}
		}
	}
	return out
}

// operation is the ports that an operation asks for, and what it asks beyond them.
func (c *compiler) operation(o *operation, at *manifest.Node) (policy.PortSet, []policy.Beyond) {
	ports := policy.Whole(policy.TCP)
	if o.Ports != nil {
		ports = c.ports(o.Ports, at.Get("ports"))
	}
	ports = ports.Minus(c.ports(o.NotPorts, at.Get("notPorts")))
	return ports, c.beyond(at, "hosts", "notHosts", "methods", "notMethods", "paths", "notPaths")
}

func (c *compiler) ports(texts []string, at *manifest.Node) policy.PortSet {
	var out policy.PortSet
	for i, text := range texts {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			c.Error(at.Element(i), "port %q is not between 1 and 65535", text)
			continue
		}
		out = out.Union(policy.Range(policy.TCP, n, n))
	}
	return out
}

// beyond are the fields of a part that ask for more than a connection shows.
func (c *compiler) beyond(at *manifest.Node, fields ...string) []policy.Beyond {
	var out []policy.Beyond
	for _, field := range fields {
		if value := at.Get(field); !value.IsNull() && len(value.Elements()) > 0 {
			out = append(out, policy.NewBeyond(field, value))
		}
	}
	return out
}
