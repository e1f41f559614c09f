package report

import (
	"cmp"
	"fmt"
	"io"
	"path"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The ranks by which a comment's parts are given space.
const (
	rankVerdict = iota
	rankGuide
	rankTables
	rankWhy
	rankLong
	rankMoreWhy
	rankExact
	rankGraph
)

const (
	// rowsShown is how many rows of a table stand in sight unless the result says otherwise; the others are folded.
	rowsShown = 10
	// brokenShown, warningsShown, reasonsShown, causesShown, evidenceShown bound lists above and below the fold.
	brokenShown   = 10
	warningsShown = 3
	reasonsShown  = 5
	causesShown   = 8
	evidenceShown = 6
	// causesInSight bounds the causes in a table, namedGroups the groups of connections that are told with all names.
	causesInSight = 3
	namedGroups   = 30
	// peersNamed bounds the names in one cell of the exact connections.
	peersNamed = 60
	// proseLength bounds a paragraph, titleLength a line.
	proseLength = 1200
	titleLength = 240
	// sideLength bounds the names of the sides and the title: the first line fits any limit.
	sideLength = 40
	// pathLength is how much of a file's path a table shows.
	pathLength = 36
)

// Markdown writes the comment: what a reviewer needs in sight, everything else folded, below Options.Limit bytes
// whatever the result. The first line is the headline; a caller may put its own marker before it.
func Markdown(w io.Writer, r *impact.Result, o Options) error {
	m := &comment{options: o, result: r, overview: summarise(r)}
	m.verdict()
	m.addProblems()
	m.addClusters()
	m.addSupposed()
	m.addPolicies()
	m.addNotes()
	if !m.quiet() {
		m.addGuide()
	}
	return m.page.write(w, o.limit(), escape(o.rest()))
}

// comment builds the parts of a markdown report.
type comment struct {
	overview
	page    page
	options Options
	result  *impact.Result
}

// The marks are for the eye alone: the words beside them say the same.
func (m *comment) mark() string {
	switch {
	case len(m.broken) > 0:
		return "⛔"
	case !m.pass:
		return "❌"
	case m.worst().Rank() >= impact.Medium.Rank():
		return "⚠️"
	}
	return "✅"
}

// shown is how many rows of a table stand in sight.
func (m *comment) shown() int { return cmp.Or(m.result.Report.Shown, rowsShown) }

func (m *comment) verdict() {
	title := escape(clip(m.options.title(), sideLength))
	if m.quiet() {
		m.page.add(text(rankVerdict, fmt.Sprintf("%s **%s: %s.** %s.\n", m.mark(), title, m.headline(), m.compared())))
		return
	}
	m.page.add(text(rankVerdict, fmt.Sprintf("### %s %s: %s\n", m.mark(), title, m.headline())))
	reasons := m.reasons(m.result.Gate)
	if len(reasons) == 0 {
		return
	}
	lines := "\n"
	for i, reason := range reasons {
		if i == reasonsShown && len(reasons) > reasonsShown+1 {
			lines += "- and " + count(len(reasons)-i, "more reason") + "\n"
			break
		}
		lines += "- **Gate:** " + m.text(clip(reason, titleLength)) + "\n"
	}
	m.page.add(text(rankVerdict, lines))
}

// compared says what was compared with what.
func (m *comment) compared() string {
	sides := ""
	if m.result.Base != "" || m.result.Head != "" {
		sides = " " + m.name(clip(m.result.Base, sideLength)) + " with " + m.name(clip(m.result.Head, sideLength))
	}
	return "Compared" + sides + ": " + m.scope()
}

// addProblems tells loudly what the verdict does not cover, and what may make it wrong.
func (m *comment) addProblems() {
	if n := len(m.broken); n > 0 {
		m.diagnostics("\n> [!CAUTION]\n> **"+count(n, "thing")+" could not be analysed, so changes may be missing here.**\n", m.broken, brokenShown, "problem")
	}
	if n := len(m.warned); n > 0 {
		m.diagnostics("\n> [!WARNING]\n> **"+count(n, "warning")+" about the manifests**\n", m.warned, warningsShown, "warning")
	}
}

func (m *comment) addNotes() {
	if len(m.notes) > 0 {
		m.foldDiagnostics(count(len(m.notes), "note")+" on the analysis", sayings(m.notes), "note")
	}
}

// diagnostics lists the first few in sight and folds the others.
func (m *comment) diagnostics(head string, diagnostics []manifest.Diagnostic, shown int, unit string) {
	list := sayings(diagnostics)
	if len(list) <= shown+1 {
		shown = len(list)
	}
	m.page.add(part{rank: rankVerdict, head: head, rows: shown, unit: unit, row: func(i int) string {
		return "> - " + list[i].words(m) + "\n"
	}})
	if rest := list[shown:]; len(rest) > 0 {
		m.foldDiagnostics(count(len(rest), "more "+unit), rest, unit)
	}
}

func (m *comment) foldDiagnostics(summary string, list []saying, unit string) {
	m.page.add(part{rank: rankLong, insists: true, head: open(summary), foot: shut, rows: len(list), unit: unit, row: func(i int) string {
		return "- " + list[i].words(m) + "\n"
	}})
}

// addClusters tells each cluster's findings; their names and counts come first where there are several.
func (m *comment) addClusters() {
	changed, unchanged := partClusters(m.result)
	if m.clusters > 1 && !m.quiet() {
		m.listClusters(changed, unchanged)
	}
	for _, t := range tellTogether(changed, m.result.Report.First) {
		if m.clusters > 1 {
			m.page.add(text(rankTables, "\n#### "+t.label(m.text)+"\n"))
		}
		m.cluster(&t.cluster)
	}
}

func (m *comment) label(c *impact.Cluster) string {
	return m.text(clip(clusterName(c), nameLength))
}

func (m *comment) listClusters(changed, unchanged []*impact.Cluster) {
	m.page.add(part{
		rank: rankVerdict, head: "\n| Cluster | Blocked | Opened | Findings |\n| :-- | --: | --: | :-- |\n",
		rows: len(changed), unit: "cluster",
		row: func(i int) string {
			var t tally
			t.add(changed[i].Findings)
			return fmt.Sprintf("| %s | %s | %s | %s |\n", m.label(changed[i]), number(t.blocked), number(t.opened), t.severityWords())
		},
	})
	if len(unchanged) == 0 {
		return
	}
	m.page.add(part{rank: rankVerdict, head: "\nNo connection changes in ", foot: ".\n", rows: len(unchanged), unit: "unchanged cluster", row: func(i int) string {
		if i > 0 {
			return ", " + m.label(unchanged[i])
		}
		return m.label(unchanged[i])
	}})
}

func (m *comment) cluster(c *impact.Cluster) {
	all := sections(c.Findings)
	v := &clusterView{comment: m, book: newPhrasebook(m, c.Workloads)}
	for _, s := range all {
		if s.kind == impact.Workload {
			v.workloads(s)
		} else {
			v.table(s)
		}
	}
	v.radius(c)
	v.explanations(all)
	v.graph(all)
	if c.Changes != nil {
		v.changes(c.Changes)
	} else {
		v.groups(all)
	}
}

// addGuide explains the words that this comment uses, and says what was compared.
func (m *comment) addGuide() {
	if m.blocked+m.opened+m.narrowed > 0 {
		guide := `Each row is a group of connections that the network policies allowed before this change and deny after it (blocked), or the other way round (opened), as far as the manifests of both sides tell. A connection counts once for each source and destination.

- **Severity** follows fixed rules; the number of the rule stands beside each explanation. The gate alone decides whether the check fails.
- **Pods not in these manifests** may exist in the cluster, made by an operator or by another repository.
- **Inferred** evidence was read from configuration, not seen on a network.
`
		if m.narrowed > 0 {
			guide += "- **Narrowed** connections lose ports, and keep every port that their destination declares.\n"
		}
		if m.approximate > 0 {
			guide += "- **Approximate** means that a needed fact, such as the labels of a namespace kept elsewhere, is unknown.\n"
		}
		guide += "- **To accept a finding** merge a waiver first: <code>netpol-impact waive FINGERPRINT --reason … --until …</code> writes it; the fingerprint stands beside each explanation.\n"
		m.page.add(text(rankGuide, open("How to read this, and how to accept a finding")+guide+shut))
	}
	help := ""
	if url := escapeURL(m.result.Report.Help); url != "" {
		help = " [What to do about findings, and whom to ask](" + url + ")."
	}
	m.page.add(text(rankVerdict, "\n<sub>"+m.compared()+"."+help+"</sub>\n"))
}

// name, text and line are the markup of the comment.
func (m *comment) name(s string) string { return "<code>" + escape(s) + "</code>" }

func (m *comment) text(s string) string { return escape(s) }

func (m *comment) line(side, file string, line int, whole bool) string {
	shown := file
	if !whole {
		shown = shortPath(file)
	}
	shown = clip(shown, titleLength)
	if line > 0 {
		shown += fmt.Sprintf(":%d", line)
	}
	if side == "base" && !whole {
		shown += " at base"
	}
	if url := escapeURL(m.options.link(side, file, line)); url != "" {
		return "[" + escape(shown) + "](" + url + ")"
	}
	return m.name(shown)
}

// shortPath keeps as many of a path's last elements as a table has space for.
func shortPath(file string) string {
	if len(file) <= pathLength {
		return file
	}
	short := path.Base(file)
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		longer := path.Base(dir) + "/" + short
		if len(longer) > pathLength {
			break
		}
		short = longer
	}
	return "…/" + short
}

// open and shut fold a part away.
func open(summary string) string {
	return "\n<details><summary>" + summary + "</summary>\n\n"
}

const shut = "\n</details>\n"
