package reach_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// TestAnInquiryFindsWhatEveryPairShows asks about random rectangles of random clusters, and looks at each pair by itself.
func TestAnInquiryFindsWhatEveryPairShows(t *testing.T) {
	ports := []policy.PortSet{
		policy.AllPorts(), policy.Range(policy.TCP, 80, 80), policy.Range(policy.TCP, 1, 1023).Union(policy.Range(policy.UDP, 53, 53)),
	}
	deviations, doubtful := 0, 0
	for seed := range uint64(60) {
		base, head := generate.Random(seed)
		read := make(reader)
		before, err := read.state(base.Documents())
		if err != nil {
			t.Fatal(err)
		}
		after, err := read.state(head.Documents())
		if err != nil {
			t.Fatal(err)
		}
		m := reach.New(before, after, reach.Options{})
		r := rand.New(rand.NewPCG(seed, 1))
		for round := range 12 {
			side := reach.Side(round % 2)
			q := m.Inquiry(side)
			if round%3 > 0 {
				q.AskOneByOne(0)
			}
			some := func() (list []int32) {
				for i := range m.Endpoints {
					if m.Exists(side, int32(i)) && r.IntN(3) > 0 {
						list = append(list, int32(i))
					}
				}
				return list
			}
			sources, destinations := some(), some()
			left := m.Except(m.Group(sources), m.Group(destinations))
			for _, i := range sources {
				if in := m.Group(destinations).Has(i); left.Has(i) == in {
					t.Fatalf("seed %d: endpoint %d is in one group and %t in the other, and %t in the difference", seed, i, in, left.Has(i))
				}
			}
			asked, allowed := ports[round%3], round%4 < 2
			found := make(map[pair]policy.PortSet)
			for _, d := range q.Deviations(m.Group(sources), m.Group(destinations), asked, allowed) {
				if d.Doubtful {
					doubtful++
				}
				for _, s := range d.Sources.Endpoints() {
					for _, to := range d.Destinations.Endpoints() {
						found[pair{s, to}] = found[pair{s, to}].Union(d.Ports)
						for _, r := range d.Ports.Ranges() {
							for _, port := range []int{r.From, r.To} {
								if one := policy.Range(r.Protocol, port, port); m.Certain(side, s, to, one) == d.Doubtful {
									t.Fatalf("seed %d, round %d: %d → %d on %v: doubtful %t, and is not", seed, round, s, to, one.Ranges(), d.Doubtful)
								}
							}
						}
					}
				}
			}
			deviations += len(found)
			for _, s := range sources {
				for _, d := range destinations {
					at := pair{s, d}
					want := asked.Intersect(m.Verdict(side, s, d))
					if allowed {
						want = asked.Minus(want)
					}
					if !isAsked(m, side, s, d) {
						delete(found, at)
						continue
					}
					if got := found[at]; !got.Equal(want) {
						t.Fatalf("seed %d, round %d: %d → %d deviates on %v, must on %v", seed, round, s, d, got.Ranges(), want.Ranges())
					}
					delete(found, at)
				}
			}
			if len(found) > 0 {
				t.Fatalf("seed %d, round %d: pairs that were not asked about: %v", seed, round, fmt.Sprint(found))
			}
		}
	}
	if deviations < 1000 || doubtful == 0 {
		t.Errorf("only %d pairs deviate, %d deviations are doubtful", deviations, doubtful)
	}
}

// isAsked leaves out what no deviation is about: a pod's own traffic, and what is outside on both ends.
func isAsked(m *reach.Model, side reach.Side, s, d int32) bool {
	w := m.Endpoints[s].Workload[side]
	if s == d && w != nil && w.Kind == "Pod" {
		return false
	}
	pods := func(i int32) bool { return m.Endpoints[i].Workload[side] != nil || m.Endpoints[i].Potential != nil }
	return pods(s) || pods(d)
}
