package networking_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// head is what every policy of the table begins with; its spec's first line is line 6.
const head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\nspec:\n"

// problems compiles a policy and lists what is said of it, "line: severity: message".
func problems(t *testing.T, text string) (accepted bool, said []string) {
	t.Helper()
	objects, broken := manifest.Read("p.yaml", []byte(text))
	if len(objects) != 1 || len(broken) > 0 {
		t.Fatalf("%d objects, %v", len(objects), broken)
	}
	p, diagnostics := networking.Compile(objects[0], "default", policy.Written)
	for _, d := range diagnostics {
		if d.Object != "NetworkPolicy p" || d.File != "p.yaml" {
			t.Errorf("a diagnostic names another object: %v", d)
		}
		said = append(said, fmt.Sprintf("%d: %s: %s", d.Line, d.Severity, d.Message))
	}
	return p != nil, said
}

func TestWhatTheAPIServerRefusesIsAnError(t *testing.T) {
	for _, test := range []struct{ name, spec, want string }{
		{"unknown policy type", "  podSelector: {}\n  policyTypes:\n  - Ingress\n  - ingress\n",
			`9: error: spec.policyTypes: "ingress" is neither Ingress nor Egress`},
		{"three policy types", "  podSelector: {}\n  policyTypes: [Ingress, Egress, Ingress]\n",
			`7: error: spec.policyTypes: there are more than two`},
		{"bare y is a boolean", "  podSelector:\n    matchLabels:\n      a: y\n",
			`8: error: spec.podSelector.matchLabels.a: y is a boolean, not a string; quote it`},
		{"a number is no label", "  podSelector:\n    matchLabels:\n      a: 1\n",
			`8: error: spec.podSelector.matchLabels.a: 1 is an integer, not a string; quote it`},
		{"operator of node affinity", "  podSelector:\n    matchExpressions:\n    - {key: a, operator: Gt, values: ['1']}\n",
			`7: error: operator "Gt" is none of In, NotIn, Exists, DoesNotExist`},
		{"In without values", "  podSelector:\n    matchExpressions:\n    - {key: a, operator: In}\n",
			`7: error: values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty`},
		{"Exists with values", "  podSelector:\n    matchExpressions:\n    - {key: a, operator: Exists, values: [x]}\n",
			`7: error: values: Invalid value: ["x"]: values set must be empty for exists and does not exist`},
		{"empty peer", "  podSelector: {}\n  ingress:\n  - from:\n    - {}\n",
			`9: error: a peer must have podSelector, namespaceSelector or ipBlock; to allow every peer leave out the list`},
		{"block and selector", "  podSelector: {}\n  ingress:\n  - from:\n    - podSelector: {}\n      ipBlock:\n        cidr: 10.0.0.0/8\n",
			`9: error: a peer with ipBlock must not have podSelector or namespaceSelector; make them two peers`},
		{"no CIDR", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock:\n        cidr: 10.0.0.0/33\n",
			`10: error: "10.0.0.0/33" is no CIDR (prefix length out of range)`},
		{"an address is no CIDR", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock: {cidr: '10.1.2.3'}\n",
			`9: error: "10.1.2.3" has no prefix length; write 10.1.2.3/32`},
		{"a block without addresses", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock:\n        except: [10.0.0.0/8]\n",
			`10: error: an ipBlock must have a cidr`},
		{"an octet with a zero in front", "  podSelector: {}\n  egress:\n  - to: [{ipBlock: {cidr: 010.0.0.0/8}}]\n",
			`8: error: "010.0.0.0/8" is no CIDR (ParseAddr("010.0.0.0"): IPv4 field has octet with leading zero)`},
		{"a fraction of a port", "  podSelector: {}\n  ingress:\n  - ports: [{port: 80.5}]\n",
			`8: error: spec.ingress[0].ports[0].port: json: cannot unmarshal number 80.5 into Go value of type int32`},
		{"exception elsewhere", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock:\n        cidr: 10.0.0.0/8\n        except:\n        - 10.1.0.0/16\n        - 11.0.0.0/16\n",
			`13: error: except 11.0.0.0/16 is not a part of cidr 10.0.0.0/8`},
		{"exception of everything", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock:\n        cidr: 10.0.0.0/8\n        except: [10.0.0.0/8]\n",
			`11: error: except 10.0.0.0/8 is not a part of cidr 10.0.0.0/8`},
		{"exception of the other family", "  podSelector: {}\n  egress:\n  - to:\n    - ipBlock: {cidr: '::/0', except: [10.0.0.0/8]}\n",
			`9: error: except 10.0.0.0/8 is not a part of cidr ::/0`},
		{"protocol in small letters", "  podSelector: {}\n  ingress:\n  - ports:\n    - protocol: tcp\n",
			`9: error: protocol "tcp" is none of TCP, UDP, SCTP`},
		{"protocol without ports", "  podSelector: {}\n  ingress:\n  - ports:\n    - protocol: ICMP\n",
			`9: error: protocol "ICMP" is none of TCP, UDP, SCTP`},
		{"a number in quotes is a name", "  podSelector: {}\n  ingress:\n  - ports:\n    - port: \"80\"\n",
			`9: error: port "80" is a text, and no port has this name: write the number without quotes`},
		{"port zero", "  podSelector: {}\n  ingress:\n  - ports:\n    - port: 0\n",
			`9: error: port 0 is not between 1 and 65535`},
		{"port out of range", "  podSelector: {}\n  ingress:\n  - ports:\n    - port: 65536\n",
			`9: error: port 65536 is not between 1 and 65535`},
		{"reversed range", "  podSelector: {}\n  ingress:\n  - ports:\n    - port: 90\n      endPort: 80\n",
			`10: error: endPort 80 is less than port 90`},
		{"range from a name", "  podSelector: {}\n  ingress:\n  - ports:\n    - port: http\n      endPort: 80\n",
			`10: error: endPort needs a port by number, not by name`},
		{"range without a start", "  podSelector: {}\n  ingress:\n  - ports:\n    - endPort: 80\n",
			`9: error: endPort needs a port`},
		{"an object in place of a list", "  podSelector: {}\n  ingress:\n    from: []\n",
			`8: error: spec.ingress: this is an object, not a list`},
	} {
		t.Run(test.name, func(t *testing.T) {
			accepted, said := problems(t, head+test.spec)
			if accepted {
				t.Error("accepted")
			}
			if got := strings.Join(said, "\n"); got != test.want {
				t.Errorf("said\n%s\nmust say\n%s", got, test.want)
			}
		})
	}
}

