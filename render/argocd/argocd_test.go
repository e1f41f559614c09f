package argocd_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/internal/archive"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/argocd"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a tree with app.yaml in it; want lists the targets and the diagnostics of its objects.
func TestEveryApplicationHasItsTargets(t *testing.T) {
	archive.Each(t, *update, describe)
}

func describe(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	objects, problems := manifest.Read("app.yaml", fsys["app.yaml"].Data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out strings.Builder
	series := argocd.NewSeries(new(render.Renderer))
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
