package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// batch is a part of the matrix of pairs, evaluated on some ports only. Rows are destinations, columns are sources;
// both are ascending numbers of classes.
type batch struct {
	m          *Model
	rows, cols []int32
	ports      policy.PortSet
	sides      []Side

	atoms atoms
	// cuts are the sequences reduced to what can matter here, by direction; cutOf leads from a sequence to its own.
	cuts  [2][]cut
	byKey [2]map[string]int32
	cutOf [2][2]map[seqID]int32

	// rowPart and colPart divide rows and columns, by position, into what the batch cannot tell apart; rowGroups and
	// colGroups are the classes of each part.
	rowPart, colPart     *partition
	rowGroups, colGroups [][]int32
	// rowCut and colCut are the groups' cut sequences, by side.
	rowCut, colCut [2][]int32
	// colsIn lists the column groups in the sets of ingress entries, setsOfRow the egress entries' sets that a row group
	// is in, by side.
	colsIn    [2]map[setID][]int32
	setsOfRow [2][][]setID
}

// cut is a sequence without what cannot matter in a batch: other ports, and sets that none of the peers is in.
type cut struct {
	side   Side
	stages []cutStage
}

type cutStage struct {
	entries []cutEntry
	deny    bool
	// passes tells that an entry passes, so that the stage has something to leave undecided.
	passes bool
	// next tells that another layer begins.
	next bool
}

type cutEntry struct {
	entry
	mask []uint64 // the ports, as atoms
}

// prepare cuts the sequences down, finds the atoms of ports, and groups rows and columns.
func (b *batch) prepare() {
	b.byKey = [2]map[string]int32{{}, {}}
	for _, s := range b.sides {
		b.cutAll(policy.Ingress, s, b.rows, b.cols)
		b.cutAll(policy.Egress, s, b.cols, b.rows)
	}
	b.atomise()
	b.rowPart, b.rowGroups = b.group(policy.Ingress, b.rows)
	b.colPart, b.colGroups = b.group(policy.Egress, b.cols)
	for _, s := range b.sides {
		b.rowCut[s] = b.cutsOf(policy.Ingress, s, b.rowGroups)
		b.colCut[s] = b.cutsOf(policy.Egress, s, b.colGroups)
		b.colsIn[s] = b.groupsIn(policy.Ingress, s, b.cols, b.colPart)
		b.setsOfRow[s] = make([][]setID, len(b.rowGroups))
		rowsIn := b.groupsIn(policy.Egress, s, b.rows, b.rowPart)
		for _, id := range b.setsIn(policy.Egress, s) {
			for _, r := range rowsIn[id] {
				b.setsOfRow[s][r] = append(b.setsOfRow[s][r], id)
			}
		}
	}
}

// positions are the members of a set within an ascending list of classes, by their place in the list.
func positions(members runs, classes []int32) runs {
	var out runs
	at := 0
	for _, r := range members {
		lo, _ := slices.BinarySearch(classes[at:], r.lo)
		hi, _ := slices.BinarySearch(classes[at+lo:], r.hi)
		out = out.append(int32(at+lo), int32(at+lo+hi))
		if at += lo + hi; at == len(classes) {
			break
		}
	}
	return out
}

// cutAll cuts the sequences of the subjects of a direction.
func (b *batch) cutAll(d policy.Direction, s Side, subjects, peers []int32) {
	done := make(map[seqID]int32)
	meets := make(map[setID]bool)
	for _, c := range subjects {
		id := b.m.seq[d][s][c]
		if _, ok := done[id]; !ok {
			done[id] = b.cut(d, s, b.m.sequences.sequences[id], peers, meets)
		}
	}
	b.cutOf[d][s] = done
}

