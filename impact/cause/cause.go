// Package cause finds the changed objects behind a changed connection.
//
// In goes an effect of the engine: subjects whose connections with some peers changed. Out come the changes that can be
// behind it: policies of the subject that were added, removed or edited, or came to select it or ceased to; labels of
// workloads and namespaces; ports. What cannot have this effect is left out: a policy that only allows does not block
// what was isolated before.
package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Cause is a changed object without which a finding would not be.
type Cause struct {
	// Object names it: "NetworkPolicy shop/deny-all".
	Object string
	File   string
	Line   int
	// Side is where File and Line are to be looked up: "head", or "base" for what was removed.
	Side string
	// Change says what changed about it: "added", "removed", "spec.ingress[0] edited".
	Change string

	// breadth is how much the object reaches: the widest cause comes first.
	breadth int
}

// Finder finds causes in one model.
type Finder struct {
	model *reach.Model
	base  map[string]*policy.Policy
	head  map[string]*policy.Policy
	// namespaces are each side's.
	namespaces [2]map[string]*cluster.Namespace
	// changes remembers what changed about each policy; nil if nothing did.
	changes map[*policy.Policy]*Cause
}

// New prepares for finding causes.
func New(m *reach.Model, base, head *cluster.State) *Finder {
	return &Finder{
		model: m, base: byKey(base.Policies), head: byKey(head.Policies),
		namespaces: [2]map[string]*cluster.Namespace{base.Namespaces, head.Namespaces},
		changes:    make(map[*policy.Policy]*Cause),
	}
}

func byKey(ps []*policy.Policy) map[string]*policy.Policy {
	out := make(map[string]*policy.Policy, len(ps))
	for _, p := range ps {
		out[p.Object.Key()] = p
	}
	return out
}

// Of returns the causes of an effect on one of its subjects, the widest first.
func (f *Finder) Of(e *reach.Effect, subject int32) []Cause {
	var out []Cause
	before := f.model.Acting(e.Direction, reach.Base, subject)
	after := f.model.Acting(e.Direction, reach.Head, subject)
	relabelled := false
	for _, p := range union(before, after) {
		acted, acts := selects(before, p), selects(after, p)
		if !f.canCause(e, subject, p, acted, acts) {
			continue
		}
		switch change := f.change(p); {
		case change != nil:
			out = append(out, *change)
		case acted != acts:
			relabelled = true
		}
	}
	if relabelled || len(out) == 0 {
		out = append(out, f.looks(subject)...)
	}
	if len(out) == 0 {
		out = f.peers(e)
	}
	slices.SortStableFunc(out, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.breadth, a.breadth), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Change, b.Change))
	})
	return out
}

// canCause leaves out what cannot have the effect: of policies that only allow, one that comes cannot block what was
// isolated already, and one that goes cannot open what stays isolated.
func (f *Finder) canCause(e *reach.Effect, subject int32, p *policy.Policy, acted, acts bool) bool {
	if !onlyAllows(p, e.Direction) {
		return true
	}
	if e.Opened {
		return acts || !f.model.Isolated(e.Direction, reach.Head, subject)
	}
	return acted || !f.model.Isolated(e.Direction, reach.Base, subject)
}

func onlyAllows(p *policy.Policy, d policy.Direction) bool {
	return !slices.ContainsFunc(p.Rules[d], func(r policy.Rule) bool { return r.Verdict != policy.Allow })
}

func union(before, after []*policy.Policy) []*policy.Policy {
	out := slices.Clone(after)
	for _, p := range before {
		if !selects(after, p) {
			out = append(out, p)
		}
	}
	return out
}

// selects tells whether a policy, on whichever side, is among those that act.
func selects(acting []*policy.Policy, p *policy.Policy) bool {
	return slices.ContainsFunc(acting, func(x *policy.Policy) bool { return x == p || sameIdentity(x.Object, p.Object) })
}

func sameIdentity(a, b *manifest.Object) bool {
	return a.Name == b.Name && a.Namespace == b.Namespace && a.Kind == b.Kind && a.Group == b.Group
}

