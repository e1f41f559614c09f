// Package paths finds lateral movement: how what faces the internet gets to what is worth protecting, and how far a workload
// that is broken into leads.
//
// In go two states of a cluster, who is exposed on each and who is sensitive; out come the paths that appear or get shorter and
// the growth of workloads' blast radius. What a path means to a reviewer, and what is behind it, is not decided here.
package paths

import (
	"cmp"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// Question is what paths are asked for.
type Question struct {
	Model *reach.Model
	// Listens are the ports that count of an endpoint as a destination; none stands for any port.
	Listens func(endpoint int32) policy.PortSet
	// Most is how much is asked for the radii of a side; 0 stands for maxQuestions.
	Most int
	// Exposed are the workloads that traffic from the internet gets to, by side, sorted.
	Exposed [2][]int32

	steps [2]*reach.Steps
}

// Path is a shortest path from what is exposed to a sensitive workload, on head.
type Path struct {
	// Through are the workloads in their order: the exposed one, any number between, the sensitive one. It has at least two.
	Through []int32
	// Before is how many steps the shortest path of base has; -1 if there is none.
	Before int
}

// Appears tells that there is no path on base.
func (p *Path) Appears() bool { return p.Before < 0 }

// side prepares a side when it is first asked for.
func (q *Question) side(s reach.Side) *reach.Steps {
	switch {
	case q.steps[s] != nil:
	case q.steps[1-s] != nil:
		q.steps[s] = q.steps[1-s].Beside()
	default:
		q.steps[s] = q.Model.Steps(s, q.Listens)
	}
	return q.steps[s]
}

// New returns the paths to sensitive workloads that appear or get shorter. A workload that is exposed itself needs no path.
func (q *Question) New(sensitive []int32) []Path {
	if len(q.Exposed[reach.Head]) == 0 || len(sensitive) == 0 {
		return nil
	}
	after := q.side(reach.Head).From(q.Exposed[reach.Head])
	if !slices.ContainsFunc(sensitive, func(i int32) bool { return after.Distance[i] > 0 }) {
		return nil
	}
	before := q.side(reach.Base).From(q.Exposed[reach.Base])
	var out []Path
	for _, i := range sensitive {
		was, is := before.Distance[i], after.Distance[i]
		if is <= 0 || was >= 0 && was <= is {
			continue
		}
		path := Path{Before: int(was)}
		for at := i; at >= 0; at = after.Via[at] {
			path.Through = append(path.Through, at)
		}
		slices.Reverse(path.Through)
		out = append(out, path)
	}
	return out
}

// From when on a blast radius counts as grown: by so many workloads, and so many times.
const (
	GrownBy    = 10
	GrownTimes = 2
)

// Growth is how many other workloads one can get to in any number of steps.
type Growth struct {
	Workload      int32
	Before, After int
}

// Past tells whether a blast radius grows past the threshold.
func (g Growth) Past() bool { return g.After-g.Before >= GrownBy && g.After >= GrownTimes*g.Before }

// maxQuestions is how much is asked for the radii of a side.
const maxQuestions = 5_000_000

// Radii returns how far each of some workloads leads on both sides. Unasked counts those that are left out because too much
// was asked for the others, which come first.
func (q *Question) Radii(workloads []int32) (radii []Growth, unasked int) {
	most := cmp.Or(q.Most, maxQuestions)
	before, after := q.side(reach.Base).Radii(workloads, most), q.side(reach.Head).Radii(workloads, most)
	for n, i := range workloads {
		if before[n] < 0 || after[n] < 0 {
			unasked++
			continue
		}
		radii = append(radii, Growth{i, before[n], after[n]})
	}
	return radii, unasked
}
