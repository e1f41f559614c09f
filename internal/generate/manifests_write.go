package generate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Files writes the manifests: one in block style after the other.
func (m Manifests) Files() map[string]string {
	var text strings.Builder
	for _, one := range m {
		text.WriteString("---\n" + marshalled(one.Body))
	}
	return map[string]string{"manifests.yaml": text.String()}
}

// Otherwise writes the same manifests in another order, into other files and in other styles, with things beside them that no
// connection depends on.
func (m Manifests) Otherwise(seed uint64) map[string]string {
	d := &dice{random: rand.New(rand.NewPCG(seed, 13))}
	files := map[string]string{"notes/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: notes}\ndata: {colour: blue}\n"}
	var listed []any
	for _, i := range d.random.Perm(len(m)) {
		body := copied(m[i].Body).(map[string]any)
		if meta, ok := body["metadata"].(map[string]any); ok {
			meta["annotations"] = map[string]any{"example.org/seen": "twice"}
		}
		name := pick(d, "all.yaml", "more/one.yaml", "more/two.yml")
		switch d.below(4) {
		case 0:
			files[name] += "---\n# as its author left it\n" + marshalled(body)
		case 1:
			files[name] += "--- # in one line\n" + jsonOf(body) + "\n"
		case 2:
			files[name] += "---\n"
			for _, key := range slices.Sorted(maps.Keys(body)) {
				files[name] += fmt.Sprintf("%q: %s # flow\n", key, jsonOf(body[key]))
			}
		case 3:
			listed = append(listed, body)
		}
	}
	files["list.json"] = jsonOf(map[string]any{"apiVersion": "v1", "kind": "List", "items": listed})
	return files
}

func marshalled(value any) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("generated manifest: %v", err)) // trees of JSON always marshal
	}
	return string(text)
}

func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("generated manifest: %v", err))
	}
	return string(text)
}
