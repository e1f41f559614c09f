package render

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// A pack of 300 KiB unpacks to 300 MiB: in the process that renders, which has a limit of memory.
func TestAHugeRepositoryEndsAtTheLimitOfMemory(t *testing.T) {
	root := t.TempDir()
	of := gitserver.Make(t, filepath.Join(root, "huge"))
	of.Write("base/kustomization.yaml", "resources: []\n")
	of.Write("zeros", "")
	if err := os.Truncate(filepath.Join(of.Dir, "zeros"), 300<<20); err != nil {
		t.Fatal(err)
	}
	of.Git("config", "core.bigFileThreshold", "1m")
	of.Commit()
	s := gitserver.New(t, root)
	tree := fstest.MapFS{"kustomization.yaml": {Data: []byte("resources: ['" + s.URL + "/huge//base?ref=main']\n")}}
	r := &Renderer{Limits: sandbox.Limits{Memory: 256 << 20}, Fetch: fetch.New(config.Fetching{Allow: []string{s.URL}}, nil)}
	defer r.Fetch.Close()
	_, err := r.Render(t.Context(), tree, Target{Kind: Kustomize, Path: "."})
	var limit *sandbox.LimitError
	if !errors.As(err, &limit) || limit.Limit != "memory" {
		t.Fatalf("the error is %v", err)
	}
}
