package reach

import (
	"maps"
	"math/bits"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// atoms are the parts of a batch's ports that no entry tells apart. A set of them is a bit vector of so many words.
type atoms struct {
	ports []policy.PortSet
	words int
	full  []uint64
}

// atomise divides the batch's ports into atoms and writes every entry's ports as a set of them.
func (b *batch) atomise() {
	masks := make(map[portsID][]uint64)
	for _, d := range policy.Directions {
		b.eachEntry(d, func(_ Side, e *cutEntry) { masks[e.ports] = nil })
	}
	ids := slices.Sorted(maps.Keys(masks))
	by := make([]policy.PortSet, len(ids))
	for i, id := range ids {
		by[i] = b.m.ports.sets[id]
	}
	parts := b.ports.Divide(by)
	p := newPartition(len(parts))
	for _, ports := range by {
		var members runs
		parts.Within(ports, func(lo, hi int) { members = members.append(int32(lo), int32(hi)) })
		p.split(members)
	}
	b.atoms = atoms{ports: make([]policy.PortSet, p.count()), words: (p.count() + 63) / 64}
	b.atoms.full = make([]uint64, b.atoms.words)
	for i, g := range p.group {
		b.atoms.ports[g] = b.atoms.ports[g].Union(parts.Part(i))
		setBit(b.atoms.full, g)
	}
	for _, id := range ids {
		mask := make([]uint64, b.atoms.words)
		parts.Within(b.m.ports.sets[id], func(lo, hi int) {
			for i := lo; i < hi; i++ {
				setBit(mask, p.group[i])
			}
		})
		masks[id] = mask
	}
	for _, d := range policy.Directions {
		b.eachEntry(d, func(_ Side, e *cutEntry) { e.mask = masks[e.ports] })
	}
}

func setBit(set []uint64, i int32) { set[i/64] |= 1 << (i % 64) }

// decode is the ports of a set of atoms.
func (a *atoms) decode(set []uint64) policy.PortSet {
	var out policy.PortSet
	for w, word := range set {
		for ; word != 0; word &= word - 1 {
			out = out.Union(a.ports[w*64+bits.TrailingZeros64(word)])
		}
	}
	return out
}
