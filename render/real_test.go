package render_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// What is reached through a link is told by the file that it leads to: for plain files, kustomizations with their patches, and
// charts.
func TestOriginsAreRealFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"real/pod.yaml":            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: false}\n",
		"real/patch.yaml":          "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\n",
		"real/broken.yaml":         "apiVersion: v1\nkind: Pod\nmetadata: {name: 1}\n",
		"chart/Chart.yaml":         "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
		"kust/kustomization.yaml":  "resources: [pod.yaml]\npatches: [{path: patch.yaml}]\n",
		"plain/readme":             "",
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"plain/pod.yaml": "../real/pod.yaml", "plain/broken.yaml": "../real/broken.yaml",
		"kust/pod.yaml": "../real/pod.yaml", "kust/patch.yaml": "../real/patch.yaml", "linked": "chart",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no links here:", err)
		}
	}
	files, err := tree.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var r render.Renderer
	for _, c := range []struct {
		target render.Target
		want   []string
	}{
		{render.Target{Kind: render.Plain, Path: "plain"}, []string{"real/broken.yaml", "real/pod.yaml"}},
		{render.Target{Kind: render.Kustomize, Path: "kust"}, []string{"real/patch.yaml", "real/pod.yaml"}},
		{render.Target{Kind: render.Helm, Path: "linked"}, []string{"chart/templates/pod.yaml"}},
	} {
		out, err := r.Render(t.Context(), files, c.target)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range out.Objects {
			got = append(append(got, o.Origin.File), o.Sources...)
		}
		for _, d := range out.Diagnostics {
			got = append(got, d.File)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.target, got, c.want)
		}
	}
}
