package cilium

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// portList is the ports of a rule.
type portList struct {
	// all tells that the rule says nothing of ports.
	all  bool
	list []policy.Port
	// beyond is what is asked for on some of them that no connection shows.
	beyond []policy.Beyond
}

// ports compiles toPorts and icmps, of which Cilium takes one only.
func (c *compiler) ports(rules []portRule, icmps []icmpRule, part *manifest.Node) portList {
	if len(rules) > 0 && len(icmps) > 0 {
		c.Error(part.Get("icmps"), "icmps cannot be combined with toPorts in one rule; make them two")
	}
	out := portList{all: len(rules)+len(icmps) == 0}
	for i := range rules {
		node := part.Get("toPorts").Element(i)
		from := len(out.list)
		for j := range rules[i].Ports {
			out.list = append(out.list, c.port(&rules[i].Ports[j], node.Get("ports").Element(j))...)
		}
		out.beyond = append(out.beyond, beyond(node, out.list[from:])...)
	}
	for i := range icmps {
		node := part.Get("icmps").Element(i)
		for j, f := range icmps[i].Fields {
			if p, ok := c.icmp(f.Family, f.Type, node.Get("fields").Element(j)); ok {
				out.list = append(out.list, p)
			}
		}
	}
	return out
}

// beyond is what is asked for on some ports that no connection shows: of HTTP, of DNS, of TLS.
func beyond(node *manifest.Node, ports []policy.Port) []policy.Beyond {
	var out []policy.Beyond
	add := func(field string, value *manifest.Node) {
		if value.IsNull() {
			return
		}
		b := policy.NewBeyond(field, value)
		b.Ports = (&policy.Rule{Ports: ports}).PortWords()
		out = append(out, b)
	}
	for key, value := range node.Get("rules").Fields {
		add(key.Text, value)
	}
	for _, field := range []string{"serverNames", "listener", "terminatingTLS", "originatingTLS"} {
		add(field, node.Get(field))
	}
	return out
}

// numbers are the numbers of the protocols without ports that Cilium has names for.
var numbers = map[string]int{"IGMP": 2, "IPIP": 4, "IPV6": 41, "GRE": 47, "ESP": 50, "AH": 51, "VRRP": 112}

func (c *compiler) port(p *port, node *manifest.Node) []policy.Port {
	protocol := strings.ToUpper(p.Protocol)
	if number, ok := numbers[protocol]; ok {
		if p.Port != "" && p.Port != "0" {
			c.Error(node.Get("port"), "%s has no ports", protocol)
		}
		return []policy.Port{{Protocol: policy.IP, From: number, To: number}}
	}
	var protocols []policy.Protocol
	switch protocol {
	case "", "ANY":
		protocols = []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP}
	case "TCP", "UDP", "SCTP":
		protocols = []policy.Protocol{policy.Protocol(protocol)}
	case "ICMP":
		return []policy.Port{{Protocol: policy.ICMP, Whole: true}}
	case "ICMPV6":
		return []policy.Port{{Protocol: policy.ICMPv6, Whole: true}}
	default:
		c.Error(node.Get("protocol"), "protocol %q is not known to Cilium", p.Protocol)
		return nil
	}
	from, err := strconv.ParseUint(p.Port, 0, 16)
	if err != nil {
		return c.namedPort(p, protocols, node)
	}
	to := from
	if p.EndPort != 0 && from != 0 {
		to = uint64(p.EndPort)
		if p.EndPort < int(from) || p.EndPort > 65535 {
			c.Error(node.Get("endPort"), "endPort %d is not between port %d and 65535", p.EndPort, from)
			return nil
		}
	}
	out := make([]policy.Port, len(protocols))
	for i, protocol := range protocols {
		out[i] = policy.Port{Protocol: protocol, From: int(from), To: int(to)} // 0 is every port of the protocol
	}
	return out
}

// namedPort compiles a port by name; Cilium compares names without regard to case.
func (c *compiler) namedPort(p *port, protocols []policy.Protocol, node *manifest.Node) []policy.Port {
	if p.Port == "" || strings.Trim(strings.ToLower(p.Port), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		c.Error(node.Get("port"), "port %q is neither a number nor a name", p.Port)
		return nil
	}
	name := strings.ToLower(p.Port)
	if len(protocols) > 1 {
		return []policy.Port{{Name: name}}
	}
	return []policy.Port{{Name: name, Protocol: protocols[0]}}
}

// Names of ICMP's messages, as Cilium's policies may write them.
var (
	messages = map[string]int{
		"EchoReply": 0, "DestinationUnreachable": 3, "Redirect": 5, "Echo": 8, "EchoRequest": 8, "RouterAdvertisement": 9,
		"RouterSelection": 10, "TimeExceeded": 11, "ParameterProblem": 12, "Timestamp": 13, "TimestampReply": 14, "Photuris": 40,
		"ExtendedEchoRequest": 42, "ExtendedEchoReply": 43,
	}
	messagesIPv6 = map[string]int{
		"DestinationUnreachable": 1, "PacketTooBig": 2, "TimeExceeded": 3, "ParameterProblem": 4, "EchoRequest": 128, "EchoReply": 129,
		"MulticastListenerQuery": 130, "MulticastListenerReport": 131, "MulticastListenerDone": 132, "RouterSolicitation": 133,
		"RouterAdvertisement": 134, "NeighborSolicitation": 135, "NeighborAdvertisement": 136, "RedirectMessage": 137, "RouterRenumbering": 138,
		"ICMPNodeInformationQuery": 139, "ICMPNodeInformationResponse": 140, "InverseNeighborDiscoverySolicitation": 141,
		"InverseNeighborDiscoveryAdvertisement": 142, "HomeAgentAddressDiscoveryRequest": 144, "HomeAgentAddressDiscoveryReply": 145,
		"MobilePrefixSolicitation": 146, "MobilePrefixAdvertisement": 147, "DuplicateAddressRequestCodeSuffix": 157,
		"DuplicateAddressConfirmationCodeSuffix": 158, "ExtendedEchoRequest": 160, "ExtendedEchoReply": 161,
	}
)

// icmp compiles a message: a type, with every code.
func (c *compiler) icmp(family string, kind *intstr.IntOrString, node *manifest.Node) (policy.Port, bool) {
	protocol, names := policy.ICMP, messages
	switch family {
	case "", "IPv4":
	case "IPv6":
		protocol, names = policy.ICMPv6, messagesIPv6
	default:
		c.Error(node.Get("family"), "%q is neither IPv4 nor IPv6", family)
		return policy.Port{}, false
	}
	if kind == nil {
		c.Error(node, "a message needs a type")
		return policy.Port{}, false
	}
	number, known := names[kind.String()]
	if !known {
		n, err := strconv.Atoi(kind.String())
		if err != nil || n < 0 || n > 255 {
			c.Error(node.Get("type"), "%q is no type of a message of %s", kind.String(), protocol)
			return policy.Port{}, false
		}
		number = n
	}
	return policy.Port{Protocol: protocol, From: number << 8, To: number<<8 | 255}, true
}
