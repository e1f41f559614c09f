package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

var severities = []impact.Severity{impact.Critical, impact.High, impact.Medium, impact.Low, impact.Info}

// tally sums up findings, so that every format says the same numbers.
type tally struct {
	findings int
	// blocked and opened count connections, a pair of peers once for each finding; paths, workloads and remarks count findings.
	blocked, opened, paths, workloads, remarks int
	// narrowed counts connections that lose ports, none of them one that their destination declares.
	narrowed int
	// approximate counts the findings that rest on unknown facts.
	approximate int
	bySeverity  map[impact.Severity]int
}

func (t *tally) add(findings []impact.Finding) {
	if t.bySeverity == nil {
		t.bySeverity = map[impact.Severity]int{}
	}
	for i := range findings {
		f := &findings[i]
		t.findings++
		t.bySeverity[f.Severity]++
		if f.Confidence == impact.Approximate {
			t.approximate++
		}
		if f.Narrowed {
			t.narrowed += pairs(f)
			continue
		}
		switch f.Kind {
		case impact.Blocked:
			t.blocked += pairs(f)
		case impact.Opened:
			t.opened += pairs(f)
		case impact.Path:
			t.paths++
		case impact.Workload:
			t.workloads++
		default:
			t.remarks++
		}
	}
}

// pairs counts the connections of a finding.
func pairs(f *impact.Finding) int {
	n := 0
	for _, c := range f.Connections {
		n += c.Count
	}
	return n
}

// severityWords lists how many findings have which severity: "2 high, 3 medium".
func (t tally) severityWords() string {
	var words []string
	for _, s := range severities {
		if n := t.bySeverity[s]; n > 0 {
			words = append(words, number(n)+" "+string(s))
		}
	}
	if len(words) == 0 {
		return "no findings"
	}
	return strings.Join(words, ", ")
}

// changeWords says what changed: "14 connections blocked, 2 opened", or the words for no connections.
func (t tally) changeWords(none string) string {
	var words []string
	switch {
	case t.blocked > 0 && t.opened > 0:
		words = append(words, count(t.blocked, "connection")+" blocked", number(t.opened)+" opened")
	case t.blocked > 0:
		words = append(words, count(t.blocked, "connection")+" blocked")
	case t.opened > 0:
		words = append(words, count(t.opened, "connection")+" opened")
	case t.narrowed == 0:
		words = append(words, none)
	}
	if t.narrowed > 0 {
		words = append(words, t.narrowedWords(len(words) == 0))
	}
	if t.paths > 0 {
		words = append(words, count(t.paths, "path finding"))
	}
	if t.workloads > 0 {
		words = append(words, count(t.workloads, "workload change"))
	}
	if t.remarks > 0 {
		words = append(words, count(t.remarks, "remark"))
	}
	return strings.Join(words, ", ")
}

// narrowedWords say that connections are narrowed, with their noun if nothing before it has it.
func (t tally) narrowedWords(noun bool) string {
	if noun {
		return count(t.narrowed, "connection") + " narrowed"
	}
	return number(t.narrowed) + " narrowed"
}

const noConnections = "no connection blocked or opened"

func (t tally) worst() impact.Severity {
	for _, s := range severities {
		if t.bySeverity[s] > 0 {
			return s
		}
	}
	return ""
}

// overview is what a whole result amounts to.
type overview struct {
	tally
	// The diagnostics: broken is what was not analysed, warned what may be wrong, notes the rest.
	broken, warned, notes []manifest.Diagnostic
	// untouched is how many of the clusters were not rendered; compared and policies count what the others hold.
	clusters, untouched, compared, policies int
	pass                                    bool
	// network is the one whose rules were applied, "" if it is any.
	network string
}

func summarise(r *impact.Result) overview {
	o := overview{pass: r.Gate.Pass, clusters: len(r.Clusters), network: network(r)}
	var opened, blocked int
	for i := range r.Clusters {
		c := &r.Clusters[i]
		if c.Untouched {
			o.untouched++
			continue
		}
		o.add(c.Findings)
		o.compared += c.Counts.Workloads
		o.policies += c.Counts.Policies
		opened += c.Counts.OpenedPairs
		blocked += c.Counts.BlockedPairs
	}
	// A change that no finding tells of must not pass as none.
	if o.opened+o.blocked+o.narrowed == 0 {
		o.opened, o.blocked = opened, blocked
	}
	for _, d := range r.Diagnostics {
		switch d.Severity {
		case manifest.Error:
			o.broken = append(o.broken, d)
		case manifest.Warning:
			o.warned = append(o.warned, d)
		default:
			o.notes = append(o.notes, d)
		}
	}
	return o
}

