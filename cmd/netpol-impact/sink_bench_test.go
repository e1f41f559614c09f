package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// BenchmarkSinks writes whole results, with every exact pair, in each format: of real changes, and of 20 edits in a
// generated cluster of 2,000 workloads. docs/performance.md has the figures.
func BenchmarkSinks(b *testing.B) {
	pairs := map[string]string{
		"argocd-redis-egress": "../../testdata/argocd-redis-egress",
		"boutique":            "../../testdata/boutique",
		"generated":           b.TempDir(),
	}
	if shared := os.Getenv(sharedVariable); shared != "" {
		for _, name := range []string{"kube-prometheus-adapter", "namespace-lister", "sock-shop-rename"} {
			pairs[name] = filepath.Join(shared, "corpus", name)
		}
	}
	base, head := generate.Large(generate.Size{Workloads: 2000, Policies: 2000, Edits: 20})
	for name, side := range map[string]*generate.Side{"base": base, "head": head} {
		if err := os.MkdirAll(filepath.Join(pairs["generated"], name), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(pairs["generated"], name, "all.yaml"), []byte(strings.Join(side.All(), "---\n")), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for name, dir := range pairs {
		r, err := review.Diff(b.Context(), review.Options{Base: filepath.Join(dir, "base"), Head: filepath.Join(dir, "head"), Expand: true, Graph: true})
		if err != nil || review.Incomplete(r.Diagnostics) {
			b.Fatal(name, err, r)
		}
		for _, format := range report.ForResult.Names() {
			b.Run(fmt.Sprintf("%s/%s", name, format), func(b *testing.B) {
				var out bytes.Buffer
				for b.Loop() {
					out.Reset()
					if err := report.Format(format).Write(&out, r, report.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(out.Len()), "bytes")
			})
		}
	}
}
