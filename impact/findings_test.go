package impact

import (
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestAPodsTrafficToItselfIsNotTold(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n---\n"
	const policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n"
	base, _ := manifest.Read("file.yaml", []byte(pod))
	head, _ := manifest.Read("file.yaml", []byte(pod+policy))
	out, err := Compare(t.Context(), Input{Base: base, Head: head})
	if err != nil || len(out.Cluster.Findings) == 0 {
		t.Fatal(out.Cluster.Findings, err)
	}
	isA := func(p Peer) bool { return p.String() == "default/a" }
	for _, f := range out.Cluster.Findings {
		for _, c := range f.Connections {
			if c.Count < 1 || slices.ContainsFunc(c.Sources, isA) && slices.ContainsFunc(c.Destinations, isA) {
				t.Errorf("%s: %v → %v, %d", f.Title, c.Sources, c.Destinations, c.Count)
			}
		}
	}
}
