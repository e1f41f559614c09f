package reach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// effects lists the pairs that differ with the ports, "?" where that is not certain, sorted.
func effects(t *testing.T, base, head string) []string {
	t.Helper()
	var states [2]*cluster.State
	for s, text := range []string{base, head} {
		objects, problems := manifest.Read("file.yaml", []byte(text))
		if states[s] = cluster.Build(objects, config.Config{}); len(problems)+len(states[s].Diagnostics) > 0 {
			t.Fatal(problems, states[s].Diagnostics)
		}
	}
	m := reach.New(states[0], states[1], reach.Options{})
	_, all, err := m.Effects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := judge{model: m}
	var out []string
	for _, e := range all {
		sign := "-"
		if e.Doubtful {
			sign = "?"
		}
		for _, s := range e.Sources() {
			for _, d := range e.Destinations() {
				out = append(out, fmt.Sprintf("%s %s → %s %s", sign, j.name(s), j.name(d), policy.PortsText(e.Ports.Ranges())))
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestWhatAMeshDecidesByRequestsIsUncertain(t *testing.T) {
	istio := func(spec string) string {
		return `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {serviceAccountName: api, containers: [{name: c}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: ` + spec + "\n"
	}
	const api, from = "selector: {matchLabels: {app: api}}, ", "from: [{source: {serviceAccounts: [default]}}]"
	for _, test := range []struct{ name, base, head, want string }{
		{"a rule that asks for HTTP allows nothing for sure",
			istio("{" + api + "rules: [{" + from + "}]}"), istio("{" + api + "rules: [{" + from + ", to: [{operation: {methods: [GET]}}]}]}"),
			"? Pod shop/web → Pod shop/api all TCP ports"},
		{"a denial that asks for HTTP denies, perhaps too much",
			istio("{" + api + "action: DENY}"), istio("{" + api + "action: DENY, rules: [{" + from + ", to: [{operation: {paths: [/admin], ports: ['80']}}]}]}"),
			"? Pod shop/web → Pod shop/api TCP 80"},
		{"a denial by identity is certain",
			istio("{" + api + "action: DENY}"), istio("{" + api + "action: DENY, rules: [{" + from + "}]}"),
			"- Pod shop/web → Pod shop/api all TCP ports"},
		{"another trust domain may be the cluster's own",
			istio("{" + api + "rules: [{" + from + "}]}"), istio("{" + api + "rules: [{from: [{source: {principals: [acme/ns/shop/sa/default]}}]}]}"),
			"? Pod shop/web → Pod shop/api all TCP ports"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rendered []string
			for _, e := range effects(t, test.base, test.head) {
				if !strings.Contains(e, "pods ") { // pods that are not rendered go the same way
					rendered = append(rendered, e)
				}
			}
			if got := strings.Join(rendered, "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAPortsNameIsUncertainOnPodsThatAreNotInTheManifests(t *testing.T) {
	const web = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 81}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
`
	egress := func(name string) string {
		return web + "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: api}}}, {podSelector: {matchLabels: {app: db}}}], ports: [{port: " + name + "}]}]}\n"
	}
	ingress := func(name string) string {
		return web + "spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: " + name + "}]}]}\n"
	}
	for _, test := range []struct{ name, base, head, want string }{
		{"towards pods that a rule names", egress("81"), egress("http"),
			"? Pod shop/web → pods app=db in shop TCP 81"},
		{"on pods that the policy selects", ingress("81"), ingress("http"),
			"? Pod shop/web → pods app=db in shop TCP 81"},
		{"a rendered pod's are certain", egress("http"), egress("80"),
			"- Pod shop/web → Pod shop/api TCP 80|- Pod shop/web → Pod shop/api TCP 81|? Pod shop/web → pods app=db in shop TCP 80"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(effects(t, test.base, test.head), "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
