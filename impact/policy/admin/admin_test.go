package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The beginnings of the policies of the tables; the spec goes on at line 8 or 7.
const (
	cluster  = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: c}\nspec:\n  tier: Admin\n  priority: 5\n  subject: {namespaces: {}}\n"
	old      = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\nspec:\n  priority: 5\n  subject: {namespaces: {}}\n"
	baseline = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\nspec:\n  subject: {namespaces: {}}\n"
)

func compile(t *testing.T, text string) (*policy.Policy, string) {
	t.Helper()
	return compileAs(t, text, policy.Written)
}

func compileAs(t *testing.T, text string, reading policy.Reading) (*policy.Policy, string) {
	t.Helper()
	objects, broken := manifest.Read("p.yaml", []byte(text))
	if len(objects) != 1 || len(broken) > 0 {
		t.Fatalf("%d objects, %v", len(objects), broken)
	}
	p, diagnostics := admin.Compile(objects[0], reading)
	var said []string
	for _, d := range diagnostics {
		said = append(said, fmt.Sprintf("%d: %s: %s", d.Line, d.Severity, d.Message))
	}
	return p, strings.Join(said, "\n")
}

// rules is n rules that each do nothing wrong.
func rules(n int) string {
	return "  ingress:\n" + strings.Repeat("  - {action: Deny, from: [{namespaces: {}}]}\n", n)
}