// reasons are why the gate fails, without the one that the headline says and the list below it explains.
func (o overview) reasons(g impact.Gate) []string {
	return slices.DeleteFunc(slices.Clone(g.Reasons), func(reason string) bool { return len(o.broken) > 0 && reason == impact.NotAnalysed })
}

// quiet tells whether there is nothing to say but that nothing changed.
func (o overview) quiet() bool {
	return o.findings+o.opened+o.blocked+o.narrowed == 0 && len(o.broken) == 0 && o.pass
}

// Headline is a result in one line of plain text: the verdict, how bad it is, what changed.
func Headline(r *impact.Result, o Options) string {
	return clean(o.title()) + ": " + summarise(r).headline()
}

func (o overview) headline() string {
	if o.quiet() {
		return "no connection changes"
	}
	var parts []string
	if len(o.broken) > 0 {
		parts = append(parts, impact.NotAnalysed)
	}
	switch {
	case !o.pass:
		parts = append(parts, "gate fails")
	case len(o.broken) == 0:
		parts = append(parts, "gate passes")
	}
	if o.worst().Rank() > impact.Info.Rank() {
		parts = append(parts, o.severityWords())
	}
	none := noConnections
	if len(o.broken) > 0 {
		// What was not seen may have changed.
		none += " in the rest"
	}
	return strings.Join(append(parts, o.changeWords(none)), " · ")
}

// scope says what was compared.
func (o overview) scope() string {
	if o.untouched > 0 && o.untouched == o.clusters {
		return "the change touches nothing that is rendered"
	}
	words := count(o.compared, "workload") + ", " + count(o.policies, "policy")
	if o.clusters > 1 {
		words += " in " + count(o.clusters-o.untouched, "cluster")
	}
	if o.untouched > 0 {
		words += ", " + number(o.untouched) + " more untouched"
	}
	if o.network != "" {
		words += ", by the rules of " + o.network
	}
	return words
}

// section is a table of findings of one kind.
type section struct {
	title, meaning string
	kind           impact.Kind
	findings       []*impact.Finding
	// first is the place of the first of them among all.
	first int
	// connections counts what the findings hold, narrowed those that keep their destinations' ports.
	connections, narrowed int
}

// volume says how many connections the section is about.
func (s section) volume() string {
	switch {
	case s.kind == impact.Path:
		return count(len(s.findings), "finding")
	case s.narrowed == 0:
		return count(s.connections, "connection")
	case s.connections == 0:
		return count(s.narrowed, "connection")
	}
	return count(s.connections, "connection") + ", " + number(s.narrowed) + " narrowed"
}

// sections parts a cluster's findings: blocked, opened and paths, the worst first, then remarks and workloads.
func sections(findings []impact.Finding) []section {
	blocked := section{title: "Blocked", meaning: "allowed before, denied by this change", kind: impact.Blocked}
	opened := section{title: "Opened", meaning: "denied before, allowed by this change", kind: impact.Opened}
	ways := section{title: "Paths", meaning: "where whoever breaks into a workload gets to, step by step", kind: impact.Path}
	remarks := section{title: "Remarks"}
	workloads := section{title: "Workloads", kind: impact.Workload}
	for i := range findings {
		f := &findings[i]
		s := &remarks
		switch f.Kind {
		case impact.Blocked:
			s = &blocked
		case impact.Opened:
			s = &opened
		case impact.Path:
			s = &ways
		case impact.Workload:
			s = &workloads
		}
		if len(s.findings) == 0 {
			s.first = i
		}
		s.findings = append(s.findings, f)
		if f.Narrowed {
			s.narrowed += pairs(f)
		} else {
			s.connections += pairs(f)
		}
	}
	all := []section{blocked, opened, ways, remarks, workloads}
	slices.SortStableFunc(all[:3], func(x, y section) int {
		return cmp.Or(cmp.Compare(y.worst(), x.worst()), cmp.Compare(x.first, y.first))
	})
	for i := range all {
		if s := &all[i]; s.connections == 0 && s.narrowed > 0 {
			s.title, s.meaning = "Narrowed", "open on the ports that their destinations declare, closed on all others"
		}
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.findings) == 0 })
}

func (s section) worst() int {
	worst := -1
	for _, f := range s.findings {
		worst = max(worst, f.Severity.Rank())
	}
	return worst
}
