package cause

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// maxReferents bounds how many changed objects are asked about that policies may refer to.
const maxReferents = 200

// referent is an object that policies may refer to and that differs: nil on the side where it is not there.
type referent struct{ old, now *manifest.Object }

// referents finds which changes of others make a policy that is the same on both sides mean something else: those without
// which head would make something else of it.
func (f *Finder) referents(p *policy.Policy) []Cause {
	key := p.Object.Key()
	if known, ok := f.referred[key]; ok {
		return known
	}
	if f.referred == nil {
		f.referred = make(map[string][]Cause)
		f.differing = differing(f.states[reach.Base].Referents, f.states[reach.Head].Referents)
	}
	var out []Cause
	head := f.states[reach.Head]
	if len(f.differing) <= maxReferents {
		now := head.Compiled(p.Object, head.Referents)
		for _, r := range f.differing {
			back := slices.DeleteFunc(slices.Clone(head.Referents), func(o *manifest.Object) bool { return o == r.now })
			if r.old != nil {
				back = append(back, r.old)
			}
			if !reflect.DeepEqual(now, head.Compiled(p.Object, back)) {
				c := r.cause()
				c.Change, c.breadth = c.Change+"; "+p.Object.String()+" refers to it", f.model.Breadth(key)
				out = append(out, c)
			}
		}
	}
	f.referred[key] = out
	return out
}

// cause words the change.
func (r referent) cause() Cause {
	c := Cause{Side: "head"}
	object, at := r.now, (*manifest.Node)(nil)
	switch {
	case r.old == nil:
		c.Change = "added"
	case r.now == nil:
		object, c.Side, c.Change = r.old, "base", "removed"
	default:
		for _, path := range [][]string{{"metadata", "annotations"}, {"metadata", "labels"}, {"spec"}, {"subsets"}, {"endpoints"}, {"data"}} {
			before, after := r.old.Body.Get(path...), r.now.Body.Get(path...)
			if equal(before, after) {
				continue
			}
			var part *manifest.Node
			c.Change, part = difference(before, after, path[len(path)-1])
			if part != nil {
				at = part
			}
		}
	}
	if at == nil {
		at = object.Body
	}
	origin := object.At(at)
	c.Object, c.File, c.Line = object.String(), origin.File, origin.Line
	return c
}

// account finds what changed about a workload's ServiceAccount.
func (f *Finder) account(w *cluster.Workload) []Cause {
	is := func(o *manifest.Object) bool {
		return o.Kind == "ServiceAccount" && o.Name == w.ServiceAccount && cmp.Or(o.Namespace, cluster.DefaultNamespace) == w.Namespace
	}
	var r referent
	for s, to := range map[reach.Side]**manifest.Object{reach.Base: &r.old, reach.Head: &r.now} {
		if i := slices.IndexFunc(f.states[s].Referents, is); i >= 0 {
			*to = f.states[s].Referents[i]
		}
	}
	if r.old == nil && r.now == nil {
		return nil
	}
	c := r.cause()
	c.Change, c.breadth = c.Change+"; "+w.Object.String()+" runs as it", 1
	return []Cause{c}
}

// differing are the objects of two lists that are not the same in both, in head's order, then base's.
func differing(base, head []*manifest.Object) []referent {
	before := make(map[string]*manifest.Object, len(base))
	for _, o := range base {
		before[o.Key()] = o
	}
	var out []referent
	there := make(map[string]bool, len(head))
	for _, o := range head {
		there[o.Key()] = true
		if old := before[o.Key()]; old == nil || old.Body != o.Body && old.Digest() != o.Digest() {
			out = append(out, referent{old, o})
		}
	}
	for _, o := range base {
		if !there[o.Key()] {
			out = append(out, referent{old: o})
		}
	}
	return out
}

// Edited tells what changed about an object that is no policy; either side may be nil. It tells nothing of one that is the
// same on both.
func Edited(old, now *manifest.Object) (Cause, bool) {
	if old == nil && now == nil || old != nil && now != nil && (old == now || old.Body == now.Body || old.Digest() == now.Digest()) {
		return Cause{}, false
	}
	return referent{old, now}.cause(), true
}
