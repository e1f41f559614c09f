package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Text writes the result for a terminal: the facts of the comment in its order.
func Text(w io.Writer, r *impact.Result, o Options) error {
	t := &textReport{terminal: newTerminal(w, o), overview: summarise(r), result: r, options: o}
	t.verdict()
	t.diagnostics(t.broken, count(len(t.broken), "thing")+" could not be analysed, so changes may be missing here", red)
	t.diagnostics(t.warned, count(len(t.warned), "warning")+" about the manifests", yellow)
	t.addClusters()
	t.addSupposed()
	t.diagnostics(t.notes, count(len(t.notes), "note")+" on the analysis", faint)
	if !t.quiet() {
		t.line("")
		t.block(0, "", "", t.compared()+".", faint)
		if help := clean(t.result.Report.Help); help != "" {
			t.block(0, "", "", "What to do about findings, and whom to ask: "+help, faint)
		}
	}
	return t.out.Flush()
}

type textReport struct {
	*terminal
	overview
	result  *impact.Result
	options Options
}

func (t *textReport) verdict() {
	headline := clean(t.options.title()) + ": " + t.headline()
	if t.quiet() {
		t.block(0, "", "", headline+". "+t.compared()+".", green)
		return
	}
	color := green
	switch {
	case len(t.broken) > 0 || !t.pass:
		color = red
	case t.worst().Rank() >= impact.Medium.Rank():
		color = yellow
	}
	t.block(0, "", "", headline, bold+color)
	for _, reason := range t.reasons(t.result.Gate) {
		t.block(2, "gate  ", color, clean(reason), "")
	}
}

func (t *textReport) compared() string {
	sides := ""
	if t.result.Base != "" || t.result.Head != "" {
		sides = " " + clean(t.result.Base) + " with " + clean(t.result.Head)
	}
	return "Compared" + sides + ": " + t.scope()
}

func (t *textReport) diagnostics(list []manifest.Diagnostic, title, color string) {
	if len(list) == 0 {
		return
	}
	t.line("")
	t.block(0, "", "", title, bold+color)
	for _, s := range sayings(list) {
		d := s[0]
		words := clean(d.Message)
		if len(s) > 1 {
			t.block(2, "", "", words, "")
			for _, place := range s.places(plainMarkup{}, len(s)) {
				t.block(4, "", "", place, "")
			}
			continue
		}
		if d.Object != "" && d.Object != d.File {
			words = clean(d.Object) + ": " + words
		}
		if d.File == "" {
			t.block(2, "", "", words, "")
			continue
		}
		t.block(2, "", "", plainMarkup{}.line("", d.File, d.Line, true), bold)
		t.block(4, "", "", words, "")
	}
}

func (t *textReport) addClusters() {
	changed, unchanged := partClusters(t.result)
	if t.clusters > 1 && !t.quiet() {
		t.listClusters(changed, unchanged)
	}
	for _, together := range tellTogether(changed, t.result.Report.First) {
		if t.clusters > 1 {
			t.line("")
			t.block(0, "== ", bold, together.label(clean), bold)
		}
		v := &textCluster{textReport: t, book: newPhrasebook(plainMarkup{}, together.cluster.Workloads), expanded: together.cluster.Changes != nil}
		for _, s := range sections(together.cluster.Findings) {
			v.section(s)
		}
		v.radius(&together.cluster)
		v.changes(together.cluster.Changes)
	}
}

func (t *textReport) listClusters(changed, unchanged []*impact.Cluster) {
	t.line("")
	for _, c := range changed {
		var sum tally
		sum.add(c.Findings)
		t.block(0, clean(clusterName(c))+": ", bold, sum.changeWords(noConnections)+" · "+sum.severityWords(), "")
	}
	if len(unchanged) > 0 {
		names := make([]string, len(unchanged))
		for i, c := range unchanged {
			names[i] = clean(clusterName(c))
		}
		t.block(0, "", "", "No connection changes in "+strings.Join(names, ", ")+".", "")
	}
}

// textCluster writes what is about one cluster.
type textCluster struct {
	*textReport
	book phrasebook
	// expanded tells that every pair is told, and so is everything else.
	expanded bool
}

func (v *textCluster) section(s section) {
	title, color := s.title, bold
	switch s.kind {
	case impact.Blocked, impact.Opened:
		title = fmt.Sprintf("%s: %s (%s)", s.title, s.volume(), s.meaning)
	}
	v.line("")
	v.block(0, "", "", title, color)
	for i, f := range s.findings {
		if i > 0 && s.kind != impact.Workload {
			v.line("")
		}
		v.finding(f)
	}
}

