package impact

import (
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// versionNotes fail where a change writes a NetworkPolicy in a version that no Kubernetes serves since 1.16, so that it may not
// be in the cluster. A base that has such policies is taken at its word that its cluster serves them.
func versionNotes(in Input) []manifest.Diagnostic {
	const old = "extensions"
	served := false
	current := make(map[[2]string]bool) // by namespace and name
	for _, o := range in.Base {
		if networking.Is(o) {
			served = served || o.Group == old
			current[[2]string{o.Namespace, o.Name}] = o.Group != old
		}
	}
	var out []manifest.Diagnostic
	for _, o := range in.Head {
		if networking.Is(o) && o.Group == old && (!served || current[[2]string{o.Namespace, o.Name}]) {
			d := manifest.Problem(manifest.Error, o, o.Body.Get("apiVersion"), "extensions/v1beta1 is new here and served by no Kubernetes since 1.16, so that the policy may not be in the cluster; write networking.k8s.io/v1")
			d.Taken = true
			out = append(out, d)
		}
	}
	return out
}
