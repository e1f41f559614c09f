package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// radius is what a class gets to in any number of steps: what its hub gets to, if it has one, and more spots.
type radius struct {
	hub  *hub
	more []int32
	size int // endpoints
}

// hub is a class that gets to much. Whoever gets to it gets to all that it does, so that only the rest is searched for.
type hub struct {
	done []bool // by spot, what it gets to
	size int    // endpoints of these
	// leads tells of classes that they get to it; of a few that do it may not be known.
	leads []bool
	// left are the spots that it does not get to and that let anyone in, entries those of them that let a class in; nil if
	// these are too many to list.
	left    []int32
	entries map[int32][]int32
}

// maxHubs is how many hubs there are at most.
const maxHubs = 8

// Tests have small clusters, and set these to less.
var (
	// hubSize is from how many spots on a class is worth a hub.
	hubSize = 64
	// maxLeading bounds how much is asked for who leads to a hub, maxEntries how many entries are listed.
	maxLeading, maxEntries = 2_000_000, 4_000_000
)

// radii is the state of a search for the radii of many.
type radii struct {
	*Steps
	hubs []*hub
	// seen and expanded are the number of the search that came by a spot or a class last.
	seen, expanded []int32
	search         int32
}

// Radii counts the other workloads that each of some gets to in any number of steps, each by itself; -1 for those that are left
// once so many questions whether a class gets into a spot were asked.
func (p *Steps) Radii(workloads []int32, questions int) []int {
	s := radii{Steps: p, seen: make([]int32, len(p.spots)), expanded: make([]int32, len(p.model.classes))}
	known := make(map[int32]*radius)
	out := make([]int, len(workloads))
	for n, i := range workloads {
		class := p.model.classOf[i]
		r := known[class]
		if r == nil {
			if p.asked > questions {
				out[n] = -1
				continue
			}
			r = s.radius(class)
			known[class] = r
		}
		out[n] = r.size
		for _, spot := range p.spotsOf[class] {
			if slices.Contains(p.spots[spot].endpoints, i) && (r.hub != nil && r.hub.done[spot] || slices.Contains(r.more, spot)) {
				out[n]-- // it gets to itself
			}
		}
	}
	return out
}

// leading is the largest hub that a class is known to get to, nil if there is none.
func (s *radii) leading(class int32) *hub {
	var out *hub
	for _, h := range s.hubs {
		if h.leads[class] && (out == nil || h.size > out.size) {
			out = h
		}
	}
	return out
}

// radius searches for what a class gets to.
func (s *radii) radius(class int32) *radius {
	s.search++
	r := &radius{hub: s.leading(class)}
	s.expanded[class] = s.search
	var left []int32 // what sources that may reach much have not got to
	for frontier := []int32{class}; len(frontier) > 0; {
		sources := frontier
		frontier = nil
		var met *hub
		try := func(n int32, from runs) {
			if s.has(r, n) || s.opens(n, from) < 0 {
				return
			}
			s.seen[n] = s.search
			r.more = append(r.more, n)
			c := s.spots[n].class
			if s.expanded[c] == s.search {
				return
			}
			s.expanded[c] = s.search
			frontier = append(frontier, c)
			if h := s.leading(c); h != nil && h != r.hub {
				met = h
			}
		}
		if r.hub != nil && r.hub.entries != nil {
			for _, c := range sources {
				for _, n := range r.hub.entries[c] {
					try(n, runs{{c, c + 1}})
				}
			}
		} else {
			w := s.wave(sources)
			for _, x := range w.narrow {
				x.to.each(func(c int32) {
					for _, n := range s.spotsOf[c] {
						try(n, x.from)
					}
				})
			}
			if left == nil && len(w.wide) > 0 {
				left = s.leftOf(r)
			}
			if len(w.wide) > 0 {
				left = slices.DeleteFunc(left, func(n int32) bool {
					try(n, w.wide)
					return s.has(r, n)
				})
			}
		}
		if met != nil {
			left = nil
			s.take(r, met)
		}
	}
	r.more = slices.DeleteFunc(r.more, func(n int32) bool { return r.hub != nil && r.hub.done[n] })
	if r.hub != nil {
		r.size = r.hub.size
	}
	for _, n := range r.more {
		r.size += len(s.spots[n].endpoints)
	}
	if len(r.more) >= hubSize && len(s.hubs) < maxHubs {
		s.addHub(class, r)
	}
	return r
}

// has tells whether a search has come by a spot.
func (s *radii) has(r *radius, n int32) bool {
	return s.seen[n] == s.search || r.hub != nil && r.hub.done[n]
}

// take adds what a hub gets to; the larger of two becomes the radius's own.
func (s *radii) take(r *radius, h *hub) {
	other := r.hub
	switch {
	case other == nil:
		r.hub = h
		return
	case h.size > other.size:
		r.hub = h
	default:
		other = h
	}
	for n, done := range other.done {
		if done && s.seen[n] != s.search {
			s.seen[n] = s.search
			r.more = append(r.more, int32(n))
		}
	}
}

// leftOf are the spots that a search has not come by.
func (s *radii) leftOf(r *radius) []int32 {
	if r.hub != nil {
		return slices.DeleteFunc(slices.Clone(r.hub.left), func(n int32) bool { return s.has(r, n) })
	}
	left := make([]int32, 0, len(s.spots))
	for n := range s.spots {
		if !s.has(r, int32(n)) {
			left = append(left, int32(n))
		}
	}
	return left
}

// addHub makes a hub of a class whose radius is known.
func (s *radii) addHub(class int32, r *radius) {
	h := &hub{done: make([]bool, len(s.spots)), size: r.size}
	if r.hub != nil {
		copy(h.done, r.hub.done)
	}
	for _, n := range r.more {
		h.done[n] = true
	}
	count := 0
	for n := range s.spots {
		if lets := s.lets(int32(n)); !h.done[n] && len(lets) > 0 {
			h.left = append(h.left, int32(n))
			count += lets.len()
		}
	}
	if count <= maxEntries {
		h.entries = make(map[int32][]int32)
		for _, n := range h.left {
			s.lets(n).each(func(c int32) { h.entries[c] = append(h.entries[c], n) })
		}
	}
	h.leads = s.leadingTo(class)
	s.hubs = append(s.hubs, h)
	r.hub, r.more = h, nil
}

// leadingTo finds the classes that get to one, step by step back: in each round those that get to a class found in the last one.
// Once most are found, each of the others comes upon one of them soon.
func (s *radii) leadingTo(class int32) []bool {
	m := s.model
	leads := make([]bool, len(m.classes))
	leads[class] = true
	left := make([]int32, 0, len(m.classes))
	for c := range m.classes {
		if int32(c) != class {
			left = append(left, int32(c))
		}
	}
	until := s.asked + maxLeading
	for found := (runs{{class, class + 1}}); len(found) > 0; {
		var next runs
		left = slices.DeleteFunc(left, func(from int32) bool {
			source := runs{{from, from + 1}}
			s.reach(m.seq[policy.Egress][s.side][from]).meet(found, func(lo, hi int32) bool {
				for c := lo; c < hi && !leads[from]; c++ {
					leads[from] = slices.ContainsFunc(s.spotsOf[c], func(n int32) bool { return s.opens(n, source) >= 0 })
				}
				return !leads[from] && s.asked < until
			})
			if leads[from] {
				next = next.append(from, from+1)
			}
			return leads[from]
		})
		found = next
	}
	return leads
}
