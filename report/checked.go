package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// statusWords are what a status is called, and its mark on a terminal.
var statusWords = map[promise.Status]struct{ word, mark, color string }{
	promise.Kept:      {"kept", "✓", green},
	promise.Broken:    {"broken", "✗", red},
	promise.Empty:     {"promises nothing", "✗", red},
	promise.Undecided: {"not decided", "?", yellow},
}

// CheckedText writes what becomes of promises for a terminal: each in a line, and of those that are not kept why, with the
// policy and the line that decide.
func CheckedText(w io.Writer, c *impact.Checked, o Options) error {
	t := &textReport{terminal: newTerminal(w, o), overview: summarise(&impact.Result{Diagnostics: c.Diagnostics})}
	t.checkedVerdict(c)
	t.diagnostics(t.broken, count(len(t.broken), "thing")+" could not be analysed, so promises may be missing here", red)
	t.diagnostics(t.warned, count(len(t.warned), "warning")+" about the manifests", yellow)
	for i := range c.Clusters {
		cluster := &c.Clusters[i]
		if len(cluster.Promises)+len(cluster.Probes) == 0 {
			continue
		}
		t.line("")
		if len(c.Clusters) > 1 {
			t.block(0, "== ", bold, "cluster "+clean(cluster.Name), bold)
		}
		for j := range cluster.Promises {
			t.checked(&cluster.Promises[j])
		}
		for j := range cluster.Probes {
			t.probe(&cluster.Probes[j])
		}
	}
	t.diagnostics(t.notes, count(len(t.notes), "note")+" on the analysis", faint)
	return t.out.Flush()
}

// asksOnly tells whether files ask for connections, without saying what to expect.
func asksOnly(c *impact.Checked) bool {
	return slices.ContainsFunc(c.Clusters, func(c impact.CheckedCluster) bool { return len(c.Probes) > 0 })
}

func (t *textReport) checkedVerdict(c *impact.Checked) {
	counts, total := countStatuses(c)
	words := fmt.Sprintf("%d of %s kept in %s", counts[promise.Kept], count(total, "promise"), clean(c.State))
	if total == 0 {
		words = "No promise could be tried in " + clean(c.State)
		if asksOnly(c) {
			words = "No promises, but questions, in " + clean(c.State)
		}
	}
	color := green
	for _, s := range []promise.Status{promise.Broken, promise.Empty, promise.Undecided} {
		if counts[s] > 0 {
			words += fmt.Sprintf(", %d %s", counts[s], statusWords[s].word)
			color = red
		}
	}
	t.block(0, "", "", words, bold+color)
}

func countStatuses(c *impact.Checked) (counts map[promise.Status]int, total int) {
	counts = make(map[promise.Status]int)
	for _, cluster := range c.Clusters {
		for _, p := range cluster.Promises {
			counts[p.Status]++
			total++
		}
	}
	return counts, total
}

func (t *textReport) checked(p *impact.CheckedPromise) {
	status := statusWords[p.Status]
	words := clean(p.Name) + ", " + plainMarkup{}.line("", p.File, p.Line, true)
	if p.Confidence == impact.Approximate {
		words += " (" + status.word + " as far as is known)"
	}
	t.block(0, status.mark+" ", status.color, words, "")
	for _, note := range p.Notes {
		t.block(4, "note  ", yellow, clean(note), "")
	}
	if p.Status != promise.Kept {
		t.block(4, "", "", clean(whyNot(p)), "")
		if p.Reason == "" {
			for _, line := range becauseLines(p) {
				t.block(4, "", "", line, faint)
			}
		}
		return
	}
	if by := decidedBy(p); by != "" {
		t.block(4, "", "", by, faint)
	}
}

// whyNot says in one sentence why a promise is not kept.
func whyNot(p *impact.CheckedPromise) string {
	switch {
	case p.Reason != "":
		return p.Reason
	case len(p.Path) > 0:
		words := make([]string, len(p.Path))
		for i, peer := range p.Path {
			words[i] = peer.String()
		}
		return "there is a way: " + strings.Join(words, " → ")
	case p.Status == promise.Broken && p.Denies():
		return "allowed: " + brokenWords(p.Broken)
	case p.Status == promise.Broken:
		return "not allowed: " + brokenWords(p.Broken)
	}
	return ""
}

// deviationsShown is how many groups of connections a sentence names.
const deviationsShown = 3

// brokenWords name connections in one line.
func brokenWords(all []impact.Connection) string {
	book := newPhrasebook(plainMarkup{}, nil)
	var words []string
	for _, c := range all[:min(len(all), deviationsShown)] {
		words = append(words, fmt.Sprintf("%s → %s on %s", book.peers(c.Sources), book.peers(c.Destinations), portWords(c.Ports)))
	}
	if more := len(all) - len(words); more > 0 {
		words = append(words, "and "+count(more, "more group"))
	}
	return strings.Join(words, "; ")
}

