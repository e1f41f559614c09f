package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// pledges are the promises of a comparison: those in force, and what the change does to them.
type pledges struct {
	inForce promised
	// proposed are those that the other side adds or changes.
	proposed []config.Promise
	// findings are about promises that are removed or may promise less.
	findings []pledgeFinding
}

type pledgeFinding struct {
	promise *config.Promise
	impact.Finding
}

// tried tells whether there are promises that were in force nowhere before.
func (l *pledges) tried(trustHead bool) bool {
	return len(l.proposed) > 0 || trustHead && len(l.inForce.Promises) > 0
}

// readPledges reads the promises of the side that is trusted and, where that is base, compares head's with them.
func (c *comparison) readPledges(p *opener) {
	if c.o.TrustHead {
		c.pledges.inForce = readPromises(c.head.side, c.config.Promises)
		c.head.failures = append(c.head.failures, c.pledges.inForce.problems...)
		return
	}
	c.pledges.inForce = readPromises(c.base.side, c.config.Promises)
	ours := c.pledges.inForce
	for _, d := range ours.problems {
		d.Severity = manifest.Warning
		d.Message += " (on the base side; until it is mended there)"
		c.notes = append(c.notes, d)
	}
	for i := range ours.Probes {
		probe := &ours.Probes[i]
		c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Info, File: probe.Origin, Line: probe.Line,
			Message: "this probe asks about pods of its own and expects nothing, so no change can break it; netpol-impact test answers it"})
	}
	if c.filesOnly() {
		return
	}
	theirs := readPromises(c.head.side, c.promisesAtHead(p))
	for _, d := range theirs.problems {
		if !slices.Contains(ours.problems, d) {
			c.head.failures = append(c.head.failures, d)
		}
	}
	c.pledges.compare(ours.Promises, theirs)
}

// promisesAtHead are those of head's configuration; base's if it cannot be read, which is told elsewhere.
func (c *comparison) promisesAtHead(p *opener) []config.Promise {
	file, text, err := p.findConfig(c.head.side)
	if err != nil || file == "" {
		return nil
	}
	read, err := config.Read(file, text)
	if err != nil {
		return c.config.Promises
	}
	return read.Promises
}

// compare finds what becomes of each promise in force, and what is new.
func (l *pledges) compare(inForce []config.Promise, theirs promised) {
	left := make([]bool, len(theirs.Promises))
	for i := range left {
		left[i] = true
	}
	bySaying, byName := make(map[string][]int), make(map[string][]int)
	for i := range theirs.Promises {
		p := &theirs.Promises[i]
		bySaying[saying(p)] = append(bySaying[saying(p)], i)
		byName[p.Name] = append(byName[p.Name], i)
	}
	take := func(from []int) *config.Promise {
		for _, i := range from {
			if left[i] {
				left[i] = false
				return &theirs.Promises[i]
			}
		}
		return nil
	}
	var changed []*config.Promise
	for i := range inForce {
		if take(bySaying[saying(&inForce[i])]) == nil {
			changed = append(changed, &inForce[i])
		}
	}
	for _, p := range changed {
		now := take(byName[p.Name])
		switch {
		case now == nil:
			l.findings = append(l.findings, pledgeFinding{p, impact.PromiseRemoved(p, theirs.lost(p.Origin))})
			continue
		case !atLeast(now, p):
			l.findings = append(l.findings, pledgeFinding{p, impact.PromiseChanged(p, now, differences(p, now))})
		}
		l.proposed = append(l.proposed, *now)
	}
	for i := range theirs.Promises {
		if left[i] {
			l.proposed = append(l.proposed, theirs.Promises[i])
		}
	}
}

// lost says that a file can no longer be read; "" if it can.
func (p *promised) lost(file string) string {
	for _, d := range p.problems {
		if d.File == file {
			return fmt.Sprintf("Its file, %s, cannot be read any more: %s.", file, strings.TrimSuffix(d.Message, "; what it promises is not held to anything"))
		}
	}
	return ""
}

// saying identifies what a promise says, whatever its name and wherever it stands.
func saying(p *config.Promise) string {
	return strings.Join([]string{p.Expect, endsText(p.From), endsText(p.To), words(p.Ports), p.Steps, words(p.Clusters)}, "\x00")
}

// words are a list whose order means nothing. Each is quoted, so that a word with a comma is not two.
func words(w config.Words) string {
	return fmt.Sprintf("%q", slices.Compact(slices.Sorted(slices.Values(w))))
}

func endsText(ends config.Ends) string {
	all := make([]string, len(ends))
	for i, e := range ends {
		all[i] = endText(e)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ";")
}

