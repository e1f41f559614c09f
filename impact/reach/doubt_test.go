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
