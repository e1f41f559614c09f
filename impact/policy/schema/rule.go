package schema

import (
	"encoding/json"
	"net/netip"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// view is a value as a rule sees it: with the defaults of its fields.
type view struct {
	set *Set
	n   *manifest.Node
	s   *Schema
}

func (v view) has(field string) bool { return v.set.has(v.n, v.s, field) }

// empty tells that a field is absent or has nothing in it.
func (v view) empty(field string) bool {
	n := v.n.Get(field)
	return n.IsNull() || n.Text == "" && len(n.Items) == 0
}

func (v view) get(field string) view {
	child := view{set: v.set, n: v.n.Get(field)}
	if v.s != nil {
		child.s = v.set.field(v.s, field)
	}
	return child
}

// text is a scalar's text, by default its default's.
func (v view) text() string {
	if !v.n.IsNull() || v.s == nil || v.s.Default == nil {
		if v.n == nil {
			return ""
		}
		return v.n.Text
	}
	var word any
	if json.Unmarshal(v.s.Default, &word) == nil {
		if s, ok := word.(string); ok {
			return s
		}
	}
	return string(v.s.Default)
}

func (v view) yes(field string) bool { return v.n.Get(field).IsTrue() }

// is tells whether a field is a protocol, by its name or by its number.
func (v view) is(field, name, number string) bool {
	n := v.n.Get(field)
	if n == nil {
		return false
	}
	return n.Kind == manifest.String && n.Text == name || n.Kind == manifest.Int && n.Text == number
}

func (v view) number() float64 {
	n, _ := number(&manifest.Node{Kind: manifest.Float, Text: v.text()})
	return n
}

// contains tells whether a field's text has a part.
func (v view) contains(field, part string) bool { return strings.Contains(v.get(field).text(), part) }

// exists tells whether a list has an item with one of some fields.
func (v view) exists(list string, fields ...string) bool {
	items := v.n.Get(list).Elements()
	for i := range items {
		for _, f := range fields {
			if !items[i].Get(f).IsNull() {
				return true
			}
		}
	}
	return false
}

// every tells whether all keys of an object meet a condition.
func (v view) every(holds func(key string) bool) bool {
	all := true
	v.n.Fields(func(key, value *manifest.Node) bool {
		all = all && (value.IsNull() || holds(key.Text)) // what is null is dropped before
		return all
	})
	return all
}

// protocolAndFamily is the rule that a protocol of a name and a number goes with one version of IP.
func protocolAndFamily(field, name, number, version string) func(view) bool {
	return func(v view) bool {
		return !v.is(field, name, number) || !v.has("ipVersion") || v.get("ipVersion").text() == version
	}
}

// tierNamed is the rule that a tier of a name has a field of a value.
func tierNamed(name, field, want string) func(view) bool {
	return func(v view) bool {
		if v.n.Get("metadata", "name").Str() != name {
			return true
		}
		spec := v.get("spec")
		if !spec.has(field) {
			return false
		}
		if got := spec.get(field); field == "order" {
			wanted := view{n: &manifest.Node{Kind: manifest.Float, Text: want}}
			return got.number() == wanted.number()
		} else {
			return got.text() == want
		}
	}
}

func withoutGlobal(field string) func(view) bool {
	return func(v view) bool { return !v.contains(field, "global(") }
}

func namedDefault(v view) bool { return v.n.Get("metadata", "name").Str() == "default" }

func noStar(text string) bool { return !strings.Contains(text, "*") }

// servicesWithout is the rule that services stand alone.
func servicesWithout(fields ...string) func(view) bool {
	return func(v view) bool {
		if !v.has("services") {
			return true
		}
		for _, f := range fields {
			if !v.empty(f) {
				return false
			}
		}
		return true
	}
}

// rules are the conditions of the schemas by their text in CEL, white space made single.
var rules = map[string]func(view) bool{
	// Cilium
	`has(self.spec) || has(self.specs)`: func(v view) bool { return v.has("spec") || v.has("specs") },

	// The network policy API
	`!(self.to.exists(peer, has(peer.networks) || has(peer.nodes) || has(peer.domainNames)) && has(self.protocols) && self.protocols.exists(protocol, has(protocol.destinationNamedPort)))`: func(v view) bool {
		return !(v.exists("to", "networks", "nodes", "domainNames") && v.exists("protocols", "destinationNamedPort"))
	},
	`!(self.to.exists(peer, has(peer.networks) || has(peer.nodes) || has(peer.domainNames)) && has(self.ports) && self.ports.exists(port, has(port.namedPort)))`: func(v view) bool {
		return !(v.exists("to", "networks", "nodes", "domainNames") && v.exists("ports", "namedPort"))
	},
	`!(self.to.exists(peer, has(peer.networks) || has(peer.nodes)) && has(self.ports) && self.ports.exists(port, has(port.namedPort)))`: func(v view) bool {
		return !(v.exists("to", "networks", "nodes") && v.exists("ports", "namedPort"))
	},
	`self.start < self.end`:           func(v view) bool { return v.get("start").number() < v.get("end").number() },
	`self.metadata.name == 'default'`: namedDefault,
	`isCIDR(self)`: func(v view) bool { // neither zones nor IPv4 in IPv6 (k8s.io/apiserver/pkg/cel/library)
		p, err := netip.ParsePrefix(v.text())
		return err == nil && !p.Addr().Is4In6()
	},

	// Istio
	`(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1`: func(v view) bool {
		given := 0
		for _, f := range []string{"selector", "targetRef", "targetRefs"} {
			if v.has(f) {
				given++
			}
		}
		return given <= 1
	},
	`(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true`: func(v view) bool {
		return !v.has("serviceAccounts") && !v.has("notServiceAccounts") ||
			!v.has("principals") && !v.has("notPrincipals") && !v.has("namespaces") && !v.has("notNamespaces")
	},
	`self.all(key, !key.contains("*"))`: func(v view) bool { return v.every(noStar) },
	`self.all(key, key.size() != 0)`:    func(v view) bool { return v.every(func(key string) bool { return key != "" }) },
	`!self.contains("*")`:               func(v view) bool { return noStar(v.text()) },
	`self.size() == 0`:                  func(v view) bool { return v.text() == "" },

	// Calico: policies
	`!((has(self.doNotTrack) && self.doNotTrack) && (has(self.preDNAT) && self.preDNAT))`:  func(v view) bool { return !v.yes("doNotTrack") || !v.yes("preDNAT") },
	`(!has(self.preDNAT) || !self.preDNAT) || !has(self.egress) || size(self.egress) == 0`: func(v view) bool { return !v.yes("preDNAT") || v.empty("egress") },
	`(!has(self.preDNAT) || !self.preDNAT) || !has(self.types) || !self.types.exists(t, t == 'Egress')`: func(v view) bool {
		types := v.n.Get("types").Elements()
		for i := range types {
			if v.yes("preDNAT") && types[i].Str() == "Egress" {
				return false
			}
		}
		return true
	},
	`(has(self.applyOnForward) && self.applyOnForward) || ((!has(self.doNotTrack) || !self.doNotTrack) && (!has(self.preDNAT) || !self.preDNAT))`: func(v view) bool {
		return v.yes("applyOnForward") || !v.yes("doNotTrack") && !v.yes("preDNAT")
	},
	`!has(self.selector) || !self.selector.contains('global(')`:                             withoutGlobal("selector"),
	`!has(self.serviceAccountSelector) || !self.serviceAccountSelector.contains('global(')`: withoutGlobal("serviceAccountSelector"),
	`!has(self.namespaceSelector) || !self.namespaceSelector.contains('global(')`:           withoutGlobal("namespaceSelector"),

	// Calico: rules of policies
	`!has(self.http) || !has(self.protocol) || self.protocol == 'TCP' || self.protocol == 6`: func(v view) bool {
		return !v.has("http") || !v.has("protocol") || v.is("protocol", "TCP", "6")
	},
	`self.action == 'Allow' || !has(self.http)`: func(v view) bool { return v.get("action").text() == "Allow" || !v.has("http") },
	`!has(self.destination) || !has(self.destination.services) || (!has(self.destination.ports) || size(self.destination.ports) == 0) && (!has(self.destination.notPorts) || size(self.destination.notPorts) == 0)`: func(v view) bool {
		return servicesWithout("ports", "notPorts")(v.get("destination"))
	},
	`!has(self.icmp) || (has(self.protocol) && (self.protocol == 'ICMP' || self.protocol == 'ICMPv6' || self.protocol == 1 || self.protocol == 58))`: func(v view) bool {
		return !v.has("icmp") || v.is("protocol", "ICMP", "1") || v.is("protocol", "ICMPv6", "58")
	},
	`(!has(self.protocol) || (self.protocol != 'ICMP' && self.protocol != 1)) || !has(self.ipVersion) || self.ipVersion == 4`:             protocolAndFamily("protocol", "ICMP", "1", "4"),
	`(!has(self.protocol) || (self.protocol != 'ICMPv6' && self.protocol != 58)) || !has(self.ipVersion) || self.ipVersion == 6`:          protocolAndFamily("protocol", "ICMPv6", "58", "6"),
	`(!has(self.notProtocol) || (self.notProtocol != 'ICMP' && self.notProtocol != 1)) || !has(self.ipVersion) || self.ipVersion == 4`:    protocolAndFamily("notProtocol", "ICMP", "1", "4"),
	`(!has(self.notProtocol) || (self.notProtocol != 'ICMPv6' && self.notProtocol != 58)) || !has(self.ipVersion) || self.ipVersion == 6`: protocolAndFamily("notProtocol", "ICMPv6", "58", "6"),
	`!has(self.services) || !has(self.namespaceSelector) || size(self.namespaceSelector) == 0`:                                            servicesWithout("namespaceSelector"),
	`!has(self.services) || !has(self.serviceAccounts)`:                                                                                   func(v view) bool { return !v.has("services") || !v.has("serviceAccounts") },
	`!has(self.services) || size(self.services.name) > 0`: func(v view) bool {
		return !v.has("services") || !v.get("services").empty("name")
	},
	`!has(self.services) || (!has(self.selector) || size(self.selector) == 0) && (!has(self.notSelector) || size(self.notSelector) == 0)`: servicesWithout("selector", "notSelector"),
	`!has(self.services) || (!has(self.nets) || size(self.nets) == 0) && (!has(self.notNets) || size(self.notNets) == 0)`:                 servicesWithout("nets", "notNets"),
	`!has(self.code) || has(self.type)`: func(v view) bool { return !v.has("code") || v.has("type") },

	// Calico: tiers
	`self.metadata.name == 'kube-admin' ? (has(self.spec.defaultAction) && self.spec.defaultAction == 'Pass') : true`:    tierNamed("kube-admin", "defaultAction", "Pass"),
	`self.metadata.name == 'kube-baseline' ? (has(self.spec.defaultAction) && self.spec.defaultAction == 'Pass') : true`: tierNamed("kube-baseline", "defaultAction", "Pass"),
	`self.metadata.name == 'default' ? (has(self.spec.defaultAction) && self.spec.defaultAction == 'Deny') : true`:       tierNamed("default", "defaultAction", "Deny"),
	`self.metadata.name != 'default' || (has(self.spec.order) && self.spec.order == 1000000.0)`:                          tierNamed("default", "order", "1000000"),
	`self.metadata.name != 'kube-admin' || (has(self.spec.order) && self.spec.order == 1000.0)`:                          tierNamed("kube-admin", "order", "1000"),
	`self.metadata.name != 'kube-baseline' || (has(self.spec.order) && self.spec.order == 10000000.0)`:                   tierNamed("kube-baseline", "order", "10000000"),
}

// Known tells whether a rule in CEL is one that is held to here.
func Known(rule string) bool { return rules[rule] != nil }