// peerWords say who a peer is.
func peerWords(p impact.Peer) string {
	return newPhrasebook(plainMarkup{}, nil).peers([]impact.Peer{p})
}

// becauseLines explain the connection that shows what becomes of a promise, or those of the way that breaks it.
func becauseLines(p *impact.CheckedPromise) []string {
	var lines []string
	for i := range p.Steps {
		lines = append(lines, shownLines(&p.Steps[i])...)
	}
	if p.Shown != nil {
		lines = append(lines, shownLines(p.Shown)...)
	}
	return lines
}

// shownLines explain one connection in full.
func shownLines(s *impact.ShownConnection) []string {
	verdict := "denied"
	if s.Allowed {
		verdict = "allowed"
	}
	lines := []string{fmt.Sprintf("%s → %s on %s is %s:", peerWords(s.Source), peerWords(s.Destination), portText(s), verdict)}
	for _, end := range []struct {
		words    string
		decision impact.Decision
	}{{"egress of " + peerWords(s.Source), s.Egress}, {"ingress of " + peerWords(s.Destination), s.Ingress}} {
		if len(end.decision.Steps) == 0 {
			lines = append(lines, "- "+clean(end.words)+": no policy has a say")
			continue
		}
		for _, step := range end.decision.Steps {
			if step.Decides {
				lines = append(lines, "- "+clean(end.words)+": "+stepWords(step))
			}
		}
	}
	return lines
}

func portText(s *impact.ShownConnection) string {
	return fmt.Sprintf("%s %d", s.Port.Protocol, s.Port.From)
}

// stepWords say what a policy that decides does, and where.
func stepWords(s impact.Step) string {
	what := s.Rule + ": " + s.Verdict
	if s.Rule == "" {
		what = "isolates it, and no rule allows it"
	}
	return fmt.Sprintf("%s, %s, %s", clean(s.Object), what, plainMarkup{}.line("", s.File, s.Line, true))
}

// decidedBy says in one line what keeps a promise.
func decidedBy(p *impact.CheckedPromise) string {
	if p.Shown == nil {
		return ""
	}
	s := p.Shown
	verdict := "denied"
	if s.Allowed {
		verdict = "allowed"
	}
	var by []string
	for _, d := range []impact.Decision{s.Egress, s.Ingress} {
		for _, step := range d.Steps {
			if step.Decides && d.Allowed == s.Allowed {
				by = append(by, stepWords(step))
				break
			}
		}
	}
	if len(by) == 0 {
		verdict += ", no policy has a say"
	} else {
		verdict += " by " + strings.Join(by, " and ")
	}
	return fmt.Sprintf("%s → %s on %s: %s", peerWords(s.Source), peerWords(s.Destination), portText(s), verdict)
}

// CheckedJSON writes what becomes of promises for programs.
func CheckedJSON(w io.Writer, c *impact.Checked, passes bool) error {
	j := newJSON(w)
	j.open('{')
	j.field("schema", testSchema)
	j.field("state", c.State)
	j.key("clusters")
	j.open('[')
	for i := range c.Clusters {
		j.item()
		j.open('{')
		j.field("name", c.Clusters[i].Name)
		j.key("promises")
		j.open('[')
		for k := range c.Clusters[i].Promises {
			j.value(checkedJSON(&c.Clusters[i].Promises[k]))
		}
		j.close(']')
		if len(c.Clusters[i].Probes) > 0 {
			j.key("answers")
			j.open('[')
			for k := range c.Clusters[i].Probes {
				p := &c.Clusters[i].Probes[k]
				for n := range p.Answers {
					j.value(answerJSON(p, &p.Answers[n]))
				}
			}
			j.close(']')
		}
		j.close('}')
	}
	j.close(']')
	conclusion := "fail"
	if passes {
		conclusion = "pass"
	}
	j.field("conclusion", conclusion)
	j.diagnostics(c.Diagnostics)
	j.close('}')
	return j.end()
}

func checkedJSON(p *impact.CheckedPromise) jsonPromise {
	out := jsonPromise{
		Name: p.Name, Expect: p.Expect, File: p.File, Line: p.Line, Status: string(p.Status), Confidence: string(p.Confidence),
		Why: whyNot(p), Notes: p.Notes,
	}
	for _, c := range p.Broken {
		out.Broken = append(out.Broken, jsonConnection{peersJSON(c.Sources), peersJSON(c.Destinations), portsJSON(c.Ports), c.Count})
	}
	if len(p.Path) > 0 {
		out.Path = peersJSON(p.Path)
	}
	for i := range p.Steps {
		out.Steps = append(out.Steps, shownJSON(&p.Steps[i]))
	}
	if p.Shown != nil {
		shown := shownJSON(p.Shown)
		out.Shown = &shown
	}
	return out
}

