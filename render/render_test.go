package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

func repository() fs.FS {
	const objects = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: own}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	files := map[string]string{
		"plain/all.yaml":            objects,
		"overlay/all.yaml":          objects,
		"overlay/kustomization.yml": "resources: [all.yaml]\n",
		"chart/Chart.yaml":          "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/templates/all.yaml":  objects,
	}
	fsys := make(fstest.MapFS)
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestEveryKindOfTargetIsDeployedIntoItsNamespace(t *testing.T) {
	for _, target := range []Target{
		{Kind: Plain, Path: "plain", Namespace: "prod"},
		{Kind: Kustomize, Path: "overlay", Namespace: "prod"},
		{Kind: Helm, Path: "chart", Namespace: "prod"},
	} {
		out, err := Render(context.Background(), repository(), target)
		if err != nil {
			t.Errorf("%s: %v", target.Kind, err)
			continue
		}
		var got []string
		for _, o := range out.Objects {
			got = append(got, o.String())
		}
		slices.Sort(got)
		if want := []string{"Namespace shop", "Pod own/q", "Pod prod/p"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", target.Kind, got, want)
		}
	}
}

func TestErrorsNameTheTarget(t *testing.T) {
	for _, target := range []Target{
		{Kind: Plain, Path: "gone"},
		{Kind: Kustomize, Path: "gone"},
		{Kind: Helm, Path: "gone", Values: []string{"gone/values-prod.yaml"}},
	} {
		_, err := Render(context.Background(), repository(), target)
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(fmt.Sprint(err), "rendering "+target.String()+": ") {
			t.Errorf("%s: got %v", target.Kind, err)
		}
	}
	if _, err := Render(context.Background(), repository(), Target{Kind: "jsonnet", Path: "."}); err == nil {
		t.Error("an unknown kind of target rendered")
	}
}

func TestTargetsAreNamedForPeople(t *testing.T) {
	for _, test := range []struct {
		target Target
		want   string
	}{
		{Target{Kind: Kustomize, Path: "overlays/prod"}, "overlays/prod"},
		{Target{Kind: Helm, Path: "charts/app", Values: []string{"charts/app/values-prod.yaml", "env/prod.yaml"}}, "charts/app with values-prod.yaml, env/prod.yaml"},
		{Target{Kind: Helm, Path: ".", Values: []string{"values-prod.yaml"}}, ". with values-prod.yaml"},
	} {
		if got := test.target.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Plain manifests are read in the program's own process, within the same limit of time.
func TestPlainManifestsEndAtTheLimitOfTime(t *testing.T) {
	tree := fstest.MapFS{"a/a.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")}}
	r := &Renderer{Limits: sandbox.Limits{Time: time.Nanosecond}}
	_, err := r.Render(t.Context(), tree, Target{Kind: Plain, Path: "a"})
	var limit *sandbox.LimitError
	if !errors.As(err, &limit) || limit.Limit != "time" {
		t.Fatalf("the error is %v", err)
	}
}
