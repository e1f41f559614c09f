package review

import (
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// overlayState is a side with one overlay, in which a patch names one of two containers.
func overlayState(label, more string) *state {
	files := map[string][]byte{
		"kustomization.yaml": []byte("resources: [d.yaml]\npatches: [{path: p.yaml}]\n" + more),
		"schema.json":        []byte(`{"definitions":{}}`),
		"d.yaml":             []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: a}, {name: b, image: b}]}}}\n"),
		"p.yaml":             []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: c}]}}}\n"),
	}
	s := &state{side: &side{label: label, tree: tree.Memory(files), dir: "."}}
	s.units = []*unit{{Found: discover.Found{Target: render.Target{Kind: render.Kustomize, Path: "."}}}}
	return s
}

// Both sides of a target render in one process, where kustomize keeps the schema of its merges in a global variable.
func TestASidesSchemaDoesNotChangeTheOtherSide(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		plain, schema := overlayState("base", ""), overlayState("head", "openapi: {path: schema.json}\n")
		states := []*state{plain, schema}
		if reverse {
			slices.Reverse(states)
		}
		renderAll(t.Context(), Options{}, states...)
		for s, want := range map[*state]int{plain: 2, schema: 1} {
			u := s.units[0]
			if u.err != nil {
				t.Fatal(u.err)
			}
			if got := len(u.out.Objects[0].Body.Get("spec", "template", "spec", "containers").Elements()); got != want {
				t.Errorf("%s has %d containers, want %d (reverse: %v)", s.label, got, want, reverse)
			}
		}
	}
}

func TestBaseRendersBeforeHead(t *testing.T) {
	c := &comparison{base: overlayState("base", ""), head: overlayState("head", "")}
	if got := c.byTrust(); len(got) != 2 || got[0] != c.base || got[1] != c.head {
		t.Errorf("got %v", got)
	}
	renderAll(t.Context(), Options{}, c.byTrust()...)
	if base, head := c.base.units[0].out, c.head.units[0].out; len(base.Objects) != 1 || base.Objects[0] != head.Objects[0] {
		t.Error("head, whose files are the same, was rendered again")
	}
}
