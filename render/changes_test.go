package render

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: \"${A}\"\n"

func TestADeployerChangesWhatATargetRendersTo(t *testing.T) {
	files := fstest.MapFS{
		"overlay/kustomization.yaml":       {Data: []byte("namePrefix: x-\nresources: [c.yaml]\n")},
		"overlay/c.yaml":                   {Data: []byte(configMap)},
		"component/kustomization.yaml":     {Data: []byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {from: component}\n")},
		"folder/c.yaml":                    {Data: []byte(configMap)},
		"folder/notes.yaml":                {Data: []byte("just: notes\n")},
		"folder/below/kustomization.yaml":  {Data: []byte("resources: [p.yaml]\n")},
		"folder/below/p.yaml":              {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")},
		"folder/below/not-a-resource.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: q}\n")},
		"manifests/c.yaml":                 {Data: []byte(configMap)},
		"manifests/secret.yaml":            {Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")},
		"manifests/below/p.yaml":           {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")},
		"typed/d.yaml":                     {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: d}\nspec:\n  ports:\n  - port: ${PORT}\n    name: ${NAME:=web}\n")},
		"typed/kept.yaml":                  {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\ndata: {a: '${PORT}'}\n")},
		"chart/Chart.yaml":                 {Data: []byte("apiVersion: v2\nname: chart\nversion: 1.0.0\n")},
		"chart/values.yaml":                {Data: []byte("name: own\n")},
		"chart/templates/c.yaml":           {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{.Values.name}}}\n")},
	}
	tests := map[string]struct {
		target Target
		want   []string
	}{
		"kustomize": {
			Target{Kind: Kustomize, Path: "overlay", Changes: &Changes{Kustomize: kustomize.Edits{
				Namespace: "shop", NamePrefix: "y-", NameSuffix: "-z", CommonAnnotations: map[string]string{"by": "argo"}, Labels: map[string]string{"l": "m"},
				Components: []string{"../component"},
				Patches:    []map[string]any{{"patch": "- {op: add, path: /data/b, value: c}", "target": map[string]any{"kind": "ConfigMap"}}},
			}}},
			[]string{`{"apiVersion":"v1","data":{"a":"${A}","b":"c"},"kind":"ConfigMap","metadata":{"name":"y-c-z","namespace":"shop","labels":{"l":"m"},"annotations":{"by":"argo","from":"component"}}} overlay/c.yaml:1 6`},
		},
		"a folder that has no kustomization": {
			Target{Kind: Kustomize, Path: "folder", Changes: &Changes{Kustomize: kustomize.Edits{Namespace: "shop", Generate: true}}},
			[]string{
				`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"a":"${A}"}} folder/c.yaml:1 6`,
				`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"}} folder/below/p.yaml:1 0`,
			},
		},
		"one folder's files": {
			Target{Kind: Plain, Path: "manifests", Changes: &Changes{Files: plain.Filter{Flat: true, Exclude: "{secret,key}*"}}},
			[]string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"${A}"}} manifests/c.yaml:1 6`},
		},
		"values": {
			Target{Kind: Helm, Path: "chart", Changes: &Changes{Values: map[string]any{"name": "theirs"}}},
			[]string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"theirs"}} chart/templates/c.yaml:1 0`},
		},
		"variables": {
			Target{Kind: Plain, Path: "manifests/c.yaml", Changes: &Changes{Variables: &Variables{Values: map[string]string{"A": "b"}}}},
			[]string{`{"apiVersion":"v1","data":{"a":"b"},"kind":"ConfigMap","metadata":{"name":"c"}} manifests/c.yaml:1 6`},
		},
		"variables without a value": {
			Target{Kind: Plain, Path: "manifests/c.yaml", Changes: &Changes{Variables: new(Variables)}},
			[]string{`{"apiVersion":"v1","data":{"a":null},"kind":"ConfigMap","metadata":{"name":"c"}} manifests/c.yaml:1 6`},
		},
		"variables that are not known": {
			Target{Kind: Plain, Path: "manifests/c.yaml", Changes: &Changes{Variables: &Variables{Partial: true}}},
			[]string{`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"${A}"}} manifests/c.yaml:1 6`},
		},
		"variables that become numbers": {
			Target{Kind: Kustomize, Path: "typed", Changes: &Changes{Kustomize: kustomize.Edits{Generate: true}, Variables: &Variables{Values: map[string]string{"PORT": "80"}}}},
			[]string{
				`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","labels":{"kustomize.toolkit.fluxcd.io/substitute":"disabled"}},"data":{"a":"${PORT}"}} typed/kept.yaml:1 4`,
				`{"apiVersion":"v1","kind":"Service","metadata":{"name":"d"},"spec":{"ports":[{"name":"web","port":80}]}} typed/d.yaml:1 0`,
			},
		},
	}
	for name, test := range tests {
		out, err := Render(context.Background(), files, test.target)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, o := range out.Objects {
			got = append(got, lineOf(o))
		}
		if len(out.Diagnostics) > 0 || strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s: got\n%s\nwant\n%s\n%v", name, strings.Join(got, "\n"), strings.Join(test.want, "\n"), out.Diagnostics)
		}
	}
}

// lineOf is an object as JSON with its origin and the line of its data.
func lineOf(o *manifest.Object) string {
	return fmt.Sprintf("%s %s:%d %d", o.Body.AppendJSON(nil), o.Origin.File, o.Origin.Line, o.Body.Get("data", "a").LineOr(0))
}
