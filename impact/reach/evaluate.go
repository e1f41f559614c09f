package reach

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// outcome is what differs (or, with one side, is allowed) between a group of rows and some groups of columns.
type outcome struct {
	// first is the opened ports or, with one side, the allowed ones; second is the blocked ones. Both are atoms.
	first, second []uint64
	cols          []uint64 // a bit a group of columns
}

// evaluator evaluates rows of a batch. Each has its own scratch space, so that several can work at a time.
type evaluator struct {
	b *batch
	// ingress is what a row's ingress lets in from each group of columns, egress what each cut egress sequence lets out
	// to the row; by side, words after words.
	ingress, egress [2][]uint64
	open, passed    []uint64
	// byDefault is egress for a row that is in no set; using lists the sequences that use a set.
	byDefault [2][]uint64
	using     [2]map[setID][]int32
	// in marks the sets of the row at hand, and evaluated the sequences that are done with it.
	in        map[setID]int32
	evaluated []int32
	colOut    []bool
}

func (b *batch) newEvaluator() *evaluator {
	words := b.atoms.words
	e := &evaluator{
		b:         b,
		open:      make([]uint64, len(b.colGroups)*words),
		passed:    make([]uint64, len(b.colGroups)*words),
		in:        make(map[setID]int32),
		evaluated: make([]int32, len(b.cuts[policy.Egress])),
		colOut:    make([]bool, len(b.colGroups)),
	}
	for g, classes := range b.colGroups {
		e.colOut[g] = b.m.isOutside(classes[0])
	}
	e.in[anySet] = -1
	for _, s := range b.sides {
		e.ingress[s] = make([]uint64, len(b.colGroups)*words)
		e.egress[s] = make([]uint64, len(b.cuts[policy.Egress])*words)
		e.byDefault[s] = make([]uint64, len(b.cuts[policy.Egress])*words)
		e.using[s] = make(map[setID][]int32)
		for i := range b.cuts[policy.Egress] {
			c := &b.cuts[policy.Egress][i]
			if c.side != s {
				continue
			}
			e.sequence(c, e.byDefault[s][i*words:(i+1)*words], -1)
			for _, st := range c.stages {
				for _, entry := range st.entries {
					if list := e.using[s][entry.set]; len(list) == 0 || list[len(list)-1] != int32(i) {
						e.using[s][entry.set] = append(list, int32(i))
					}
				}
			}
		}
	}
	return e
}

// sequence writes to out what a cut sequence allows with a peer that is in the sets marked with row, and in anySet.
func (e *evaluator) sequence(c *cut, out []uint64, row int32) {
	words := e.b.atoms.words
	for w := range words {
		allowed, open := uint64(0), e.b.atoms.full[w]
		for i := range c.stages {
			st := &c.stages[i]
			if st.next {
				allowed, open = 0, allowed|open
			}
			passed := uint64(0)
			for k := range st.entries {
				entry := &st.entries[k]
				if entry.set != anySet && (row < 0 || e.in[entry.set] != row+1) {
					continue
				}
				hit := open & entry.mask[w]
				open &^= hit
				switch entry.verdict {
				case policy.Allow:
					allowed |= hit
				case policy.Pass:
					passed |= hit
				}
			}
			if st.deny {
				open = 0
			}
			open |= passed
		}
		out[w] = allowed | open
	}
}

// rowIngress fills ingress with what a row lets in.
func (e *evaluator) rowIngress(row int32, s Side) {
	b, words := e.b, e.b.atoms.words
	allowed := e.ingress[s]
	clear(allowed)
	for i := range e.open {
		e.open[i] = b.atoms.full[i%words]
	}
	c := &b.cuts[policy.Ingress][b.rowCut[s][row]]
	for i := range c.stages {
		st := &c.stages[i]
		if st.next {
			for j := range allowed {
				e.open[j] |= allowed[j]
			}
			clear(allowed)
		}
		if st.passes {
			clear(e.passed)
		}
		for k := range st.entries {
			entry := &st.entries[k]
			for _, g := range b.colsIn[s][entry.set] {
				at := int(g) * words
				for w, mask := range entry.mask {
					hit := e.open[at+w] & mask
					e.open[at+w] &^= hit
					switch entry.verdict {
					case policy.Allow:
						allowed[at+w] |= hit
					case policy.Pass:
						e.passed[at+w] |= hit
					}
				}
			}
		}
		if st.deny {
			clear(e.open)
		}
		if st.passes {
			for j := range e.open {
				e.open[j] |= e.passed[j]
			}
		}
	}
	for j := range allowed {
		allowed[j] |= e.open[j]
	}
}

