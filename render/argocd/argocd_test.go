package argocd_test

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

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/argocd"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a tree with app.yaml in it; want lists the targets and the diagnostics of its objects.
func TestEveryApplicationHasItsTargets(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
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
			got := describe(t, fsys)
			if got != want && !*update {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if *update {
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func describe(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	objects, problems := manifest.Read("app.yaml", fsys["app.yaml"].Data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out strings.Builder
	series := argocd.NewSeries(sandbox.Limits{})
	defer series.Close()
	for _, o := range objects {
		targets, problems := argocd.Targets(fsys, o)
		if sent, told := series.Targets(t.Context(), fsys, o); !reflect.DeepEqual(sent, targets) || !reflect.DeepEqual(told, problems) {
			t.Errorf("%s: a child finds\n%+v %v\ninstead of\n%+v %v", o, sent, told, targets, problems)
		}
		for _, target := range targets {
			fmt.Fprintf(&out, "%s: %s %s", target.Deployer, target.Kind, target)
			fmt.Fprintf(&out, " release=%s namespace=%s cluster=%s", target.Release, target.Namespace, target.Cluster)
			if target.Changes != nil {
				text, err := json.Marshal(target.Changes)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "\n  %s", text)
			}
			fmt.Fprintln(&out)
		}
		for _, p := range problems {
			fmt.Fprintln(&out, p)
		}
	}
	return out.String()
}
