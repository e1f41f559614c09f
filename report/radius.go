package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact"
)

const (
	// radiiInSight is up to how many workloads' blast radii stand in sight, radiiShown how many lines are told at all; the JSON
	// has each.
	radiiInSight = 2
	radiiShown   = 10
)

// radiusWords says what the numbers are.
const radiusWords = "workloads within reach, in any number of steps"

// spread is workloads whose blast radius changes in the same way.
type spread struct {
	workloads     []impact.Peer
	before, after int
}

// spreads are the blast radii that change, the largest change first.
func spreads(c *impact.Cluster) []spread {
	var out []spread
	at := make(map[[2]int]int)
	for i := range c.BlastRadius {
		r := &c.BlastRadius[i]
		if r.Before == r.After {
			continue
		}
		key := [2]int{r.Before, r.After}
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out = append(out, spread{before: r.Before, after: r.After})
		}
		out[n].workloads = append(out[n].workloads, impact.Peer{Workload: &r.Workload})
	}
	change := func(s spread) int { return max(s.after-s.before, s.before-s.after) }
	slices.SortStableFunc(out, func(x, y spread) int {
		return cmp.Or(cmp.Compare(change(y), change(x)), cmp.Compare(y.after, x.after), cmp.Compare(len(y.workloads), len(x.workloads)))
	})
	return out
}

// words tells of one spread: "frontend: 3 → 7"; of several workloads it is each one's.
func (s spread) words(book phrasebook) string {
	each := ""
	if len(s.workloads) > 1 {
		each = " each"
	}
	return fmt.Sprintf("%s: %s → %s%s", book.peers(s.workloads), number(s.before), number(s.after), each)
}

// unaskedWords says of how many workloads the blast radius is not known; "" if there are none.
func unaskedWords(c *impact.Cluster) string {
	if c.RadiiUnasked == 0 {
		return ""
	}
	return "Of " + count(c.RadiiUnasked, "more workload") + " whose connections change it was not asked, so that one that grows far (rule P3) may not be told."
}

// radiusRow is what clusters must have alike to be told together; ok tells whether there is anything.
func radiusRow(c *impact.Cluster) (key [32]byte, row impact.Cluster, ok bool) {
	row.RadiiUnasked = c.RadiiUnasked
	for _, r := range c.BlastRadius {
		if r.Before != r.After {
			row.BlastRadius = append(row.BlastRadius, r)
		}
	}
	ok = len(row.BlastRadius)+row.RadiiUnasked > 0
	return hashOf(func(e *json.Encoder) { e.Encode([]any{"radius", row.BlastRadius, row.RadiiUnasked}) }), row, ok
}

// radius tells how far the changed workloads lead: in sight if it is more for one or two; that it is less is what is blocked.
func (v *clusterView) radius(c *impact.Cluster) {
	all, unasked := spreads(c), unaskedWords(c)
	if unasked == "" && len(all) == 0 {
		return
	}
	workloads, grows := 0, false
	for _, s := range all {
		workloads += len(s.workloads)
		grows = grows || s.after > s.before
	}
	if unasked == "" && grows && workloads <= radiiInSight {
		words := "\n**Blast radius** (" + radiusWords + "): "
		for i, s := range all {
			if i > 0 {
				words += " · "
			}
			words += s.words(v.book)
		}
		v.page.add(text(rankTables, words+"\n"))
		return
	}
	foot := shut
	if unasked != "" {
		foot = "\n" + unasked + "\n" + foot
	}
	if n := len(all) - radiiShown; n > 0 {
		foot = "- and " + count(n, "more change") + " (the JSON has each)\n" + foot
	}
	shown := all[:min(len(all), radiiShown)]
	v.page.add(part{
		rank: rankLong, head: open("Blast radius of "+count(workloads, "workload")+", before → after") + upperFirst(radiusWords) + ":\n\n", foot: foot, rows: len(shown), unit: "blast radius",
		row: func(i int) string { return "- " + shown[i].words(v.book) + "\n" },
	})
}

// radius tells how far the changed workloads lead.
func (v *textCluster) radius(c *impact.Cluster) {
	all, unasked := spreads(c), unaskedWords(c)
	if len(all) == 0 && unasked == "" {
		return
	}
	v.line("")
	v.block(0, "", "", "Blast radius ("+radiusWords+"), before → after", bold)
	for i, s := range all {
		if i == radiiShown {
			v.block(2, "", "", "and "+count(len(all)-i, "more change")+" (the JSON has each)", "")
			break
		}
		v.block(2, "", "", s.words(v.book), "")
	}
	if unasked != "" {
		v.block(2, "", "", unasked, "")
	}
}

// radiusLines are the same for the page.
func (p *pageCast) radiusLines(c *impact.Cluster) []string {
	out := []string{}
	for _, s := range spreads(c) {
		out = append(out, s.words(p.book))
	}
	if words := unaskedWords(c); words != "" {
		out = append(out, words)
	}
	return out
}
