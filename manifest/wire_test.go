package manifest_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// exposed are an object's parts without what it only remembers.
func exposed(o *manifest.Object) any {
	return []any{o.Group, o.Version, o.Kind, o.Namespace, o.Name, o.Origin, o.Sources, o.At(o.Body), o.At(o.Body.Get("metadata", "name")), lines(o.Body), string(o.Body.AppendJSON(nil))}
}

func lines(n *manifest.Node) []any {
	all := []any{n.Kind, n.Line, n.Source, n.Text}
	for i := range n.Items {
		all = append(all, lines(&n.Items[i])...)
	}
	return all
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	var reader manifest.Reader
	for _, text := range seeds {
		for _, moved := range []string{"", "\n\n---\n"} {
			objects, problems := reader.Read("a.yaml", []byte(moved+text))
			problems = append(problems, manifest.Diagnostic{Severity: manifest.Warning, Object: "o", File: "f", Line: 3, Message: "m", Digest: 1 << 63, Unsupported: true})
			sent := manifest.AppendDiagnostics(manifest.AppendObjects(nil, objects), problems)
			got, rest, err := manifest.ReadObjects(sent, manifest.Allow(1<<20))
			if err != nil {
				t.Fatal(err)
			}
			for i := range objects {
				if !reflect.DeepEqual(exposed(got[i]), exposed(objects[i])) {
					t.Errorf("got %v, want %v", exposed(got[i]), exposed(objects[i]))
				}
			}
			back, rest, err := manifest.ReadDiagnostics(rest, manifest.Allow(1<<20))
			if err != nil || len(rest) > 0 || len(got) != len(objects) || !reflect.DeepEqual(back, problems) {
				t.Errorf("got %v with %d bytes left (%v), want %v", back, len(rest), err, problems)
			}
		}
	}
}

func TestPartsFromOtherFilesComeBack(t *testing.T) {
	objects, _ := manifest.Read("a.yaml", []byte("apiVersion: v1\nkind: X\nmetadata: {name: a}\n"))
	objects[0].Sources = []string{"first.yaml", "second.yaml"}
	name := objects[0].Body.Get("metadata", "name")
	name.Line, name.Source = 7, 2
	got, _, err := manifest.ReadObjects(manifest.AppendObjects(nil, objects), manifest.Allow(1<<20))
	if err != nil || !reflect.DeepEqual(exposed(got[0]), exposed(objects[0])) {
		t.Errorf("got %v (%v), want %v", exposed(got[0]), err, exposed(objects[0]))
	}
	if at, want := got[0].At(got[0].Body.Get("metadata", "name")), (manifest.Origin{File: "second.yaml", Line: 7}); at != want {
		t.Errorf("the name is said to be at %v, want %v", at, want)
	}
}

func TestObjectsFromAnotherProcessAreBounded(t *testing.T) {
	objects, _ := manifest.Read("a.yaml", []byte("apiVersion: v1\nkind: X\nmetadata: {name: a}\nlist: ["+strings.Repeat("1, ", 1000)+"1]\n"))
	sent := manifest.AppendObjects(nil, objects)
	if _, _, err := manifest.ReadObjects(sent, manifest.Allow(10_000)); !errors.Is(err, manifest.ErrTooMuch) {
		t.Errorf("got %v, want %v", err, manifest.ErrTooMuch)
	}
	for end := range sent {
		if _, _, err := manifest.ReadObjects(sent[:end], manifest.Allow(1<<20)); err == nil {
			t.Fatalf("the first %d of %d bytes read as objects", end, len(sent))
		}
	}
}

func FuzzReadObjects(f *testing.F) {
	for _, s := range seeds {
		objects, problems := manifest.Read("file.yaml", []byte(s))
		f.Add(manifest.AppendDiagnostics(manifest.AppendObjects(nil, objects), problems))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, rest, err := manifest.ReadObjects(text, manifest.Allow(1<<20))
		if err != nil {
			return
		}
		again, _, err := manifest.ReadObjects(manifest.AppendObjects(nil, objects), manifest.Allow(1<<20))
		if err != nil || len(again) != len(objects) {
			t.Errorf("%d objects, then %d: %v", len(objects), len(again), err)
		}
		_, _, _ = manifest.ReadDiagnostics(rest, manifest.Allow(1<<20))
	})
}
