package impact

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// The labels of a namespace that is not in the manifests may or may not let the web server in.
func TestADenialThatRestsOnUnknownLabelsIsApproximate(t *testing.T) {
	const common = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: front, labels: {app: web}}
spec: {containers: [{name: c, image: web, env: [{name: DB, value: "db.back:5432"}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: back, labels: {app: db}}
spec: {containers: [{name: c, image: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: back}
spec: {selector: {app: db}, ports: [{port: 5432}]}
`
	policy := func(from string) string {
		return common + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: back}\nspec: {podSelector: {}, ingress: [" + from + "]}\n"
	}
	for _, test := range []struct {
		name, text string
		want       Confidence
	}{
		{"nobody is let in", policy(""), Exact},
		{"by labels that are not known", policy("{from: [{namespaceSelector: {matchLabels: {team: a}}}]}"), Approximate},
	} {
		t.Run(test.name, func(t *testing.T) {
			dependencies := make(map[string]*Dependencies)
			clusters := []Cluster{{Name: "production"}, {Name: "staging"}}
			for name, sides := range map[string][2]string{"staging": {common, common}, "production": {common, test.text}} {
				in := Input{Name: name, Several: true}
				for i, to := range []*[]*manifest.Object{&in.Base, &in.Head} {
					objects, problems := manifest.Read("all.yaml", []byte(sides[i]))
					if len(problems) > 0 {
						t.Fatal(problems)
					}
					*to = objects
				}
				out, err := Compare(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				dependencies[name] = out.Dependencies
			}
			if !dependencies["production"].NewlyDenies() || dependencies["staging"].NewlyDenies() {
				t.Error("what is newly denied is not known")
			}
			Disagreements(clusters, dependencies)
			found := clusters[0].Findings
			if len(found) != 1 || found[0].Rule != "H18" || found[0].Confidence != test.want {
				t.Errorf("got %+v", found)
			}
		})
	}
}
