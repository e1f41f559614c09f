package cilium

import (
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// shrunk leaves out of documents whatever can go while they still fail, so that a person can see why: whole documents, then
// parts of policies. Namespaces stay: without one, its pods' labels would be another question.
func shrunk(documents []string, fails func([]string) bool) []string {
	for again := true; again; {
		again = false
		for i := 0; i < len(documents); i++ {
			if strings.Contains(documents[i], "kind: Namespace\n") {
				continue
			}
			if fewer := slices.Delete(slices.Clone(documents), i, i+1); fails(fewer) {
				documents, again = fewer, true
				i--
			}
		}
		for i := range documents {
			for n := 0; ; n++ {
				smaller, ok := without(documents[i], n)
				if !ok {
					break
				}
				changed := slices.Clone(documents)
				if changed[i] = smaller; fails(changed) {
					documents, again = changed, true
					n--
				}
			}
		}
	}
	return documents
}

// without drops the n-th member of the lists in a policy's sections.
func without(text string, n int) (string, bool) {
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		return "", false
	}
	spec, ok := tree["spec"].(map[string]any)
	if !ok {
		return "", false
	}
	var dropFrom func(parent map[string]any) bool
	dropFrom = func(parent map[string]any) bool {
		for _, key := range []string{"ingress", "ingressDeny", "egress", "egressDeny", "fromEndpoints", "toEndpoints", "fromEntities", "toEntities",
			"fromCIDR", "toCIDR", "toPorts", "ports", "from", "to", "protocols", "icmps"} {
			list, _ := parent[key].([]any)
			for i, item := range list {
				if n == 0 {
					if list = slices.Delete(list, i, i+1); len(list) == 0 {
						delete(parent, key)
					} else {
						parent[key] = list
					}
					return true
				}
				n--
				if inner, ok := item.(map[string]any); ok && dropFrom(inner) {
					return true
				}
			}
		}
		return false
	}
	if !dropFrom(spec) || len(spec) < 2 {
		return "", false
	}
	out, err := yaml.Marshal(tree)
	return string(out), err == nil
}
