package impact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func read(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, problems := manifest.Read("manifests.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return objects
}

func compare(t *testing.T, base, head string) []impact.Finding {
	t.Helper()
	out, err := impact.Compare(t.Context(), impact.Input{Name: "default", Base: read(t, base), Head: read(t, head), Config: config.Config{}})
	if err != nil {
		t.Fatal(err)
	}
	if problems := append(out.Base, out.Head...); len(problems) > 0 {
		t.Fatal(problems)
	}
	return out.Cluster.Findings
}

// deployment is a workload with a label app, in namespace shop.
func deployment(name, app, image string, port int) string {
	return fmt.Sprintf(`
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: %s}
    spec:
      containers:
      - {name: main, image: %s, ports: [{containerPort: %d}]}
`, name, app, image, port)
}

const allowWebToAPI = `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector:
    matchLabels:
      app: api
  ingress:
  - from:
    - podSelector: {matchLabels: {app: web}}
`

const denyVault = `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: vault}
spec: {podSelector: {}, policyTypes: [Ingress]}
`

func shop(extra ...string) string {
	return deployment("web", "web", "web:1", 80) + deployment("api", "api", "api:1", 8080) + allowWebToAPI + strings.Join(extra, "")
}

// summary is a finding's rule, title and causes.
func summary(fs []impact.Finding) []string {
	var out []string
	for _, f := range fs {
		line := f.Rule + " " + f.Title
		for _, c := range f.Causes {
			line += fmt.Sprintf(" | %s: %s", c.Object, c.Change)
		}
		out = append(out, line)
	}
	return out
}

func TestWhatAChangeDoesIsToldWithItsCause(t *testing.T) {
	for name, c := range map[string]struct {
		base, head string
		want       []string
	}{
		"the client's label": {
			base: shop(), head: strings.Replace(shop(), "labels: {app: web}", "labels: {app: wab}", 1),
			want: []string{"B8 web can no longer reach api on TCP 8080 (label app of Deployment web: web → wab) | Deployment shop/web: label app: web → wab; a rule of api no longer matches it"},
		},
		"the policy's port": {
			base: shop(), head: strings.Replace(shop(), "app: web}}\n", "app: web}}\n    ports: [{port: 8081}]\n", 1),
			want: []string{"B8 web can no longer reach api on TCP 8080 (policy api edited) | NetworkPolicy shop/api: spec.ingress[0].ports added",
				"H7 NetworkPolicy shop/api allows TCP 8081, which no workload that it selects declares: did you mean 8080? | NetworkPolicy shop/api: spec.ingress[0].ports[0] is TCP 8081, which no workload declares"},
		},
		"a misspelt selector": {
			base: shop(), head: strings.Replace(shop(), "      app: api\n", "      app: apy\n", 1),
			want: []string{
				"O5 api loses all isolation: anyone can now reach it (policy api edited) | NetworkPolicy shop/api: spec.podSelector.matchLabels.app: api → apy",
				"H1 NetworkPolicy shop/api no longer selects any workload (it selected api) | NetworkPolicy shop/api: spec.podSelector.matchLabels.app: api → apy",
			},
		},
		"a workload that leaves its policy": {
			base: shop(), head: strings.Replace(shop(), "labels: {app: api}", "labels: {app: apii}", 1),
			want: []string{
				"O5 api loses all isolation: anyone can now reach it (label app of Deployment api: api → apii) | Deployment shop/api: label app: api → apii; policy api no longer selects it",
				"H1 NetworkPolicy shop/api no longer selects any workload (it selected api) | Deployment shop/api: label app: api → apii; policy api no longer selects it",
			},
		},
		"a workload that moves to where a policy denies": {
			base: deployment("web", "web", "web:1", 80) + denyVault,
			head: strings.ReplaceAll(deployment("web", "web", "web:1", 80), "namespace: shop", "namespace: vault") + denyVault,
			want: []string{
				"B8 vault/web can no longer be reached by anyone (Deployment web moved from namespace shop) | Deployment vault/web: moved from namespace shop",
				"W3 shop/web is moved to namespace vault | Deployment vault/web: moved from namespace shop",
			},
		},
		"each end denies what the other allows": {
			base: deployment("a", "a", "a:1", 1) + deployment("b", "b", "b:1", 80),
			head: deployment("a", "a", "a:1", 1) + deployment("b", "b", "b:1", 80) + `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {matchLabels: {app: a}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in, namespace: shop}
spec:
  podSelector: {matchLabels: {app: b}}
  ingress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 443}]}]
`,
			// What only one end denies is told with that end's policy: 443 is out's doing, 80 is in's.
			want: []string{
				"B3 a can no longer reach the cluster's DNS (blocked by out) | NetworkPolicy shop/out: added",
				"B8 b can no longer be reached by anyone (blocked by in) | NetworkPolicy shop/in: added | NetworkPolicy shop/out: added",
				"B8 a can no longer reach anything (blocked by out) | NetworkPolicy shop/out: added",
				"B9 a can no longer reach b on TCP 443 (blocked by out) | NetworkPolicy shop/out: added",
				"H7 NetworkPolicy shop/in allows TCP 443, which no workload that it selects declares | NetworkPolicy shop/in: spec.ingress[0].ports[0] is TCP 443, which no workload declares",
			},
		},
		"a new name for the same thing": {
			base: shop(deployment("cart-db", "cart-db", "mongo:4", 27017)), head: shop(deployment("carts-db", "cart-db", "mongo:5", 27017)),
			want: []string{"W3 shop/cart-db is renamed to carts-db | Deployment shop/carts-db: renamed from cart-db"},
		},
		"another kind of the same name": {
			base: shop(), head: strings.Replace(shop(), "kind: Deployment\nmetadata: {name: web", "kind: StatefulSet\nmetadata: {name: web", 1),
			want: []string{"W3 shop/web is now a StatefulSet (it was a Deployment) | StatefulSet shop/web: kind changed from Deployment"},
		},
		"another one with the same labels": {
			base: shop(deployment("old", "it", "old:1", 1)), head: shop(deployment("new", "it", "new:1", 2)),
			want: []string{"W3 shop/old is renamed to new | Deployment shop/new: renamed from old"},
		},
		"something new that looks like nothing that went": {
			base: shop(deployment("old", "old", "old:1", 1)), head: shop(deployment("new", "new", "new:1", 2)),
			want: []string{
				"W4 shop/new is new and isolated by no policy (Deployment) | Deployment shop/new: added",
				"W2 shop/old is removed (Deployment) | Deployment shop/old: removed",
			},
		},
		"the same policy in other words": {
			base: shop(), head: strings.Replace(shop(), "podSelector: {matchLabels: {app: web}}", "podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summary(compare(t, c.base, c.head)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func fingerprints(fs []impact.Finding) []string {
	var out []string
	for _, f := range fs {
		if f.Kind == impact.Opened || f.Kind == impact.Blocked {
			out = append(out, f.Fingerprint)
		}
	}
	slices.Sort(out)
	return out
}

func TestFingerprintsStayTheSameUnderUnrelatedChanges(t *testing.T) {
	base := shop()
	head := strings.Replace(base, "app: web}}", "app: none}}", 1)
	want := fingerprints(compare(t, base, head))
	if len(want) == 0 {
		t.Fatal("the change has no finding")
	}
	other := deployment("other", "other", "other:1", 9)
	for name, sides := range map[string][2]string{
		"lines move":             {"\n\n# a comment\n" + base, "\n\n\n\n" + head},
		"documents change place": {allowWebToAPI + deployment("api", "api", "api:1", 8080) + deployment("web", "web", "web:1", 80), head},
		"a workload comes":       {base, head + other},
		"a workload is there":    {base + other, head + other},
		"an image changes":       {base, strings.Replace(head, "api:1", "api:2", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fingerprints(compare(t, sides[0], sides[1])); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestAnyOtherPodIsToldQuietly(t *testing.T) {
	deny := func(selector string) string {
		return deployment("web", "web", "web:1", 80) + `
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: ` + selector + `, policyTypes: [Ingress]}
`
	}
	got := summary(compare(t, deny("{}"), deny("{matchLabels: {app: web}}")))
	want := []string{"O8 any pod and any outside address can now reach any pod in shop on all ports (policy deny edited) | NetworkPolicy shop/deny: spec.podSelector.matchLabels added",
		"O11 web can now reach any pod in shop on all ports (policy deny edited) | NetworkPolicy shop/deny: spec.podSelector.matchLabels added"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