func endText(e config.End) string {
	except := e.Except
	e.Except = nil
	text := fmt.Sprintf("%#v", e)
	if len(except) > 0 {
		text += "!(" + endsText(except) + ")"
	}
	return text
}

// atLeast tells whether a promise says at least as much as another one, by its words alone: what selectors mean today is
// nothing that tomorrow is held to.
func atLeast(now, was *config.Promise) bool {
	return now.Expect == was.Expect &&
		(was.Steps == "" || now.Steps == was.Steps) &&
		(len(now.Clusters) == 0 || len(was.Clusters) > 0 && holdsAll(now.Clusters, was.Clusters)) &&
		portsAtLeast(now, was) && endsAtLeast(now.From, was.From) && endsAtLeast(now.To, was.To)
}

func holdsAll(list, of config.Words) bool {
	return !slices.ContainsFunc(of, func(w string) bool { return !slices.Contains(list, w) })
}

// portsAtLeast compares ports. Without ports all are denied, and those that the destination declares are allowed, of which
// nothing is known here.
func portsAtLeast(now, was *config.Promise) bool {
	switch {
	case len(now.Ports) == 0:
		return now.Expect == config.Denied || len(was.Ports) == 0
	case len(was.Ports) == 0:
		return false
	}
	return holdsAll(now.Ports, was.Ports)
}

// endsAtLeast tells whether each part of an end is still there, or all is meant now.
func endsAtLeast(now, was config.Ends) bool {
	return !slices.ContainsFunc(was, func(w config.End) bool {
		return !slices.ContainsFunc(now, func(n config.End) bool { return endAtLeast(n, w) })
	})
}

// endAtLeast compares parts of an end: nothing more may be excepted, and the rest must be the same, or anything.
func endAtLeast(now, was config.End) bool {
	if slices.ContainsFunc(now.Except, func(x config.End) bool {
		return !slices.ContainsFunc(was.Except, func(y config.End) bool { return endText(x) == endText(y) })
	}) {
		return false
	}
	now.Except, was.Except = nil, nil
	// Ports of a Service are its own, and lead to others of its pods.
	return now.Any && was.Service == nil || endText(now) == endText(was)
}

// differences name the keys in which promises differ.
func differences(was, now *config.Promise) string {
	var out []string
	add := func(key, before, after string) {
		if before != after {
			out = append(out, key)
		}
	}
	if was.Expect != now.Expect {
		out = append(out, fmt.Sprintf("expect: %s → %s", was.Expect, now.Expect))
	}
	add("from", endsText(was.From), endsText(now.From))
	add("to", endsText(was.To), endsText(now.To))
	add("ports", words(was.Ports), words(now.Ports))
	add("steps", was.Steps, now.Steps)
	add("clusters", words(was.Clusters), words(now.Clusters))
	return strings.Join(out, ", ") + " edited"
}

// tellPledges adds what the change does to promises to the clusters that they are about.
func (c *comparison) tellPledges() {
	for _, f := range c.pledges.findings {
		told := false
		for i := range c.clusters {
			if f.promise.In(c.clusters[i].Name) {
				told = true
				c.clusters[i].AddFindings(c.config.For(c.clusters[i].Name), f.Finding)
			}
		}
		switch {
		case told:
		case len(c.clusters) > 0:
			strictest := c.strictest()
			strictest.AddFindings(c.config.For(strictest.Name), f.Finding)
		default:
			c.head.fail(manifest.Diagnostic{Object: "promise " + f.promise.Name, File: f.promise.Origin, Line: f.promise.Line, Message: f.Title})
		}
	}
}

// strictest is the cluster whose gate lets least pass, the first of several: what is about no cluster that is compared is told
// there, and not where the gate may be open.
func (c *comparison) strictest() *impact.Cluster {
	best := &c.clusters[0]
	for i := range c.clusters {
		if gate.Looser(c.config.For(best.Name).Gate, c.config.For(c.clusters[i].Name).Gate) && !gate.Looser(c.config.For(c.clusters[i].Name).Gate, c.config.For(best.Name).Gate) {
			best = &c.clusters[i]
		}
	}
	return best
}

// checkPromisedClusters warns of promises about clusters that are not there: nothing holds them.
func (c *comparison) checkPromisedClusters(names []string) {
	check := func(promises []config.Promise, who string) {
		for _, p := range promises {
			for _, name := range p.Clusters {
				if !slices.Contains(names, name) {
					c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Warning, Object: "promise " + p.Name, File: p.Origin, Line: p.Line,
						Message: fmt.Sprintf("%s is for the cluster %s, and no target belongs to it; %s", who, name, clusterHint(name, names))})
				}
			}
		}
	}
	check(c.pledges.inForce.Promises, "this promise")
	check(c.pledges.proposed, "the change adds or changes this promise, which")
}
