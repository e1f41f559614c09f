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
	facing := make(map[int32]bool)
	if from.internet {
		public := j.Model.Group(j.internet(role{}))
		begin = slices.DeleteFunc(begin, public.Has)
		for _, i := range j.Facing() {
			facing[i] = true
			begin = append(begin, i)
		}
		begin = sorted(begin)
	}
	if len(begin) == 0 {
		return // nothing is exposed: nothing gets in
	}
	w := wayfinder{Judge: j, begin: begin, starts: j.Model.Group(begin), facing: facing, spread: j.spread(begin)}
	path := w.to(to.group.Endpoints())
	if path == nil {
		out.Doubtful = w.doubtful(to.group)
		return
	}
	if !w.isKnown(path) {
		known := w.knownWay(path, to.group)
		out.Doubtful = known == nil
		if known != nil {
			path = known
		}
	}
	out.Status, out.Path, out.FromInternet = Broken, path, facing[path[0]]
	for n, to := range path[1:] {
		out.Steps = append(out.Steps, j.step(path[n], to))
	}
}

// wayfinder looks for a way from where it begins to others. Workloads lead on, whatever else is only where a way begins or
// ends.
type wayfinder struct {
	*Judge
	begin  []int32
	starts reach.Group
	facing map[int32]bool
	spread reach.Spread
}

// to is a way to one of some endpoints, a short one; nil if there is none.
func (w *wayfinder) to(ends []int32) []int32 {
	best := int32(-1)
	var others, within []int32 // what is no workload, and workloads at which ways begin
	for _, i := range ends {
		distance := w.spread.Distance[i]
		switch {
		case w.facing[i]:
			return []int32{i}
		case w.Model.Endpoints[i].Workload[w.Side] == nil:
			others = append(others, i)
		case distance == 0:
			within = append(within, i)
		case distance > 0 && (best < 0 || distance < w.spread.Distance[best]):
			best = i
		}
	}
	var path []int32
	if best >= 0 {
		path = w.back(w.spread, best)
	}
	shorter := func(other []int32) {
		if other != nil && (path == nil || len(other) < len(path)) {
			path = other
		}
	}
	if len(path) != 2 {
		shorter(w.last(w.starts, append(others, within...)))
	}
	if len(path) == 2 {
		return path
	}
	shorter(w.last(w.reached(), others))
	if path == nil {
		path = w.around(within)
	}
	return path
}

// back is the way by which a spread got to an endpoint.
func (w *wayfinder) back(spread reach.Spread, to int32) []int32 {
	var path []int32
	for at := to; at >= 0; at = spread.Via[at] {
		path = append(path, at)
	}
	slices.Reverse(path)
	return path
}

// reached is all that ways get to, and where they begin.
func (w *wayfinder) reached() reach.Group {
	var out []int32
	for i, distance := range w.spread.Distance {
		if distance >= 0 {
			out = append(out, int32(i))
		}
	}
	return w.Model.Group(out)
}

// last is a way whose last step leads from a group, which ways get to, to one of some endpoints; nil if there is none.
func (w *wayfinder) last(from reach.Group, ends []int32) []int32 {
	source, end := int32(-1), int32(-1)
	for _, d := range w.into(from, ends) {
		to := w.first(d.Destinations, -1)
		for i := range d.Sources.All() {
			at := to
			if i == to {
				if at = w.first(d.Destinations, i); at == i {
					continue
				}
			}
			if source < 0 || w.spread.Distance[i] < w.spread.Distance[source] {
				source, end = i, at
			}
		}
	}
	if source < 0 {
		return nil
	}
	return append(w.back(w.spread, source), end)
}

// into is the single steps from a group to some endpoints.
func (w *wayfinder) into(from reach.Group, ends []int32) []reach.Deviation {
	var out []reach.Deviation
	for _, r := range w.listening(ends) {
		out = append(out, w.inquiry.Deviations(from, r.Destinations, r.Ports, false)...)
	}
	return out
}

