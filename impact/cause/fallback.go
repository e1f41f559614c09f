package cause

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// likely are the changes that may be behind an effect where putting back what can be put back by itself undoes nothing, as
// with a node's labels: of the policies that act on the subject and can have such an effect, of the subject, else of peers.
func (f *Finder) likely(e *reach.Effect, subject int32) []Cause {
	var out []Cause
	var own directions
	own[e.Direction] = true
	before := f.model.Acting(e.Direction, reach.Base, subject)
	after := f.model.Acting(e.Direction, reach.Head, subject)
	for _, p := range slices.Concat(after, before) {
		change := f.change(p, own)
		if change != nil && f.canCause(e, subject, p, selects(before, p), selects(after, p)) && !slices.Contains(out, *change) {
			out = append(out, *change)
		}
	}
	if len(out) == 0 {
		out = f.looks(e.Direction, subject)
	}
	for _, i := range e.Peers[:min(len(e.Peers), maxPeers)] {
		if len(out) > 0 {
			break
		}
		out = f.looks(1-e.Direction, i)
	}
	return out
}

// maxPeers bounds how many peers are looked at for a change of their own.
const maxPeers = 1000

// looks are the changes of an endpoint itself, as the end that has a direction, and of its namespace.
func (f *Finder) looks(d policy.Direction, endpoint int32) []Cause {
	e := &f.model.Endpoints[endpoint]
	switch {
	case e.Potential != nil:
		return f.namespace(e.Potential.Namespace())
	case e.Workload[reach.Head] != nil:
		return append(f.workload(d, endpoint), f.namespace(e.Workload[reach.Head].Namespace)...)
	}
	return nil
}

// canCause leaves out what cannot have the effect: of policies that only allow, one that comes cannot block what was
// isolated already, and one that goes cannot open what stays isolated.
func (f *Finder) canCause(e *reach.Effect, subject int32, p *policy.Policy, acted, acts bool) bool {
	if slices.ContainsFunc(p.Rules[e.Direction], func(r policy.Rule) bool { return r.Verdict != policy.Allow }) {
		return true
	}
	if e.Opened {
		return acts || !f.model.Isolated(e.Direction, reach.Head, subject)
	}
	return acted || !f.model.Isolated(e.Direction, reach.Base, subject)
}

// isOwn tells whether a cause is at the end that an effect is told of: a policy that acts on the subject, or the subject.
func (f *Finder) isOwn(e *reach.Effect, subject int32, t reach.Thing) bool {
	switch n := &f.model.Endpoints[subject]; {
	case t.Policy != "":
		return f.model.Governs(e.Direction, t.Policy, subject)
	case t.Namespace != "":
		return n.Potential != nil && n.Potential.Namespace() == t.Namespace ||
			n.Workload[reach.Head] != nil && n.Workload[reach.Head].Namespace == t.Namespace
	}
	return f.model.Class(t.Endpoint) == f.model.Class(subject)
}
