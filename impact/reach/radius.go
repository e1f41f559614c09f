package reach

// radius is what a class gets to in any number of steps.
type radius struct {
	class int32
	done  []bool // by spot
	size  int    // endpoints
}

// Radii counts the other workloads that each of some gets to in any number of steps, each by itself. Whoever gets to one
// that was asked for before gets to all that it does, so that only the rest is searched for.
func (p *Steps) Radii(workloads []int32) []int {
	known := make(map[int32]*radius)
	var all []*radius
	out := make([]int, len(workloads))
	for n, i := range workloads {
		class := p.model.classOf[i]
		r := known[class]
		if r == nil {
			r = p.radius(class, all)
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

func (p *Steps) radius(class int32, before []*radius) *radius {
	r := &radius{class: class, done: make([]bool, len(p.spots))}
	from := runs{{class, class + 1}}
	for _, b := range before {
		for _, n := range p.spotsOf[b.class] {
			if p.opens(n, from) >= 0 {
				for k, done := range b.done {
					r.done[k] = r.done[k] || done
				}
				break
			}
		}
	}
	expanded := make([]bool, len(p.model.classes))
	expanded[class] = true
	var left []int32
	for n := range p.spots {
		if r.done[n] {
			expanded[p.spots[n].class] = true // where its steps lead is done as well
		} else {
			left = append(left, int32(n))
		}
	}
	for frontier := []int32{class}; len(frontier) > 0; {
		sources := frontier
		frontier = nil
		left = p.step(sources, left, r.done, func(n, _ int32) {
			if c := p.spots[n].class; !expanded[c] {
				expanded[c] = true
				frontier = append(frontier, c)
			}
		})
	}
	for n, done := range r.done {
		if done {
			r.size += len(p.spots[n].endpoints)
		}
	}
	return r
}
