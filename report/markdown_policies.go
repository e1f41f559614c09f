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
	say := func(mark string, sentences, others []string, both bool) {
		for _, s := range sentences {
			if slices.Contains(others, s) == both {
				b.WriteString("  - " + mark + m.text(clip(s, proseLength)) + "\n")
			}
		}
	}
	if c.Before == nil || c.After == nil {
		say("", append(c.Before, c.After...), nil, false)
		return b.String()
	}
	say("**no longer:** ", c.Before, c.After, false)
	say("**now:** ", c.After, c.Before, false)
	say("as before: ", c.After, c.Before, true)
	return b.String()
}
