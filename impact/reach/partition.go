package reach

// partition divides the numbers 0…n-1 into groups that no set seen so far tells apart. It is exact: groups are split by
// membership itself, not by a hash of it.
type partition struct {
	group []int32
	size  []int32
	// hits and into are scratch, by group: how many members a split has met, and the group they move to.
	hits, into []int32
}

func newPartition(n int) *partition {
	p := &partition{group: make([]int32, n)}
	if n > 0 {
		p.size, p.hits, p.into = []int32{int32(n)}, []int32{0}, []int32{-1}
	}
	return p
}

// count is the number of groups.
func (p *partition) count() int { return len(p.size) }

// split divides every group into what is in the set and what is not.
func (p *partition) split(members runs) {
	var touched []int32
	members.each(func(i int32) {
		g := p.group[i]
		if p.hits[g] == 0 {
			touched = append(touched, g)
		}
		p.hits[g]++
	})
	divided := false
	for _, g := range touched {
		if p.hits[g] < p.size[g] {
			divided = true
			p.into[g] = int32(len(p.size))
			p.size[g] -= p.hits[g]
			p.size = append(p.size, p.hits[g])
			p.hits = append(p.hits, 0)
			p.into = append(p.into, -1)
		}
		p.hits[g] = 0
	}
	if divided {
		members.each(func(i int32) {
			if to := p.into[p.group[i]]; to >= 0 {
				p.group[i] = to
			}
		})
	}
	for _, g := range touched {
		p.into[g] = -1
	}
}

// splitBy divides every group by a label of its members.
func (p *partition) splitBy(labelOf func(i int32) int32) {
	type key struct{ group, label int32 }
	first := make(map[int32]int32, len(p.size)) // group → the label that keeps the number
	moved := make(map[key]int32)
	for i := range p.group {
		g, l := p.group[i], labelOf(int32(i))
		kept, seen := first[g]
		if !seen {
			first[g] = l
			continue
		}
		if kept == l {
			continue
		}
		to, ok := moved[key{g, l}]
		if !ok {
			to = int32(len(p.size))
			moved[key{g, l}] = to
			p.size, p.hits, p.into = append(p.size, 0), append(p.hits, 0), append(p.into, -1)
		}
		p.size[g]--
		p.size[to]++
		p.group[i] = to
	}
}

// members lists the numbers of each group, ascending.
func (p *partition) members() [][]int32 {
	out := make([][]int32, len(p.size))
	for g, n := range p.size {
		out[g] = make([]int32, 0, n)
	}
	for i, g := range p.group {
		out[g] = append(out[g], int32(i))
	}
	return out
}
