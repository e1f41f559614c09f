package impact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// notes compares two states and returns what is noted beside the findings, as severity and message.
func notes(t *testing.T, base, head string) string {
	t.Helper()
	var sides [2][]*manifest.Object
	for i, text := range []string{base, head} {
		objects, problems := manifest.Read("all.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		sides[i] = objects
	}
	out, err := Compare(t.Context(), Input{Base: sides[0], Head: sides[1]})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range out.Notes {
		fmt.Fprintf(&b, "%s: %s\n", d.Severity, d.Message)
	}
	return b.String()
}

func TestWhatTakesPodsOutOfThePoliciesReachIsNamed(t *testing.T) {
	const inMesh = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, rules: []}
---
`
	namespace := func(labels string) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {" + labels + "}}\n---\n"
	}
	annotated := func(annotations string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: shop}\nspec:\n  template:\n    metadata: {labels: {app: web}, annotations: {" + annotations + "}}\n    spec: {containers: [{name: c, image: w}]}\n---\n"
	}
	search := func(labels string) string {
		return "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: s, namespace: shop}\nspec: {nodeSets: [{name: a, podTemplate: {metadata: {labels: {" + labels + "}}}}]}\n---\n"
	}
	for name, c := range map[string]struct{ base, head, want string }{
		"injection goes":                {inMesh + webPod + namespace("istio-injection: enabled"), inMesh + webPod + namespace(""), "error: istio-injection: enabled → (none): whether the mesh enforces AuthorizationPolicy shop/web"},
		"injection goes, no policy":     {webPod + namespace("istio-injection: enabled"), webPod + namespace(""), ""},
		"the ambient mode goes":         {inMesh + webPod + namespace("istio.io/dataplane-mode: ambient"), inMesh + webPod + namespace(""), "error: istio.io/dataplane-mode: ambient → (none)"},
		"a pod opts out":                {inMesh + annotated(""), inMesh + annotated(`sidecar.istio.io/inject: "false"`), `error: sidecar.istio.io/inject: (none) → false`},
		"a port goes past the sidecar":  {inMesh + annotated(""), inMesh + annotated(`traffic.sidecar.istio.io/excludeInboundPorts: "9090"`), `error: traffic.sidecar.istio.io/excludeInboundPorts: (none) → 9090`},
		"a second network":              {annotated(""), annotated("k8s.v1.cni.cncf.io/networks: backbone"), "warning: its pods join other networks now (backbone)"},
		"a second network as before":    {annotated("k8s.v1.cni.cncf.io/networks: backbone"), annotated("k8s.v1.cni.cncf.io/networks: backbone, a: b"), ""},
		"an operator's label":           {search("app: web") + letIn("[]"), search("app: wbe") + letIn("[]"), "warning: app=web, which NetworkPolicy shop/web selects by: it has it no longer"},
		"a label nobody selects by":     {search("team: a") + letIn("[]"), search("team: b") + letIn("[]"), ""},
		"another field of the operator": {search("app: web") + letIn("[]"), strings.Replace(search("app: web"), "name: a", "name: b", 1) + letIn("[]"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := notes(t, c.base, c.head); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
