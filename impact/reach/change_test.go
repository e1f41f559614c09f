package reach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// kruise is a configuration with another vendor's StatefulSets beside Kubernetes' own.
var kruise = config.Config{Workloads: []config.Workload{{Kind: "apps.kruise.io/StatefulSet", Template: "spec.template"}}}

// changed lists the pairs whose ports differ, "+" opened and "-" blocked, sorted.
func changed(t *testing.T, base, head string) []string {
	t.Helper()
	states := make(map[string]*cluster.State)
	for _, text := range []string{base, head} {
		objects, problems := manifest.Read("file.yaml", []byte(text))
		states[text] = cluster.Build(objects, kruise)
		if len(problems)+len(states[text].Diagnostics) > 0 {
			t.Fatal(problems, states[text].Diagnostics)
		}
	}
	m := reach.New(states[base], states[head], reach.Options{})
	blocks, _, err := m.Effects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := judge{model: m}
	var out []string
	for _, b := range blocks {
		sign := "+"
		if len(b.Blocked) > 0 {
			sign = "-"
		}
		for _, s := range b.Sources {
			for _, d := range b.Destinations {
				out = append(out, fmt.Sprintf("%s %s → %s", sign, j.name(s), j.name(d)))
			}
		}
	}
	slices.Sort(out)
	return out
}

const (
	oneDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: web}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: q, namespace: monitoring}
spec: {podSelector: {matchLabels: {app: prom}}}
`
	prometheus = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prom, namespace: monitoring}
spec: {template: {metadata: {labels: {app: prom}}, spec: {containers: []}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: web}
spec: {podSelector: {}, ingress: [{from: [`
	monitoring     = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, "
	twoDeployments = prometheus + "{podSelector: {matchLabels: {app: web}}}]}]}\n"
	named          = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: q, namespace: web}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring, team: a}}}]}]}
`
	hostPod = `
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {hostNetwork: true, nodeName: n1, containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.0.1/32}}]}]}
`
	twoVendors = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: one}}, spec: {containers: []}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: []}
---
apiVersion: apps.kruise.io/v1
kind: StatefulSet
metadata: {name: db}
spec: {template: {metadata: {labels: {app: two}}, spec: {containers: []}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {matchLabels: {app: one}}, ingress: [{from: [{podSelector: {matchLabels: {app: %s}}}]}]}
`
)

// many is a requirement of one of n values.
func many(n int) string {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("v%02d", i))
	}
	return "{key: app, operator: In, values: [" + strings.Join(values, ", ") + "]}"
}

func TestWhatTheChangeDoesToOthersIsSeen(t *testing.T) {
	namespace := "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: monitoring, labels: {team: %s}}\n---"
	node := "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{address: 192.168.0.%d}]}\n---"
	for _, test := range []struct{ name, base, head, want string }{
		{"a namespace of which only policies tell has another label", fmt.Sprintf(namespace, "a") + oneDeployment, fmt.Sprintf(namespace, "b") + oneDeployment,
			"[- pods app=prom in monitoring → Deployment web/web]"},
		{"a node has another address", fmt.Sprintf(node, 1) + hostPod, fmt.Sprintf(node, 2) + hostPod, "[- Pod default/host → Pod default/web]"},
		{"a namespace that is selected by its name and an unknown label", twoDeployments, twoDeployments + named,
			"[+ pods * in kubernetes.io/metadata.name=monitoring,team=a → Deployment web/web]"},
		{"a peer becomes its whole namespace", prometheus + monitoring + "podSelector: {matchLabels: {app: prom}}}]}]}\n",
			prometheus + "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}]}\n",
			"[+ pods * in monitoring → Deployment web/web]"},
		{"a peer of the same namespace becomes one of any namespace", prometheus + "{podSelector: {matchLabels: {app: web}}}]}]}\n",
			prometheus + "{podSelector: {matchLabels: {app: web}}, namespaceSelector: {}}]}]}\n",
			"[+ pods app=web in * → Deployment web/web]"},
		{"the last of many values comes", prometheus + monitoring + "podSelector: {matchExpressions: [" + many(19) + "]}}]}]}\n",
			prometheus + monitoring + "podSelector: {matchExpressions: [" + many(20) + "]}}]}]}\n",
			"[+ pods app=v19 in monitoring → Deployment web/web]"},
		{"two vendors' workloads have one name", fmt.Sprintf(twoVendors, "one"), fmt.Sprintf(twoVendors, "two"),
			"[+ StatefulSet.apps.kruise.io default/db → StatefulSet default/db - StatefulSet default/db → StatefulSet default/db]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprint(changed(t, test.base, test.head)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
