package report

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/cause"
)

var severityMarks = map[impact.Severity]string{
	impact.Critical: "🔴", impact.High: "🟠", impact.Medium: "🟡", impact.Low: "🔵", impact.Info: "⚪",
}

// clusterView builds the parts of a comment that are about one cluster.
type clusterView struct {
	*comment
	book phrasebook
}

// table shows blocked or opened connections, or remarks; the first rows in sight, the others folded.
func (v *clusterView) table(s section) {
	head, columns, unit := "\n**"+s.title+"**\n\n", "| Finding | What | Cause |\n| :-- | :-- | :-- |\n", "remark"
	rows := v.remark
	if s.kind != "" {
		head = fmt.Sprintf("\n**%s: %s** (%s)\n\n", s.title, s.volume(), s.meaning)
		columns = "| Finding | From → to | Ports | Cause |\n| :-- | :-- | :-- | :-- |\n"
		unit = string(s.kind) + " finding"
		rows = v.rows
	}
	shown := s.findings
	if len(shown) > v.shown()+1 {
		shown = shown[:v.shown()]
	}
	rest := s.findings[len(shown):]
	v.page.add(part{rank: rankTables, head: head + columns, rows: len(shown), unit: unit, row: func(i int) string { return rows(shown[i], before(shown, i)) }})
	if len(rest) > 0 {
		v.page.add(part{rank: rankLong, insists: true, head: open(restWords(rest)) + columns, foot: shut, rows: len(rest), unit: unit, row: func(i int) string { return rows(rest[i], before(rest, i)) }})
	}
}

// restWords says what is folded: "12 more: 2 medium, 10 low".
func restWords(findings []*impact.Finding) string {
	t := tally{bySeverity: map[impact.Severity]int{}}
	for _, f := range findings {
		t.bySeverity[f.Severity]++
	}
	return number(len(findings)) + " more: " + t.severityWords()
}

