package impact

import (
	"strings"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// BenchmarkFindingsBesideTheEngine reports what the stages of one comparison take, in milliseconds: to read both sides, to
// understand and compare them, and to tell the findings.
func BenchmarkFindingsBesideTheEngine(b *testing.B) {
	for _, edits := range []int{10, 100} {
		b.Run(map[int]string{10: "10 edits", 100: "100 edits"}[edits], func(b *testing.B) {
			base, head := generate.Large(generate.Size{Workloads: 10_000, Policies: 10_000, Edits: edits})
			sides := [2][]byte{[]byte(strings.Join(base.All(), "---\n")), []byte(strings.Join(head.All(), "---\n"))}
			var took [3]time.Duration
			lap := func(stage int, since *time.Time) {
				now := time.Now()
				took[stage] += now.Sub(*since)
				*since = now
			}
			for b.Loop() {
				at := time.Now()
				var objects [2][]*manifest.Object
				for s, text := range sides {
					objects[s], _ = manifest.Read("all.yaml", text)
				}
				lap(0, &at)
				states := [2]*cluster.State{cluster.Build(objects[0], config.Config{}), cluster.Build(objects[1], config.Config{})}
				renames := findRenames(states[0], states[1])
				model := reach.New(states[0], states[1], reach.Options{Renamed: renames.toHead()})
				_, effects, err := model.Effects(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				lap(1, &at)
				a := newAnalysis(model, states[0], states[1], evidence.Sensitivity{})
				a.findRemarks("")
				if len(a.connectionFindings(effects))+len(a.workloadFindings(renames))+len(a.remarkFindings()) == 0 {
					b.Fatal("nothing is found")
				}
				lap(2, &at)
			}
			for stage, name := range []string{"read-ms", "engine-ms", "findings-ms"} {
				b.ReportMetric(float64(took[stage].Milliseconds())/float64(b.N), name)
			}
		})
	}
}
