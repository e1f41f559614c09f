package flux_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/internal/archive"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/flux"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a tree with app.yaml in it; want lists the targets and the diagnostics of its objects.
func TestEveryObjectHasItsTarget(t *testing.T) {
	archive.Each(t, *update, describe)
}

func describe(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	objects, problems := manifest.Read("app.yaml", fsys["app.yaml"].Data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out strings.Builder
	beside := func(kind, namespace, name string) *manifest.Object {
		for _, o := range objects {
			if flux.Holds(o) && o.Kind == kind && o.Namespace == namespace && o.Name == name {
				return o
			}
		}
		return nil
	}
	for _, o := range objects {
		targets, problems := flux.Targets(fsys, o, beside)
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
