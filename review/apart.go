package review

import (
	"fmt"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// checkApart fails where targets that form one cluster by what base holds are in two by what head adds: an object that both
// of them have now, each in its own words, or a base that they share. The policies of one would no longer meet the workloads
// of the other, on either side, and nothing that the change does to them would be seen.
func (c *comparison) checkApart(groups []*group) {
	if c.filesOnly() {
		return
	}
	in := make(map[string]*group)       // by the targets' ids
	of := make(map[string]*group)       // by environments
	isSplit := make(map[string]bool, 1) // most often none is, and base need not be looked at by itself
	for _, g := range groups {
		for _, u := range g.base {
			in[u.id()] = g
			where := environment(u)
			isSplit[where] = isSplit[where] || of[where] != nil && of[where] != g
			of[where] = g
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(isSplit)), true) {
		return
	}
	alone, _ := groupUnits(c.base, &state{side: c.head.side})
	for _, was := range alone {
		var first *unit
		for _, u := range was.base {
			switch {
			case !slices.ContainsFunc(u.out.Objects, c.meetsOthers):
			case first == nil:
				first = u
			case in[u.id()] != in[first.id()]:
				c.head.fail(manifest.Diagnostic{Object: "cluster " + was.name, Message: fmt.Sprintf(
					"by what the change adds, %s and %s are taken for clusters of their own (%s, %s), which they are not on the base side: what the policies of one do to the workloads of the other is not compared. "+
						"Name clusters in the configuration by a change that is merged before, or take away what sets them apart",
					first.Target, u.Target, in[first.id()].name, in[u.id()].name)})
				return
			}
		}
	}
}

// meetsOthers tells the objects that reach beyond their target: policies, and what they apply to.
func (c *comparison) meetsOthers(o *manifest.Object) bool {
	return cluster.IsPolicy(o) || cluster.OwnsPods(o, c.config)
}
