package reach_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// What is reached in any number of steps is judged by a search that asks for the verdict of every pair.
func TestStepsAreThoseOfASearchPairByPair(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 40
	}
	far, unasked := int32(0), 0
	for seed := range seeds {
		base, head := generate.Random(seed)
		read := make(reader)
		var states [2]*cluster.State
		for s, c := range []*generate.Cluster{base, head} {
			var err error
			if states[s], err = read.state(c.Documents()); err != nil {
				t.Fatal(err)
			}
		}
		m := reach.New(states[reach.Base], states[reach.Head], reach.Options{})
		// Every other endpoint listens on one of three ports, the others on any.
		listens := func(i int32) policy.PortSet {
			if i%2 == 0 {
				return nil
			}
			port := []int{80, 81, 443}[i%3]
			return policy.Range(policy.TCP, port, port)
		}
		both := [2]*reach.Steps{reach.Head: m.Steps(reach.Head, listens)}
		both[reach.Base] = both[reach.Head].Beside()
		for s := reach.Base; s <= reach.Head; s++ {
			steps := both[s]
			var workloads []int32
			var alone []int // how many each gets to by itself
			for i := range m.Endpoints {
				if m.Endpoints[i].Workload[s] == nil {
					continue
				}
				sources := []int32{int32(i)}
				if i%3 == 0 && i > 0 && m.Endpoints[i-1].Workload[s] != nil {
					sources = append(sources, int32(i-1))
				}
				got, want := steps.From(sources), searched(m, s, listens, sources)
				reached := 0
				for n, distance := range want {
					if far = max(far, distance); distance > 0 {
						reached++
					}
					if got.Distance[n] != distance {
						t.Fatalf("seed %d, side %d: from %v to %d: %d steps, must be %d\n%s", seed, s, sources, n, got.Distance[n], distance, strings.Join(head.Documents(), "---\n"))
					}
					// The last step is one that is open, from where one step less leads.
					if via := got.Via[n]; distance > 0 && (want[via] != distance-1 || !opens(m, s, listens, via, int32(n))) {
						t.Fatalf("seed %d, side %d: %d is not reached through %d", seed, s, n, via)
					}
				}
				if len(sources) == 1 {
					workloads, alone = append(workloads, int32(i)), append(alone, reached)
				}
				if got.Reached != reached {
					t.Fatalf("seed %d, side %d: from %v: %d are reached, must be %d", seed, s, sources, got.Reached, reached)
				}
			}
			radii := func() {
				if got := m.Steps(s, listens).Radii(workloads, math.MaxInt); !slices.Equal(got, alone) {
					t.Fatalf("seed %d, side %d: %v get to %v, must be %v\n%s", seed, s, workloads, got, alone, strings.Join(head.Documents(), "---\n"))
				}
			}
			radii()
			for _, bounds := range []reach.Bounds{
				{Few: 64, HubSize: 1, Leading: 1000, Entries: 1000}, {Few: 2, HubSize: 1, Leading: 1000, Entries: 1000},
				{Few: 0, HubSize: 2, Leading: 3, Entries: 1000}, {Few: 0, HubSize: 1, Leading: 3, Entries: 0}, {Few: 1, HubSize: 3, Leading: 20, Entries: 10},
			} {
				bounds.With(radii)
			}
			asked := m.Steps(s, listens).Radii(workloads, 0)
			for n, size := range asked {
				if size < 0 {
					unasked++
				}
				if size != alone[n] && (size >= 0 || n == 0) {
					t.Fatalf("seed %d, side %d: past the bound the radii are %v, of %v", seed, s, asked, alone)
				}
			}
		}
	}
	if far < 3 || unasked == 0 {
		t.Errorf("no way had more than %d steps, and %d radii were not asked for", far, unasked)
	}
}

func opens(m *reach.Model, s reach.Side, listens func(int32) policy.PortSet, from, to int32) bool {
	ports := listens(to)
	open := m.Verdict(s, from, to)
	return len(open) > 0 && (len(ports) == 0 || open.Intersects(ports))
}

// searched are the least steps to every endpoint, found breadth first.
func searched(m *reach.Model, s reach.Side, listens func(int32) policy.PortSet, sources []int32) []int32 {
	out := make([]int32, len(m.Endpoints))
	for i := range out {
		out[i] = -1
	}
	for _, i := range sources {
		out[i] = 0
	}
	for queue := sources; len(queue) > 0; queue = queue[1:] {
		for n := range m.Endpoints {
			if out[n] < 0 && m.Endpoints[n].Workload[s] != nil && opens(m, s, listens, queue[0], int32(n)) {
				out[n] = out[queue[0]] + 1
				queue = append(queue, int32(n))
			}
		}
	}
	return out
}
