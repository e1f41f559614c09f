package report

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// addPolicies folds away what changed in the words of policies, each change once for all clusters that have it.
func (m *comment) addPolicies() {
	if m.quiet() {
		return
	}
	var all []impact.PlainChange
	for i := range m.result.Clusters {
		for _, c := range m.result.Clusters[i].Policies {
			if !slices.ContainsFunc(all, func(o impact.PlainChange) bool { return sameWords(&o, &c) }) {
				all = append(all, c)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	m.page.add(part{
		rank: rankExact, head: open("What the changed policies say, before and after (" + number(len(all)) + ")"), foot: shut,
		rows: len(all), unit: "changed policy",
		row: func(i int) string { return m.wordsOf(&all[i]) },
	})
}

func sameWords(a, b *impact.PlainChange) bool {
	return a.Object == b.Object && slices.Equal(a.Before, b.Before) && slices.Equal(a.After, b.After)
}

// wordsOf tells one policy: the sentences that it has no more, those that are new, and those that stay.
func (m *comment) wordsOf(c *impact.PlainChange) string {
	var b strings.Builder
	what := ""
	switch {
	case c.Before == nil:
		what = " (new)"
	case c.After == nil:
		what = " (removed)"
	}
	b.WriteString("- " + m.name(clip(c.Object, titleLength)) + what + ", " + m.line(c.Side, c.File, c.Line, false) + "\n")
	line := func(mark, sentence string) {
		b.WriteString("  - " + mark + m.text(clip(sentence, proseLength)) + "\n")
	}
	if c.Before == nil || c.After == nil {
		for _, sentence := range append(c.Before, c.After...) {
			line("", sentence)
		}
		return b.String()
	}
	const gone, now, before = "**no longer:** ", "**now:** ", "as before: "
	told := make(map[string]bool) // of both sides
	for _, old := range c.Before {
		if slices.Contains(c.After, old) {
			continue
		}
		for _, other := range c.After {
			if a, ok := alter(old, other); ok && !told[other] && !slices.Contains(c.Before, other) {
				told[old], told[other] = true, true
				if len(a.gone) > 0 {
					line(gone, a.words(a.gone))
				}
				if len(a.come) > 0 {
					line(now, a.words(a.come))
				}
				line(before, a.words([]string{count(a.kept, "other peer")}))
				break
			}
		}
		if !told[old] {
			line(gone, old)
		}
	}
	for _, sentence := range c.After {
		if !told[sentence] && !slices.Contains(c.Before, sentence) {
			line(now, sentence)
		}
	}
	for _, sentence := range c.After {
		if slices.Contains(c.Before, sentence) {
			line(before, sentence)
		}
	}
	return b.String()
}
