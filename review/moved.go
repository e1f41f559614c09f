package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// moves are the workloads that clusters lose and gain. One that leaves a cluster for another is removed there and new here,
// so that nothing is opened or blocked; the gate of the cluster that it leaves must not be evaded that way.
type moves struct {
	clusters     []string
	lost, gained []map[string]*manifest.Object
	// isNew tells of each cluster that base has none of it.
	isNew []bool
}

// see notes what a cluster loses and gains.
func (m *moves) see(g *group, base, head []*manifest.Object, conf config.Config) {
	m.clusters, m.isNew = append(m.clusters, g.name), append(m.isNew, len(g.base) == 0)
	m.lost = append(m.lost, workloadsMissing(base, head, conf))
	m.gained = append(m.gained, workloadsMissing(head, base, conf))
}

// workloadsMissing are the workloads among objects that others lack, by their keys.
func workloadsMissing(objects, others []*manifest.Object, conf config.Config) map[string]*manifest.Object {
	there := make(map[string]bool, len(others))
	for _, o := range others {
		there[o.Key()] = true
	}
	missing := make(map[string]*manifest.Object)
	for _, o := range objects {
		if key := o.Key(); !there[key] && cluster.OwnsPods(o, conf) {
			missing[key] = o
		}
	}
	return missing
}

// checkMoves fails where workloads leave a cluster for one whose gate is looser or that is new with them, and warns where one moves into a namespace
// for which the configuration sets severities.
func (c *comparison) checkMoves(m *moves) {
	for from := range m.clusters {
		for to := range m.clusters {
			looser := gate.Looser(c.thresholds(m.clusters[to]), c.thresholds(m.clusters[from]))
			names := moved(m.lost[from], m.gained[to])
			switch {
			case len(names) == 0:
			case m.isNew[to]:
				c.head.fail(manifest.Diagnostic{Object: "cluster " + m.clusters[to], Message: fmt.Sprintf(
					"the change moves %s to where it is taken for this new cluster, from cluster %s, which stays: whether it is one by its path alone nothing tells, and what opens or closes for what is moved is not compared. Name the clusters in the configuration by a change that is merged before", strings.Join(names, ", "), m.clusters[from])})
			case looser:
				c.head.fail(manifest.Diagnostic{Object: "cluster " + m.clusters[to], Message: fmt.Sprintf(
					"the change moves %s here from cluster %s, whose gate is stricter, so that nothing holds it to that. Add it here by one change and remove it there by another", strings.Join(names, ", "), m.clusters[from])})
			}
		}
		c.notes = append(c.notes, c.namespaceMoves(m.clusters[from], m.lost[from], m.gained[from])...)
	}
}

// moved names the workloads that are lost and gained; of many the first.
func moved(lost, gained map[string]*manifest.Object) (names []string) {
	for key, o := range gained {
		if lost[key] != nil {
			names = append(names, fmt.Sprintf("%s %s", o.Kind, o.Name))
		}
	}
	slices.Sort(names)
	return firstOf(names)
}

// namespaceMoves warns of workloads that leave a namespace for one whose findings have a severity of their own.
func (c *comparison) namespaceMoves(cluster string, lost, gained map[string]*manifest.Object) (notes []manifest.Diagnostic) {
	left := make(map[string]*manifest.Object) // by what is not the namespace
	for _, o := range lost {
		left[o.Group+"/"+o.Kind+"/"+o.Name] = o
	}
	for _, o := range gained {
		was := left[o.Group+"/"+o.Kind+"/"+o.Name]
		if was == nil {
			continue
		}
		for _, s := range c.config.Severity {
			if slices.Contains(s.Namespaces, o.Namespace) && !slices.Contains(s.Namespaces, was.Namespace) {
				notes = append(notes, manifest.Diagnostic{Severity: manifest.Warning, Object: fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name), File: o.Origin.File, Line: o.Origin.Line,
					Message: fmt.Sprintf("the change moves this workload of cluster %s from namespace %s to %s, whose findings the configuration sets to %s; that counts for it once this is merged", cluster, was.Namespace, o.Namespace, s.To)})
			}
		}
	}
	return notes
}
