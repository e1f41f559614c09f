package discover_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// Looking for targets is work in the program's own process: no tree keeps it longer than the limit.
func TestLookingForTargetsEndsAtItsLimit(t *testing.T) {
	tree := make(fstest.MapFS)
	for i := range 2000 {
		tree[fmt.Sprintf("apps/%04d/a/b/c/configmap.yaml", i)] = file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
	}
	_, _, err := discover.Targets(t.Context(), tree, config.Config{}, &render.Renderer{Limits: sandbox.Limits{Time: time.Nanosecond}})
	var limit *sandbox.LimitError
	if !errors.As(err, &limit) || limit.Limit != "time" {
		t.Fatalf("the error is %v", err)
	}
	if found, _, err := discover.Targets(t.Context(), tree, config.Config{}, new(render.Renderer)); err != nil || len(found) != 2000 {
		t.Fatalf("without that limit there are %d targets, and the error is %v", len(found), err)
	}
}

// What only a slow parser reads is not read when it is large. That is told, and the other targets go on.
func TestLargeFilesOfToolsAreToldAndTheOthersGoOn(t *testing.T) {
	tree := fstest.MapFS{
		"apps/good/kustomization.yaml":   file("resources: [a.yaml]\n"),
		"apps/nested/kustomization.yaml": file("resources: " + strings.Repeat("[", 50<<20) + "\n"),
		"apps/long/kustomization.yaml":   file("resources: [" + strings.Repeat("a,", 3<<20) + "]\n"),
		"charts/web/Chart.yaml":          file("name: web\nversion: 1.0.0\nkeywords: [" + strings.Repeat("a,", 3<<20) + "]\n"),
		"half/half.yaml":                 file("kind: Secret\nmetadata: {name: a}\ndata: [" + strings.Repeat("a,", 3<<20) + "]\n"),
	}
	found, problems, err := discover.Targets(t.Context(), tree, config.Config{}, new(render.Renderer))
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for _, p := range problems {
		if p.Severity != manifest.Error || !strings.Contains(p.Message, "larger than 4 MiB") {
			t.Errorf("it tells %v", p)
		}
		told[p.File] = true
	}
	for _, name := range []string{"apps/nested/kustomization.yaml", "apps/long/kustomization.yaml", "charts/web/Chart.yaml"} {
		if !told[name] {
			t.Errorf("%s is not told", name)
		}
	}
	good := false
	for _, f := range found {
		good = good || f.Target.Path == "apps/good"
	}
	if !good {
		t.Errorf("apps/good is not among %v", found)
	}
}