func shownJSON(s *impact.ShownConnection) jsonShown {
	return jsonShown{peerJSON(s.Source), peerJSON(s.Destination), jsonPort{Protocol: string(s.Port.Protocol), From: &s.Port.From, To: &s.Port.To},
		s.Allowed, decisionJSON(s.Egress), decisionJSON(s.Ingress)}
}

func decisionJSON(d impact.Decision) jsonDecision {
	out := jsonDecision{Allowed: d.Allowed, Steps: []jsonStep{}}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, jsonStep(s))
	}
	return out
}

// CheckedJUnit writes promises as tests: a suite a cluster, and one of the analysis.
func CheckedJUnit(w io.Writer, c *impact.Checked) error {
	out := junitReport{junitCounts: junitCounts{Name: "netpol-impact"}}
	out.add(junitAnalysis(&impact.Result{Diagnostics: c.Diagnostics, Gate: impact.Gate{Pass: true}}))
	for i := range c.Clusters {
		cluster := &c.Clusters[i]
		suite := junitSuite{junitCounts: junitCounts{Name: clean("cluster " + cluster.Name)}}
		for k := range cluster.Promises {
			suite.add(junitPromise(&cluster.Promises[k], cluster.Name))
		}
		for k := range cluster.Probes {
			p := &cluster.Probes[k]
			suite.add(junitCase{Name: clean(p.File), ClassName: clean(cluster.Name), Skipped: &junitSkip{Message: "asks, and expects nothing"},
				Output: strings.Join(answerLines(p), "\n")})
		}
		out.add(suite)
	}
	return out.write(w)
}

func junitPromise(p *impact.CheckedPromise, cluster string) junitCase {
	file := strings.ReplaceAll(p.File, "/", ".")
	out := junitCase{Name: clean(p.Name), ClassName: clean(cluster + "." + file)}
	text := strings.Join(checkedLines(p), "\n")
	switch {
	case p.Failed():
		out.Failure = &junitProblem{Message: clean(whyNot(p)), Type: clean(string(p.Status)), Text: text}
	case p.Status != promise.Kept:
		out.Skipped = &junitSkip{Message: clean(whyNot(p))}
		out.Output = text
	default:
		out.Output = text
	}
	return out
}

// checkedLines are all that is to be said of a promise.
func checkedLines(p *impact.CheckedPromise) []string {
	lines := []string{statusWords[p.Status].word + ": " + plainMarkup{}.line("", p.File, p.Line, true)}
	if why := whyNot(p); why != "" {
		lines = append(lines, clean(why))
	}
	for _, note := range p.Notes {
		lines = append(lines, "note: "+clean(note))
	}
	return append(lines, becauseLines(p)...)
}

// CheckedTAP writes promises in the Test Anything Protocol, version 14 (testanything.org). What could not be analysed is a
// test that fails.
func CheckedTAP(w io.Writer, c *impact.Checked) error {
	var b strings.Builder
	n := 0
	test := func(ok bool, name, directive string, lines []string) {
		n++
		result := "not ok"
		if ok {
			result = "ok"
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", result, n, tapText(name), directive)
		if len(lines) > 0 && (!ok || directive != "") {
			b.WriteString("  ---\n  message: |\n")
			for _, line := range lines {
				fmt.Fprintf(&b, "    %s\n", line)
			}
			b.WriteString("  ...\n")
		}
	}
	for _, d := range c.Diagnostics {
		if d.Severity == manifest.Error {
			test(false, "could not be analysed: "+clean(d.File+d.Object), "", []string{clean(d.Message)})
		}
	}
	for i := range c.Clusters {
		for k := range c.Clusters[i].Promises {
			p := &c.Clusters[i].Promises[k]
			directive := ""
			if !p.Failed() && p.Status != promise.Kept {
				directive = " # SKIP " + tapText(clean(whyNot(p)))
			}
			test(!p.Failed(), clean(c.Clusters[i].Name+": "+p.Name), directive, checkedLines(p))
		}
	}
	for i := range c.Clusters {
		for k := range c.Clusters[i].Probes {
			p := &c.Clusters[i].Probes[k]
			fmt.Fprintf(&b, "# %s, which expects nothing: %s\n", clean(c.Clusters[i].Name+": "+p.File), answersCounted(p))
		}
	}
	_, err := fmt.Fprintf(w, "TAP version 14\n1..%d\n%s", n, b.String())
	return err
}

// tapText is a description without what would begin a directive.
func tapText(s string) string { return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(s) }