func TestWhatTheAPIServerRefusesIsAnError(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"unknown tier", strings.Replace(cluster, "Admin", "Default", 1), `5: error: spec.tier: "Default" is neither Admin nor Baseline`},
		{"priority too high", strings.Replace(cluster, "priority: 5", "priority: 1001", 1), `6: error: spec.priority: 1001 is not between 0 and 1000`},
		{"priority below zero", strings.Replace(cluster, "priority: 5", "priority: -1", 1), `6: error: spec.priority: -1 is not between 0 and 1000`},
		{"subject without a field", strings.Replace(cluster, "{namespaces: {}}", "{}", 1), `7: error: spec.subject must have either namespaces or pods`},
		{"subject with both fields", strings.Replace(cluster, "{namespaces: {}}", "{namespaces: {}, pods: {podSelector: {}}}", 1),
			`7: error: spec.subject must have either namespaces or pods`},
		{"action of the other version", cluster + "  egress:\n  - {action: Allow, to: [{namespaces: {}}]}\n", `9: error: action "Allow" is not known here`},
		{"action of the newer version", old + "  egress:\n  - {action: Accept, to: [{namespaces: {}}]}\n", `8: error: action "Accept (use Allow in v1alpha1)" is not known here`},
		{"baseline of the newer version may pass, the older may not", baseline + "  egress:\n  - {action: Pass, to: [{namespaces: {}}]}\n",
			`7: error: a baseline policy cannot Pass: nothing comes after it`},
		{"name of a baseline", strings.Replace(baseline, "default", "other", 1) + rules(1), `3: error: a BaselineAdminNetworkPolicy must be named default`},
		{"no peers", cluster + "  egress:\n  - {action: Deny, to: []}\n", `9: error: a rule needs at least one peer`},
		{"too many rules", cluster + rules(26), `9: error: spec.ingress: 26 rules are more than the 25 that the API allows`},
		{"too many rules of the older version", old + rules(101), `8: error: spec.ingress: 101 rules are more than the 100 that the API allows`},
		{"networks let nothing in", cluster + "  ingress:\n  - {action: Deny, from: [{networks: [10.0.0.0/8]}]}\n",
			"9: warning: a peer of a kind that is not known here; the rule fails closed, as the API reference demands"},
		{"bad network", cluster + "  egress:\n  - {action: Deny, to: [{networks: [10.0.0.0]}]}\n", `9: error: "10.0.0.0" has no prefix length; write 10.0.0.0/32`},
		{"no networks", cluster + "  egress:\n  - {action: Deny, to: [{networks: []}]}\n", `9: error: networks must not be empty`},
		{"two kinds in one peer", cluster + "  egress:\n  - action: Deny\n    to:\n    - namespaces: {}\n      networks: ['::/0']\n",
			`11: error: a peer must have exactly one field, not namespaces and networks; make them peers of their own`},
		{"denied name", cluster + "  egress:\n  - {action: Deny, to: [{domainNames: [example.com]}]}\n", `9: error: domainNames can only be accepted, not denied or passed`},
		{"bad name", cluster + "  egress:\n  - {action: Accept, to: [{domainNames: ['exa*.com']}]}\n", `9: error: "exa*.com" is no domain name`},
		{"named port of a network", cluster + "  egress:\n  - {action: Deny, to: [{networks: ['::/0']}], protocols: [{destinationNamedPort: http}]}\n",
			`9: error: a named port cannot be used with networks, nodes or domainNames: only pods name their ports`},
		{"no protocols", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: []}\n", `9: error: protocols must not be empty; leave it out for all ports`},
		{"no ports", old + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], ports: []}\n", `8: error: ports must not be empty; leave it out for all ports`},
		{"two protocols in one item", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 1}}, destinationNamedPort: a}]}\n",
			`9: error: a port must have exactly one field, not tcp and destinationNamedPort; make them ports of their own`},
		{"protocol without a port", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {}}]}\n", `9: error: a port must be given by number, range or name`},
		{"empty port", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{}]}\n", `9: error: a port must be given by number, range or name`},
		{"port zero", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 0}}}]}\n",
			`9: error: port 0 is not between 1 and 65535`},
		{"range of one port", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{sctp: {destinationPort: {range: {start: 5, end: 5}}}}]}\n",
			`9: error: the port range 5–5 does not ascend`},
		{"name with a dot", cluster + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], protocols: [{destinationNamedPort: a.b}]}\n",
			`9: error: port "a.b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`},
		{"unknown protocol", old + "  egress:\n  - {action: Deny, to: [{namespaces: {}}], ports: [{portNumber: {protocol: ICMP, port: 1}}]}\n",
			`8: error: a port must be given by number, range or name`},
		{"bad selector", cluster + "  ingress:\n  - {action: Deny, from: [{namespaces: {matchLabels: {a: 'x y'}}}]}\n",
			`9: error: values[0][a]: Invalid value: "x y": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, said := compile(t, test.text)
			if said != test.want {
				t.Errorf("said\n%s\nmust say\n%s", said, test.want)
			}
			if refused := strings.Contains(test.want, "error"); refused != (p == nil) {
				t.Errorf("accepted %t, must be %t", p != nil, !refused)
			}
		})
	}
}

func TestBothVersionsCompileToTheSame(t *testing.T) {
	newer, said := compile(t, cluster+"  ingress:\n  - action: Accept\n    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}]\n"+
		"    protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 9}}}}, {destinationNamedPort: http}]\n")
	older, saidOfOlder := compile(t, old+"  ingress:\n  - action: Allow\n    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}}]\n"+
		"    ports: [{portNumber: {port: 80}}, {portRange: {protocol: UDP, start: 1, end: 9}}, {namedPort: http}]\n")
	if said != "" || saidOfOlder != "" {
		t.Fatal(said, saidOfOlder)
	}
	show := func(p *policy.Policy) string {
		p.Object = nil
		for d := range p.Rules {
			for i := range p.Rules[d] {
				p.Rules[d][i].Part = nil
			}
		}
		return fmt.Sprintf("%+v %v", p.Rules[policy.Ingress][0].Ports, *p.Rules[policy.Ingress][0].Peers[0].Pods)
	}
	if newer.Tier != older.Tier || newer.Order != older.Order || show(newer) != show(older) {
		t.Errorf("newer %s\nolder %s", show(newer), show(older))
	}
}

func TestDomainNamesHaveOneForm(t *testing.T) {
	p, said := compile(t, cluster+"  egress: [{action: Accept, to: [{domainNames: [Example.ORG., '*.example.org']}]}]\n")
	if p == nil || said != "" {
		t.Fatal(said)
	}
	peers := p.Rules[policy.Egress][0].Peers
	if got := peers[0].Domain + " " + peers[1].Domain; got != "example.org *.example.org" {
		t.Errorf("got %s", got)
	}
}

func TestDomainNamesOpenTheNameServiceUnderCilium(t *testing.T) {
	for _, test := range []struct {
		name, egress string
		reading      policy.Reading
		want         string
	}{
		{"by the reference", "{action: Accept, to: [{domainNames: [a.example]}]}", policy.Written,
			"Allows out to a.example on all ports.; implied: []"},
		{"by Cilium, before the rule and at its place", "{action: Deny, to: [{networks: [10.0.0.0/8]}]}, {action: Accept, to: [{namespaces: {}}, {domainNames: [a.example]}], protocols: [{tcp: {destinationPort: {number: 443}}}]}", policy.Cilium,
			"Denies out to 10.0.0.0/8 on all ports.; Allows out to any pod in any namespace; a.example on TCP 443.; implied: [1 spec.egress[1] pods k8s-app=kube-dns in any namespace on the port named dns; the port named dns-tcp]"},
		{"without names", "{action: Accept, to: [{namespaces: {}}]}", policy.Cilium,
			"Allows out to any pod in any namespace on all ports.; implied: []"},
	} {
		p, said := compileAs(t, cluster+"  egress: ["+test.egress+"]\n", test.reading)
		if p == nil || said != "" {
			t.Errorf("%s: %s", test.name, said)
			continue
		}
		implied := []string{}
		for i, r := range p.Rules[policy.Egress] {
			if r.Implied {
				implied = append(implied, fmt.Sprintf("%d %s %s on %s", i, p.Path(&r), r.PeerWords(), r.PortWords()))
			}
		}
		var words []string
		for _, w := range p.Words() {
			if strings.Contains(w, " out to ") {
				words = append(words, w)
			}
		}
		if got := fmt.Sprintf("%s; implied: %v", strings.Join(words, "; "), implied); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}
