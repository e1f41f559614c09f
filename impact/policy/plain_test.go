package policy_test

import (
	"net/netip"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

func labelled(key, value string) policy.Selector {
	return policy.Canonical([]policy.Requirement{{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}}})
}

// TestPoliciesAreToldInWords holds for each form that a peer, a port or a place may have.
func TestPoliciesAreToldInWords(t *testing.T) {
	web := policy.Peer{Pods: &policy.Pods{Namespaces: policy.InNamespace("shop"), Pods: labelled("app", "web")}}
	anyPod := policy.Peer{Pods: &policy.Pods{}}
	team := policy.Peer{Pods: &policy.Pods{Namespaces: policy.Namespaces{Selector: labelled("team", "a")}}}
	block := policy.Peer{Block: &policy.Block{CIDR: netip.MustParsePrefix("0.0.0.0/0"), Except: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	nodes := labelled("role", "edge")
	account := policy.Peer{Pods: &policy.Pods{Namespaces: policy.InNamespace("shop"), Pods: labelled(policy.Account, "robot")}}
	for _, c := range []struct {
		policy policy.Policy
		want   []string
	}{
		{policy.Policy{Tier: policy.Default, Order: policy.NetworkPolicyOrder, Isolates: [2]bool{true, true}}, []string{
			"Isolates ingress, and allows nothing in by itself.", "Isolates egress, and allows nothing out by itself."}},
		{policy.Policy{Tier: policy.Default, Order: policy.NetworkPolicyOrder, Isolates: [2]bool{policy.Ingress: true}, Rules: [2][]policy.Rule{{
			{Peers: []policy.Peer{web, team, anyPod}, Ports: []policy.Port{{Protocol: policy.TCP, From: 80, To: 80}, {Protocol: policy.TCP, Name: "metrics"}}},
			{Any: true, AllPorts: true}, {},
		}}}, []string{
			"Isolates ingress: what no rule allows is denied.",
			"Allows in from pods app=web in shop; any pod in namespaces team=a; any pod in any namespace on TCP 80; the port named metrics (TCP).",
			"Allows in from anyone on all ports.", "Allows in from nobody on no port.", "Leaves egress as it is."}},
		{policy.Policy{Tier: policy.Admin, Order: 5, Rules: [2][]policy.Rule{policy.Egress: {
			{Verdict: policy.Deny, Peers: []policy.Peer{block, {Domain: "*.example.com"}, {Domain: "example.org"}}, AllPorts: true},
			{Verdict: policy.Pass, Peers: []policy.Peer{{Nodes: &nodes}, {Nodes: &policy.Selector{}}}, Ports: []policy.Port{{Protocol: policy.UDP, Whole: true}}},
		}}}, []string{
			"Asked before NetworkPolicies, at priority 5: the first rule that matches decides.", "Leaves ingress as it is.",
			"Denies out to any IPv4 address except 10.0.0.0/8; any subdomain of example.com; example.org on all ports.",
			"Leaves to the policies that are asked later, out: to nodes role=edge; any node on all UDP ports."}},
		{policy.Policy{Tier: policy.Baseline, Number: 1, Rules: [2][]policy.Rule{{
			{Peers: []policy.Peer{{All: []policy.Peer{web, team}, Not: []policy.Peer{{Entity: "kube-apiserver"}}}, {Not: []policy.Peer{account}}}, AllPorts: true},
		}}}, []string{
			"Asked after NetworkPolicies, about what they leave undecided: the first rule that matches decides.",
			"Allows in from pods app=web in shop that is also any pod in namespaces team=a except (the entity kube-apiserver); anyone except (pods serviceaccount=robot in shop) on all ports."}},
		{policy.Policy{Tier: policy.Tier{Name: "security", Order: 100}, Order: 20, Number: 1}, []string{"In the tier security, at order 20: the first rule that matches decides."}},
		{policy.Policy{Tier: policy.Tier{Layer: policy.Mesh}, Number: 1}, []string{"In the service mesh, beside the pod network's policies: both have to allow a connection."}},
	} {
		if got := c.policy.Words(); !slices.Equal(got, c.want) {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
