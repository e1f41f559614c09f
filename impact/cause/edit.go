package cause

import (
	"slices"
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
	// rules are the paths of those that match on either side, one a line; "" for all.
	rules [2]string
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
	out[e.Direction] = f.model.Governs(e.Direction, t.Policy, of.subject)
	for _, c := range of.cells {
		for _, x := range c.things {
			if x == t && !out[1-e.Direction] {
				out[1-e.Direction] = f.model.Governs(1-e.Direction, t.Policy, c.peer)
			}
		}
	}
	return out
}

// actingOn are the directions in which a policy acts on a connection's ends.
func (f *Finder) actingOn(key string, c reach.Cell) directions {
	return directions{policy.Ingress: f.model.Governs(policy.Ingress, key, c.Destination), policy.Egress: f.model.Governs(policy.Egress, key, c.Source)}
}

// change is what changed about a policy, as far as it is about some directions, or all of it if that is about the other ones
// only; nil if the policy means the same on both sides, or selects the same for no direction.
func (f *Finder) change(p *policy.Policy, of directions) *Cause {
	return f.changeOf(part{policy: p, of: of})
}

func (f *Finder) changeOf(key part) *Cause {
	if known, ok := f.changes[key]; ok {
		return known
	}
	change := f.changed(key)
	f.changes[key] = change
	return change
}

// matched narrows a part of a policy to the rules that match the connections of an effect's subject with some peers, on either
// side: of several edits these are the ones. It narrows nothing where there is one edit only.
func (f *Finder) matched(subject int32, peers []int32, p part) part {
	change := f.changeOf(p)
	if change == nil || !strings.Contains(change.Change, ", ") {
		return p
	}
	key := p.policy.Object.Key()
	for s := reach.Base; s <= reach.Head; s++ {
		var paths []string
		for _, d := range policy.Directions {
			if p.of[d] {
				paths = append(paths, f.sampled.sample.Matching(key, d, s, subject, peers)...)
			}
		}
		slices.Sort(paths)
		p.rules[s] = strings.Join(slices.Compact(paths), "\n")
	}
	return p
}

// matches tells of a rule whether it is among those that match on a side.
func (p part) matches(s reach.Side, path string) bool {
	return slices.Contains(strings.Split(p.rules[s], "\n"), path)
}

func (f *Finder) changed(what part) *Cause {
	p, of := what.policy, what.of
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
		if what.rules != [2]string{} {
			if narrowed, where := what.difference(before, after, path); narrowed != "" {
				text, at = narrowed, where
			}
		}
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

// difference words what differs about the rules that match, if these are some of those that differ and nothing else does; else
// it is "".
func (p part) difference(before, after *manifest.Node, path string) (string, *manifest.Node) {
	var texts []string
	var at *manifest.Node
	for key := range before.Fields {
		if p.of.concerns(key.Text) && after.Get(key.Text) == nil {
			return "", nil
		}
	}
	for key, value := range after.Fields {
		was := before.Get(key.Text)
		if !p.of.concerns(key.Text) || equal(was, value) {
			continue
		}
		if was == nil || was.Kind != manifest.List || value.Kind != manifest.List {
			return "", nil
		}
		list := path + "." + key.Text
		x, y := was.Elements(), value.Elements()
		removed, added := leftOver(x, y)
		if len(removed) != len(added) || len(added) > maxWords {
			return "", nil
		}
		for n := range added {
			if p.matches(reach.Base, elementOf(list, removed[n])) || p.matches(reach.Head, elementOf(list, added[n])) {
				text, where := difference(&x[removed[n]], &y[added[n]], elementOf(list, added[n]))
				texts = append(texts, text)
				if at == nil {
					at = where
				}
			}
		}
	}
	return strings.Join(texts, ", "), at
}
