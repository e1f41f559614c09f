package istio_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/istio"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func read(text string) *manifest.Object {
	objects, _ := manifest.Read("p.yaml", []byte("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: u}\nspec:\n"+text+"\n"))
	if len(objects) != 1 {
		return nil
	}
	return objects[0]
}

func TestWhatIstioRefusesOrIsNotAnalysedIsTold(t *testing.T) {
	for spec, want := range map[string]string{
		" {action: PERMIT}":                                                  `p.yaml:5: AuthorizationPolicy u/p: error: spec.action: "PERMIT" is none of`,
		" {targetRefs: [{kind: Service, name: x}]}":                          "targetRefs) are not analysed yet",
		" {targetRef: {kind: Gateway, name: x}}":                             "targetRef) are not analysed yet",
		" {rules: [{to: [{operation: {ports: ['80', http]}}]}]}":             `port "http" is not between`,
		" {rules: [{from: [{source: {ipBlocks: [10.0.0.300]}}]}]}":           `"10.0.0.300" is no CIDR`,
		" {rules: [{from: [{source: {principals: [default]}}]}]}":            "write cluster.local/ns/NAMESPACE/sa/ACCOUNT",
		" {rules: [{from: [{source: {principals: ['a/*/b']}}]}]}":            "has a star that is neither",
		" {rules: [{from: [{source: {serviceAccounts: ['a/*']}}]}]}":         "without stars",
		" {rules: [{when: [{key: source.ip}]}]}":                             "needs values or notValues",
		" {rules: [{when: [{key: source.ports, values: [a]}]}]}":             "no attribute that Istio knows",
		" {action: CUSTOM, provider: {name: x}, rules: [{}]}":                "warning: an external authorizer decides",
		" {rules: [{from: {source: {namespaces: [a]}}}]}":                    "rules[0].from",
		" {rules: [{from: [{source: {namespaces: a}}]}]}":                    "namespaces",
		" {selector: {matchLabels: {app: 1}}}":                               "matchLabels",
		" {rules: [{to: [{operation: {ports: [80]}}]}], selector: {app: x}}": "ports[0]",
	} {
		_, problems := istio.Compile(read(spec), "u", istio.Mesh{})
		var all []string
		for _, d := range problems {
			all = append(all, d.String())
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, must say %q", spec, got, want)
		}
	}
}

func TestTheMeshsSettingsBearOnPolicies(t *testing.T) {
	const spec = " {rules: [{from: [{source: {principals: [acme.org/ns/v/sa/web]}}]}]}"
	policies, _ := istio.Compile(read(spec), "u", istio.Mesh{TrustDomain: "acme.org", RootNamespace: "u"})
	if len(policies) != 1 || !policies[0].Subject[0].Namespaces.Selector.Everything() || policies[0].Subject[0].Namespaces.Name != "" {
		t.Fatalf("a policy of the root namespace must govern all namespaces: %+v", policies)
	}
	rules := policies[0].Rules[policy.Ingress]
	if last := rules[len(rules)-1]; last.PeerWords() != "pods serviceaccount=web in v" {
		t.Errorf("got %s", last.PeerWords())
	}
}

// FuzzCompile holds that no object makes the compiler panic, and that what it refuses governs nothing.
func FuzzCompile(f *testing.F) {
	f.Add(" {rules: [{from: [{source: {principals: ['*/sa/x', 'a*'], notIpBlocks: [1.2.3.4]}}], when: [{key: source.ip, values: ['::/0']}]}]}")
	f.Add(" {action: DENY, rules: [{to: [{operation: {ports: ['1'], paths: [/]}}]}, null]}")
	f.Fuzz(func(t *testing.T, spec string) {
		o := read(spec)
		if o == nil {
			return
		}
		policies, problems := istio.Compile(o, "u", istio.Mesh{})
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
