// Package openshift compiles what guards a cluster's way out to the common form: OVN-Kubernetes' EgressFirewall
// (k8s.ovn.org/v1) and its forerunner, OpenShift SDN's EgressNetworkPolicy (network.openshift.io/v1).
//
// What goes in is one object; what comes out is a policy of the layer Exit, which decides beside the pods' network: both
// have to allow a connection. Rules are asked in the order in which they are written, the first that matches decides, and
// what none matches is allowed. They speak of what leaves the cluster only: of addresses, names and nodes, never of pods.
// Source: the API reference of EgressFirewall and its published schema.
package openshift

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Is tells whether an object is one of the kinds that Compile knows.
func Is(o *manifest.Object) bool {
	return o.Group == "k8s.ovn.org" && o.Kind == "EgressFirewall" || o.Group == "network.openshift.io" && o.Kind == "EgressNetworkPolicy"
}

type spec struct {
	Egress []rule `json:"egress"`
}

type rule struct {
	Type  string `json:"type"`
	Ports []struct {
		Protocol string `json:"protocol"`
		Port     int32  `json:"port"`
	} `json:"ports"`
	To struct {
		CIDRSelector string                `json:"cidrSelector"`
		DNSName      string                `json:"dnsName"`
		NodeSelector *metav1.LabelSelector `json:"nodeSelector"`
	} `json:"to"`
}

// Compile compiles an object of a namespace. There is no policy where the API server would refuse it.
func Compile(o *manifest.Object, namespace string) ([]*policy.Policy, []manifest.Diagnostic) {
	c := compiler{policy.Problems{Object: o}}
	if o.Version != "v1" {
		c.Error(o.Body.Get("apiVersion"), "%s/%s has no %s; write %s/v1", o.Group, o.Version, o.Kind, o.Group)
		return nil, c.Diagnostics
	}
	if o.Kind == "EgressFirewall" && o.Name != "default" {
		c.Error(o.Body.Get("metadata", "name"), "an EgressFirewall must be named default: a namespace has one")
	}
	var s spec
	c.Decode(&s)
	if c.Invalid() {
		return nil, c.Diagnostics
	}
	p := &policy.Policy{Object: o, Tier: policy.Tier{Layer: policy.Exit}, Subject: []policy.Pods{{Namespaces: policy.InNamespace(namespace)}}}
	list := o.Body.Get("spec", "egress")
	for i := range s.Egress {
		p.Rules[policy.Egress] = append(p.Rules[policy.Egress], c.rule(&s.Egress[i], list.Element(i)))
	}
	return c.Result([]*policy.Policy{p})
}

type compiler struct{ policy.Problems }

func (c *compiler) rule(r *rule, at *manifest.Node) policy.Rule {
	out := policy.Rule{Part: at, AllPorts: len(r.Ports) == 0}
	switch r.Type {
	case "Allow":
	case "Deny":
		out.Verdict = policy.Deny
	default:
		c.Error(at.Get("type"), "type %q is neither Allow nor Deny", r.Type)
	}
	for i, p := range r.Ports {
		node := at.Get("ports").Element(i)
		switch p.Protocol {
		case "TCP", "UDP", "SCTP":
		default:
			c.Error(node.Get("protocol"), "protocol %q is none of TCP, UDP, SCTP", p.Protocol)
			continue
		}
		port := policy.Port{Protocol: policy.Protocol(p.Protocol)}
		if node.Get("port") != nil { // else every port of the protocol
			port.From = c.Port(p.Port, node.Get("port"))
			port.To = port.From
		}
		out.Ports = append(out.Ports, port)
	}
	out.Peers = c.peers(r, at.Get("to"))
	return out
}

// everyPod is whatever the way out does not guard.
var everyPod = policy.Peer{Pods: &policy.Pods{}}

func (c *compiler) peers(r *rule, at *manifest.Node) []policy.Peer {
	given := 0
	for _, field := range []string{"cidrSelector", "dnsName", "nodeSelector"} {
		if !at.Get(field).IsNull() {
			given++
		}
	}
	if given != 1 {
		c.Error(at, "to must have exactly one of cidrSelector, dnsName and nodeSelector")
		return nil
	}
	switch {
	case r.To.NodeSelector != nil:
		s := c.Selector(r.To.NodeSelector, at.Get("nodeSelector"))
		return []policy.Peer{{Nodes: &s}}
	case !at.Get("dnsName").IsNull():
		name := strings.ToLower(strings.TrimSuffix(r.To.DNSName, "."))
		if name == "" || strings.Contains(strings.TrimPrefix(name, "*."), "*") {
			c.Error(at.Get("dnsName"), "%q is no domain name; a star may only stand for its first label", r.To.DNSName)
			return nil
		}
		return []policy.Peer{{Domain: name, OneLabel: true}}
	}
	prefix, ok := c.Addresses(r.To.CIDRSelector, at.Get("cidrSelector"))
	if !ok {
		return nil
	}
	return []policy.Peer{{All: []policy.Peer{{Block: &policy.Block{CIDR: prefix}}}, Not: []policy.Peer{everyPod}}}
}