// rowEgress fills egress with what each cut sequence lets out to a row.
func (e *evaluator) rowEgress(row int32, s Side) {
	b, words := e.b, e.b.atoms.words
	copy(e.egress[s], e.byDefault[s])
	sets := b.setsOfRow[s][row]
	for _, id := range sets {
		e.in[id] = row + 1
	}
	stamp := 2*row + int32(s) + 1
	for _, id := range sets {
		for _, i := range e.using[s][id] {
			if e.evaluated[i] != stamp {
				e.evaluated[i] = stamp
				e.sequence(&b.cuts[policy.Egress][i], e.egress[s][int(i)*words:int(i+1)*words], row)
			}
		}
	}
	for _, id := range sets {
		delete(e.in, id)
	}
}

// row evaluates one group of rows against all columns.
func (e *evaluator) row(row int32) []outcome {
	b, words := e.b, e.b.atoms.words
	for _, s := range b.sides {
		e.rowIngress(row, s)
		e.rowEgress(row, s)
	}
	var out []outcome
	byHash := make(map[uint64][]int) // there may be as many outcomes as columns
	last := -1
	rowOut := b.m.isOutside(b.rowGroups[row][0])
	value := make([]uint64, 2*words)
	for g := range b.colGroups {
		if rowOut && e.colOut[g] {
			continue
		}
		differs := uint64(0)
		for w := range words {
			first, second := e.at(b.sides[0], g, w), uint64(0)
			if len(b.sides) == 2 {
				base, head := first, e.at(Head, g, w)
				first, second = head&^base, base&^head
			}
			value[w], value[words+w] = first, second
			differs |= first | second
		}
		if differs == 0 {
			continue
		}
		if last < 0 || !slices.Equal(out[last].first, value[:words]) || !slices.Equal(out[last].second, value[words:]) {
			hash := hashOf(value)
			last = -1
			for _, i := range byHash[hash] {
				if slices.Equal(out[i].first, value[:words]) && slices.Equal(out[i].second, value[words:]) {
					last = i
				}
			}
			if last < 0 {
				last = len(out)
				byHash[hash] = append(byHash[hash], last)
				v := slices.Clone(value)
				out = append(out, outcome{first: v[:words], second: v[words:], cols: make([]uint64, (len(b.colGroups)+63)/64)})
			}
		}
		setBit(out[last].cols, int32(g))
	}
	return out
}

// hashOf mixes words, most of which are empty.
func hashOf(words []uint64) uint64 {
	hash := uint64(14695981039346656037)
	for i, w := range words {
		if w != 0 {
			hash = (hash ^ w ^ uint64(i)<<32) * 0x9E3779B97F4A7C15
			hash ^= hash >> 29
		}
	}
	return hash
}

// at is a word of what a side allows between the row at hand and a group of columns.
func (e *evaluator) at(s Side, g, w int) uint64 {
	words := e.b.atoms.words
	return e.ingress[s][g*words+w] & e.egress[s][int(e.b.colCut[s][g])*words+w]
}

// evaluate evaluates the whole batch, on several cores where there is enough to do. The result does not depend on how
// many there are.
func (b *batch) evaluate(ctx context.Context) ([]block, error) {
	if len(b.rows) == 0 || len(b.cols) == 0 {
		return nil, nil
	}
	b.prepare()
	outcomes := make([][]outcome, len(b.rowGroups))
	workers := 1
	if len(b.rowGroups)*len(b.colGroups) > 1<<16 {
		workers = min(runtime.GOMAXPROCS(0), len(b.rowGroups))
	}
	group, ctx := errgroup.WithContext(ctx)
	for worker := range workers {
		group.Go(func() error {
			e := b.newEvaluator()
			for row := worker; row < len(b.rowGroups); row += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				outcomes[row] = e.row(int32(row))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return b.blocks(outcomes), nil
}
