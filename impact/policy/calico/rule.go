package calico

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

var verdicts = map[string]policy.Verdict{"Allow": policy.Allow, "Deny": policy.Deny, "Pass": policy.Pass}

// rule compiles a rule of a direction. Own is what it says of the end that the policy governs. It is not ok if the rule
// decides nothing.
func (c *compiler) rule(r *rule, d policy.Direction, at *manifest.Node) (out policy.Rule, own []policy.Pods, ok bool) {
	verdict, known := verdicts[r.Action]
	if !known {
		if r.Action != "Log" {
			c.Error(at.Get("action"), "action %q is none of Allow, Deny, Log and Pass", r.Action)
		}
		return out, nil, false
	}
	if len(r.Source.Ports)+len(r.Source.NotPorts) > 0 {
		c.WarnOnce(at.Get("source"), "ports of a source are not compared: the rule counts as if it named none")
	}
	self, other, selfAt, otherAt := &r.Destination, &r.Source, at.Get("destination"), at.Get("source")
	if d == policy.Egress {
		self, other, selfAt, otherAt = other, self, otherAt, selfAt
	}
	out = policy.Rule{Verdict: verdict, Part: at}
	for _, field := range []string{"ports", "notPorts"} {
		if n := at.Get("source", field); len(n.Elements()) > 0 {
			out.Beyond = append(out.Beyond, policy.NewBeyond("source's "+field, n))
		}
	}
	if r.HTTP != nil {
		out.Beyond = append(out.Beyond, policy.NewBeyond("http", at.Get("http")))
	}
	c.ports(r, &out, at)
	if other.Services != nil {
		c.service(other, d, &out, otherAt)
	} else {
		out.Peers, out.Any = c.peer(other, otherAt)
	}
	c.family(r.IPVersion, &out, at)
	return out, c.own(self, selfAt), true
}

// family restricts a rule to addresses of a family.
func (c *compiler) family(version *int, out *policy.Rule, at *manifest.Node) {
	if version == nil {
		return
	}
	family := policy.Peer{Block: &policy.Block{}}
	switch *version {
	case 4:
		family.Block.CIDR = netip.MustParsePrefix("0.0.0.0/0")
	case 6:
		family.Block.CIDR = netip.MustParsePrefix("::/0")
	default:
		c.Error(at.Get("ipVersion"), "ipVersion must be 4 or 6")
		return
	}
	if out.Any {
		out.Any, out.Peers = false, []policy.Peer{family}
		return
	}
	for i, p := range out.Peers {
		out.Peers[i] = policy.Peer{All: []policy.Peer{p, family}}
	}
}

// service makes a Service's pods and ports the rule's: as sources its pods alone.
func (c *compiler) service(e *entity, d policy.Direction, out *policy.Rule, at *manifest.Node) {
	ports := d == policy.Egress && len(e.Ports)+len(e.NotPorts) > 0
	if ports || e.selects() || e.NotSelector != "" || len(e.Nets)+len(e.NotNets) > 0 {
		c.Error(at, "services cannot be combined with ports, selectors or nets")
		return
	}
	if e.Services.Namespace == "" && c.namespace == "" {
		c.Error(at.Get("services"), "services need a namespace in a GlobalNetworkPolicy")
		return
	}
	namespace := e.Services.Namespace
	if namespace == "" {
		namespace = c.namespace
	}
	s := (*Service)(nil)
	if c.ctx.Service != nil {
		s = c.ctx.Service(namespace, e.Services.Name)
	}
	if s == nil || len(s.Selector) == 0 {
		c.Warn(at.Get("services"), "the Service %s/%s is not in the manifests, or selects no pods: the rule matches nothing here", namespace, e.Services.Name)
		return
	}
	out.Peers = []policy.Peer{{Pods: &policy.Pods{Namespaces: policy.InNamespace(namespace), Pods: policy.WithLabels(s.Selector)}}}
	if d == policy.Egress {
		out.AllPorts, out.Ports = false, s.Ports
	}
}

// protocolNumbers are those of the protocols that have a place of their own.
var protocolNumbers = map[string]policy.Protocol{
	"1": policy.ICMP, "6": policy.TCP, "17": policy.UDP, "58": policy.ICMPv6, "132": policy.SCTP,
	"ICMP": policy.ICMP, "TCP": policy.TCP, "UDP": policy.UDP, "ICMPV6": policy.ICMPv6, "SCTP": policy.SCTP,
}