// finding writes the title beside number and severity, then each fact under its word.
func (v *textCluster) finding(f *impact.Finding) {
	label := fmt.Sprintf("%-4s %-8s ", clean(f.ID), clean(string(f.Severity)))
	title := clean(f.Title)
	if f.Confidence == impact.Approximate {
		title += " (approximate)"
	}
	v.block(2, label, severityColors[f.Severity], title, bold)
	if f.Kind == impact.Opened || f.Kind == impact.Blocked {
		groups, among := f.Connections, ""
		if len(groups) > groupsShown {
			groups, among = []impact.Connection{cover(f)}, " in "+count(len(f.Connections), "group")+" (--expand lists every pair)"
		}
		for _, c := range groups {
			v.fact("from", v.book.peers(c.Sources))
			v.fact("to", v.book.peers(c.Destinations))
			ports := clean(portWords(c.Ports))
			if n := c.Count; n > 1 {
				ports += " · " + count(n, "connection") + among
			}
			v.fact("ports", ports)
		}
	}
	v.causes(f)
	v.fact("why", clean(f.Explanation))
	for i, e := range f.Evidence {
		if i == evidenceShown && len(f.Evidence) > evidenceShown+1 && !v.expanded {
			v.fact("", "and "+number(len(f.Evidence)-i)+" more (--expand tells all)")
			break
		}
		words := clean(e.Text)
		if e.File != "" {
			words += ", " + plainMarkup{}.line("", e.File, e.Line, true)
		}
		v.fact("evidence", words)
	}
	v.fact("do", clean(f.Advice))
	if f.Kind != impact.Workload {
		rule := clean(f.Rule)
		if f.Fingerprint != "" {
			rule += ", fingerprint " + clean(f.Fingerprint)
		}
		v.fact("rule", rule)
	}
}

// causes are told one by one or, where they are many and no remarks, by what they have in common.
func (v *textCluster) causes(f *impact.Finding) {
	if len(f.Causes) <= causesShown+1 || v.expanded || f.Kind == impact.Hygiene {
		for _, c := range f.Causes {
			v.fact("cause", causeText(c))
		}
		return
	}
	for _, s := range summariseCauses(f.Causes) {
		if len(s.causes) == 1 {
			v.fact("cause", causeText(s.causes[0]))
			continue
		}
		words := clean(s.words(f.Kind))
		if at, ok := s.place(); ok {
			words += ", " + plainMarkup{}.line(at.Side, at.File, at.Line, true)
		} else if dir := s.folder(); dir != "" {
			words += " in " + clean(dir)
		} else if first := s.causes[0]; first.File != "" {
			words += ", such as " + plainMarkup{}.line(first.Side, first.File, first.Line, true)
		}
		v.fact("cause", words)
	}
}

func (v *textCluster) fact(word, text string) {
	if text != "" {
		v.block(7, fmt.Sprintf("%-8s ", word), faint, text, "")
	}
}

func causeText(c impact.Cause) string {
	words := clean(c.Object)
	if c.Change != "" {
		words += " " + clean(c.Change)
	}
	if c.File != "" {
		words += ", " + plainMarkup{}.line(c.Side, c.File, c.Line, true)
	}
	return words
}

// changes lists the exact pairs.
func (v *textCluster) changes(changes []impact.Change) {
	if len(changes) == 0 {
		return
	}
	v.line("")
	v.block(0, "", "", "Every changed pair: "+number(len(changes)), bold)
	rows := make([][3]string, 0, 2)
	table := columns{most: v.width - 2}
	each := func(c impact.Change) [][3]string {
		rows = rows[:0]
		source, destination := v.book.peer(c.Source), v.book.peer(c.Destination)
		if len(c.Blocked) > 0 {
			rows = append(rows, [3]string{source, destination, "blocked " + clean(portWords(c.Blocked))})
		}
		if len(c.Opened) > 0 {
			rows = append(rows, [3]string{source, destination, "opened " + clean(portWords(c.Opened))})
		}
		return rows
	}
	for _, c := range changes {
		for _, row := range each(c) {
			table.measure(row)
		}
	}
	table.settle()
	for _, c := range changes {
		for _, row := range each(c) {
			table.write(v.terminal, 2, row)
		}
	}
}

// columns are three columns of a table that are as wide as their words, or share the width that there is.
type columns struct {
	widths [3]int
	most   int
}

const columnGap = 2

func (c *columns) measure(row [3]string) {
	for i, cell := range row {
		c.widths[i] = max(c.widths[i], len([]rune(cell)))
	}
}

// settle shrinks the widest columns until the row fits.
func (c *columns) settle() {
	for c.widths[0]+c.widths[1]+c.widths[2]+2*columnGap > c.most {
		widest := 0
		for i, w := range c.widths {
			if w > c.widths[widest] {
				widest = i
			}
		}
		c.widths[widest]--
	}
}

func (c *columns) write(t *terminal, indent int, row [3]string) {
	var cells [3][]string
	height := 0
	for i, cell := range row {
		cells[i] = wrap(cell, c.widths[i], nil)
		height = max(height, len(cells[i]))
	}
	for y := range height {
		line := strings.Repeat(" ", indent)
		for x, cell := range cells {
			word := ""
			if y < len(cell) {
				word = cell[y]
			}
			line += fmt.Sprintf("%-*s", c.widths[x]+columnGap, word)
		}
		t.line(line)
	}
}
