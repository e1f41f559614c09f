package reach

import (
	"slices"
	"sort"
)

// runs is a set of small integers as ascending intervals [lo, hi) that do not touch. Values are immutable.
type runs []run

type run struct{ lo, hi int32 }

// runsOf makes a set of ascending numbers, which may repeat.
func runsOf(numbers []int32) runs {
	var out runs
	for _, n := range numbers {
		out = out.append(n, n+1)
	}
	return out
}

// append adds an interval that starts no earlier than the last one; it is for building a set only.
func (r runs) append(lo, hi int32) runs {
	if lo >= hi {
		return r
	}
	if last := len(r) - 1; last >= 0 && r[last].hi >= lo {
		r[last].hi = max(r[last].hi, hi)
		return r
	}
	return append(r, run{lo, hi})
}

// has tells whether n is in the set.
func (r runs) has(n int32) bool {
	lo, hi := 0, len(r) // the first run that ends after n is among these, or there is none
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); r[mid].hi > n {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo < len(r) && r[lo].lo <= n
}

// each calls f for every number of the set, in ascending order.
func (r runs) each(f func(n int32)) {
	for _, x := range r {
		for n := x.lo; n < x.hi; n++ {
			f(n)
		}
	}
}

// numbers lists the set, ascending.
func (r runs) numbers() []int32 {
	out := make([]int32, 0, r.len())
	r.each(func(n int32) { out = append(out, n) })
	return out
}

// within are the numbers of an ascending list that are in the set.
func (r runs) within(list []int32) []int32 {
	var out []int32
	for _, x := range r {
		lo, _ := slices.BinarySearch(list, x.lo)
		hi, _ := slices.BinarySearch(list[lo:], x.hi)
		if out == nil {
			out = list[lo : lo+hi : lo+hi]
		} else {
			out = append(out, list[lo:lo+hi]...)
		}
		list = list[lo+hi:]
	}
	return out
}

func (r runs) equal(t runs) bool { return slices.Equal(r, t) }

func (r runs) len() int {
	n := 0
	for _, x := range r {
		n += int(x.hi - x.lo)
	}
	return n
}

// intersect is the numbers in both sets.
func (r runs) intersect(t runs) runs {
	var out runs
	for i, j := 0, 0; i < len(r) && j < len(t); {
		out = out.append(max(r[i].lo, t[j].lo), min(r[i].hi, t[j].hi))
		if r[i].hi < t[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// meet calls f for the intervals that are in both sets, ascending, until it returns false.
func (r runs) meet(t runs, f func(lo, hi int32) bool) {
	if len(r) == 0 {
		return
	}
	// A set of few numbers does not walk a set of many from its beginning.
	j := sort.Search(len(t), func(j int) bool { return t[j].hi > r[0].lo })
	for i := 0; i < len(r) && j < len(t); {
		if lo, hi := max(r[i].lo, t[j].lo), min(r[i].hi, t[j].hi); lo < hi && !f(lo, hi) {
			return
		}
		if r[i].hi < t[j].hi {
			i++
		} else {
			j++
		}
	}
}

// meets tells whether the sets have a number in common.
func (r runs) meets(t runs) bool {
	found := false
	r.meet(t, func(int32, int32) bool {
		found = true
		return false
	})
	return found
}

// union is the numbers in either set.
func (r runs) union(t runs) runs {
	if len(r) == 0 {
		return t
	}
	if len(t) == 0 {
		return r
	}
	out := make(runs, 0, len(r)+len(t))
	for i, j := 0, 0; i < len(r) || j < len(t); {
		if j == len(t) || i < len(r) && r[i].lo <= t[j].lo {
			out = out.append(r[i].lo, r[i].hi)
			i++
		} else {
			out = out.append(t[j].lo, t[j].hi)
			j++
		}
	}
	return out
}

// minus is the numbers of r that are not in t.
func (r runs) minus(t runs) runs {
	var out runs
	j := 0
	for _, x := range r {
		lo := x.lo
		for ; j < len(t) && t[j].hi <= lo; j++ {
		}
		for k := j; k < len(t) && t[k].lo < x.hi; k++ {
			out = out.append(lo, t[k].lo)
			lo = max(lo, t[k].hi)
		}
		out = out.append(lo, x.hi)
	}
	return out
}

// difference is the numbers in exactly one of the sets.
func (r runs) difference(t runs) runs { return r.minus(t).union(t.minus(r)) }

// key identifies the set by content.
func (r runs) key() string {
	b := make([]byte, 0, 8*len(r))
	for _, x := range r {
		b = appendInt32(appendInt32(b, x.lo), x.hi)
	}
	return string(b)
}

func appendInt32(b []byte, n int32) []byte {
	return append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
