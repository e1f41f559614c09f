package reach

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A bitmap is a set of numbers as plainly as can be.
const universe = 40

type bitmap [universe]bool

func randomBitmap(r *rand.Rand) (b bitmap) {
	density := r.IntN(4)
	for i := range b {
		b[i] = r.IntN(4) <= density && density > 0
	}
	return b
}

func (b bitmap) runs() runs {
	var numbers []int32
	for i, in := range b {
		if in {
			numbers = append(numbers, int32(i))
		}
	}
	return runsOf(numbers)
}

func combine(a, b bitmap, f func(x, y bool) bool) (c bitmap) {
	for i := range c {
		c[i] = f(a[i], b[i])
	}
	return c
}

func TestRunsAreSetsOfNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		a, b := randomBitmap(r), randomBitmap(r)
		x, y := a.runs(), b.runs()
		for _, test := range []struct {
			name string
			got  runs
			want bitmap
		}{
			{"union", x.union(y), combine(a, b, func(p, q bool) bool { return p || q })},
			{"intersect", x.intersect(y), combine(a, b, func(p, q bool) bool { return p && q })},
			{"minus", x.minus(y), combine(a, b, func(p, q bool) bool { return p && !q })},
			{"difference", x.difference(y), combine(a, b, func(p, q bool) bool { return p != q })},
		} {
			want := test.want.runs()
			if !test.got.equal(want) || test.got.key() != want.key() || test.got.len() != want.len() {
				t.Fatalf("%s of %v and %v is %v, must be %v", test.name, x, y, test.got, want)
			}
		}
		for i, in := range a {
			if x.has(int32(i)) != in {
				t.Fatalf("%v has %d: %t", x, i, !in)
			}
		}
		if numbers := x.numbers(); !runsOf(numbers).equal(x) || !slices.IsSorted(numbers) {
			t.Fatalf("%v lists %v", x, numbers)
		}
	}
}

func TestPartitionTellsApartWhatAnySetTellsApart(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2_000 {
		p := newPartition(universe)
		signatures := make([]string, universe)
		for range r.IntN(6) {
			if r.IntN(3) == 0 {
				labels := make([]int32, universe)
				for i := range labels {
					labels[i] = int32(r.IntN(3))
					signatures[i] += string(rune('a' + labels[i]))
				}
				p.splitBy(func(i int32) int32 { return labels[i] })
				continue
			}
			b := randomBitmap(r)
			for i, in := range b {
				signatures[i] += map[bool]string{true: "+", false: "-"}[in]
			}
			p.split(b.runs())
		}
		for i := range signatures {
			for j := range i {
				if (p.group[i] == p.group[j]) != (signatures[i] == signatures[j]) {
					t.Fatalf("%d and %d: in one group %t, signatures %q and %q", i, j, p.group[i] == p.group[j], signatures[i], signatures[j])
				}
			}
		}
		seen := 0
		for g, members := range p.members() {
			if len(members) == 0 {
				t.Fatal("a group is empty")
			}
			for _, i := range members {
				if p.group[i] != int32(g) {
					t.Fatalf("%d is listed in group %d, not in %d", i, g, p.group[i])
				}
			}
			seen += len(members)
		}
		if seen != universe {
			t.Fatalf("%d numbers of %d are in groups", seen, universe)
		}
	}
}
