package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/discover"
)

// findsItself tells whether the targets are those that the repository shows, and none that somebody names.
func (c *comparison) findsItself() bool {
	return !c.filesOnly() && len(c.config.Targets) == 0 && len(c.o.Targets) == 0
}

// keepUndeployed looks for folders that something deploys on base and nothing does at head, where they stay and are found by
// themselves: in other namespaces and with other values. Where what deployed such a folder deploys another one now, it is left
// out; else it is compared as base deploys it.
func (c *comparison) keepUndeployed() {
	if !c.findsItself() {
		return
	}
	base, deployed, deploys := keys(c.base.units), make(map[string]bool), make(map[string]*unit)
	for _, u := range c.head.units {
		if u.Target.Deployer != "" {
			deployed[u.Target.Path], deploys[u.Target.Deployer+" in "+u.Target.Cluster] = true, u
		}
	}
	for _, b := range c.base.units {
		if b.Target.Deployer == "" || b.Target.Source != nil || deployed[b.Target.Path] || c.wordOnDeployer(b) != nil {
			continue
		}
		isOrphan := func(u *unit) bool {
			return u.Target.Deployer == "" && u.Target.Path == b.Target.Path && !base[u.key()]
		}
		others := slices.ContainsFunc(c.head.units, func(u *unit) bool { return u.kept && u.Target.Path == b.Target.Path })
		if !others && !slices.ContainsFunc(c.head.units, isOrphan) {
			continue
		}
		c.head.units = slices.DeleteFunc(c.head.units, isOrphan)
		if now := deploys[b.Target.Deployer+" in "+b.Target.Cluster]; now != nil {
			c.note(b.Target.Path, fmt.Sprintf("%s no longer deploys this folder, but %s: at head it is left out, since nothing refers to it", b.Target.Deployer, now.Target))
			continue
		}
		c.head.units = append(c.head.units, &unit{Found: b.Found, kept: true})
	}
	slices.SortStableFunc(c.head.units, func(a, b *unit) int { return strings.Compare(a.Target.String(), b.Target.String()) })
}

// tellKept fails where targets that nothing deploys at head have policies, and warns of those that have none.
func (c *comparison) tellKept() {
	var held, bare []*unit
	for _, u := range c.head.units {
		switch {
		case !u.kept:
		case len(identities(u)) > 0:
			held = append(held, u)
		default:
			bare = append(bare, u)
		}
	}
	for i, u := range held {
		if i == maxUnreadNamed {
			c.head.fail(manifest.Diagnostic{Object: strings.Join(firstOf(targetsOf(held[i:])), ", "), Message: "these have policies, too, and nothing deploys them at head, though base does: " + stillThere})
			break
		}
		p := firstPolicy(u, identities(u))
		c.head.fail(manifest.Diagnostic{Object: p.String(), File: p.Origin.File, Line: p.Origin.Line, Message: undeployed(u, u)})
	}
	if len(bare) > 0 {
		message := undeployed(bare[0], bare[0])
		if len(bare) > 1 {
			message = "nothing deploys these at head, though base does: " + stillThere
		}
		c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Warning, Object: strings.Join(firstOf(targetsOf(bare)), ", "), Message: message})
	}
}

func targetsOf(units []*unit) []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.Target.String()
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isDropped tells whether what deployed the object that deploys a target no longer does at head, where that one is found by
// itself.
func isDropped(base, head *unit) bool {
	return head.Target.Deployer != "" && (base.Parent != "" && head.Parent == "" || head.Loose && !base.Loose)
}

// checkDropped fails where an object that deploys policies is itself deployed no longer, but still there: a child that the
// root of an app-of-apps drops. Where the root is gone as well, its children may be applied in another way: that is a warning.
func (c *comparison) checkDropped() {
	if !c.findsItself() {
		return
	}
	onBase := make(map[string]*unit)
	for _, b := range c.base.units {
		onBase[b.key()] = b
	}
	type group struct {
		by, environment string
		fails           bool
	}
	dropped := make(map[group][]*unit)
	var order []group
	for _, u := range c.head.units {
		b := onBase[u.key()]
		if b == nil || u.kept || !isDropped(b, u) {
			continue
		}
		g := group{by: "its manifest is in the folder of a kustomization that no longer names it", environment: environment(u)}
		if b.Parent != "" {
			g.by = b.Parent + " no longer deploys this object"
		}
		g.fails = len(identities(b))+len(identities(u)) > 0 && (u.Loose || c.staysAlive(b))
		if dropped[g] == nil {
			order = append(order, g)
		}
		dropped[g] = append(dropped[g], u)
	}
	for _, g := range order {
		first, more := dropped[g][0], ""
		if n := len(dropped[g]) - 1; n > 0 {
			more = fmt.Sprintf(" (and so it is with %d more in the same cluster)", n)
		}
		d := manifest.Diagnostic{Severity: manifest.Warning, Object: first.Target.Deployer, Message: fmt.Sprintf("%s, and it deploys %s%s: %s", g.by, first.Target, more, stillThere)}
		if g.fails {
			c.head.fail(d)
		} else {
			c.notes = append(c.notes, d)
		}
	}
}

// staysAlive tells whether what deployed the deployer of a target of base still deploys anything at head, in its cluster.
func (c *comparison) staysAlive(b *unit) bool {
	in := make(map[string]bool) // Flux's objects have the same names in each cluster, and may deploy into another one
	for _, p := range c.base.units {
		if p.Target.Deployer == b.Parent && (environment(p) == environment(b) || !in[environment(b)]) {
			in[environment(p)] = true
		}
	}
	return slices.ContainsFunc(c.head.units, func(u *unit) bool {
		return !u.kept && u.Target.Deployer == b.Parent && (environment(u) == environment(b) || in[environment(u)] && !in[environment(b)])
	})
}

