package review

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// checkUndeployed fails where a policy that something deploys on base, or that was part of another target, is at head only
// in a folder that is found by itself. Folders that nothing refers to count as deployed by hand, so that such a policy would
// be the same on both sides, though the change may well take it out of the cluster.
func (c *comparison) checkUndeployed() {
	if c.filesOnly() {
		return
	}
	base, head := keys(c.base.units), make(map[string]*unit)
	for _, u := range c.head.units {
		head[u.key()] = u
	}
	c.tellKept()
	for _, u := range c.head.units {
		if u.kept {
			continue
		}
		if base[u.key()] || u.Target.Deployer != "" || u.Target.Source != nil {
			continue
		}
		policies := identities(u)
		for _, b := range c.base.units {
			if environment(b) != environment(u) {
				continue // it is told as removed from the one's cluster
			}
			if p := c.leaves(b, head[b.key()], policies); p != nil && !c.deploysAnyway(b, p) {
				c.head.fail(manifest.Diagnostic{Object: p.String(), File: p.Origin.File, Line: p.Origin.Line, Message: undeployed(b, u)})
				break
			}
		}
	}
}

// leaves is a policy of a target of base that is now in another one with those policies and in its own, is at head, no more;
// nil if there is none. What was deployed by hand may be so from another folder, too, and a target that is gone was moved.
func (c *comparison) leaves(b, now *unit, policies map[string]bool) *manifest.Object {
	if b.Target.Deployer == "" && (b.Target.Kind == render.Plain || now == nil) {
		return nil
	}
	own := make(map[string]bool)
	if now != nil {
		own = identities(now)
	}
	for _, o := range b.out.Objects {
		if id := o.Key(); cluster.IsPolicy(o) && policies[id] && !own[id] {
			return o
		}
	}
	return nil
}

// deploysAnyway tells whether what deploys a target of base deploys a policy of it at head, too, from another folder.
func (c *comparison) deploysAnyway(b *unit, p *manifest.Object) bool {
	for _, u := range c.head.units {
		if b.Target.Deployer != "" && u.Target.Deployer == b.Target.Deployer && u.Target.Cluster == b.Target.Cluster && identities(u)[p.Key()] {
			return true
		}
	}
	return false
}

func undeployed(was, is *unit) string {
	by := fmt.Sprintf("the target %s, which is still there, no longer has it", was.Target)
	if was.Target.Deployer != "" {
		by = was.Target.Deployer + " no longer deploys it"
	}
	return fmt.Sprintf("%s, and at head nothing refers to %s: %s", by, is.Target, stillThere)
}

// stillThere says how what may be gone is compared, and what to do.
const stillThere = "it is compared as if it were still in the cluster, which is so only if that is deployed by other means. " +
	"Delete its manifest if it is to go; else refer to it, or name the targets in the configuration, by a change that is merged before"

// identities are a target's policies by their kind, namespace and name.
func identities(u *unit) map[string]bool {
	all := make(map[string]bool)
	for _, o := range u.out.Objects {
		if cluster.IsPolicy(o) {
			all[o.Key()] = true
		}
	}
	return all
}
