package reach

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Block is a rectangle of connections: from each source to each destination, given as numbers of Endpoints. A workload
// that is a Pod does not need anyone's leave to reach itself; such pairs in a block mean nothing.
type Block struct {
	// Sources and Destinations are read-only: blocks share them.
	Sources, Destinations []int32
	// Opened and Blocked are the ports that differ; of a single state, Opened are the allowed ones.
	Opened, Blocked policy.PortSet
	// Doubtful tells, of a single state, that the verdict rests on facts that are not known.
	Doubtful bool
}

// block is a Block of classes.
type block struct {
	sources, destinations runs
	opened, blocked       policy.PortSet
}

// blocks merges rows with the same outcome.
func (b *batch) blocks(outcomes [][]outcome) []block {
	type merged struct {
		outcome
		rows []int32
	}
	var all []*merged
	byKey := make(map[string]*merged)
	var key []byte
	for row, os := range outcomes {
		for _, o := range os {
			key = key[:0]
			for _, words := range [][]uint64{o.first, o.second, o.cols} {
				for _, w := range words {
					key = binary.LittleEndian.AppendUint64(key, w)
				}
			}
			mg := byKey[string(key)]
			if mg == nil {
				mg = &merged{outcome: o}
				byKey[string(key)] = mg
				all = append(all, mg)
			}
			mg.rows = append(mg.rows, int32(row))
		}
	}
	out := make([]block, len(all))
	for i, mg := range all {
		var cols []int32
		for w, word := range mg.cols {
			for ; word != 0; word &= word - 1 {
				cols = append(cols, int32(w*64+bits.TrailingZeros64(word)))
			}
		}
		out[i] = block{
			sources:      classesOf(b.cols, b.colPart, b.colGroups, cols),
			destinations: classesOf(b.rows, b.rowPart, b.rowGroups, mg.rows),
			opened:       b.atoms.decode(mg.first),
			blocked:      b.atoms.decode(mg.second),
		}
	}
	return out
}

// classesOf are the classes of some groups. Where these are a good part of all, looking at each class is cheaper than
// sorting.
func classesOf(all []int32, part *partition, groups [][]int32, numbers []int32) runs {
	n := 0
	for _, g := range numbers {
		n += len(groups[g])
	}
	if n < len(all)/16 {
		classes := make([]int32, 0, n)
		for _, g := range numbers {
			classes = append(classes, groups[g]...)
		}
		slices.Sort(classes)
		return runsOf(classes)
	}
	in := make([]bool, len(groups))
	for _, g := range numbers {
		in[g] = true
	}
	var out runs
	for i, g := range part.group {
		if in[g] {
			out = out.append(all[i], all[i]+1)
		}
	}
	return out
}

// Delta is what head opens and blocks, exactly: every pair of endpoints that exist on both sides and whose ports differ
// is in exactly one block, and no other pair is in any.
func (m *Model) Delta(ctx context.Context) ([]Block, error) {
	blocks, err := m.delta(ctx)
	return m.expand(blocks), err
}

// Effects is Delta, and the same divided by which end of a connection decides it. Of any other pod of a namespace only that
// is in it which no known pod of the namespace shows.
func (m *Model) Effects(ctx context.Context) ([]Block, []Effect, error) {
	blocks, err := m.delta(ctx)
	blocks = mergeBlocks(m.withoutEchoes(blocks))
	return m.expand(blocks), m.concerned(m.attribute(blocks)), err
}

func (m *Model) delta(ctx context.Context) ([]block, error) {
	changed := [2][]portsID{m.changedPorts(policy.Ingress), m.changedPorts(policy.Egress)}
	rows, cols := m.slices(changed[policy.Ingress]), m.slices(changed[policy.Egress])
	var blocks []block
	evaluate := func(rows, cols []int32, ports policy.PortSet) error {
		b := batch{m: m, rows: rows, cols: cols, ports: ports, sides: []Side{Base, Head}}
		found, err := b.evaluate(ctx)
		blocks = append(blocks, found...)
		return err
	}
	// Each pair that can differ is in exactly one batch: a changed destination with unchanged sources, unchanged
	// destinations with a changed source, or both changed. Slice 0 holds the unchanged classes.
	for i, r := range rows {
		for j, c := range cols {
			if i == 0 && j == 0 {
				continue
			}
			if err := evaluate(r.classes, c.classes, r.ports.Union(c.ports)); err != nil {
				return nil, err
			}
		}
	}
	return mergeBlocks(blocks), nil
}

