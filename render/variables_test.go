package render

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// What Flux does not say is the same on both sides only if two variables without a known value stay two.
func TestVariables(t *testing.T) {
	for _, test := range []struct{ written, whole, partial string }{
		{"${KNOWN}", "value", "value"},
		{"a-${KNOWN}-b", "a-value-b", "a-value-b"},
		{"$${KNOWN}", "${KNOWN}", "${KNOWN}"},
		{"$KNOWN", "$KNOWN", "$KNOWN"},
		{"${KNOWN:-other}", "value", "value"},
		{"${KNOWN:=other}", "value", "value"},
		{"${KNOWN:0:3}", "val", "val"},
		{"${KNOWN^^}", "VALUE", "VALUE"},
		{"a${UNKNOWN}", "a", "a${UNKNOWN}"},
		{"a$${UNKNOWN}", "a${UNKNOWN}", "a${UNKNOWN}"},
		{"${UNKNOWN:-other}", "other", "other"},
		{"${UNKNOWN:=other}", "other", "other"},
		{"${UNKNOWN=other}", "other", "other"},
		{"a${UNKNOWN:0:3}", "a", "a${UNKNOWN:0:3}"},
		{"a${UNKNOWN^^}", "a", "a${UNKNOWN^^}"},
		{"a${UNKNOWN/x/y}", "a", "a${UNKNOWN/x/y}"},
		{"a${UNKNOWN%x}", "a", "a${UNKNOWN%x}"},
		{"a${#UNKNOWN}", "a0", "a${#UNKNOWN}"},
		{"${UNKNOWN:-${KNOWN}}", "value", "value"},
		{"a${UNKNOWN:-${OTHER}}", "a", "a${UNKNOWN:-${OTHER}}"},
		{"${KNOWN:-${OTHER}}", "value", "value"},
		{"${EMPTY:-other}", "other", "other"},
		{"a${EMPTY}", "a", "a"},
		{"a${EMPTY:-${OTHER}}", "a", "a${EMPTY:-${OTHER}}"},
		{"a$${UNKNOWN:0:3}", "a${UNKNOWN:0:3}", "a${UNKNOWN:0:3}"},
		{"${KNOWN}-${UNKNOWN}-${OTHER:-x}", "value--x", "value-${UNKNOWN}-x"},
	} {
		for _, partial := range []bool{false, true} {
			want := test.whole
			if partial {
				want = test.partial
			}
			objects, _ := manifest.Read("a.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '"+test.written+"'}\n"))
			v := Variables{Values: map[string]string{"KNOWN": "value", "EMPTY": ""}, Partial: partial}
			got, problems := v.substitute(objects)
			if len(problems) > 0 {
				t.Errorf("%s: %v", test.written, problems)
				continue
			}
			if text := got[0].Body.Get("data", "a").Text; strings.TrimSpace(text) != want {
				t.Errorf("%s, partial %v: %q, want %q", test.written, partial, text, want)
			}
		}
	}
}

// An API server takes no ${VAR} for a name or a label, which has to be the same wherever the same is written.
func TestUnknownVariablesAreWordsInNamesAndLabels(t *testing.T) {
	const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "${CLUSTER}-db", namespace: "${NS:-shop}", annotations: {at: "${ZONE}"}, labels: {n: "5", long: "${A}-${B}-and-much-more-that-makes-it-too-long"}}
spec:
  replicas: 12345678901234567890
  selector: {matchLabels: {at: "${ZONE}", short: "${ZONE:0:3}"}, matchExpressions: [{key: in, operator: In, values: ["${ZONE}", b]}]}
  template: {metadata: {labels: {at: "${ZONE}"}}, spec: {containers: [{name: c, image: "db:${TAG}", env: [{name: HOST, value: "${ZONE}.example.com"}]}]}}
  values: {host: "${ZONE}"}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p}
spec: {selector: "at == '${ZONE}' && a-very-long-label == 'with-a-long-value' && another == 'x'"}
`
	objects, _ := manifest.Read("a.yaml", []byte(text))
	v := Variables{Partial: true}
	got, problems := v.substitute(objects)
	if len(got) != 2 || len(problems) > 0 {
		t.Fatal(len(got), problems)
	}
	const zone = "unknown-zone-" // and a digest
	body := got[0].Body
	word := body.Get("spec", "template", "metadata", "labels", "at").Str()
	for _, test := range []struct{ what, got, want string }{
		{"the name", got[0].Name, body.Get("metadata", "name").Str()},
		{"the namespace", got[0].Namespace, "shop"},
		{"a selector's value", body.Get("spec", "selector", "matchLabels", "at").Str(), word},
		{"one of several", body.Get("spec", "selector", "matchExpressions").Element(0).Get("values").Element(0).Str(), word},
		{"an annotation", body.Get("metadata", "annotations", "at").Str(), "${ZONE}"},
		{"a number as text", body.Get("metadata", "labels", "n").Str(), "5"},
		{"a large number", body.Get("spec", "replicas").Text, "12345678901234567890"},
		{"an image", body.Get("spec", "template", "spec", "containers").Element(0).Get("image").Str(), "db:${TAG}"},
		{"a chart's value", body.Get("spec", "values", "host").Str(), "${ZONE}"},
		{"an expression", got[1].Body.Get("spec", "selector").Str(), "at == '" + word + "' && a-very-long-label == 'with-a-long-value' && another == 'x'"},
	} {
		if test.got != test.want {
			t.Errorf("%s is %q, want %q", test.what, test.got, test.want)
		}
	}
	if !strings.HasPrefix(word, zone) || len(word) != len(zone)+6 || !strings.HasPrefix(got[0].Name, "unknown-cluster-") || !strings.HasSuffix(got[0].Name, "-db") {
		t.Errorf("words are %q and %q", word, got[0].Name)
	}
	if other := body.Get("spec", "selector", "matchLabels", "short").Str(); other == word || !strings.HasPrefix(other, zone) {
		t.Errorf("what is made of a variable is %q, beside %q", other, word)
	}
	if long := body.Get("metadata", "labels", "long").Str(); len(long) > 63 || !strings.HasPrefix(long, "unknown-") {
		t.Errorf("a long label is %q", long)
	}
}
