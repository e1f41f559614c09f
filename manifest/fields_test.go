package manifest

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestWideMapHasEachKeyOnce(t *testing.T) {
	for _, size := range []int{3, fewItems/2 - 1, fewItems / 2, fewItems/2 + 1, 500} {
		head := "data:\n  own: &anchor v\n" + wide("  k%d: v\n", size)
		if _, err := parseYAML(Document{Text: []byte(head)}); err != nil {
			t.Errorf("%d keys: %v", size, err)
		}
		for _, again := range []string{"own", "k0", "k1"} {
			_, err := parseYAML(Document{Text: []byte(head + "  " + again + ": w\n")})
			if err == nil || !strings.Contains(err.Error(), `the key "`+again+`" is given twice`) {
				t.Errorf("%d keys and %s again: %v", size, again, err)
			}
		}
		n, err := parseYAML(Document{Text: []byte("more: &more {" + wide("k%d: old, ", size) + "own: old}\ndata:\n  <<: [*more, *more]\n  k1: new\n")})
		if err != nil {
			t.Fatal(err)
		}
		data := n.Get("data")
		if len(data.Items) != 2*(size+1) || data.Get("k1").Str() != "new" || data.Get("k2").Str() != "old" {
			t.Errorf("%d keys merged: %d items, k1 %q, k2 %q", size, len(data.Items), data.Get("k1").Str(), data.Get("k2").Str())
		}
	}
}

func TestMergeOfItselfEnds(t *testing.T) {
	for _, text := range []string{"a: &a [*a]\n<<: *a\n", "a: &a\n  <<: *a\n", "<<: &a [[*a], *a]\n"} {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(text), &root); err != nil {
			t.Fatal(err)
		}
		if _, err := FromYAML(&root, 0); err == nil || !strings.Contains(err.Error(), "nested more than") && !strings.Contains(err.Error(), "more than 1048576 values") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
