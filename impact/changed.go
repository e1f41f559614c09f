package impact

import (
	"bytes"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// edits tells what changed about Services, routes and workloads.
type edits struct {
	a *analysis
	// objects are each side's by their keys, once somebody asks.
	objects [2]map[string]*manifest.Object
}

// of are the changes of some objects, which may be of either side, in their order. Where what one of them specifies differs,
// those are left out that differ in their metadata only: a release renews the labels of everything.
func (e *edits) of(objects ...*manifest.Object) []Cause {
	var out, marked []Cause
	for _, o := range objects {
		old, now := e.on(reach.Base, o), e.on(reach.Head, o)
		c, ok := cause.Edited(old, now)
		switch has := func(have Cause) bool { return have.Object == c.Object }; {
		case !ok || slices.ContainsFunc(out, has) || slices.ContainsFunc(marked, has):
		case old != nil && now != nil && bytes.Equal(old.Body.Get("spec").AppendJSON(nil), now.Body.Get("spec").AppendJSON(nil)):
			marked = append(marked, c)
		default:
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return marked
	}
	return out
}

// on finds what an object is on a side, nil if it is not there.
func (e *edits) on(s reach.Side, o *manifest.Object) *manifest.Object {
	if e.objects[s] == nil {
		state := [2]*cluster.State{reach.Base: e.a.base, reach.Head: e.a.head}[s]
		e.objects[s] = make(map[string]*manifest.Object)
		for _, service := range state.Services {
			e.objects[s][service.Object.Key()] = service.Object
		}
		for i := range state.Routes {
			e.objects[s][state.Routes[i].Object.Key()] = state.Routes[i].Object
		}
		for _, w := range state.Workloads {
			e.objects[s][w.Object.Key()] = w.Object
		}
	}
	return e.objects[s][o.Key()]
}
