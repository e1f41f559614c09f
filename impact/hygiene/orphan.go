package hygiene

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// Orphan is a policy that selected rendered workloads on base and selects none on head.
type Orphan struct {
	Policy *policy.Policy
	// Lost are the workloads that it selected and that are still there, Instead the potential workloads that it selects
	// now, if any; numbers of endpoints.
	Lost, Instead []int32
	// Meant is a label that was probably meant, "app=payments", or "".
	Meant string
}

// Orphans finds the policies that the change leaves without workloads.
func Orphans(m *reach.Model, base, head *cluster.State) []Orphan {
	before := make(map[string]bool, len(base.Policies))
	for _, p := range base.Policies {
		before[p.Object.Key()] = true
	}
	var out []Orphan
	var there map[string][]*cluster.Workload // by namespace, and under "" all
	for _, p := range head.Policies {
		key := p.Object.Key()
		if !before[key] {
			continue
		}
		o := Orphan{Policy: p}
		rendered := false
		for _, i := range m.Selected(reach.Head, key) {
			if m.Endpoints[i].Potential == nil {
				rendered = rendered || m.Endpoints[i].Workload[reach.Head] != nil
				continue
			}
			o.Instead = append(o.Instead, i)
		}
		if rendered {
			continue
		}
		for _, i := range m.Selected(reach.Base, key) {
			if m.Endpoints[i].Workload[reach.Head] != nil && m.Endpoints[i].Workload[reach.Base] != nil {
				o.Lost = append(o.Lost, i)
			}
		}
		if len(o.Lost) > 0 {
			if there == nil {
				there = map[string][]*cluster.Workload{"": head.Workloads}
				for _, w := range head.Workloads {
					there[w.Namespace] = append(there[w.Namespace], w)
				}
			}
			o.Meant = nearest(p.Subject, there)
			out = append(out, o)
		}
	}
	return out
}

// nearest finds a label of a workload where the policy could select that differs least from one that it asks for.
func nearest(subjects []policy.Pods, workloads map[string][]*cluster.Workload) string {
	best, bestDistance := "", 4
	for _, s := range subjects {
		for _, r := range s.Pods.Requirements {
			if len(r.Values) != 1 {
				continue
			}
			for _, w := range workloads[s.Namespaces.Name] {
				for key, value := range w.Labels {
					near := key == r.Key || value == r.Values[0] // one of the two is as written
					if d := spelling.Distance(key, r.Key) + spelling.Distance(value, r.Values[0]); near && d > 0 && (d < bestDistance || d == bestDistance && fmt.Sprint(key, value) < best) {
						best, bestDistance = key+"="+value, d
					}
				}
			}
		}
	}
	return best
}