// Allowed is what one side allows, among the endpoints that exist there.
func (m *Model) Allowed(ctx context.Context, s Side) ([]Block, error) {
	var classes []int32
	for c := range m.classes {
		if m.Endpoints[m.classes[c].endpoints[0]].exists(s) {
			classes = append(classes, int32(c))
		}
	}
	b := batch{m: m, rows: classes, cols: classes, ports: m.everything, sides: []Side{s}}
	blocks, err := b.evaluate(ctx)
	if err != nil {
		return nil, err
	}
	if !m.hasUnknown {
		return m.expand(mergeBlocks(blocks)), nil
	}
	sure, doubtful := m.divideByDoubt(blocks, s)
	out := m.expand(mergeBlocks(sure))
	for _, b := range m.expand(mergeBlocks(doubtful)) {
		b.Doubtful = true
		out = append(out, b)
	}
	return out, nil
}

// divideByDoubt divides the blocks of a single state into what is known for sure and what is not.
func (m *Model) divideByDoubt(blocks []block, s Side) (sure, doubtful []block) {
	for _, b := range blocks {
		b.destinations.each(func(d int32) {
			maybe := m.doubtful(policy.Ingress, d, b.sources, b.opened, []Side{s})
			to := runs{{d, d + 1}}
			if known := b.sources.minus(maybe); len(known) > 0 {
				sure = append(sure, block{sources: known, destinations: to, opened: b.opened})
			}
			if len(maybe) > 0 {
				doubtful = append(doubtful, block{sources: maybe, destinations: to, opened: b.opened})
			}
		})
	}
	return sure, doubtful
}

// slice is classes that can differ on the same ports.
type slice struct {
	classes []int32
	ports   policy.PortSet
}

// slices sorts the classes that are on both sides by the ports on which they can differ. The first slice is of those
// that cannot differ.
func (m *Model) slices(changed []portsID) []slice {
	byPorts := map[portsID]int{0: 0}
	out := []slice{{}}
	for c, ports := range changed {
		if !m.Endpoints[m.classes[c].endpoints[0]].Stays() {
			continue
		}
		i, ok := byPorts[ports]
		if !ok {
			i = len(out)
			byPorts[ports] = i
			out = append(out, slice{ports: m.ports.sets[ports]})
		}
		out[i].classes = append(out[i].classes, int32(c))
	}
	return mergeSlices(out)
}

// maxSlices bounds how many slices a direction has: each of one direction meets each of the other one.
const maxSlices = 64

// mergeSlices joins slices where there are too many. More ports than can differ cost time only.
func mergeSlices(all []slice) []slice {
	if len(all) <= maxSlices+1 {
		return all
	}
	out := all[:maxSlices+1]
	for i, s := range all[maxSlices+1:] {
		into := &out[1+i%maxSlices]
		into.ports = into.ports.Union(s.ports)
		into.classes = append(into.classes, s.classes...)
	}
	for i := range out {
		slices.Sort(out[i].classes)
	}
	return out
}

// changedPorts is, for each class as the subject of a direction, the ports on which its connections can differ: those of
// entries that its sequences do not share, and those of the peers' entries whose sets it enters or leaves.
func (m *Model) changedPorts(d policy.Direction) []portsID {
	out := make([]portsID, len(m.classes))
	type pair struct{ before, after seqID }
	memo := make(map[pair]portsID)
	for c := range out {
		p := pair{m.seq[d][Base][c], m.seq[d][Head][c]}
		if p.before == p.after {
			continue
		}
		ports, ok := memo[p]
		if !ok {
			ports = m.ports.id(m.differ(p.before, p.after))
			memo[p] = ports
		}
		out[c] = ports
	}
	for id, ports := range m.portsOf(1 - d) {
		t := &m.sets.sets[id]
		t.members[Base].difference(t.members[Head]).each(func(c int32) {
			out[c] = m.ports.id(m.ports.sets[out[c]].Union(ports))
		})
	}
	return out
}

