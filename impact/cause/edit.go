package cause

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// directions are those in which a policy matters to a connection: what changed about its rules of the other one does not.
type directions [2]bool

var anyDirection = directions{true, true}

// noDirection is for whom a policy selects.
var noDirection directions

// part is what a policy says of some directions.
type part struct {
	policy *policy.Policy
	of     directions
}

// concerns tells whether a field of a policy's specification may matter in some directions. In every dialect the rules of a
// direction are in fields that begin with its name.
func (d directions) concerns(field string) bool {
	switch {
	case strings.HasPrefix(field, "ingress"):
		return d[policy.Ingress]
	case strings.HasPrefix(field, "egress"):
		return d[policy.Egress]
	}
	return true
}

// directions are those in which a policy acts on the ends of the connections that it is needed for.
func (f *Finder) directions(e *reach.Effect, of found, t reach.Thing) directions {
	var out directions
	out[e.Direction] = f.acts(t.Policy, e.Direction, of.subject)
	for _, c := range of.cells {
		for _, x := range c.things {
			if x == t && !out[1-e.Direction] {
				out[1-e.Direction] = f.acts(t.Policy, 1-e.Direction, c.peer)
			}
		}
	}
	return out
}

// actingOn are the directions in which a policy acts on a connection's ends.
func (f *Finder) actingOn(key string, c reach.Cell) directions {
	return directions{policy.Ingress: f.acts(key, policy.Ingress, c.Destination), policy.Egress: f.acts(key, policy.Egress, c.Source)}
}

// acts tells whether a policy acts on an endpoint on some side.
func (f *Finder) acts(key string, d policy.Direction, endpoint int32) bool {
	for s := reach.Base; s <= reach.Head; s++ {
		for _, p := range f.model.Acting(d, s, endpoint) {
			if p.Object.Key() == key {
				return true
			}
		}
	}
	return false
}

// change is what changed about a policy, as far as it is about some directions, or all of it if that is about the other ones
// only; nil if the policy means the same on both sides, or selects the same for no direction.
func (f *Finder) change(p *policy.Policy, of directions) *Cause {
	key := part{p, of}
	if known, ok := f.changes[key]; ok {
		return known
	}
	change := f.changed(p, of)
	f.changes[key] = change
	return change
}

func (f *Finder) changed(p *policy.Policy, of directions) *Cause {
	key := p.Object.Key()
	old, now := f.base[key], f.head[key]
	switch {
	case old == nil:
		return f.cause(now, "head", now.Object.Body, "added")
	case now == nil:
		return f.cause(old, "base", old.Object.Body, "removed")
	case old.Object.Body == now.Object.Body:
		return nil
	}
	before, after := old.Object.Body.Get("spec"), now.Object.Body.Get("spec")
	path := "spec"
	if equal(before, after) { // Cilium's policies may have several
		path, before, after = "specs", old.Object.Body.Get("specs"), now.Object.Body.Get("specs")
	}
	if equal(before, after) {
		return nil
	}
	text, at := "", (*manifest.Node)(nil)
	if before != nil && after != nil && before.Kind == manifest.Map && after.Kind == manifest.Map {
		text, at = differenceOfMaps(before, after, path, of.concerns)
	}
	switch {
	case text != "":
	case of == noDirection:
		return nil
	default:
		text, at = difference(before, after, path)
	}
	return f.cause(now, "head", at, text)
}
