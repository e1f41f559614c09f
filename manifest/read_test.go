package manifest

import (
	"fmt"
	"slices"
	"testing"
)

func TestAnObjectThatLacksHalfOfItsTypeIsBroken(t *testing.T) {
	for text, want := range map[string][]string{
		"kind: NetworkPolicy\nmetadata: {name: deny}\nspec: {}\n": {
			"x.yaml:1: deny: error: a NetworkPolicy without apiVersion is no object: a cluster refuses it; add its apiVersion"},
		"# first\n---\napiVersion: v1\nmetadata:\n  name: web\n": {
			"x.yaml:3: web: error: a document with apiVersion v1 and no kind is no object: a cluster refuses it; add its kind"},
		"apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata: {name: p}\n": {
			"x.yaml:4: p: error: a Pod without apiVersion is no object: a cluster refuses it; add its apiVersion"},
		"kind: pipeline\nname: build\nmetadata: {}\n":                             nil,
		"apiVersion: v2\nname: chart\nversion: 1.0.0\n":                           nil,
		"metadata: {name: x}\nspec: {}\n":                                         nil,
		"apiVersion: score.dev/v1b1\nmetadata: {name: x}\ncontainers: {}\n":       nil,
		"apiVersion: v1\nkind: NetworkPolicyList\nitems: [{metadata: {name: a}}]": nil,
	} {
		_, problems := Read("x.yaml", []byte(text))
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprint(p))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
