package helmfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/internal/archive"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/helmfile"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a small repository. Its file "want" tells what its helmfile.yaml comes to.
func TestExpand(t *testing.T) {
	series := helmfile.NewSeries(new(render.Renderer))
	defer series.Close()
	archive.Each(t, *update, func(t *testing.T, fsys fstest.MapFS) string {
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
		return out.String()
	})
}
