package manifest_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	kubejson "sigs.k8s.io/json"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
)

var seeds = []string{
	"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {a: \"y\", b: '1'}\nspec: {hostNetwork: yes}\n",
	"# first\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: n}}\n---\nbroken: [\n",
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: &d {x: |-\n  text\n}\nmore: *d\n",
	"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"\\u0061\"}, \"n\": [0x10, 017, 1e3, .5, 1_000, ~, 12:30:00]}",
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n  ingress:\n" +
		"  - from:\n    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}\n    ports:\n    - {port: http, protocol: TCP}\n    - {port: 80, endPort: 90}\n",
	"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: c}\nspec: {tier: Admin, priority: 5, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [\"::/0\"]}]}]}\n",
}

// isKnownDifference tells whether a text has something that sigs.k8s.io/yaml and this package read differently on
// purpose, or that one of them reads as the YAML library beneath it happens to:
//   - tags, anchors and merge keys: the libraries are of YAML 1.1 and of 1.2; manifests that use them are read, but what
//     broken ones mean is not compared;
//   - keys that are no strings (1: x, yes: x): both make strings of them, not always in the same spelling;
//   - numbers that no float can hold, and those in the notations that YAML 1.2 added (0o17, 0b1).
func isKnownDifference(text string) bool {
	return strings.ContainsAny(text, "!&*%?") || strings.Contains(text, "<<") || strings.Contains(text, "\t") ||
		strings.Contains(text, "0o") || strings.Contains(text, "0b") || strings.Contains(text, "0O") || strings.Contains(text, "0B")
}

func FuzzRead(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, _ := manifest.Read("file.yaml", text)
		for _, o := range objects {
			if o.Kind == "" || o.Origin.Line < 1 || o.Body == nil {
				t.Errorf("an object without kind, line or body: %+v", o)
			}
		}
		for d := range manifest.Documents(text) {
			checkAgainstLibrary(t, d.Text)
		}
	})
}

// checkAgainstLibrary holds Read to what the API server's clients make of a single document, where both accept it.
func checkAgainstLibrary(t *testing.T, text []byte) {
	t.Helper()
	if isKnownDifference(string(text)) {
		return
	}
	objects, problems := manifest.Read("file.yaml", text)
	if len(objects) != 1 || len(problems) > 0 {
		return
	}
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return
	}
	var got, want any
	if err := json.Unmarshal(objects[0].Body.AppendJSON(nil), &got); err != nil {
		t.Fatalf("the body is no JSON: %v\n%s", err, objects[0].Body.AppendJSON(nil))
	}
	if err := json.Unmarshal(converted, &want); err != nil {
		t.Fatal(err)
	}
	if items, isList := want.(map[string]any)["items"].([]any); isList && len(items) == 1 && strings.HasSuffix(want.(map[string]any)["kind"].(string), "List") {
		want = items[0]
	}
	if !sameValue(got, want) {
		t.Errorf("text:\n%q\nread as %s\nclients read %s", text, objects[0].Body.AppendJSON(nil), converted)
	}
}

// sameValue compares decoded JSON; keys that differ only in how a scalar that is no string was spelled are the same.
func sameValue(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, value := range x {
			other, has := y[key]
			if !has {
				return !isPlainString(key) || hasOddKey(y)
			}
			if !sameValue(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !sameValue(x[i], y[i]) {
				return false
			}
		}
		return true
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || math.Abs(x-y) <= 1e-6*math.Abs(x))
	}
	return reflect.DeepEqual(a, b)
}

func hasOddKey(m map[string]any) bool {
	for key := range m {
		if !isPlainString(key) {
			return true
		}
	}
	return false
}

// isPlainString tells whether an unquoted text is a string to every version of YAML.
func isPlainString(s string) bool {
	var v any
	if err := yaml.Unmarshal([]byte(s), &v); err != nil {
		return true
	}
	text, ok := v.(string)
	return ok && text == s && s != "" && !strings.ContainsAny(s[:1], "0123456789.+-~=")
}

func FuzzDecode(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, _ := manifest.Read("file.yaml", text)
		for _, o := range objects {
			spec := o.Body.Get("spec")
			checkDecode[networkingv1.NetworkPolicySpec](t, spec)
			checkDecode[v1alpha2.ClusterNetworkPolicySpec](t, spec)
		}
	})
}

// checkDecode holds Decode to the API server's own decoder: the same is refused, and the same comes out; an unknown field
// is a warning here and a strict error there.
func checkDecode[T any](t *testing.T, n *manifest.Node) {
	t.Helper()
	if n.IsNull() {
		return
	}
	text := n.AppendJSON(nil)
	var got, want T
	refused, warned := false, false
	for _, m := range manifest.Decode(n, &got) {
		refused = refused || m.Severity == manifest.Error
		warned = warned || m.Severity == manifest.Warning
	}
	strict, err := kubejson.UnmarshalStrict(text, &want)
	if refused != (err != nil) {
		t.Fatalf("%s\nrefused %t, the API server's decoder says %v", text, refused, err)
	}
	if refused {
		return
	}
	if unknown := len(strict) > 0; unknown != warned && !bytes.Contains(text, []byte("duplicate")) {
		t.Errorf("%s\nwarned of unknown fields: %t, the API server's decoder: %v", text, warned, strict)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\ndecoded as %+v\nthe API server decodes %+v", text, got, want)
	}
}