// listening divides endpoints by the ports that a step to them leads to.
func (w *wayfinder) listening(ends []int32) []Region {
	at := make(map[string]int)
	var lists [][]int32
	var out []Region
	for _, i := range ends {
		ports := w.Declared(i)
		if len(ports) == 0 {
			ports = policy.AllPorts()
		}
		n, ok := at[ports.Key()]
		if !ok {
			n = len(out)
			at[ports.Key()] = n
			out, lists = append(out, Region{Ports: ports}), append(lists, nil)
		}
		lists[n] = append(lists[n], i)
	}
	for n := range out {
		out[n].Destinations = w.Model.Group(lists[n])
	}
	return out
}

// around is a way to one of some workloads at which ways begin, from another such through what is none; nil if there is
// none. What gets to it may get there from itself alone, which is no way.
func (w *wayfinder) around(ends []int32) []int32 {
	var entered []int32
	for _, d := range w.into(w.Model.Except(w.reached(), w.starts), ends) {
		entered = append(entered, d.Destinations.Endpoints()...)
	}
	for _, end := range sorted(entered) {
		others := slices.DeleteFunc(slices.Clone(w.begin), func(i int32) bool { return i == end })
		if spread := w.steps.From(others); spread.Distance[end] > 0 {
			return w.back(spread, end)
		}
	}
	return nil
}

// doubtful tells whether it is not known for sure that there is no way: some step from what is reached to what is not, or to
// an end, rests on facts that are not known.
func (w *wayfinder) doubtful(ends reach.Group) bool {
	reached := w.reached()
	left := w.Model.Except(w.Model.Group(w.people.workloads), reached).Union(ends)
	return w.inquiry.Doubtful(reached, left, policy.AllPorts())
}

// isKnown tells whether each step of a way is known to be open.
func (w *wayfinder) isKnown(path []int32) bool {
	for n, to := range path[1:] {
		if len(w.known(path[n], to)) == 0 {
			return false
		}
	}
	return true
}

// known are the ports of a step that are known to be open.
func (w *wayfinder) known(from, to int32) policy.PortSet {
	ports := w.Model.Known(w.Side, from, to)
	if declared := w.Declared(to); len(declared) > 0 {
		return ports.Intersect(declared)
	}
	return ports
}

// knownPairs is how many pairs a judge looks at for ways of known steps.
const knownPairs = 2_000_000

// knownWay is a way to one of some endpoints whose steps are all known to be open; nil if there is none. It looks at pairs,
// and is asked only where a way was found of which that is not known. Where that is too much, the way that was found counts
// as known: a gate must not pass because a question was not asked.
func (w *wayfinder) knownWay(found []int32, ends reach.Group) []int32 {
	var far []int32 // ends at which no way begins
	for i := range ends.All() {
		if !w.starts.Has(i) {
			far = append(far, i)
			continue
		}
		others := slices.DeleteFunc(slices.Clone(w.begin), func(b int32) bool { return b == i })
		if path, asked := w.search(others, []int32{i}); path != nil || !asked {
			if !asked {
				path = found
			}
			return path
		}
	}
	path, asked := w.search(w.begin, far)
	if !asked {
		return found
	}
	return path
}

// search looks for a way of known steps pair by pair; asked tells whether it looked at all that it had to.
func (w *wayfinder) search(begin, ends []int32) (path []int32, asked bool) {
	via := make(map[int32]int32)
	for _, i := range begin {
		via[i] = -1
	}
	isEnd := w.Model.Group(ends).Has
	to := sorted(slices.Concat(w.people.workloads, ends))
	for queue := slices.Clone(begin); len(queue) > 0; queue = queue[1:] {
		for _, i := range to {
			if _, been := via[i]; been {
				continue
			}
			if w.pairs++; w.pairs > knownPairs {
				return nil, false
			}
			if len(w.known(queue[0], i)) == 0 {
				continue
			}
			via[i] = queue[0]
			if isEnd(i) {
				for at := i; at >= 0; at = via[at] {
					path = append(path, at)
				}
				slices.Reverse(path)
				return path, true
			}
			queue = append(queue, i)
		}
	}
	return nil, true
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
