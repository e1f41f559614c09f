package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// checkTargets leaves out, on both sides, the targets that failed on one: what they hold would look removed or new.
// A target that renders to nothing where the other side has workloads is such a failure; more often than not a path, a
// condition or a value is wrong, and no connection would be reported.
func (c *comparison) checkTargets() {
	failed := make(map[string]bool)
	onBase, onHead := make(map[string]*unit), keys(c.head.units)
	for _, u := range c.base.units {
		onBase[u.key()] = u
		failed[u.key()] = u.err != nil || !onHead[u.key()] && c.losesItsWay(u)
	}
	for _, m := range c.standIns() {
		c.head.fail(m.told())
		failed[m.from.key()], failed[m.to.key()] = true, true
	}
	for _, u := range c.head.units {
		key, b := u.key(), onBase[u.key()]
		failed[key] = failed[key] || u.err != nil
		if failed[key] || b == nil {
			continue
		}
		if c.empties(u, b, c.head) || c.empties(b, u, c.base) {
			failed[key] = true
		}
	}
	for _, s := range []*state{c.base, c.head} {
		var kept []*unit
		for _, u := range s.units {
			if !failed[u.key()] {
				kept = append(kept, u)
			}
		}
		s.units = kept
	}
}

// losesItsWay tells whether the object that deploys a target of base is still there at head, but with a word that what it
// deploys is not analysed: its folder may be gone, or its source another one. A cluster keeps what was deployed then, so
// it is not compared as removed.
func (c *comparison) losesItsWay(u *unit) bool {
	d := c.wordOnDeployer(u)
	if d != nil {
		c.head.fail(manifest.Diagnostic{Object: d.Object, File: d.File, Line: d.Line,
			Message: fmt.Sprintf("it deploys %s on the base side, and nothing that can be analysed at head: %s", u.Target, d.Message)})
	}
	return d != nil
}

// wordOnDeployer says why what the object that deploys a target deploys at head is not analysed; nil if nothing does.
func (c *comparison) wordOnDeployer(u *unit) *manifest.Diagnostic {
	for i := range c.head.diagnostics {
		d := &c.head.diagnostics[i]
		if u.Target.Deployer != "" && d.Severity != manifest.Info && (d.Object == u.Target.Deployer || strings.HasSuffix(u.Target.Deployer, " of "+d.Object)) {
			return d
		}
	}
	return nil
}

// empties tells whether a target renders to nothing on a side while the other one has workloads.
func (c *comparison) empties(u, other *unit, s *state) bool {
	if len(u.out.Objects) > 0 || !c.hasWorkloads(other.out.Objects) {
		return false
	}
	s.fail(manifest.Diagnostic{Object: u.Target.String(),
		Message: fmt.Sprintf("this target renders to nothing%s, and to workloads on the other; delete the target if that is meant", s.where())})
	return true
}

// checkCluster tells whether a cluster can be compared. One that loses its last target cannot: whether everything in it
// is deleted or was moved to where it is not found, nobody would see what that opens or cuts.
func (c *comparison) checkCluster(g *group) bool {
	switch {
	case len(g.head) == 0:
		c.head.fail(manifest.Diagnostic{Object: "cluster " + g.name, Message: fmt.Sprintf("this cluster loses its last target: %s", strings.Join(firstOf(g.targets()), ", "))})
		return false
	case len(g.base) == 0:
		c.note("cluster "+g.name, "this cluster is new at head: everything in it is")
		c.checkLoosePolicies(g)
		return true
	}
	base, head := keys(g.base), keys(g.head)
	for _, u := range g.head {
		if !base[u.key()] && !c.filesOnly() {
			c.note(u.Target.String(), fmt.Sprintf("this target of cluster %s is new at head", g.name))
		}
	}
	named := !c.o.TrustHead && len(c.config.Targets) > 0
	for _, u := range g.base {
		switch {
		case head[u.key()] || c.filesOnly():
		case named:
			c.head.fail(manifest.Diagnostic{Object: u.Target.String(),
				Message: fmt.Sprintf("the configuration names this target of cluster %s, and it is gone at head: what was moved elsewhere would not be looked at. To delete it, take it out of the configuration first, by a change that is merged before", g.name)})
		default:
			c.note(u.Target.String(), fmt.Sprintf("this target of cluster %s is gone at head", g.name))
		}
	}
	if c.filesOnly() {
		return c.checkFiles(g)
	}
	return true
}

// checkLoosePolicies warns of a new cluster that is nothing but policies: what they do to workloads that are deployed beside
// them in fact, and stand in another cluster here, nobody would see.
func (c *comparison) checkLoosePolicies(g *group) {
	all := objects(g.head)
	i := slices.IndexFunc(all, cluster.IsPolicy)
	if i < 0 || c.hasWorkloads(all) || c.filesOnly() {
		return
	}
	c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Warning, Object: "cluster " + g.name, File: all[i].Origin.File, Line: all[i].Origin.Line,
		Message: fmt.Sprintf("this cluster is new, and has policies (%s) and no workloads: if they are deployed to where another cluster's workloads are, what they do there is not in this report; name the cluster of %s in the configuration's targets",
			all[i], strings.Join(firstOf(g.targets()), ", "))})
}

// hasWorkloads tells whether any of the objects owns pods; a target without may well be one of policies alone.
func (c *comparison) hasWorkloads(objects []*manifest.Object) bool {
	return slices.ContainsFunc(objects, func(o *manifest.Object) bool { return cluster.OwnsPods(o, c.config) })
}

// filesOnly tells whether targets have no names to compare, because a side is one file.
func (c *comparison) filesOnly() bool { return c.base.file != "" || c.head.file != "" }

// checkFiles is checkTargets where a side is one file, and the other one's targets are all its counterpart.
func (c *comparison) checkFiles(g *group) bool {
	base, head := objects(g.base), objects(g.head)
	for _, s := range []struct {
		*state
		own, other []*manifest.Object
	}{{c.base, base, head}, {c.head, head, base}} {
		if len(s.own) == 0 && c.hasWorkloads(s.other) {
			s.fail(manifest.Diagnostic{Object: s.name, Message: fmt.Sprintf("the %s side has no objects, and the other has workloads", s.label)})
			return false
		}
	}
	return true
}

func keys(units []*unit) map[string]bool {
	all := make(map[string]bool)
	for _, u := range units {
		all[u.key()] = true
	}
	return all
}

func (c *comparison) note(object, message string) {
	c.notes = append(c.notes, manifest.Diagnostic{Severity: manifest.Info, Object: object, Message: message})
}
