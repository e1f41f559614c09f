package impact

import (
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// orphan is a policy that lost its workloads, with what it does to the pods that it selects instead. These are most
// likely a misspelling, and would be told as dangers that nobody is in.
type orphan struct {
	hygiene.Orphan
	effects []reach.Effect
}

// setAside takes what lost policies do to the pods they select instead out of the effects, and likewise what new policies
// do that are most likely misspelt.
func (a *analysis) setAside(effects []reach.Effect) (rest []reach.Effect, orphans []*orphan) {
	if a.hygiene == HygieneOff {
		return effects, nil // nobody else would tell of these
	}
	of := make(map[int32]*orphan)
	for _, o := range a.orphans {
		orphans = append(orphans, &orphan{Orphan: o})
		for _, i := range o.Instead {
			of[i] = orphans[len(orphans)-1]
		}
	}
	a.strays = make(map[string]*orphan)
	for _, r := range a.remarks {
		if !r.Stray() {
			continue
		}
		o := &orphan{}
		a.strays[r.Object.Key()] = o
		for _, i := range a.model.Selected(reach.Head, r.Object.Key()) {
			if of[i] == nil {
				of[i] = o
			}
		}
	}
	if len(of) == 0 {
		return effects, orphans
	}
	for _, e := range effects {
		for _, i := range slices.Concat(e.Subjects, e.Peers) {
			if o := of[i]; o != nil && !slices.ContainsFunc(o.effects, func(x reach.Effect) bool { return &x.Subjects[0] == &e.Subjects[0] }) {
				o.effects = append(o.effects, e)
			}
		}
		if left, some := e.Without(func(i int32) bool { return of[i] != nil }); some {
			rest = append(rest, left)
		}
	}
	return rest, orphans
}

// connections are what a policy does that was set aside.
func (a *analysis) connections(o *orphan) []Connection {
	var out []Connection
	for _, e := range o.effects {
		if c := a.connection(newRectangle(e.Direction, e.Subjects, e.Peers, e.Ports)); c.Count > 0 {
			out = append(out, c)
		}
	}
	return out
}

// notTold says what became of the connections that were set aside.
const notTold = " What it does to such pods is not told as opened or blocked."

// orphanFinding tells of a policy that newly selects nothing.
func (a *analysis) orphanFinding(o *orphan, causes []Cause) Finding {
	rule, _ := severity.ByID("H1")
	name := o.Policy.Object.String()
	lost, instead := a.summarise(o.Lost), summary{}
	f := Finding{Rule: rule.ID, Severity: rule.Level, Confidence: Exact, Kind: Hygiene, Causes: causes}
	f.Title = fmt.Sprintf("%s no longer selects any workload (it selected %s)", name, lost.text)
	f.Explanation = "No rendered workload meets its selector any more."
	if len(o.Instead) > 0 {
		instead = a.summarise(o.Instead)
		f.Explanation = fmt.Sprintf("It selects %s now, which no rendered workload is.", instead.text)
	}
	if len(o.effects) > 0 {
		f.Explanation += notTold
	}
	f.Advice = "Make its selector and the workload's labels agree again."
	if o.Meant != "" {
		f.Advice = fmt.Sprintf("Did you mean %s?", o.Meant)
	}
	f.Fingerprint = fingerprintOf(rule.ID, name, instead.text)
	f.Connections = a.connections(o)
	return f
}
