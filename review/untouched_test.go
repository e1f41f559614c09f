package review

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// overlays writes a repository of n environments on one base, each with a policy of its own.
func overlays(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "base/kustomization.yaml", "resources: [web.yaml, db.yaml]\nconfigMapGenerator:\n- name: settings\n  files: [settings.properties]\n")
	write(t, dir, "base/settings.properties", "a=1\n")
	for _, name := range []string{"web", "db"} {
		write(t, dir, "base/"+name+".yaml", fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: c, image: example.org/%[1]s, ports: [{containerPort: 80}]}]}
`, name))
	}
	for i := range n {
		at := fmt.Sprintf("overlays/env%03d/", i)
		write(t, dir, at+"kustomization.yaml", "namespace: shop\nresources: [../../base, policy.yaml]\npatches: [{path: patch.yaml}]\n")
		write(t, dir, at+"patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n")
		write(t, dir, at+"policy.yaml", policyFrom("web"))
	}
	return dir
}

func policyFrom(peer string) string {
	return fmt.Sprintf(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: %s}}}]}]
`, peer)
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Each edit is compared both ways: what is left out must have nothing to tell.
func TestWhatIsSetAsideHasNothingToTell(t *testing.T) {
	for name, c := range map[string]struct {
		edit     map[string]string // files of head; "" deletes
		rendered int               // targets of head
	}{
		"nothing":                    {nil, 0},
		"a file that nobody reads":   {map[string]string{"README.md": "hello"}, 0},
		"one policy":                 {map[string]string{"overlays/env001/policy.yaml": policyFrom("other")}, 1},
		"one patch":                  {map[string]string{"overlays/env002/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"}, 1},
		"a base's policy":            {map[string]string{"base/kustomization.yaml": "resources: [web.yaml, db.yaml, deny.yaml]\n", "base/deny.yaml": policyFrom("nobody")}, 4},
		"a generator's file":         {map[string]string{"base/settings.properties": "a=2\n"}, 4},
		"a second kustomization":     {map[string]string{"overlays/env000/kustomization.yml": "resources: [policy.yaml]\n"}, 1},
		"a new environment":          {map[string]string{"overlays/env009/kustomization.yaml": "resources: [../../base]\n"}, 1},
		"an environment that goes":   {map[string]string{"overlays/env003/kustomization.yaml": "", "overlays/env003/policy.yaml": "", "overlays/env003/patch.yaml": ""}, 0},
		"a transformer of one's own": {map[string]string{"overlays/env000/kustomization.yaml": "resources: [../../base, policy.yaml]\ntransformers: [labels.yaml]\n", "overlays/env000/labels.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {team: a}\nfieldSpecs: [{path: metadata/labels, create: true}]\n"}, 1},
		"a policy beside the others": {map[string]string{"more/policy.yaml": policyFrom("web")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			base, head := overlays(t, 4), overlays(t, 4)
			for file, text := range c.edit {
				if text != "" {
					write(t, head, file, text)
				} else if err := os.Remove(filepath.Join(head, file)); err != nil {
					t.Fatal(err)
				}
			}
			short := compareWith(t, Options{Base: base, Head: head, Expand: true})
			full := compareWith(t, Options{Base: base, Head: head, Expand: true, All: true})
			if got, want := told(short), told(full); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nand with everything rendered\n%+v", got, want)
			}
			if ExitCode(short) != ExitCode(full) {
				t.Errorf("the exit code is %d, and %d with everything rendered", ExitCode(short), ExitCode(full))
			}
			if n := leftToRender(t, base, head); n != c.rendered {
				t.Errorf("%d targets of head are rendered, not %d", n, c.rendered)
			}
		})
	}
}

func compareWith(t testing.TB, o Options) *impact.Result {
	t.Helper()
	r, err := Diff(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what a result says of connections: everything but counts of what was not looked at.
func told(r *impact.Result) map[string]any {
	all := map[string]any{"gate": r.Gate, "errors": Incomplete(r.Diagnostics)}
	for _, c := range r.Clusters {
		all[c.Name+" findings"], all[c.Name+" changes"] = len(c.Findings), len(c.Changes)
		for _, f := range c.Findings {
			all[c.Name+f.ID] = f
		}
	}
	return all
}

func leftToRender(t testing.TB, base, head string) int {
	t.Helper()
	c := &comparison{base: openState(t, base), head: openState(t, head)}
	c.setAside()
	return len(c.head.units)
}

func openState(t testing.TB, dir string) *state {
	t.Helper()
	files, err := tree.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &state{side: &side{tree: files, dir: "."}}
	s.find(t.Context(), Options{}, s.config)
	return s
}

// A change of one overlay among 200, and the same with everything rendered.
func BenchmarkOneOverlayOf200(b *testing.B) {
	base, head := overlays(b, 200), overlays(b, 200)
	write(b, head, "overlays/env100/policy.yaml", policyFrom("other"))
	for _, all := range []bool{false, true} {
		b.Run(fmt.Sprintf("all=%v", all), func(b *testing.B) {
			for b.Loop() {
				compareWith(b, Options{Base: base, Head: head, All: all})
			}
		})
	}
}
