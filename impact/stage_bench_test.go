//go:build unix

package impact

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// BenchmarkFindingsBesideTheEngine reports what the stages of one comparison take, in milliseconds of the process's CPU time:
// to read both sides, to understand and compare them, to tell the findings on connections, workloads and hygiene, and to
// find the paths.
func BenchmarkFindingsBesideTheEngine(b *testing.B) {
	for _, edits := range []int{10, 100} {
		b.Run(map[int]string{10: "10 edits", 100: "100 edits"}[edits], func(b *testing.B) {
			base, head := generate.Large(generate.Size{Workloads: 10_000, Policies: 10_000, Edits: edits})
			sides := [2][]byte{[]byte(strings.Join(base.All(), "---\n")), []byte(strings.Join(head.All(), "---\n"))}
			var took [4]time.Duration
			lap := func(stage int, since *time.Duration) {
				now := cpuTime(b)
				took[stage] += now - *since
				*since = now
			}
			for b.Loop() {
				at := cpuTime(b)
				var objects [2][]*manifest.Object
				var reader manifest.Reader // what is the same text on both sides is read once, as in the program
				for s, text := range sides {
					objects[s], _ = reader.Read("all.yaml", text)
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
				connections := a.connectionFindings(effects)
				if len(connections)+len(a.workloadFindings(renames))+len(a.remarkFindings()) == 0 {
					b.Fatal("nothing is found")
				}
				lap(2, &at)
				a.pathFindings(effects, connections)
				lap(3, &at)
			}
			for stage, name := range []string{"read-ms", "engine-ms", "findings-ms", "paths-ms"} {
				b.ReportMetric(float64(took[stage].Milliseconds())/float64(b.N), name)
			}
		})
	}
}

// cpuTime is what the process has used so far; other work on the machine does not count.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
