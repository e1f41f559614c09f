package promise

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// walk holds a promise about any number of steps to the side. From the internet a way begins at what is exposed to it and
// lets it in.
func (j *Judge) walk(p *config.Promise, from, to found, out *Outcome) {
	begin := from.group.Endpoints()
	if from.internet {
		begin = slices.DeleteFunc(begin, func(i int32) bool { return j.Model.Endpoints[i].External != nil })
		begin = sorted(append(begin, j.Facing()...))
	}
	if len(begin) == 0 {
		return // nothing is exposed: nothing gets in
	}
	facing := make(map[int32]bool)
	if from.internet {
		for _, i := range j.Facing() {
			facing[i] = true
		}
	}
	spread := j.spread(begin)
	best := int32(-1)
	for _, i := range to.group.Endpoints() {
		distance := spread.Distance[i]
		if distance < 0 || distance == 0 && !facing[i] {
			continue
		}
		if best < 0 || distance < spread.Distance[best] {
			best = i
		}
	}
	if best < 0 {
		return
	}
	out.Status = Broken
	for at := best; at >= 0; at = spread.Via[at] {
		out.Path = append(out.Path, at)
	}
	slices.Reverse(out.Path)
	for n, to := range out.Path[1:] {
		out.Steps = append(out.Steps, j.step(out.Path[n], to))
	}
	out.FromInternet = facing[out.Path[0]]
}

// maxSpreads bounds how many answers are remembered, each of which is as large as the cluster.
const maxSpreads = 64

// spread is how far some endpoints get, each set of them asked once.
func (j *Judge) spread(begin []int32) reach.Spread {
	key := j.Model.Group(begin).Key()
	known, ok := j.spreads[key]
	if !ok {
		if j.steps == nil {
			j.steps = j.Model.Steps(j.Side, j.Declared)
		}
		known = j.steps.From(begin)
		if len(j.spreads) >= maxSpreads {
			clear(j.spreads)
		}
		j.spreads[key] = known
	}
	return known
}

// step is the connection by which one endpoint gets to another.
func (j *Judge) step(from, to int32) Sample {
	ports := j.Model.Verdict(j.Side, from, to)
	if declared := ports.Intersect(j.Declared(to)); len(declared) > 0 {
		ports = declared
	}
	first := ports.Ranges()[0] // there is one, or the way would not go here
	return Sample{from, to, policy.Range(first.Protocol, first.From, first.From)}
}