// cut reduces one sequence and interns what is left of it.
func (b *batch) cut(d policy.Direction, s Side, seq sequence, peers []int32, meets map[setID]bool) int32 {
	out := cut{side: s}
	key := []byte{byte(s)}
	var layer policy.Layer // of the last stage that is left
	for _, st := range seq {
		cs := cutStage{deny: st.deny, next: len(out.stages) > 0 && b.m.layer(st.tier) != layer}
		start := len(key)
		key = append(key, 'T')
		if cs.next {
			key = append(key, '&')
		}
		if st.deny {
			key = append(key, '!')
		}
		for _, e := range st.entries {
			if !b.m.ports.sets[e.ports].Intersects(b.ports) {
				continue
			}
			met, known := meets[e.set]
			if !known {
				met = len(positions(b.m.sets.sets[e.set].members[s], peers)) > 0
				meets[e.set] = met
			}
			if met {
				cs.entries = append(cs.entries, cutEntry{entry: e})
				cs.passes = cs.passes || e.verdict == policy.Pass
				key = appendInt32(appendInt32(append(key, byte(e.verdict)), int32(e.set)), int32(e.ports))
			}
		}
		if len(cs.entries) == 0 && !cs.deny {
			key = key[:start]
			continue
		}
		out.stages = append(out.stages, cs)
		layer = b.m.layer(st.tier)
	}
	id, ok := b.byKey[d][string(key)]
	if !ok {
		id = int32(len(b.cuts[d]))
		b.cuts[d] = append(b.cuts[d], out)
		b.byKey[d][string(key)] = id
	}
	return id
}

// eachEntry calls f with every entry of the cut sequences of a direction.
func (b *batch) eachEntry(d policy.Direction, f func(s Side, e *cutEntry)) {
	for i := range b.cuts[d] {
		c := &b.cuts[d][i]
		for j := range c.stages {
			for k := range c.stages[j].entries {
				f(c.side, &c.stages[j].entries[k])
			}
		}
	}
}

// setsIn lists the sets that the entries of a direction and side use, anySet apart, in a fixed order.
func (b *batch) setsIn(d policy.Direction, side Side) []setID {
	seen := make(map[setID]bool)
	var out []setID
	b.eachEntry(d, func(s Side, e *cutEntry) {
		if s == side && e.set != anySet && !seen[e.set] {
			seen[e.set] = true
			out = append(out, e.set)
		}
	})
	return out
}

// group merges the subjects of a direction that the batch cannot tell apart: they have the same cut sequences, and are
// in the same sets of the other direction's entries.
func (b *batch) group(d policy.Direction, subjects []int32) (*partition, [][]int32) {
	p := newPartition(len(subjects))
	for _, s := range b.sides {
		p.splitBy(func(i int32) int32 { return b.cutOf[d][s][b.m.seq[d][s][subjects[i]]] })
	}
	p.splitBy(func(i int32) int32 {
		if b.m.isOutside(subjects[i]) {
			return 1
		}
		return 0
	})
	for _, s := range b.sides {
		for _, id := range b.setsIn(1-d, s) {
			p.split(positions(b.m.sets.sets[id].members[s], subjects))
		}
	}
	groups := p.members()
	for _, g := range groups {
		for i := range g {
			g[i] = subjects[g[i]]
		}
	}
	return p, groups
}

func (m *Model) isOutside(c int32) bool { return m.Endpoints[m.classes[c].endpoints[0]].isOutside() }

// cutsOf is the cut sequence of each group on a side.
func (b *batch) cutsOf(d policy.Direction, s Side, groups [][]int32) []int32 {
	out := make([]int32, len(groups))
	for g, classes := range groups {
		out[g] = b.cutOf[d][s][b.m.seq[d][s][classes[0]]]
	}
	return out
}

// groupsIn lists the groups of peers in each set that a direction's entries use.
func (b *batch) groupsIn(d policy.Direction, s Side, peers []int32, part *partition) map[setID][]int32 {
	all := make([]int32, part.count())
	for g := range all {
		all[g] = int32(g)
	}
	out := map[setID][]int32{anySet: all}
	listed := make([]setID, part.count())
	for _, id := range b.setsIn(d, s) {
		positions(b.m.sets.sets[id].members[s], peers).each(func(i int32) {
			if g := part.group[i]; listed[g] != id {
				listed[g] = id
				out[id] = append(out[id], g)
			}
		})
	}
	return out
}
