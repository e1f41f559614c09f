package manifest

import (
	"bytes"
	"strings"
	"testing"
)

const everyScalar = `apiVersion: v1
kind: ConfigMap
metadata:
  name: every-scalar
data: {a: "y", b: 'on', c: "0x1f", d: "012", e: "1_000", f: "null", g: "~", h: "", i: " spaced ", j: "a: b", k: "# no", l: "2001-01-01"}
binary: |
  two
  lines
numbers: [1, 0x1f, 017, -3, 1.5, 1e3, .5, 18446744073709551615]
booleans: [true, yes, off]
nothing: [null, ~]
empty: [{}, []]
`

func TestWhatIsWrittenIsReadBackTheSame(t *testing.T) {
	objects, problems := Read("in.yaml", []byte(everyScalar+"---\n"+everyScalar))
	if len(objects) != 2 || problems != nil {
		t.Fatal(objects, problems)
	}
	var out bytes.Buffer
	if err := Write(&out, objects, false); err != nil {
		t.Fatal(err)
	}
	again, problems := Read("out.yaml", out.Bytes())
	if len(again) != 2 || problems != nil {
		t.Fatalf("%v %v\n%s", again, problems, &out)
	}
	for i := range objects {
		if before, after := objects[i].Body.AppendJSON(nil), again[i].Body.AppendJSON(nil); !bytes.Equal(before, after) {
			t.Errorf("before %s\nafter  %s", before, after)
		}
	}
}

func TestAnOriginIsAnAnnotation(t *testing.T) {
	for name, text := range map[string]string{
		"no annotations":   "\n\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
		"some annotations": "\n\napiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {x: y}}\n",
		"null annotations": "\n\napiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: }\n",
	} {
		objects, _ := Read("dir/pod.yaml", []byte(text))
		var out bytes.Buffer
		if err := Write(&out, objects, true); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "netpol-impact/origin: dir/pod.yaml:3\n") {
			t.Errorf("%s:\n%s", name, &out)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte(everyScalar))
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, _ := Read("in.yaml", text)
		var out bytes.Buffer
		if err := Write(&out, objects, false); err != nil {
			t.Skip(err) // text that is no UTF-8 cannot be written
		}
		again, problems := Read("out.yaml", out.Bytes())
		if len(again) != len(objects) {
			t.Fatalf("%d objects became %d, %v\n%s", len(objects), len(again), problems, &out)
		}
		for i := range objects {
			if before, after := objects[i].Body.AppendJSON(nil), again[i].Body.AppendJSON(nil); !bytes.Equal(before, after) {
				t.Errorf("before %s\nafter  %s", before, after)
			}
		}
	})
}