// portsOf is, for each set whose members differ, the ports of all entries of a direction that use it.
func (m *Model) portsOf(d policy.Direction) map[setID]policy.PortSet {
	differs := make(map[setID]bool)
	for id := range m.sets.sets {
		if t := &m.sets.sets[id]; !t.members[Base].equal(t.members[Head]) {
			differs[setID(id)] = true
		}
	}
	out := make(map[setID]policy.PortSet)
	if len(differs) == 0 {
		return out
	}
	seen := make(map[seqID]bool)
	for s := Base; s <= Head; s++ {
		for _, id := range m.seq[d][s] {
			if seen[id] {
				continue
			}
			seen[id] = true
			for _, st := range m.sequences.sequences[id] {
				for _, e := range st.entries {
					if differs[e.set] {
						out[e.set] = out[e.set].Union(m.ports.sets[e.ports])
					}
				}
			}
		}
	}
	return out
}

// mergeBlocks joins blocks with the same ports that share their sources or their destinations, until nothing changes.
func mergeBlocks(blocks []block) []block {
	for {
		n := len(blocks)
		blocks = mergeOn(blocks, func(b *block) (string, *runs) { return b.sources.key(), &b.destinations })
		blocks = mergeOn(blocks, func(b *block) (string, *runs) { return b.destinations.key(), &b.sources })
		if len(blocks) == n {
			return blocks
		}
	}
}

// mergeOn unites one end of the blocks that are alike in their ports and in their other end.
func mergeOn(blocks []block, ends func(*block) (same string, united *runs)) []block {
	byKey := make(map[string]int)
	var out []block
	for i := range blocks {
		b := &blocks[i]
		same, united := ends(b)
		key := b.opened.Key() + "|" + b.blocked.Key() + "|" + same
		if j, ok := byKey[key]; ok {
			_, into := ends(&out[j])
			*into = into.union(*united)
			continue
		}
		byKey[key] = len(out)
		out = append(out, *b)
	}
	return out
}

// expand turns classes into endpoints.
func (m *Model) expand(blocks []block) []Block {
	out := make([]Block, len(blocks))
	lists := make(map[string][]int32) // most sets of classes are in several blocks
	list := func(classes runs) []int32 {
		key := classes.key()
		found, ok := lists[key]
		if !ok {
			found = m.endpointsOf(classes)
			lists[key] = found
		}
		return found
	}
	for i, b := range blocks {
		out[i] = Block{Sources: list(b.sources), Destinations: list(b.destinations), Opened: b.opened, Blocked: b.blocked}
	}
	return out
}

func (m *Model) endpointsOf(classes runs) []int32 {
	n := 0
	classes.each(func(c int32) { n += len(m.classes[c].endpoints) })
	out := make([]int32, 0, n)
	classes.each(func(c int32) { out = append(out, m.classes[c].endpoints...) })
	if !slices.IsSorted(out) {
		slices.Sort(out)
	}
	return out
}

// Verdict is the ports that one side allows from an endpoint to another, both given by number: the definition that Delta
// and Allowed compute for all pairs at once.
func (m *Model) Verdict(s Side, source, destination int32) policy.PortSet {
	from, to := m.classOf[source], m.classOf[destination]
	return m.between(policy.Egress, from, to, s, false)
}

// Allows tells whether one side allows all of some ports from an endpoint to another.
func (m *Model) Allows(s Side, source, destination int32, ports policy.PortSet) bool {
	from, to := m.classOf[source], m.classOf[destination]
	out := m.allowedOf(ports, m.seq[policy.Egress][s][from], to, s, false)
	return out.Equal(ports) && m.allowedOf(ports, m.seq[policy.Ingress][s][to], from, s, false).Equal(ports)
}

// Known are the ports that one side allows from an endpoint to another whatever the facts that are not known may be.
func (m *Model) Known(s Side, source, destination int32) policy.PortSet {
	from, to := m.classOf[source], m.classOf[destination]
	return m.between(policy.Egress, from, to, s, false).Intersect(m.between(policy.Egress, from, to, s, true))
}

// Certain tells whether what a side makes of some ports from one endpoint to another rests on known facts alone.
func (m *Model) Certain(s Side, source, destination int32, ports policy.PortSet) bool {
	from, to := m.classOf[source], m.classOf[destination]
	return m.between(policy.Egress, from, to, s, false).Intersect(ports).Equal(m.between(policy.Egress, from, to, s, true).Intersect(ports))
}
