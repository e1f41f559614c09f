package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// told is findings that one or more clusters have alike, and that are told once with the names of all.
type told struct {
	names []string
	// cluster has the findings, which bear the numbers of all.
	cluster impact.Cluster
}

// idsShown is how many numbers stand beside a finding of several clusters.
const idsShown = 3

// label names the clusters.
func (t told) label(word func(string) string) string {
	names := make([]string, len(t.names))
	for i, n := range t.names {
		names[i] = word(clip(n, nameLength))
	}
	if len(names) == 1 {
		return names[0]
	}
	return and(names) + " (the same in each)"
}

// row is something that is told of a cluster or of several: a finding, the blast radii, or the exact pairs.
type row struct {
	finding impact.Finding
	changes []impact.Change
	// radius has the blast radii; nil if it is not about these.
	radius   *impact.Cluster
	clusters []int
}

// tellTogether finds what is word for word the same in several clusters but for numbers and files: five environments,
// one row. Clusters with the same rows are told together; what is worst comes first.
// Those that first names come before all others, in its order.
func tellTogether(clusters []*impact.Cluster, first []string) []told {
	if len(clusters) == 1 {
		return []told{{[]string{clusterName(clusters[0])}, *clusters[0]}}
	}
	var all []told
	at := map[string]int{}
	for _, r := range sharedRows(clusters) {
		key := fmt.Sprint(r.clusters)
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			t := told{cluster: impact.Cluster{Workloads: sharedWorkloads(clusters, r.clusters)}}
			for _, n := range r.clusters {
				t.names = append(t.names, clusterName(clusters[n]))
			}
			all = append(all, t)
		}
		switch {
		case r.changes != nil:
			all[i].cluster.Changes = r.changes
		case r.radius != nil:
			all[i].cluster.BlastRadius, all[i].cluster.RadiiUnasked = r.radius.BlastRadius, r.radius.RadiiUnasked
		default:
			all[i].cluster.Findings = append(all[i].cluster.Findings, r.finding)
		}
	}
	slices.SortStableFunc(all, func(x, y told) int {
		return cmp.Or(cmp.Compare(placeOf(first, x.names...), placeOf(first, y.names...)), cmp.Compare(y.worst(), x.worst()), cmp.Compare(len(y.names), len(x.names)))
	})
	return all
}

// placeOf is the first place of any name in a list, its length if there is none.
func placeOf(first []string, names ...string) int {
	place := slices.IndexFunc(first, func(f string) bool { return slices.Contains(names, f) })
	if place < 0 {
		return len(first)
	}
	return place
}

func (t told) worst() int {
	worst := -1
	for i := range t.cluster.Findings {
		worst = max(worst, t.cluster.Findings[i].Severity.Rank())
	}
	return worst
}

// sharedRows lists everything that is told, each once.
func sharedRows(clusters []*impact.Cluster) []*row {
	var all []*row
	at := map[[sha256.Size]byte]*row{}
	for n, c := range clusters {
		for i := range c.Findings {
			f := &c.Findings[i]
			key := sameness(f)
			r := at[key]
			if r == nil || r.clusters[len(r.clusters)-1] == n {
				r = &row{finding: *f, clusters: []int{n}}
				at[key] = r
				all = append(all, r)
				continue
			}
			r.join(n, f)
		}
		if key, radius, ok := radiusRow(c); ok {
			if r := at[key]; r != nil {
				r.clusters = append(r.clusters, n)
			} else {
				at[key] = &row{radius: &radius, clusters: []int{n}}
				all = append(all, at[key])
			}
		}
		if c.Changes == nil {
			continue
		}
		key := hashOf(func(e *json.Encoder) {
			for i := range c.Changes {
				e.Encode(changeJSON(&c.Changes[i]))
			}
		})
		if r := at[key]; r != nil {
			r.clusters = append(r.clusters, n)
			continue
		}
		at[key] = &row{changes: c.Changes, clusters: []int{n}}
		all = append(all, at[key])
	}
	return all
}

// join adds the same finding of another cluster. The result is not the report's to change, so that lists are copied.
func (r *row) join(cluster int, f *impact.Finding) {
	r.clusters = append(r.clusters, cluster)
	switch {
	case len(r.clusters) <= idsShown:
		r.finding.ID += ", " + f.ID
	case !strings.HasSuffix(r.finding.ID, "…"):
		r.finding.ID += ", …"
	}
	for _, c := range f.Causes {
		if !slices.Contains(r.finding.Causes, c) {
			r.finding.Causes = append(slices.Clip(r.finding.Causes), c)
		}
	}
}

// sameness is a hash of everything that is told about a finding but its number and where its causes stand.
func sameness(f *impact.Finding) [sha256.Size]byte {
	told := findingJSON(f)
	told.ID, told.Fingerprint = "", ""
	told.Causes = slices.Clone(told.Causes)
	for i := range told.Causes {
		told.Causes[i].File, told.Causes[i].Line = "", 0
	}
	told.Evidence = slices.Clone(told.Evidence)
	for i := range told.Evidence {
		told.Evidence[i].File, told.Evidence[i].Line = "", 0
	}
	return hashOf(func(e *json.Encoder) { e.Encode(told) })
}

func hashOf(write func(*json.Encoder)) [sha256.Size]byte {
	hash := sha256.New()
	write(json.NewEncoder(hash))
	return [sha256.Size]byte(hash.Sum(nil))
}

// sharedWorkloads are those of the clusters if they are the same in each, else nil: "all" would mean different ones.
func sharedWorkloads(clusters []*impact.Cluster, in []int) []impact.WorkloadID {
	first := clusters[in[0]].Workloads
	for _, n := range in {
		if !slices.Equal(clusters[n].Workloads, first) {
			return nil
		}
	}
	return first
}

// partClusters sets apart the clusters in which nothing changed, each part in the order in which it is told.
func partClusters(r *impact.Result) (changed, unchanged []*impact.Cluster) {
	for i := range r.Clusters {
		if c := &r.Clusters[i]; len(c.Findings)+len(c.Changes)+c.Counts.OpenedPairs+c.Counts.BlockedPairs > 0 {
			changed = append(changed, c)
		} else {
			unchanged = append(unchanged, c)
		}
	}
	for _, part := range [][]*impact.Cluster{changed, unchanged} {
		slices.SortStableFunc(part, func(x, y *impact.Cluster) int {
			return cmp.Compare(placeOf(r.Report.First, clusterName(x)), placeOf(r.Report.First, clusterName(y)))
		})
	}
	return changed, unchanged
}

// clusterName is the cluster's name, or what stands for it.
func clusterName(c *impact.Cluster) string {
	switch {
	case c.Name != "":
		return c.Name
	case len(c.Targets) > 0:
		return c.Targets[0]
	}
	return "cluster without a name"
}
