package reach

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Few groups are sorted, many are found by looking at every class: both ways must give the same.
func TestTheClassesOfGroupsAreTheSameSortedOrLookedThrough(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	sorted, lookedThrough := 0, 0
	for range 2000 {
		n := 1 + dice.IntN(200)
		all := make([]int32, n)
		for i := range all {
			all[i] = int32(2*i + dice.IntN(2))
		}
		part := newPartition(n)
		for range dice.IntN(8) {
			var members []int32
			for i := range n {
				if dice.IntN(3) == 0 {
					members = append(members, int32(i))
				}
			}
			part.split(runsOf(members))
		}
		groups := part.members()
		for _, g := range groups {
			for i := range g {
				g[i] = all[g[i]]
			}
		}
		var numbers, want []int32
		for g := range groups {
			if dice.IntN(6) == 0 {
				numbers = append(numbers, int32(g))
				want = append(want, groups[g]...)
			}
		}
		if len(want) < n/16 {
			sorted++
		} else {
			lookedThrough++
		}
		slices.Sort(want)
		if got := classesOf(all, part, groups, numbers); !got.equal(runsOf(want)) {
			t.Fatalf("groups %v of %v: got %v, want %v", numbers, groups, got, runsOf(want))
		}
	}
	if sorted < 100 || lookedThrough < 100 {
		t.Errorf("the cases are one-sided: %d sorted, %d looked through", sorted, lookedThrough)
	}
}

func TestSlicesThatAreJoinedKeepEveryClassAndItsPorts(t *testing.T) {
	all := []slice{{classes: []int32{0}}}
	for i := range int32(5 * maxSlices) {
		all = append(all, slice{classes: []int32{i + 1}, ports: policy.Range(policy.TCP, int(i)+1, int(i)+1)})
	}
	merged := mergeSlices(slices.Clone(all))
	if len(merged) != maxSlices+1 || len(merged[0].classes) != 1 {
		t.Fatalf("%d slices, the first with classes %v", len(merged), merged[0].classes)
	}
	in := make(map[int32]policy.PortSet)
	for _, s := range merged {
		for _, c := range s.classes {
			in[c] = s.ports
		}
	}
	for _, s := range all[1:] {
		if !in[s.classes[0]].Intersects(s.ports) {
			t.Errorf("class %d lost its ports", s.classes[0])
		}
	}
}