// adoptDeployed looks for folders that base found by themselves and that something deploys at head: they are compared in the
// namespace and with the values that they have there.
func (c *comparison) adoptDeployed() {
	if !c.findsItself() {
		return
	}
	base, head, deployed := keys(c.base.units), keys(c.head.units), make(map[string]bool)
	for _, b := range c.base.units {
		if b.Target.Deployer != "" {
			deployed[b.Target.Path] = true
		}
	}
	// What was in one environment and is deployed into another one is gone from the first.
	type folder struct{ path, environment string }
	in := func(u *unit) folder { return folder{u.Target.Path, environment(u)} }
	isOrphan := func(b *unit) bool {
		return b.Target.Deployer == "" && !head[b.key()] && !deployed[b.Target.Path]
	}
	orphans := make(map[folder][]*unit)
	for _, b := range c.base.units {
		if isOrphan(b) {
			orphans[in(b)] = append(orphans[in(b)], b)
		}
	}
	for _, u := range c.head.units {
		if all := orphans[in(u)]; all != nil && u.Target.Deployer != "" && u.Target.Source == nil && !base[u.key()] {
			c.base.units = append(c.base.units, &unit{Found: u.Found, adopted: true, insteadOf: all})
		}
	}
}

// chooseAdopted leaves one of what base found by itself and the same as head deploys it: the latter if it renders there.
func (c *comparison) chooseAdopted() {
	out := make(map[*unit]bool)
	for _, b := range c.base.units {
		if b.adopted && b.err != nil {
			for _, orphan := range b.insteadOf {
				out[orphan] = false
			}
			out[b] = true
			continue
		}
		for _, orphan := range b.insteadOf {
			if _, needed := out[orphan]; !needed {
				out[orphan] = true
			}
		}
	}
	c.base.units = slices.DeleteFunc(c.base.units, func(b *unit) bool { return out[b] })
}

// checkNewlyDeployed looks for folders that base found by themselves and that something refers to at head. Where base has others
// that are deployed so, such a folder was most likely not in the cluster: it then counts as new, if the change does nothing else there.
func (c *comparison) checkNewlyDeployed() {
	if !c.findsItself() {
		return
	}
	c.chooseAdopted()
	base, head := keys(c.base.units), make(map[string]*unit)
	for _, u := range c.head.units {
		head[u.key()] = u
	}
	deployers := slices.ContainsFunc(c.base.units, func(b *unit) bool { return b.Target.Deployer != "" && !b.adopted })
	c.base.units = slices.DeleteFunc(c.base.units, func(b *unit) bool {
		switch now := head[b.key()]; {
		case b.adopted:
			return c.isNew(b, now, deployers)
		case now != nil || b.Target.Deployer != "" || b.Target.Source != nil || b.err != nil:
			return false
		}
		policies := identities(b)
		for _, u := range c.head.units {
			if environment(b) == environment(u) && u.Target.Source == nil && base[u.key()] && firstPolicy(u, policies) != nil {
				return c.isNew(b, u, true)
			}
		}
		return false // a target that is gone was moved
	})
}

// isNew tells whether a target of base counts as not yet in its cluster, because a target of head is what brings it there. It
// fails where that cannot be told from an edit of what was there.
func (c *comparison) isNew(b, u *unit, deployers bool) bool {
	by := fmt.Sprintf("the target %s", u.Target)
	if u.Target.Deployer != "" {
		by = u.Target.Deployer
	}
	p := firstPolicy(u, identities(b))
	switch {
	case deployers && c.changesNothingElse(environment(b)) && !c.isAlone(b):
		c.note(b.Target.String(), fmt.Sprintf("on base nothing referred to it, and at head %s does: it counts as new to the cluster", by))
		return true
	case p == nil:
	case !deployers:
		c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Warning, Object: b.Target.String(), Message: fmt.Sprintf(
			"%s deploys it at head, and base has nothing that is deployed so: it is compared as if its policies had been in the cluster before. If they were not, what they block or open is not told here", by)})
	default:
		c.head.fail(manifest.Diagnostic{Object: p.String(), File: p.Origin.File, Line: p.Origin.Line, Message: fmt.Sprintf(
			"%s has it at head, and on base nothing referred to %s: it is compared as if it had been in the cluster before, which is so only if that was deployed by other means. "+
				"Refer to it by a change that does nothing else there, or name the targets in the configuration, by a change that is merged before", by, b.Target)})
	}
	return false
}

// firstPolicy is the first of some policies that a target has, nil if it has none of them.
func firstPolicy(u *unit, policies map[string]bool) *manifest.Object {
	for _, o := range u.out.Objects {
		if cluster.IsPolicy(o) && policies[o.Key()] {
			return o
		}
	}
	return nil
}

// isAlone tells whether an environment of base has no other target.
func (c *comparison) isAlone(b *unit) bool {
	return !slices.ContainsFunc(c.base.units, func(u *unit) bool { return u != b && environment(u) == environment(b) })
}

// changesNothingElse tells whether all objects of an environment are the same on both sides, but for those by which others are
// deployed: the change does nothing there but refer to what base has. Without what is new, base allows more; an opening by
// another part of the change would not show.
func (c *comparison) changesNothingElse(environment string) bool {
	return maps.Equal(contents(c.base.units, environment), contents(c.head.units, environment))
}

// contents are the digests of an environment's objects, by what they are.
func contents(units []*unit, of string) map[string]uint64 {
	all := make(map[string]uint64)
	for _, u := range units {
		if environment(u) != of {
			continue
		}
		for _, o := range u.out.Objects {
			if !discover.IsToolObject(o) {
				all[o.Key()] = o.Digest()
			}
		}
	}
	return all
}
