package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// A pack of 300 KiB unpacks to 300 MiB: in a process of its own, which has limits.
func TestAHugeRepositoryEndsAtALimit(t *testing.T) {
	root := t.TempDir()
	of := gitserver.Make(t, filepath.Join(root, "huge"))
	of.Write("base/kustomization.yaml", "resources: []\n")
	for name, size := range map[string]int64{"zeros": 150 << 20, "more": 151 << 20} {
		of.Write(name, "")
		if err := os.Truncate(filepath.Join(of.Dir, name), size); err != nil {
			t.Fatal(err)
		}
	}
	of.Git("config", "core.bigFileThreshold", "1m")
	of.Commit()
	s := gitserver.New(t, root)
	tree := fstest.MapFS{"kustomization.yaml": {Data: []byte("resources: ['" + s.URL + "/huge//base?ref=main']\n")}}
	r := &Renderer{Fetch: fetch.New(config.Fetching{Allow: []string{s.URL}}, nil)}
	defer r.Fetch.Close()
	_, err := r.Render(t.Context(), tree, Target{Kind: Kustomize, Path: "."})
	if err == nil || !strings.Contains(err.Error(), "could not be fetched: unpacking it: ") || !strings.Contains(err.Error(), "limit") {
		t.Fatalf("the error is %v", err)
	}
}