func TestLabelsHaveTheAPIServersSyntax(t *testing.T) {
	for _, selector := range []string{
		"{matchLabels: {'-a': x}}", "{matchLabels: {a: '-x'}}", "{matchLabels: {a/b/c: x}}", "{matchLabels: {'a b': x}}",
		"{matchExpressions: [{key: '', operator: Exists}]}", "{matchExpressions: [{key: a, operator: In, values: [a b]}]}",
		"{matchLabels: {a: " + strings.Repeat("x", 64) + "}}",
	} {
		for _, spec := range []string{
			"  podSelector: " + selector + "\n", "  podSelector: {}\n  ingress: [{from: [{namespaceSelector: " + selector + "}]}]\n",
			"  podSelector: {}\n  egress: [{to: [{podSelector: " + selector + "}]}]\n",
		} {
			if accepted, said := problems(t, head+spec); accepted || len(said) != 1 || !strings.Contains(said[0], "Invalid value") {
				t.Errorf("%s: accepted %t, said %v", spec, accepted, said)
			}
		}
	}
}

func TestWhatIsAcceptedButDoubtfulIsAWarning(t *testing.T) {
	for _, test := range []struct{ name, spec, want string }{
		{"a typing error", "  podSelector: {}\n  ingres: []\n",
			`7: warning: spec.ingres: unknown field; the API server drops it; did you mean "ingress"?`},
		{"selectors at the wrong depth", "  podSelector: {}\n  ingress:\n  - podSelector: {}\n",
			`8: warning: spec.ingress[0].podSelector: unknown field; the API server drops it`},
		{"all is well", "  podSelector: {}\n  ingress:\n  - {}\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			accepted, said := problems(t, head+test.spec)
			if !accepted {
				t.Error("refused")
			}
			if got := strings.Join(said, "\n"); got != test.want {
				t.Errorf("said\n%s\nmust say\n%s", got, test.want)
			}
		})
	}
}

func TestWhatNoClusterHasIsRefused(t *testing.T) {
	for _, test := range []struct{ apiVersion, namespace, want string }{
		{"networking.k8s.io/v2", "shop", "[1: error: networking.k8s.io/v2 has no NetworkPolicy; write networking.k8s.io/v1]"},
		{"networking.k8s.io/v1", "${NS}", "[5: error: the namespace \"${NS}\" cannot exist: "},
		{"networking.k8s.io/v1", "shop", "[]"},
	} {
		text := fmt.Sprintf("apiVersion: %s\nkind: NetworkPolicy\nmetadata:\n  name: p\n  namespace: %s\nspec: {podSelector: {}}\n", test.apiVersion, test.namespace)
		objects, _ := manifest.Read("p.yaml", []byte(text))
		p, diagnostics := networking.Compile(objects[0], objects[0].Namespace, policy.Written)
		said := []string{}
		for _, d := range diagnostics {
			said = append(said, fmt.Sprintf("%d: %s: %s", d.Line, d.Severity, d.Message))
		}
		if (p != nil) != (len(said) == 0) || !strings.HasPrefix(fmt.Sprint(said), test.want) {
			t.Errorf("%s in %s: said %v, must say %s", test.apiVersion, test.namespace, said, test.want)
		}
	}
}

func TestAPolicyWithoutSpecIsRefused(t *testing.T) {
	if accepted, said := problems(t, head+"- podSelector: {}\n"); accepted || fmt.Sprint(said) != "[6: error: spec: this is a list, not an object]" {
		t.Errorf("accepted %t, said %v", accepted, said)
	}
	if accepted, said := problems(t, strings.TrimSuffix(head, "spec:\n")); accepted || len(said) != 1 {
		t.Errorf("accepted %t, said %v", accepted, said)
	}
}
