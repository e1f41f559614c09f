package impact

import (
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// keepLabels gives namespaces the labels that base's manifests have of them where head has no such manifest any more while
// workloads stay: to take a manifest away is to say nothing of the labels, and must not make a verdict uncertain that was
// certain.
func keepLabels(base, head *cluster.State) []manifest.Diagnostic {
	inhabited := make(map[string]bool)
	for _, w := range head.Workloads {
		inhabited[w.Namespace] = true
	}
	var out []manifest.Diagnostic
	for _, name := range slices.Sorted(maps.Keys(head.Namespaces)) {
		now, before := head.Namespaces[name], base.Namespaces[name]
		if now.Known || before == nil || !before.Known || before.Object == nil || !inhabited[name] {
			continue
		}
		now.Labels, now.Known = maps.Clone(before.Labels), true
		out = append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: "Namespace " + name, File: before.Object.Origin.File, Line: before.Object.Origin.Line,
			Message: "head has no manifest of it any more, and workloads in it; its labels are taken to be the ones that base's manifest gives it"})
	}
	return out
}
