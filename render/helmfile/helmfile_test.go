package helmfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/render/helmfile"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a small repository. Its file "want" tells what its helmfile.yaml comes to.
func TestExpand(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no repositories: %v", err)
	}
	series := helmfile.NewSeries(sandbox.Limits{})
	defer series.Close()
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys, want := fstest.MapFS{}, ""
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			x := helmfile.Expand(fsys, "helmfile.yaml")
			if sent := series.Expand(t.Context(), fsys, "helmfile.yaml"); !reflect.DeepEqual(sent, x) {
				t.Errorf("a child finds\n%+v\ninstead of\n%+v", sent, x)
			}
			var out strings.Builder
			for _, target := range x.Targets {
				fmt.Fprintf(&out, "%s: %s %s release=%s namespace=%s", target.Cluster, target.Kind, target, target.Release, target.Namespace)
				if target.Settings.KubeVersion != "" {
					fmt.Fprintf(&out, " kube=%s", target.Settings.KubeVersion)
				}
				if c := target.Changes; c != nil {
					values, err := json.Marshal(c.Values)
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&out, "\n  values %s set %q strings %q", values, c.Set, c.SetString)
				}
				fmt.Fprintln(&out)
			}
			for _, d := range x.Diagnostics {
				fmt.Fprintln(&out, d)
			}
			fmt.Fprintf(&out, "read %s\n", strings.Join(x.Read, ", "))
			if out.String() == want {
				return
			}
			if !*update {
				t.Errorf("got:\n%s\nwant:\n%s", &out, want)
				return
			}
			a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(out.String())})
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}
