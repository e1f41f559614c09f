package impact

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// statusNotes fail where a change writes a status into the manifest of what owns pods, by which they would be over or have other
// addresses. What is read from a cluster has one on both sides; one in a manifest gets nowhere.
func statusNotes(in Input) []manifest.Diagnostic {
	before := make(map[string]*manifest.Object)
	for _, o := range in.Base {
		if cluster.OwnsPods(o, in.Config) {
			before[o.Key()] = o
		}
	}
	var out []manifest.Diagnostic
	for _, o := range in.Head {
		status, was := o.Body.Get("status"), before[o.Key()]
		if was == nil || status.IsNull() || !was.Body.Get("status").IsNull() {
			continue
		}
		for _, field := range []string{"phase", "completionTime", "conditions", "podIP", "podIPs", "hostIP", "hostIPs"} {
			if at := status.Get(field); !at.IsNull() {
				out = append(out, manifest.Problem(manifest.Error, o, at,
					"status.%s: no client applies a status, and what it says is taken for true here; take it out of the manifest", field))
				break
			}
		}
	}
	return out
}
