package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy/schema"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// object is one of a kind: "cilium.io/v2 CiliumNetworkPolicy", with the rest of its text, whose first line is line 4.
func object(t testing.TB, kind, rest string) *manifest.Object {
	t.Helper()
	apiVersion, kind, _ := strings.Cut(kind, " ")
	objects, broken := manifest.Read("p.yaml", []byte("apiVersion: "+apiVersion+"\nkind: "+kind+"\nmetadata: {name: p}\n"+rest))
	if len(objects) != 1 || len(broken) > 0 {
		t.Fatalf("%d objects, %v", len(objects), broken)
	}
	return objects[0]
}

const (
	cnp  = "cilium.io/v2 CiliumNetworkPolicy"
	np   = "projectcalico.org/v3 NetworkPolicy"
	gnp  = "crd.projectcalico.org/v1 GlobalNetworkPolicy"
	tier = "projectcalico.org/v3 Tier"
	anp  = "policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy"
	kcnp = "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy"
	ap   = "security.istio.io/v1 AuthorizationPolicy"
	ef   = "k8s.ovn.org/v1 EgressFirewall"
)

func TestWhatTheAPIServerRefusesOrDropsIsTold(t *testing.T) {
	for _, test := range []struct{ name, kind, text, want string }{
		{"all is well", np, "spec: {selector: all(), types: [Ingress]}\n", ""},
		{"a kind without a schema", "projectcalico.org/v3 Profile", "spec: 7\n", ""},
		{"an unknown value", np, "spec:\n  ingress:\n  - action: allow\n",
			`6: error: spec.ingress[0].action: "allow" is none of Allow, Deny, Log, Pass; did you mean "Allow"?`},
		{"of two values none", np, "spec:\n  types:\n  - Egres\n", `6: error: spec.types[0]: "Egres" is neither Ingress nor Egress; did you mean "Egress"?`},
		{"a wrong type", np, "spec:\n  ingress: {action: Allow}\n", `5: error: spec.ingress: this is an object, not a list`},
		{"a bare word", np, "spec:\n  selector: y\n", `5: error: spec.selector: y is a boolean, not a string; quote it`},
		{"a missing field", np, "spec:\n  ingress:\n  - protocol: TCP\n", `6: error: spec.ingress[0]: action is missing`},
		{"a null field is missing", np, "spec:\n  ingress:\n  - action: null\n", `6: error: spec.ingress[0]: action is missing`},
		{"a value twice", np, "spec:\n  types: [Ingress, Ingress]\n", `5: error: spec.types[1]: is in the list already; remove one`},
		{"a misspelt field", np, "spec:\n  ingres: []\n", `5: warning: spec.ingres: unknown field; the API server drops it; did you mean "ingress"?`},
		{"a field of another kind", gnp, "spec:\n  foo: {bar: 1}\n", `5: warning: spec.foo: unknown field; the API server drops it`},
		{"a number of a port out of bounds", cnp, "spec:\n  endpointSelector: {}\n  ingress:\n  - toPorts:\n    - ports:\n      - {port: \"80\", endPort: 65536}\n",
			`9: error: spec.ingress[0].toPorts[0].ports[0].endPort: 65536 is not between 0 and 65535`},
		{"a text that does not match", cnp, "spec:\n  endpointSelector: {}\n  ingress:\n  - toPorts:\n    - ports:\n      - {port: \"\"}\n",
			`9: error: spec.ingress[0].toPorts[0].ports[0].port: "" does not match the pattern `},
		{"a protocol of another network", cnp, "specs:\n- endpointSelector: {}\n  egress:\n  - toPorts:\n    - ports:\n      - {port: \"80\", protocol: tcp}\n",
			`9: error: specs[0].egress[0].toPorts[0].ports[0].protocol: "tcp" is none of TCP, UDP, SCTP, `},
		{"an entity that is none", cnp, "spec:\n  endpointSelector: {}\n  egress:\n  - toEntities: [wrld]\n",
			`7: error: spec.egress[0].toEntities[0]: "wrld" is none of all, world, `},
		{"neither of two", cnp, "spec:\n  ingress: []\n", `5: error: spec: must have exactly one of endpointSelector, nodeSelector; it has none`},
		{"both of two", cnp, "spec:\n  endpointSelector: {}\n  nodeSelector: {}\n  ingress: []\n",
			`5: error: spec: must have only one of endpointSelector, nodeSelector; it has endpointSelector and nodeSelector`},
		{"a rule of the whole", cnp, "", `1: error: `},
		{"a default is there", tier, "spec: {order: 7}\n", ""},
		{"a rule across fields", gnp, "spec:\n  doNotTrack: true\n",
			`5: error: spec: `},
		{"messages without their protocol", np, "spec:\n  ingress:\n  - {action: Allow, icmp: {type: 8}}\n", `6: error: spec.ingress[0]: `},
		{"services beside nets", np, "spec:\n  egress:\n  - {action: Allow, destination: {services: {name: a}, nets: [10.0.0.0/8]}}\n",
			`6: error: spec.egress[0].destination: `},
		{"too many fields", anp, "spec:\n  priority: 1\n  subject: {namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}\n",
			`6: error: spec.subject: has 2 fields, more than the 1 that are allowed`},
		{"a priority out of bounds", anp, "spec:\n  priority: 1001\n  subject: {namespaces: {}}\n", `5: error: spec.priority: 1001 is `},
		{"no CIDR", kcnp, "spec:\n  priority: 1\n  tier: Admin\n  subject: {namespaces: {}}\n  egress:\n  - {action: Accept, to: [{networks: [10.0.0.0/33]}]}\n",
			`9: error: spec.egress[0].to[0].networks[0]: `},
		{"fields that exclude each other", ap, "spec:\n  rules:\n  - from:\n    - source: {serviceAccounts: [a], principals: [b]}\n",
			`7: error: spec.rules[0].from[0].source: `},
		{"an address without its length", ef, "spec:\n  egress:\n  - type: Deny\n    to: {cidrSelector: 10.0.0.0}\n", ``},
		{"a misspelt list", ap, "spec:\n  rules:\n  - from:\n    - source: {principal: [b]}\n",
			`7: warning: spec.rules[0].from[0].source.principal: unknown field; the API server drops it; did you mean "principals"?`},
		{"addresses let nothing in", kcnp, "spec:\n  priority: 1\n  tier: Admin\n  subject: {namespaces: {}}\n  ingress:\n  - {action: Deny, from: [{networks: [10.0.0.0/8]}]}\n",
			`9: warning: spec.ingress[0].from[0].networks: unknown field; the API server drops it`},
		{"a spec that is missing", ef, "", `1: error: spec is missing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var said []string
			for _, m := range schema.Check(object(t, test.kind, test.text)) {
				said = append(said, fmt.Sprintf("%d: %s: %s", m.Part.Line, m.Severity, m))
			}
			if got := strings.Join(said, "\n"); test.want == "" && got != "" || !strings.HasPrefix(got, test.want) || len(said) > 1 {
				t.Errorf("said\n%s\nmust say\n%s", got, test.want)
			}
		})
	}
}