// change is what changed about a policy; nil if it means the same on both sides.
func (f *Finder) change(p *policy.Policy) *Cause {
	if known, ok := f.changes[p]; ok {
		return known
	}
	key := p.Object.Key()
	var change *Cause
	old, now := f.base[key], f.head[key]
	switch {
	case old == nil:
		change = f.cause(now, "head", now.Object.Body, "added")
	case now == nil:
		change = f.cause(old, "base", old.Object.Body, "removed")
	case old.Object.Body != now.Object.Body:
		before, after := old.Object.Body.Get("spec"), now.Object.Body.Get("spec")
		if !equal(before, after) {
			text, at := difference(before, after, "spec")
			change = f.cause(now, "head", at, text)
		}
	}
	f.changes[p] = change
	return change
}

func (f *Finder) cause(p *policy.Policy, side string, at *manifest.Node, change string) *Cause {
	origin := p.Object.At(at)
	return &Cause{Object: p.Object.String(), File: origin.File, Line: origin.Line, Side: side, Change: change,
		breadth: f.model.Breadth(p.Object.Key())}
}

// looks finds what changed about the subject itself: its labels, its namespace's, its ports.
func (f *Finder) looks(endpoint int32) []Cause {
	if p := f.model.Endpoints[endpoint].Potential; p != nil {
		return f.namespace(p.Namespace(), p.Namespace())
	}
	old, now := f.model.Endpoints[endpoint].Workload[reach.Base], f.model.Endpoints[endpoint].Workload[reach.Head]
	if old == nil || now == nil {
		return nil
	}
	var out []Cause
	add := func(o *manifest.Object, side string, path []string, change string) {
		at := o.At(o.Body.Get(path...))
		out = append(out, Cause{Object: o.String(), File: at.File, Line: at.Line, Side: side, Change: change, breadth: 1})
	}
	if change := changedLabels(old.Labels, now.Labels); change != "" {
		add(now.Object, "head", append(now.TemplatePath(), "metadata", "labels"), change)
	}
	if old.HostNetwork != now.HostNetwork {
		add(now.Object, "head", append(now.TemplatePath(), "spec", "hostNetwork"), fmt.Sprintf("hostNetwork: %v → %v", old.HostNetwork, now.HostNetwork))
	}
	if !slices.Equal(old.Ports, now.Ports) {
		add(now.Object, "head", append(now.TemplatePath(), "spec", "containers"), "container ports edited")
	}
	out = append(out, f.namespace(old.Namespace, now.Namespace)...)
	return out
}

func (f *Finder) namespace(before, after string) []Cause {
	old, now := f.namespaces[reach.Base][before], f.namespaces[reach.Head][after]
	if old == nil || now == nil {
		return nil
	}
	change := changedLabels(old.Labels, now.Labels)
	switch {
	case change == "":
		return nil
	case now.Object != nil:
		at := now.Object.At(now.Object.Body.Get("metadata", "labels"))
		return []Cause{{Object: now.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: change, breadth: 1 << 20}}
	case old.Object != nil:
		return []Cause{{Object: old.Object.String(), File: old.Object.Origin.File, Line: old.Object.Origin.Line, Side: "base", Change: "removed", breadth: 1 << 20}}
	}
	return nil
}

// maxPeers bounds how many peers are looked at for a change of their own.
const maxPeers = 1000

// peers finds what changed about the peers.
func (f *Finder) peers(e *reach.Effect) []Cause {
	var out []Cause
	seen := make(map[string]bool)
	for _, i := range e.Peers[:min(len(e.Peers), maxPeers)] {
		for _, c := range f.looks(i) {
			if key := c.Object + c.Change; !seen[key] {
				seen[key] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// changedLabels words the difference of two sets of labels.
func changedLabels(before, after map[string]string) string {
	var words []string
	for key, old := range before {
		switch now, ok := after[key]; {
		case !ok:
			words = append(words, fmt.Sprintf("label %s: %s removed", key, old))
		case now != old:
			words = append(words, fmt.Sprintf("label %s: %s → %s", key, old, now))
		}
	}
	for key, now := range after {
		if _, ok := before[key]; !ok {
			words = append(words, fmt.Sprintf("label %s: %s added", key, now))
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
