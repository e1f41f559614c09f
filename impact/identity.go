package impact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// notInIdentities are labels of pods that Cilium passes over unless its setting "labels" says otherwise: no selector finds a pod
// by them. Source: https://docs.cilium.io/en/stable/operations/performance/scalability/identity-relevant-labels/
var notInIdentities = []string{
	"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index",
	"batch.kubernetes.io/controller-uid", "controller-uid", "pod-template-generation", "pod-template-hash", "controller-revision-hash",
}

// identityNotes warn of policies that the change adds or edits and that ask for such labels, where Cilium enforces them.
func (a *analysis) identityNotes(cni string) []manifest.Diagnostic {
	if cni != config.Cilium || a.choosesLabels() {
		return nil
	}
	before := make(map[string]uint64)
	for _, p := range a.base.Policies {
		before[p.Object.Key()] = p.Object.Digest()
	}
	var out []manifest.Diagnostic
	told := make(map[string]bool)
	for _, p := range a.head.Policies {
		if key := p.Object.Key(); told[key] || before[key] == p.Object.Digest() {
			continue
		}
		var asked []string
		for pods := range p.Selectors {
			for _, r := range pods.Pods.Requirements {
				if slices.Contains(notInIdentities, r.Key) && !slices.Contains(asked, r.Key) {
					asked = append(asked, r.Key)
				}
			}
		}
		if len(asked) > 0 {
			slices.Sort(asked)
			told[p.Object.Key()] = true
			out = append(out, manifest.Problem(manifest.Warning, p.Object, cmp.Or(p.Object.Body.Get("spec"), p.Object.Body),
				"a selector asks for %s, by which Cilium finds no pod unless its setting labels includes it: it is compared as if it did", strings.Join(asked, ", ")))
		}
	}
	return out
}

// choosesLabels tells whether the manifests have Cilium's settings, and those say which labels count.
func (a *analysis) choosesLabels() bool {
	for _, namespace := range []string{"kube-system", "cilium"} {
		if o := a.head.ConfigMaps[cluster.Name{Namespace: namespace, Name: ciliumConfig}]; o != nil && o.Body.Get("data", "labels").Str() != "" {
			return true
		}
	}
	return false
}
