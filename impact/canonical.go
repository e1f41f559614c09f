package impact

import (
	"encoding/binary"
	"maps"
	"slices"
)

// canonical divides connections in the one way that depends on nothing but what they are: destinations are together that have the
// same sources on the same ports. Into which rectangles connections are merged depends on the order in which they come.
func canonical(all []rectangle) []rectangle {
	if len(all) < 2 {
		return all
	}
	in := make(map[int32][]int32) // rectangles by destination
	for i, r := range all {
		for _, d := range r.destinations {
			in[d] = append(in[d], int32(i))
		}
	}
	m := merger{byHash: make(map[uint64][]int32)}
	together := make(map[int32][]int32) // destinations by their lists of rectangles
	for d, numbers := range in {
		id := m.list(numbers)
		together[id] = append(together[id], d)
	}
	bySources := make(map[string][]rectangle)
	for _, destinations := range together {
		rows, key := m.rows(all, in[destinations[0]])
		if bySources[key] == nil {
			bySources[key] = rows
		}
		for i := range rows {
			r := &bySources[key][i]
			r.destinations = append(r.destinations, destinations...)
		}
	}
	var out []rectangle
	for _, rows := range bySources {
		for _, r := range rows {
			slices.Sort(r.destinations)
			out = append(out, r)
		}
	}
	return out
}

// rows are the sources of some rectangles by ports, without destinations, and a key of both.
func (m *merger) rows(all []rectangle, numbers []int32) ([]rectangle, string) {
	byPorts := make(map[string]rectangle)
	for _, n := range numbers {
		key := all[n].ports.Key()
		r, ok := byPorts[key]
		if !ok {
			byPorts[key] = rectangle{sources: all[n].sources, ports: all[n].ports}
			continue
		}
		r.sources = tidyNumbers(slices.Concat(r.sources, all[n].sources))
		byPorts[key] = r
	}
	var rows []rectangle
	var key []byte
	for _, ports := range slices.Sorted(maps.Keys(byPorts)) {
		r := byPorts[ports]
		rows = append(rows, r)
		key = append(binary.LittleEndian.AppendUint32(key, uint32(m.list(r.sources))), ports...)
	}
	return rows, string(key)
}
