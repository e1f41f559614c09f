package helm

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// linkedChart writes a chart and others of a repository, with the links given.
func linkedChart(t *testing.T, links map[string]string) *tree.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app/Chart.yaml":               "apiVersion: v2\nname: app\nversion: 1.0.0\n",
		"app/templates/own.yaml":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n",
		"shared/policies/deny.yaml":    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny-{{ .Release.Name }}}\nspec: {podSelector: {}}\n",
		"lib/Chart.yaml":               "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
		"lib/templates/lib.yaml":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lib}\n",
		"app/templates/deep/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n",
	} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "app", "charts"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Skipf("links cannot be made here: %v", err)
		}
	}
	folder, err := tree.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Helm follows links; a chart that keeps its policies behind one would look as if it had none.
func TestLinksToFoldersOfAChartAreFollowed(t *testing.T) {
	links := map[string]string{"app/templates/shared": "../../shared/policies", "app/charts/lib": "../../lib"}
	objects, problems, err := Render(context.Background(), linkedChart(t, links), Release{Chart: "app"})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.Origin.File+" "+o.String())
	}
	for _, want := range []string{
		"app/templates/own.yaml ConfigMap own", "app/templates/deep/more.yaml ConfigMap more",
		"app/templates/shared/deny.yaml NetworkPolicy deny-app", "app/charts/lib/templates/lib.yaml ConfigMap lib",
	} {
		if !strings.Contains(strings.Join(got, "\n")+"\n", want+"\n") {
			t.Errorf("there is no %s in %q", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %q", got)
	}
}

func TestLinksOfAChartEnd(t *testing.T) {
	for name, c := range map[string]struct {
		links map[string]string
		says  string
	}{
		"in a circle":           {map[string]string{"app/templates/up": ".."}, "circle"},
		"in circles of circles": {map[string]string{"app/templates/a": ".", "app/templates/b": ".", "app/templates/c": ".", "app/templates/d": "."}, "circle"},
		"out of the repository": {map[string]string{"app/templates/out": "../../../out"}, "leads out of the tree"},
		"nowhere":               {map[string]string{"app/templates/gone": "gone-as-well"}, "not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Render(context.Background(), linkedChart(t, c.links), Release{Chart: "app"})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
