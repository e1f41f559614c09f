package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// setAside takes the targets out of both states that need not be rendered: those of clusters in which the change touches
// nothing that any target can read. Such a cluster is the same on both sides, so nothing in it opens or closes. A target
// that is untouched in a cluster where another one is not has to be rendered: its policies meet what changed.
//
// Where promises are tried, all are rendered, to tell whether they are kept.
//
// What stands in the contents decides which clusters an environment is split into. So it is by whole environments that
// targets are set aside, which no object of another one can regroup.
func (c *comparison) setAside() {
	if c.o.All || c.o.Hygiene == impact.HygieneAll || c.pledges.tried(c.o.TrustHead) || c.filesOnly() || len(c.base.failures)+len(c.head.failures) > 0 {
		return
	}
	onBase := make(map[string][]*unit)
	for _, u := range c.base.units {
		onBase[u.id()] = append(onBase[u.id()], u)
	}
	touched := make(map[string]bool)
	onHead := make(map[string]bool)
	same := make(map[string]bool) // paths that were compared
	for _, u := range c.head.units {
		onHead[u.id()] = true
		where := environment(u)
		touched[where] = touched[where] || len(onBase[u.id()]) != 1 || u.kept || onBase[u.id()][0].adopted || isDropped(onBase[u.id()][0], u) || !c.readsTheSame(onBase[u.id()][0], u, same)
	}
	for _, u := range c.base.units {
		if !onHead[u.id()] {
			touched[environment(u)] = true
		}
	}
	aside := make(map[string][]string)
	for _, u := range c.head.units {
		if !touched[environment(u)] {
			name := cmp.Or(u.Found.Cluster, discover.Unmarked)
			aside[name] = append(aside[name], u.Target.String())
		}
	}
	for _, s := range []*state{c.base, c.head} {
		s.units = slices.DeleteFunc(s.units, func(u *unit) bool { return !touched[environment(u)] })
	}
	if len(aside) > 0 {
		c.note("", fmt.Sprintf("clusters that the change does not touch, not rendered: %d (--all renders them)", len(aside)))
	}
	for name, targets := range aside {
		slices.Sort(targets)
		c.clusters = append(c.clusters, impact.Cluster{Name: name, Targets: slices.Compact(targets), Untouched: true})
	}
}

// environment is the part of a cluster's name that does not depend on what its targets render to.
func environment(u *unit) string {
	first, _, _ := strings.Cut(cmp.Or(u.Found.Cluster, discover.Unmarked), "/")
	return first
}

// readsTheSame tells whether it can be proved, without rendering, that a target renders to the same on both sides.
func (c *comparison) readsTheSame(base, head *unit, known map[string]bool) bool {
	if !base.Target.RendersAs(head.Target) || base.Found.Cluster != head.Found.Cluster {
		return false
	}
	paths, ok := head.Reads()
	if !ok {
		return false
	}
	for _, at := range paths {
		is, seen := known[at]
		if !seen {
			is = tree.Same(c.base.tree, c.head.tree, at)
			known[at] = is
		}
		if !is {
			return false
		}
	}
	return true
}
