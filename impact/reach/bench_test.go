//go:build unix

package reach_test

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// BenchmarkDelta measures the whole analysis of two states in memory: process CPU time, which a busy machine distorts
// less than the clock, and by how much the process's memory grows at its peak over what the states take.
func BenchmarkDelta(b *testing.B) {
	for _, bench := range []struct {
		name string
		size generate.Size
	}{
		{"1k_1k_10", generate.Size{Workloads: 1_000, Policies: 1_000, Edits: 10}},
		{"10k_10k_10", generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10}},
		{"100k_10k_10", generate.Size{Workloads: 100_000, Policies: 10_000, Edits: 10}},
		{"100k_10k_100", generate.Size{Workloads: 100_000, Policies: 10_000, Edits: 100}},
		{"100k_10k_dropped_deny", generate.Size{Workloads: 100_000, Policies: 10_000, DropDeny: true}},
		{"10k_1k_100_admin", generate.Size{Workloads: 10_000, Policies: 1_000, Edits: 100, Admin: 10}},
		{"100k_100k_10", generate.Size{Workloads: 100_000, Policies: 100_000, Edits: 10}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bench.size.Plain = true
			base, head := states(b, bench.size)
			debug.FreeOSMemory()
			resident := memory("VmRSS")
			resetPeak()
			var blocks []reach.Block
			cpu := processTime(b)
			for b.Loop() {
				var err error
				if blocks, err = reach.New(base, head, reach.Options{}).Delta(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processTime(b)-cpu).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(len(blocks)), "blocks")
			b.ReportMetric(memory("VmHWM")-resident, "peak-MB")
		})
	}
}

func states(b *testing.B, size generate.Size) (base, head *cluster.State) {
	b.Helper()
	sides := [2]*generate.Side{}
	sides[reach.Base], sides[reach.Head] = generate.Large(size)
	read := make(reader)
	var out [2]*cluster.State
	for s, side := range sides {
		var err error
		if out[s], err = read.state(side.All()); err != nil {
			b.Fatal(err)
		}
	}
	return out[reach.Base], out[reach.Head]
}

// processTime is the CPU time that this process has used.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// memory is a field of the process's status in megabytes; 0 on systems that have none.
func memory(field string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), field+":")
	words := strings.Fields(after)
	if len(words) == 0 {
		return 0
	}
	kilobytes, _ := strconv.Atoi(words[0])
	return float64(kilobytes) / 1024
}

// resetPeak makes the kernel forget the peak of the memory so far, where it can.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
