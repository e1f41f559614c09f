package manifest_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Only the fast parser is given large documents. Each of these ends at once, tells what is wrong, and the next document
// of the file is read.
func TestLargeDocumentsAreReadFastOrToldAndTheNextIsRead(t *testing.T) {
	const head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\n"
	for name, body := range map[string]string{
		"deep nesting":         "data: " + strings.Repeat("[", 50<<20) + "\n",
		"deep maps":            "data: " + strings.Repeat("{a: [", 2<<20) + "\n",
		"a long flow sequence": "data: [" + strings.Repeat("a,", 12<<20) + "]\n",
		"an anchor":            "data: &a\n" + strings.Repeat("  # a comment\n", 1<<19),
		"aliases":              "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\n#" + strings.Repeat("x", 5<<20) + "\n",
		"complex keys":         strings.Repeat("? ", 4<<20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			objects, problems := manifest.Read("a.yaml", []byte(head+body+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: next}\n"))
			if len(objects) != 1 || objects[0].Name != "next" {
				t.Errorf("there are %d objects", len(objects))
			}
			if len(problems) != 1 || !strings.Contains(problems[0].Message, "larger than 4 MiB") || problems[0].Line != 1 {
				t.Errorf("it tells %v", problems)
			}
		})
	}
	objects, problems := manifest.Read("a.yaml", []byte(head+"data:\n"+strings.Repeat("  # a comment\n", 1<<19)+"  a: b\n"))
	if len(objects) != 1 || len(problems) != 0 {
		t.Errorf("a large document of plain YAML: %d objects, %v", len(objects), problems)
	}
}

func TestALargeTextOfATool(t *testing.T) {
	const entries = 400_000 // more than 4 MiB, which the library is not given
	text := "# an index\n---\nentries:\n" + strings.Repeat("  - {a: 1}\n", entries)
	root, err := manifest.ParseLarge([]byte(text))
	if err != nil || len(root.Get("entries").Elements()) != entries {
		t.Errorf("%d of %d, %v", len(root.Get("entries").Elements()), entries, err)
	}
	for _, text := range []string{"a: 1\n---\nb: 1\n", "a: [", "a: &x " + strings.Repeat(" ", 5<<20) + "1"} {
		if _, err := manifest.ParseLarge([]byte(text)); err == nil {
			t.Errorf("%.20q is read", text)
		}
	}
	if root, err := manifest.ParseLarge(nil); root != nil || err != nil {
		t.Errorf("nothing is %v, %v", root, err)
	}
}