// protocol is a protocol as a port of everything of it.
func (c *compiler) protocol(p *intstr.IntOrString, at *manifest.Node) (policy.Port, bool) {
	text := strings.ToUpper(p.String())
	if named, ok := protocolNumbers[text]; ok {
		return policy.Port{Protocol: named, Whole: true}, true
	}
	if text == "UDPLITE" {
		text = "136"
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 255 {
		c.Error(at, "%q is no protocol", p.String())
		return policy.Port{}, false
	}
	return policy.Port{Protocol: policy.IP, From: n, To: n}, true
}

// everything is every protocol.
func everything() policy.PortSet {
	all := policy.AllPorts()
	for _, p := range []policy.Protocol{policy.ICMP, policy.ICMPv6, policy.IP} {
		all = all.Union(policy.Whole(p))
	}
	return all
}

// given are the ports of a set, as a rule has them.
func given(s policy.PortSet) []policy.Port {
	var out []policy.Port
	for _, r := range s.Ranges() {
		out = append(out, policy.Port{Protocol: r.Protocol, From: r.From, To: r.To})
	}
	return out
}

// ports compiles what a rule says of protocols, ports and messages.
func (c *compiler) ports(r *rule, out *policy.Rule, at *manifest.Node) {
	if r.Protocol == nil && r.NotProtocol == nil {
		out.AllPorts = true
		if len(r.Destination.Ports)+len(r.Destination.NotPorts) > 0 || r.ICMP != nil || r.NotICMP != nil {
			c.Error(at, "ports and messages need a protocol")
		}
		return
	}
	allowed := everything()
	only := policy.Port{}
	if r.Protocol != nil {
		p, ok := c.protocol(r.Protocol, at.Get("protocol"))
		if !ok {
			return
		}
		only, allowed = p, p.Set()
	}
	if r.NotProtocol != nil {
		if p, ok := c.protocol(r.NotProtocol, at.Get("notProtocol")); ok {
			allowed = allowed.Minus(p.Set())
		}
	}
	allowed = c.messages(r, only.Protocol, allowed, at)
	d, to := &r.Destination, at.Get("destination")
	if len(d.Ports)+len(d.NotPorts) == 0 { // an empty list asks for nothing
		out.Ports = given(allowed)
		return
	}
	if only.Protocol == "" || !only.Protocol.HasPorts() {
		c.Error(to, "ports need the protocol TCP, UDP or SCTP")
		return
	}
	if len(d.Ports) > 0 {
		numbers, names := c.numbers(d.Ports, only.Protocol, to.Get("ports"))
		allowed = allowed.Intersect(numbers)
		for _, name := range names {
			out.Ports = append(out.Ports, policy.Port{Protocol: only.Protocol, Name: name})
		}
		if len(names) > 0 && len(d.NotPorts) > 0 {
			c.Error(to.Get("notPorts"), "notPorts beside ports by name are not analysed")
		}
	}
	numbers, names := c.numbers(d.NotPorts, only.Protocol, to.Get("notPorts"))
	if len(names) > 0 {
		c.Error(to.Get("notPorts"), "notPorts by name are not analysed")
	}
	out.Ports = append(out.Ports, given(allowed.Minus(numbers))...)
}

// messages narrows to messages of ICMP, or to all but some.
func (c *compiler) messages(r *rule, protocol policy.Protocol, allowed policy.PortSet, at *manifest.Node) policy.PortSet {
	for _, m := range []struct {
		field string
		of    *icmp
		not   bool
	}{{"icmp", r.ICMP, false}, {"notICMP", r.NotICMP, true}} {
		if m.of == nil {
			continue
		}
		if protocol != policy.ICMP && protocol != policy.ICMPv6 {
			c.Error(at.Get(m.field), "%s needs the protocol ICMP or ICMPv6", m.field)
			continue
		}
		set := policy.Whole(protocol)
		switch {
		case m.of.Type == nil && m.of.Code != nil:
			c.Error(at.Get(m.field), "a code needs a type")
		case m.of.Type != nil && m.of.Code == nil:
			set = policy.Range(protocol, *m.of.Type<<8, *m.of.Type<<8|255)
		case m.of.Type != nil:
			set = policy.Range(protocol, *m.of.Type<<8|*m.of.Code, *m.of.Type<<8|*m.of.Code)
		}
		if m.not {
			allowed = allowed.Minus(set)
		} else {
			allowed = allowed.Intersect(set)
		}
	}
	return allowed
}

// numbers reads ports: numbers, ranges ("1:1024") and names.
func (c *compiler) numbers(ports []intstr.IntOrString, protocol policy.Protocol, at *manifest.Node) (numbers policy.PortSet, names []string) {
	for i, p := range ports {
		from, to, isRange := strings.Cut(trimmed(p.String()), ":")
		lo, err := strconv.Atoi(from)
		if err != nil && !isRange {
			names = append(names, from)
			continue
		}
		hi := lo
		if isRange && err == nil {
			hi, err = strconv.Atoi(to)
		}
		if err == nil && (lo < 0 || hi > 65535 || hi < lo) {
			err = fmt.Errorf("it is not between 0 and 65535, or descends")
		}
		if err != nil {
			c.Error(at.Element(i), "port %q: %v", p.String(), err)
			continue
		}
		if hi > 0 { // nothing is sent to port 0
			numbers = numbers.Union(policy.Range(protocol, max(lo, 1), hi))
		}
	}
	return numbers, names
}
