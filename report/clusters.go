package report

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// told is one or more clusters that are told together, since their findings are word for word the same.
type told struct {
	names []string
	// cluster is the first of them; its findings bear the numbers of all.
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

// tellTogether joins clusters whose findings differ in nothing but their numbers: five environments, one table.
func tellTogether(clusters []*impact.Cluster) []told {
	if len(clusters) == 1 {
		return []told{{[]string{clusterName(clusters[0])}, *clusters[0]}}
	}
	var all []told
	at := map[[sha256.Size]byte]int{}
	for _, c := range clusters {
		key := sameness(c)
		i, known := at[key]
		if !known {
			at[key] = len(all)
			all = append(all, told{names: []string{clusterName(c)}, cluster: *c})
			continue
		}
		if len(all[i].names) == 1 {
			// The result is not the report's to change.
			all[i].cluster.Findings = append([]impact.Finding(nil), all[i].cluster.Findings...)
		}
		all[i].names = append(all[i].names, clusterName(c))
		for f := range c.Findings {
			id := &all[i].cluster.Findings[f].ID
			switch n := len(all[i].names); {
			case n <= idsShown:
				*id += ", " + c.Findings[f].ID
			case !strings.HasSuffix(*id, "…"):
				*id += ", …"
			}
		}
	}
	return all
}

// sameness is a hash of everything that is told about a cluster.
func sameness(c *impact.Cluster) [sha256.Size]byte {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for i := range c.Findings {
		f := findingJSON(&c.Findings[i])
		f.ID, f.Fingerprint = "", ""
		encoder.Encode(f)
	}
	for i := range c.Changes {
		encoder.Encode(changeJSON(&c.Changes[i]))
	}
	encoder.Encode(c.Workloads)
	return [sha256.Size]byte(hash.Sum(nil))
}

// partClusters sets apart the clusters in which nothing changed.
func partClusters(all []impact.Cluster) (changed, unchanged []*impact.Cluster) {
	for i := range all {
		if c := &all[i]; len(c.Findings)+len(c.Changes)+c.Counts.OpenedPairs+c.Counts.BlockedPairs > 0 {
			changed = append(changed, c)
		} else {
			unchanged = append(unchanged, c)
		}
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
