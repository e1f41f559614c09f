package impact

import (
	"math/bits"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// rectangle is every source to every destination, by endpoint. Rectangles share their lists, which are read-only.
type rectangle struct {
	sources, destinations []int32
	ports                 policy.PortSet
}

// newRectangle is the connections of subjects and peers in a direction.
func newRectangle(d policy.Direction, subjects, peers []int32, ports policy.PortSet) rectangle {
	if d == policy.Egress {
		return rectangle{subjects, peers, ports}
	}
	return rectangle{peers, subjects, ports}
}

// withoutSelf takes a Pod out of the ends of its own connections. Where several Pods are at both ends, each one's traffic
// to itself stays in the rectangle and is not counted.
func (a *analysis) withoutSelf(all []rectangle) []rectangle {
	others := func(of, end []int32) []int32 {
		if len(end) != 1 || !a.isPod(end[0]) || !contains(of, end[0]) {
			return of
		}
		return slices.DeleteFunc(slices.Clone(of), func(i int32) bool { return i == end[0] })
	}
	for i, r := range all {
		all[i].sources, all[i].destinations = others(r.sources, r.destinations), others(r.destinations, r.sources)
	}
	return slices.DeleteFunc(all, func(r rectangle) bool { return len(r.sources) == 0 || len(r.destinations) == 0 })
}

// connection turns a rectangle into peers.
func (a *analysis) connection(r rectangle) Connection {
	c := Connection{Sources: a.peersOf(r.sources), Destinations: a.peersOf(r.destinations), Ports: r.ports.Ranges()}
	c.Count = len(c.Sources)*len(c.Destinations) - a.selves(r)
	return c
}

// selves counts the Pods at both ends.
func (a *analysis) selves(r rectangle) int {
	few, many := r.sources, r.destinations
	if len(few) > len(many) {
		few, many = many, few
	}
	n := 0
	for _, i := range few {
		if a.isPod(i) && contains(many, i) {
			n++
		}
	}
	return n
}

// mergeRectangles joins rectangles with the same ports and the same sources, then those with the same ports and
// destinations, until nothing changes. Their lists are sorted.
func mergeRectangles(all []rectangle) []rectangle {
	m := merger{byHash: make(map[uint64][]int32), ports: make(map[string]int32)}
	sides := make([]mergeable, len(all))
	for i, r := range all {
		key := r.ports.Key()
		ports, ok := m.ports[key]
		if !ok {
			ports = int32(len(m.ports))
			m.ports[key] = ports
		}
		sides[i] = mergeable{[2][]int32{r.sources, r.destinations}, [2]int32{m.list(r.sources), m.list(r.destinations)}, ports, r.ports}
	}
	for {
		n := len(sides)
		sides = m.on(m.on(sides, 1), 0)
		if len(sides) == n {
			break
		}
	}
	out := make([]rectangle, len(sides))
	for i, r := range sides {
		out[i] = rectangle{r.lists[0], r.lists[1], r.set}
	}
	return out
}

// mergeable is a rectangle with the numbers of its sources and destinations, and of its ports: equal ones are the same.
type mergeable struct {
	lists   [2][]int32
	numbers [2]int32
	ports   int32
	set     policy.PortSet
}

// merger numbers lists of endpoints and sets of ports.
type merger struct {
	lists  [][]int32
	byHash map[uint64][]int32
	ports  map[string]int32
}

// list is the number of a list.
func (m *merger) list(endpoints []int32) int32 {
	hash := uint64(len(endpoints))
	for _, n := range endpoints {
		hash = (hash ^ uint64(uint32(n))) * 0x9E3779B97F4A7C15
		hash ^= hash >> 29
	}
	for _, id := range m.byHash[hash] {
		if slices.Equal(m.lists[id], endpoints) {
			return id
		}
	}
	id := int32(len(m.lists))
	m.lists = append(m.lists, endpoints)
	m.byHash[hash] = append(m.byHash[hash], id)
	return id
}

// manyNumbers is from how many on numbers are not sorted one against the other.
const manyNumbers = 256

// on joins what is the same at one end and has the same ports.
func (m *merger) on(all []mergeable, end int) []mergeable {
	type key struct{ list, ports int32 }
	at := make(map[key]int, len(all))
	var out []mergeable
	var grown []int
	for _, r := range all {
		k := key{r.numbers[end], r.ports}
		j, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, r)
			continue
		}
		into := &out[j]
		if into.numbers[1-end] >= 0 {
			into.numbers[1-end] = -1
			into.lists[1-end] = slices.Clone(into.lists[1-end])
			grown = append(grown, j)
		}
		into.lists[1-end] = append(into.lists[1-end], r.lists[1-end]...)
	}
	for _, j := range grown {
		list := out[j].lists[1-end]
		if len(list) < manyNumbers {
			list = tidyNumbers(list)
		} else { // to mark them is cheaper than to sort them
			var all marks
			all.add(list)
			list = all.list()
		}
		out[j].lists[1-end], out[j].numbers[1-end] = list, m.list(list)
	}
	return out
}

// ends are all sources and all destinations of rectangles, sorted.
func ends(all []rectangle) (sources, destinations []int32) {
	var from, to marks
	for _, r := range all {
		from.add(r.sources)
		to.add(r.destinations)
	}
	return from.list(), to.list()
}

// marks is a set of small numbers, a bit each.
type marks []uint64

func (m marks) set(n int32) { m[n/64] |= 1 << (n % 64) }

func (m *marks) add(numbers []int32) {
	for _, n := range numbers {
		for int(n/64) >= len(*m) {
			*m = append(*m, make(marks, 1+len(*m))...)
		}
		m.set(n)
	}
}

func (m marks) has(n int32) bool { return int(n/64) < len(m) && m[n/64]&(1<<(n%64)) != 0 }

// each calls f with the numbers, ascending.
func (m marks) each(f func(n int32)) {
	for w, word := range m {
		for ; word != 0; word &= word - 1 {
			f(int32(w*64 + bits.TrailingZeros64(word)))
		}
	}
}

// list is the numbers, ascending.
func (m marks) list() []int32 {
	n := 0
	for _, word := range m {
		n += bits.OnesCount64(word)
	}
	out := make([]int32, 0, n)
	m.each(func(n int32) { out = append(out, n) })
	return out
}
