package hygiene_test

import (
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const pods = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: checkout}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db-main}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 5433}]}]}
---
`

// A remark names the fields that the policy's own dialect has, with the line where they stand.
func TestRemarksUseTheWordsOfTheDialect(t *testing.T) {
	for name, c := range map[string]struct {
		policy, rule, note string
		line               int
	}{
		"Cilium's peer": {`
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db-main}}
  ingress:
  - fromEndpoints:
    - matchLabels: {app: chekout}
`, "H5", "spec.ingress[0].fromEndpoints[0] asks for app=chekout; nearest: app=checkout", 19},
		"Cilium's port": {`
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: shop}
specs:
- endpointSelector: {matchLabels: {app: db-main}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: checkout}}]
    toPorts:
    - ports:
      - {port: "5432", protocol: TCP}
`, "H7", "specs[0].ingress[0].toPorts[0].ports[0] is TCP 5432, which no workload declares", 21},
		"Calico's peer": {`
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  selector: app == 'db-main'
  types: [Ingress]
  ingress:
  - action: Allow
    source: {selector: "app == 'chekout'"}
`, "H5", "spec.ingress[0].source asks for app=chekout; nearest: app=checkout", 20},
		"Calico's port": {`
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  selector: app == 'db-main'
  types: [Ingress]
  ingress:
  - action: Allow
    protocol: TCP
    source: {selector: "app == 'checkout'"}
    destination: {ports: [5432]}
`, "H7", "spec.ingress[0].destination.ports[0] is TCP 5432, which no workload declares", 22},
		"Calico's selector": {`
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  selector: app == 'chekout'
  types: [Ingress]
`, "H2", "asks for app=chekout; nearest: app=checkout", 16},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(text string) *cluster.State {
				objects, problems := manifest.Read("all.yaml", []byte(text))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				return cluster.Build(objects, config.Config{})
			}
			base, head := read(pods), read(pods+c.policy[1:])
			change := hygiene.Change{Model: reach.New(base, head, reach.Options{}), Base: base, Head: head, Backends: cluster.NewBackends(head)}
			found := change.Check(false)
			i := slices.IndexFunc(found, func(r hygiene.Remark) bool { return r.Rule == c.rule })
			if i < 0 {
				t.Fatalf("no %s in %v", c.rule, found)
			}
			if r := found[i]; r.Note != c.note || r.At().Line != c.line {
				t.Errorf("got %q at line %d, want %q at %d", r.Note, r.At().Line, c.note, c.line)
			}
		})
	}
}
