package schema

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestEveryRuleOfThePublishedSchemasIsHeldTo(t *testing.T) {
	used := make(map[string]bool)
	for _, s := range published().Schemas {
		for _, r := range s.Rules {
			used[r.Rule] = true
			if !Known(r.Rule) {
				t.Errorf("nothing holds to the rule %q", r.Rule)
			}
		}
	}
	for rule := range rules {
		if !used[rule] {
			t.Errorf("no schema has the rule %q", rule)
		}
	}
}

func TestThePublishedSchemasAreWhole(t *testing.T) {
	set := published()
	for kind := range set.Kinds {
		if group, _, _ := strings.Cut(kind, "/"); !groups[group] {
			t.Errorf("nobody asks for the schema of %s", kind)
		}
	}
	for i, s := range set.Schemas {
		if s.Pattern != "" {
			if _, err := regexp.Compile(s.Pattern); err != nil {
				t.Errorf("schema %d: %v", i, err)
			}
		}
		if s.Default != nil && !json.Valid(s.Default) {
			t.Errorf("schema %d: its default is no JSON", i)
		}
		if s.Type == "" && s.IntOrString && s.Enum != nil {
			t.Errorf("schema %d: numbers and words cannot be told apart in its enum", i)
		}
		below := append(append(append([]int{}, s.AllOf...), s.AnyOf...), s.OneOf...)
		for _, one := range []*int{s.Items, s.Values, s.Not} {
			if one != nil {
				below = append(below, *one)
			}
		}
		for _, p := range s.Properties {
			below = append(below, p)
		}
		for _, j := range below {
			if j < 0 || j >= i { // so that no value leads around in a circle
				t.Errorf("schema %d refers to %d, which does not stand before it", i, j)
			}
		}
	}
}

// FuzzCheck holds any object of any kind to its schema.
func FuzzCheck(f *testing.F) {
	f.Add(0, "spec: {ingress: [{action: Allow, icmp: {type: 8}, source: {services: {name: a}, nets: [x]}}]}")
	f.Add(2, "spec: {endpointSelector: {matchLabels: {a: null}}, ingress: [{toPorts: [{ports: [{port: 80}]}]}]}\nspecs: 1")
	f.Add(14, "spec: {order: .inf, defaultAction: ~}\nmetadata: 7")
	f.Add(20, "spec: {tier: Admin, priority: 1e3, subject: {namespaces: {}}, egress: [{to: [{networks: [::/0]}], protocols: [{tcp: {destinationPort: {range: {start: 0x7, end: .nan}}}}]}]}")
	var kinds []string
	for kind := range published().Kinds {
		kinds = append(kinds, kind)
	}
	f.Fuzz(func(t *testing.T, which int, text string) {
		objects, _ := manifest.Read("f.yaml", []byte("apiVersion: v1\nkind: A\n"+text))
		for _, o := range objects {
			for range kinds { // every kind, from the one named on: a failure is found again whatever their order
				which = (which%len(kinds) + len(kinds) + 1) % len(kinds)
				group, rest, _ := strings.Cut(kinds[which], "/")
				version, kind, _ := strings.Cut(rest, "/")
				for _, m := range Check(o.As(group, version, kind)) {
					if m.Part == nil || m.Text == "" {
						t.Errorf("%s: a mistake without a place or a text: %v", kinds[which], m)
					}
				}
			}
		}
	})
}

// TestNoValidObjectIsRefused reads policies that the APIs' own authors and real projects wrote.
func TestNoValidObjectIsRefused(t *testing.T) {
	shared := os.Getenv("NETPOL_IMPACT_SHARED")
	if shared == "" {
		t.Skip("the collection of cases is not part of this repository; set NETPOL_IMPACT_SHARED to the folder that has cases/ and corpus/")
	}
	checked := 0
	for _, folder := range []string{"cases", "corpus"} {
		err := fs.WalkDir(os.DirFS(filepath.Join(shared, folder)), ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
				return err
			}
			text, err := os.ReadFile(filepath.Join(shared, folder, name))
			if err != nil {
				return err
			}
			objects, _ := manifest.Read(name, text)
			for _, o := range objects {
				if Knows(o) {
					checked++
				}
				for _, m := range Check(o) {
					t.Errorf("%s:%d: %s: %s: %s", name, o.At(m.Part).Line, o, m.Severity, m)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked == 0 {
		t.Error("the collection has no policy with a schema")
	}
	t.Logf("%d objects", checked)
}

func BenchmarkCheck(b *testing.B) {
	for _, text := range []string{
		"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a}\nspec:\n  endpointSelector: {matchLabels: {app: a}}\n  ingress:\n  - fromEndpoints: [{matchLabels: {app: b}}]\n    toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]\n",
		"apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: a}\nspec:\n  selector: app == 'a'\n  types: [Ingress]\n  ingress:\n  - {action: Allow, protocol: TCP, source: {selector: app == 'b'}, destination: {ports: [80]}}\n",
	} {
		objects, _ := manifest.Read("b.yaml", []byte(text))
		b.Run(objects[0].Kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(Check(objects[0])) > 0 {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("reading the schemas", func(b *testing.B) {
		for b.Loop() {
			if err := json.Unmarshal(embedded, new(Set)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