// rows are a finding's rows in the table: its title, and each of its groups of connections, or all of them in one. What
// the title names is not told again.
func (v *clusterView) rows(f, above *impact.Finding) string {
	label, title, cause := v.label(f), "**"+v.text(clip(f.Title, titleLength))+"**", v.causeBelow(f, above)
	if reason := v.reason(f); reason != "" {
		title += "<br>" + reason
	}
	if len(f.Connections) == 0 {
		return fmt.Sprintf("| %s | %s | | %s |\n", label, title, cause)
	}
	groups, among := f.Connections, ""
	if len(groups) > groupsShown {
		groups, among = []impact.Connection{cover(f)}, " in "+count(len(f.Connections), "group")
	}
	var b strings.Builder
	for i, c := range groups {
		if i == 1 {
			label, title, cause = "″ "+v.id(f), "", ""
		}
		what := v.book.peers(c.Sources) + " → " + v.book.peers(c.Destinations)
		switch {
		case title != "" && len(groups) == 1 && names(f.Title, c.Sources) && names(f.Title, c.Destinations):
			what = title
		case title != "":
			what = title + "<br>" + what
		}
		volume := ""
		if c.Count > 1 {
			volume = "<br>" + strings.ReplaceAll(count(c.Count, "connection"), " ", "&nbsp;") + among
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s | %s |\n", label, volume, what, v.text(portWords(c.Ports)), cause)
	}
	return b.String()
}

// names tells whether a title has the name of every peer of a list.
func names(title string, list []impact.Peer) bool {
	for _, p := range list {
		switch {
		case p.Workload != nil && strings.Contains(title, p.Workload.Name):
		case p.External == nil && p.Workload == nil && (strings.Contains(title, p.String()) || strings.Contains(title, strings.Replace(p.String(), "any pod", "pods", 1))):
		case p.External != nil && !p.External.All() && strings.Contains(title, p.String()):
		default:
			return false
		}
	}
	return true
}

// reason is the first evidence in short, and how much more there is.
func (v *clusterView) reason(f *impact.Finding) string {
	if len(f.Evidence) == 0 || f.Severity.Rank() < impact.Medium.Rank() {
		return ""
	}
	e := f.Evidence[0]
	words := v.text(clip(e.Text, titleLength))
	if e.File != "" {
		words += ", " + v.line("head", e.File, e.Line, false)
	}
	if left := len(f.Evidence) - 1; left > 0 && f.Kind != impact.Path { // how many paths there are is in the title
		words += ", and " + number(left) + " more"
	}
	return words
}

func (v *clusterView) remark(f, above *impact.Finding) string {
	where := v.causeBelow(f, above)
	if len(f.Causes) == 1 && f.Causes[0].File != "" && strings.Contains(f.Title, f.Causes[0].Object) {
		where = v.line(f.Causes[0].Side, f.Causes[0].File, f.Causes[0].Line, false)
	}
	return fmt.Sprintf("| %s | %s | %s |\n", v.label(f), v.text(clip(f.Title, titleLength)), where)
}

func (v *clusterView) id(f *impact.Finding) string { return escape(clip(f.ID, nameLength)) }

// label is the severity with the finding's number.
func (v *clusterView) label(f *impact.Finding) string {
	label := severityMarks[f.Severity] + "&nbsp;**" + escape(string(f.Severity)) + "**&nbsp;" + v.id(f)
	if f.Confidence == impact.Approximate {
		label += "<br>approximate"
	}
	return label
}

// before is the finding of the row above; nil for the first.
func before(findings []*impact.Finding, i int) *impact.Finding {
	if i == 0 {
		return nil
	}
	return findings[i-1]
}

// causeBelow is the cause, or the sign for the same as above.
func (v *clusterView) causeBelow(f, above *impact.Finding) string {
	words := v.cause(f)
	if above != nil && words != "" && words == v.cause(above) {
		return "″"
	}
	return words
}

// undoShort says how several causes act, where there is little room.
var undoShort = map[cause.Undo]string{
	cause.Any: "(each is needed for it)",
	cause.All: "(each is enough for it)",
}

// cause is the causes in short: a few one by one with their lines, many by what they have in common.
func (v *clusterView) cause(f *impact.Finding) string {
	var lines []string
	if things := sameThings(f.Causes); len(things) <= causesInSight {
		for _, places := range things {
			lines = append(lines, v.causeWords(places[0], "<br>", false)+v.otherPlaces(places[1:]))
		}
		if words := undoShort[f.Undo]; words != "" && !f.Narrowed {
			lines = append(lines, words)
		}
		return strings.Join(lines, "<br>")
	}
	all := summariseCauses(f.Causes)
	for i, s := range all {
		if i == causesInSight-1 && len(all) > causesInSight {
			lines = append(lines, "and "+count(len(all)-i, "more kind")+" of changes")
			break
		}
		if len(s.causes) == 1 {
			lines = append(lines, v.causeWords(s.causes[0], "<br>", false))
			continue
		}
		words := v.text(s.words(f.Kind))
		if at, ok := s.place(); ok {
			words += "<br>" + v.line(at.Side, at.File, at.Line, false)
		} else if dir := s.folder(); dir != "" {
			words += "<br>in " + v.name(shortPath(dir))
		} else if first := s.causes[0]; first.File != "" {
			words += "<br>such as " + v.line(first.Side, first.File, first.Line, false)
		}
		lines = append(lines, words)
	}
	return strings.Join(lines, "<br>")
}

// otherPlaces are where the same happened to an object of the same name, in other clusters.
func (v *clusterView) otherPlaces(causes []impact.Cause) string {
	words := ""
	for i, c := range causes {
		if i == causesInSight-1 && len(causes) > causesInSight {
			return words + ",<br>and " + number(len(causes)-i) + " more"
		}
		if c.File != "" {
			words += ",<br>" + v.line(c.Side, c.File, c.Line, false)
		}
	}
	return words
}

func (v *clusterView) causeWords(c impact.Cause, comma string, whole bool) string {
	words := v.name(clip(c.Object, nameLength))
	if c.Change != "" {
		words += " " + v.text(clip(c.Change, titleLength))
	}
	if c.File != "" {
		words += comma + v.line(c.Side, c.File, c.Line, whole)
	}
	return words
}

// workloads tells which workloads came, went or were renamed, one line each.
func (v *clusterView) workloads(s section) {
	line := func(findings []*impact.Finding) func(int) string {
		return func(i int) string {
			f := findings[i]
			words := "- "
			if f.Severity.Rank() > impact.Info.Rank() {
				words += v.label(f) + " "
			}
			words += v.text(clip(f.Title, titleLength))
			if len(f.Causes) > 0 && f.Causes[0].File != "" {
				words += " (" + v.line(f.Causes[0].Side, f.Causes[0].File, f.Causes[0].Line, false) + ")"
			}
			return words + "\n"
		}
	}
	shown := s.findings
	if len(shown) > v.shown()+1 {
		shown = shown[:v.shown()]
	}
	const unit = "workload change"
	v.page.add(part{rank: rankTables, head: "\n**" + s.title + "**\n\n", rows: len(shown), row: line(shown), unit: unit})
	if rest := s.findings[len(shown):]; len(rest) > 0 {
		v.page.add(part{rank: rankLong, insists: true, head: open(number(len(rest)) + " more"), foot: shut, rows: len(rest), row: line(rest), unit: unit})
	}
}

// explanations tell of each finding why it is so and what to do; of those in sight first, if space is short.
func (v *clusterView) explanations(all []section) {
	var sight, folded []*impact.Finding
	for _, s := range all {
		for i, f := range s.findings {
			switch {
			case f.Explanation == "" && f.Advice == "" && len(f.Evidence) == 0 && (len(f.Causes) == 0 || s.kind == impact.Workload):
			case i < v.shown() || len(s.findings) <= v.shown()+1:
				sight = append(sight, f)
			default:
				folded = append(folded, f)
			}
		}
	}
	v.why(rankWhy, "Why, and what to do ("+count(len(sight), "finding")+")", sight)
	v.why(rankMoreWhy, "The same for "+count(len(folded), "more finding"), folded)
}

func (v *clusterView) why(rank int, summary string, findings []*impact.Finding) {
	if len(findings) == 0 {
		return
	}
	v.page.add(part{
		rank: rank, head: open(summary), foot: "</details>\n", rows: len(findings), unit: "explanation",
		row: func(i int) string { return v.explain(findings[i]) },
	})
}

func (v *clusterView) explain(f *impact.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s: %s** · %s", v.id(f), v.text(clip(f.Title, titleLength)), escape(string(f.Severity)))
	if f.Rule != "" {
		fmt.Fprintf(&b, " by rule %s", escape(clip(f.Rule, nameLength)))
	}
	if f.Confidence == impact.Approximate {
		b.WriteString(", approximate")
	}
	if f.Fingerprint != "" {
		b.WriteString(" · fingerprint " + v.name(clip(f.Fingerprint, nameLength)))
	}
	b.WriteString("\n\n")
	if f.Explanation != "" {
		fmt.Fprintf(&b, "%s\n\n", v.text(clip(f.Explanation, proseLength)))
	}
	list(&b, len(f.Evidence), evidenceShown, func(i int) string {
		e := f.Evidence[i]
		words := "Evidence: " + v.text(clip(e.Text, titleLength))
		if rest, ok := strings.CutPrefix(e.Text, "inferred: "); ok {
			words = "Inferred: " + v.text(clip(rest, titleLength))
		}
		if e.File != "" {
			words += ", " + v.line("head", e.File, e.Line, true)
		}
		return words
	})
	list(&b, len(f.Causes), causesShown, func(i int) string { return "Cause: " + v.causeWords(f.Causes[i], ", ", true) })
	if f.Advice != "" {
		fmt.Fprintf(&b, "- **What to do:** %s\n", v.text(clip(f.Advice, proseLength)))
	}
	b.WriteString("\n")
	return b.String()
}

// list writes up to so many items, and counts the others.
func list(b *strings.Builder, n, most int, item func(int) string) {
	for i := range n {
		if i == most && n > most+1 {
			fmt.Fprintf(b, "- and %s more\n", number(n-i))
			return
		}
		fmt.Fprintf(b, "- %s\n", item(i))
	}
}

// group is one group of connections of a finding.
type group struct {
	finding    *impact.Finding
	connection *impact.Connection
}

// groups names every peer of the findings where the table shortens.
func (v *clusterView) groups(all []section) {
	var groups []group
	for _, s := range all {
		for _, f := range s.findings {
			for i := range f.Connections {
				c := &f.Connections[i]
				if len(f.Connections) > groupsShown || v.book.shortens(c.Sources) || v.book.shortens(c.Destinations) {
					groups = append(groups, group{f, c})
				}
			}
		}
	}
	if len(groups) == 0 {
		return
	}
	v.page.add(part{
		rank: rankExact, head: open("All names, where a list above is shortened") + "| Finding | From | To | Ports |\n| :-- | :-- | :-- | :-- |\n", foot: shut,
		rows: len(groups), most: namedGroups, unit: "connection group",
		row: func(i int) string {
			g := groups[i]
			return fmt.Sprintf("| %s %s | %s | %s | %s |\n", v.id(g.finding), escape(string(g.finding.Kind)),
				v.book.whole(g.connection.Sources, peersNamed), v.book.whole(g.connection.Destinations, peersNamed), v.text(portWords(g.connection.Ports)))
		},
	})
}

// changes lists the exact pairs.
func (v *clusterView) changes(changes []impact.Change) {
	if len(changes) == 0 {
		return
	}
	v.page.add(part{
		rank: rankExact, head: open("Every changed pair ("+number(len(changes))+")") + "| From | To | Blocked | Opened |\n| :-- | :-- | :-- | :-- |\n", foot: shut,
		rows: len(changes), unit: "pair",
		row: func(i int) string {
			c := changes[i]
			ports := [2]string{}
			if len(c.Blocked) > 0 {
				ports[0] = v.text(portWords(c.Blocked))
			}
			if len(c.Opened) > 0 {
				ports[1] = v.text(portWords(c.Opened))
			}
			return fmt.Sprintf("| %s | %s | %s | %s |\n", v.book.peer(c.Source), v.book.peer(c.Destination), ports[0], ports[1])
		},
	})
}
