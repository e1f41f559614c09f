package reach

import "slices"

// radius is what a class gets to in any number of steps.
type radius struct {
	class int32
	done  []bool // by spot
	size  int    // endpoints
}

// Radii counts the other workloads that each of some gets to in any number of steps, each by itself. Whoever gets to one
// that was asked for before, by whatever steps, gets to all that it does, so that only the rest is searched for.
func (p *Steps) Radii(workloads []int32) []int {
	known := make(map[int32]*radius)
	var all []*radius
	out := make([]int, len(workloads))
	for n, i := range workloads {
		class := p.model.classOf[i]
		r := known[class]
		if r == nil {
			r = p.radius(class, all, known)
			known[class] = r
			all = append(all, r)
		}
		out[n] = r.size
		if p.hasWithin(r, i) {
			out[n]--
		}
	}
	return out
}

// hasWithin tells whether a workload gets to itself.
func (p *Steps) hasWithin(r *radius, endpoint int32) bool {
	for _, n := range p.spotsOf[p.model.classOf[endpoint]] {
		for _, i := range p.spots[n].endpoints {
			if i == endpoint {
				return r.done[n]
			}
		}
	}
	return false
}

func (p *Steps) radius(class int32, before []*radius, known map[int32]*radius) *radius {
	r := &radius{class: class, done: make([]bool, len(p.spots))}
	expanded := make([]bool, len(p.model.classes))
	expanded[class] = true
	take := func(x *radius) {
		for n, done := range x.done {
			if done {
				r.done[n], expanded[p.spots[n].class] = true, true // where its steps lead is done as well
			}
		}
	}
	// To ask for the way to a few is much less than to search for all that is one step away.
	from := runs{{class, class + 1}}
	for _, x := range before {
		for _, n := range p.spotsOf[x.class] {
			if r.done[n] {
				break // what it leads to is taken already
			}
			if p.opens(n, from) >= 0 {
				r.done[n] = true
				take(x)
				break
			}
		}
	}
	var left []int32
	for n := range p.spots {
		if !r.done[n] {
			left = append(left, int32(n))
		}
	}
	for frontier := []int32{class}; len(frontier) > 0; {
		sources := frontier
		frontier = nil
		var met []*radius
		left = p.step(sources, left, r.done, func(n, _ int32) {
			c := p.spots[n].class
			if expanded[c] {
				return
			}
			expanded[c] = true
			if x := known[c]; x != nil {
				met = append(met, x)
			} else {
				frontier = append(frontier, c)
			}
		})
		for _, x := range met {
			take(x)
		}
		// What one of these leads to is theirs already.
		if len(met) > 0 {
			frontier = slices.DeleteFunc(frontier, func(c int32) bool {
				return slices.ContainsFunc(met, func(x *radius) bool { return p.has(x, c) })
			})
		}
	}
	for n, done := range r.done {
		if done {
			r.size += len(p.spots[n].endpoints)
		}
	}
	return r
}

// has tells whether a radius holds workloads of a class.
func (p *Steps) has(r *radius, class int32) bool {
	return slices.ContainsFunc(p.spotsOf[class], func(n int32) bool { return r.done[n] })
}
