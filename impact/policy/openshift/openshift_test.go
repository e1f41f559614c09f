package openshift_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy/openshift"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func read(kind, text string) *manifest.Object {
	objects, _ := manifest.Read("p.yaml", []byte("apiVersion: "+kind+"\nmetadata: {name: default, namespace: u}\nspec:\n"+text+"\n"))
	if len(objects) != 1 {
		return nil
	}
	return objects[0]
}

const firewall = "k8s.ovn.org/v1\nkind: EgressFirewall"

func TestWhatTheAPIServerRefusesIsTold(t *testing.T) {
	for spec, want := range map[string]string{
		" {egress: [{type: Accept, to: {cidrSelector: 0.0.0.0/0}}]}":                                                 `p.yaml:5: EgressFirewall u/default: error: type "Accept" is neither`,
		" {egress: [{type: Deny, to: {}}]}":                                                                          "exactly one of cidrSelector",
		" {egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0, dnsName: a.org}}]}":                                   "exactly one of cidrSelector",
		" {egress: [{type: Deny, to: {cidrSelector: 10.0.0.0/33}}]}":                                                 "is no CIDR",
		" {egress: [{type: Deny, to: {dnsName: a.*.org}}]}":                                                          "is no domain name",
		" {egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0}, ports: [{protocol: ICMP}]}]}":                        "none of TCP, UDP, SCTP",
		" {egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0}, ports: [{protocol: TCP, port: 70000}]}]}":            "port 70000 is not",
		" {egress: [{type: Deny, to: {nodeSelector: {matchExpressions: [{key: a, operator: Near, values: [x]}]}}}]}": "operator",
	} {
		policies, problems := openshift.Compile(read(firewall, spec), "u")
		if len(problems) == 0 || !strings.Contains(problems[0].String(), want) || policies != nil {
			t.Errorf("%s: got %v and %d policies, must say %q", spec, problems, len(policies), want)
		}
	}
	o := read(firewall, " {egress: []}")
	o.Name = "other"
	if _, problems := openshift.Compile(o, "u"); len(problems) != 1 || !strings.Contains(problems[0].Message, "must be named default") {
		t.Errorf("another name: %v", problems)
	}
	if _, problems := openshift.Compile(read("k8s.ovn.org/v2\nkind: EgressFirewall", " {}"), "u"); len(problems) != 1 {
		t.Errorf("another version: %v", problems)
	}
}

// FuzzCompile holds that no object makes the compiler panic, and that what it refuses governs nothing.
func FuzzCompile(f *testing.F) {
	f.Add(" {egress: [{type: Allow, to: {dnsName: '*.a.org'}, ports: [{protocol: TCP, port: 1}]}, {type: Deny, to: {cidrSelector: '::/0'}}]}")
	f.Add(" {egress: [null, {to: {nodeSelector: {}}}]}")
	f.Fuzz(func(t *testing.T, spec string) {
		o := read(firewall, spec)
		if o == nil {
			return
		}
		policies, problems := openshift.Compile(o, "u")
		for _, d := range problems {
			if d.Severity == manifest.Error && len(policies) > 0 {
				t.Errorf("refused and compiled: %v", d)
			}
		}
		for _, p := range policies {
			p.Words()
		}
	})
}
