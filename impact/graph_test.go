package impact

import (
	"fmt"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

const twoPods = `
apiVersion: v1
kind: Pod
metadata: {name: cart, labels: {app: cart}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: %s}}}], ports: [{port: 5432}]}]}
`

// TestBeforeAndAfterAreWhatEachSideAllows holds the graph's rows against the list of each side, which is tested by its own.
func TestBeforeAndAfterAreWhatEachSideAllows(t *testing.T) {
	read := func(app string) []*manifest.Object {
		objects, diagnostics := manifest.Read("file.yaml", fmt.Appendf(nil, twoPods, app))
		if len(diagnostics) > 0 {
			t.Fatal(diagnostics)
		}
		return objects
	}
	in := Input{Name: "prod", Base: read("cart"), Head: read("card"), Graph: true}
	out, err := Compare(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	toDB := func(rows []Allowed) (from string) {
		for _, row := range rows {
			for _, d := range row.Destinations {
				if d.String() == "default/db" {
					for _, s := range row.Sources {
						from += s.String() + " "
					}
				}
			}
		}
		return from
	}
	if got := toDB(out.Cluster.Before); got != "default/cart " {
		t.Errorf("before, db is reached by %q", got)
	}
	if got := toDB(out.Cluster.After); got != "pods app=card in default " {
		t.Errorf("after, db is reached by %q", got)
	}
	in.Graph = false
	if out, err = Compare(t.Context(), in); err != nil || out.Cluster.Before != nil || out.Cluster.After != nil {
		t.Errorf("rows that were not asked for: %v, %v, %v", out.Cluster.Before, out.Cluster.After, err)
	}
}
