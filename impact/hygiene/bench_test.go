package hygiene_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// BenchmarkCheck measures the remarks alone, on a cluster in which nothing is prepared that they might share; empty ones
// select nothing at all, so that everything is searched for what was meant.
func BenchmarkCheck(b *testing.B) {
	for _, bench := range []struct {
		name string
		size generate.Size
		edit func(string) string
		all  bool
	}{
		{name: "10k_10k_10", size: generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10}},
		{name: "10k_10k_all", size: generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10}, all: true},
		{name: "10k_10k_empty", size: generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10}, edit: func(text string) string {
			if strings.Contains(text, "kind: NetworkPolicy") {
				return strings.ReplaceAll(text, "name: app-", "name: other-")
			}
			return text
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.size.Plain = true
			base, head := generate.Large(bench.size)
			var states [2]*cluster.State
			var reader manifest.Reader // what is the same on both sides is read once, as in the program
			for s, side := range []*generate.Side{base, head} {
				var objects []*manifest.Object
				for _, text := range side.All() {
					if bench.edit != nil && s == 1 {
						text = bench.edit(text)
					}
					found, _ := reader.Read("all.yaml", []byte(text))
					objects = append(objects, found...)
				}
				states[s] = cluster.Build(objects, config.Config{})
			}
			m := reach.New(states[reach.Base], states[reach.Head], reach.Options{})
			var found []hygiene.Remark
			b.ReportAllocs()
			for b.Loop() {
				c := hygiene.Change{Model: m, Base: states[reach.Base], Head: states[reach.Head], Orphans: hygiene.Orphans(m, states[reach.Base], states[reach.Head])}
				found = c.Check(bench.all)
			}
			b.ReportMetric(float64(len(found)), "remarks")
		})
	}
}
