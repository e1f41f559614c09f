package review

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// What a pull request renders to must not meet a later run.
func TestOnlyBaseIsKept(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	for side, name := range map[string]string{"base": "a", "head": "b"} {
		for file, text := range map[string]string{
			"kustomization.yaml": "resources: [x.yaml]\n",
			"x.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n",
		} {
			path := filepath.Join(dir, side, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(base, head string, limits sandbox.Limits) bool {
		r, err := Diff(t.Context(), Options{Dir: dir, Base: base, Head: head, Cache: kept, KeepBaseOnly: true, Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		if Incomplete(r.Diagnostics) {
			t.Log(r.Diagnostics)
		}
		return !Incomplete(r.Diagnostics)
	}
	if !run("./base", "./head", sandbox.Limits{}) {
		t.Fatal("it does not render")
	}
	if !run("./base", "./base", sandbox.Limits{Files: 1}) {
		t.Error("base is not kept")
	}
	if run("./base", "./head", sandbox.Limits{Files: 1}) {
		t.Error("head is kept")
	}
}
