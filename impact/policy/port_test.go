package policy_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// A bitmap is a set of ports as plainly as can be.
type bitmap map[policy.Protocol]*[65536]bool

var protocols = []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP}

// edges are ports where ranges begin and end, so that they touch and overlap often.
var edges = []int{1, 2, 3, 79, 80, 81, 443, 65534, 65535}

func randomSet(r *rand.Rand) (policy.PortSet, bitmap) {
	var s policy.PortSet
	b := make(bitmap)
	for _, p := range protocols {
		b[p] = new([65536]bool)
	}
	for range r.IntN(6) {
		p := protocols[r.IntN(3)]
		from, to := edges[r.IntN(len(edges))], edges[r.IntN(len(edges))]
		if from > to {
			from, to = to, from
		}
		if r.IntN(10) == 0 {
			from, to = 0, 0
		}
		s = s.Union(policy.Range(p, from, to))
		if from == 0 {
			from, to = 1, 65535
		}
		for port := from; port <= to; port++ {
			b[p][port] = true
		}
	}
	return s, b
}

// matches tells whether a set is what a bitmap computes, and in its one form: ascending, not touching.
func matches(t *testing.T, s policy.PortSet, want func(p policy.Protocol, port int) bool) bool {
	t.Helper()
	last := map[policy.Protocol]int{}
	total := 0
	for _, r := range s.Ranges() {
		if before, any := last[r.Protocol]; r.From < 1 || r.From > r.To || r.To > 65535 || any && r.From <= before+1 {
			t.Errorf("%v is not in canonical form", s.Ranges())
			return false
		}
		last[r.Protocol] = r.To
		for port := r.From; port <= r.To; port++ {
			if !want(r.Protocol, port) {
				return false
			}
		}
		total += r.To - r.From + 1
	}
	for _, p := range protocols {
		for port := 1; port <= 65535; port++ {
			if want(p, port) {
				total--
			}
		}
	}
	return total == 0
}

func TestPortSetsAreSetsOfPorts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		s, a := randomSet(r)
		u, b := randomSet(r)
		in := func(p policy.Protocol, n int) bool { return a[p][n] }
		for _, test := range []struct {
			name string
			got  policy.PortSet
			want func(p policy.Protocol, n int) bool
		}{
			{"the set itself", s, in},
			{"union", s.Union(u), func(p policy.Protocol, n int) bool { return a[p][n] || b[p][n] }},
			{"intersection", s.Intersect(u), func(p policy.Protocol, n int) bool { return a[p][n] && b[p][n] }},
			{"difference", s.Minus(u), func(p policy.Protocol, n int) bool { return a[p][n] && !b[p][n] }},
			{"complement", policy.AllPorts().Minus(s), func(p policy.Protocol, n int) bool { return !a[p][n] }},
		} {
			if !matches(t, test.got, test.want) {
				t.Fatalf("%s of %v and %v is %v", test.name, s.Ranges(), u.Ranges(), test.got.Ranges())
			}
		}
		if s.Intersects(u) != (len(s.Intersect(u)) > 0) || s.Equal(u) != (s.Key() == u.Key()) {
			t.Fatalf("%v and %v: Intersects or Equal disagrees with the sets", s.Ranges(), u.Ranges())
		}
		for _, p := range protocols {
			for _, n := range edges {
				if s.Has(p, n) != a[p][n] {
					t.Fatalf("%v has %s/%d: %t", s.Ranges(), p, n, !a[p][n])
				}
			}
		}
	}
}

func TestPartsAreCutByEverySet(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		whole, _ := randomSet(r)
		var by []policy.PortSet
		for range r.IntN(5) {
			s, _ := randomSet(r)
			by = append(by, s)
		}
		parts := whole.Divide(by)
		var union policy.PortSet
		for i := range parts {
			part := parts.Part(i)
			if union.Intersects(part) {
				t.Fatalf("part %v overlaps another", part.Ranges())
			}
			union = union.Union(part)
			for _, s := range by {
				if in := part.Intersect(s); len(in) > 0 && !in.Equal(part) {
					t.Fatalf("%v cuts the part %v", s.Ranges(), part.Ranges())
				}
			}
		}
		if !union.Equal(whole) {
			t.Fatalf("the parts of %v are %v", whole.Ranges(), union.Ranges())
		}
		for _, s := range by {
			var got []int
			parts.Within(s, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					got = append(got, i)
				}
			})
			var want []int
			for i := range parts {
				if s.Intersects(parts.Part(i)) {
					want = append(want, i)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("within %v: parts %v, must be %v", s.Ranges(), got, want)
			}
		}
	}
}

func TestAnUnknownProtocolHasNoPorts(t *testing.T) {
	if s := policy.Range("GRE", 0, 0); len(s) > 0 {
		t.Error(s.Ranges())
	}
}
