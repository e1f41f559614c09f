package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// disagreementRule is about what one cluster allows and another one denies.
const disagreementRule = "H18"

// environmentEvidence is the kind of what other clusters show.
const environmentEvidence = "environment"

// disagreement is a dependency that a cluster denies and others allow.
type disagreement struct {
	pair  pair
	at    *Dependencies
	ports policy.PortSet
	// standing tells that base has it, too.
	standing bool
	// doubtful tells that what the cluster or one of the others makes of it rests on what is not known.
	doubtful bool
	// allowing are the names of those that allow it, denying of all that deny it alike.
	allowing, denying string
}

// Disagreements adds to the clusters of one comparison what they deny of the connections that configurations name and
// others allow. Each cluster has its dependencies by its name; without any it is left out.
func Disagreements(clusters []Cluster, all map[string]*Dependencies) {
	found := findDisagreements(all)
	for i := range clusters {
		c := &clusters[i]
		at := all[c.Name]
		if at == nil {
			continue
		}
		type key struct {
			standing, doubtful bool
			allowing, denying  string
		}
		groups := make(map[key][]disagreement)
		for _, d := range found {
			if d.at != at || d.standing && at.mode != HygieneAll || !d.standing && c.isTold(d) {
				continue
			}
			k := key{d.standing, d.doubtful, d.allowing, d.denying}
			groups[k] = append(groups[k], d)
		}
		var more []Finding
		for _, g := range groups {
			more = append(more, disagreementFinding(g))
		}
		if len(more) == 0 {
			continue
		}
		override(more, at.severity)
		c.Findings = slices.DeleteFunc(c.Findings, func(f Finding) bool { return f.Rule == unmetRule && areTold(f.Connections, more) })
		c.Findings = append(c.Findings, more...)
		slices.SortStableFunc(c.Findings, compareFindings)
	}
}

// findDisagreements compares what the clusters do with each dependency that several of them have.
func findDisagreements(all map[string]*Dependencies) []disagreement {
	var sorted []*Dependencies
	clusters := make(map[pair]int)
	for _, d := range all {
		sorted = append(sorted, d)
		for p := range d.sides[reach.Head] {
			clusters[p]++
		}
	}
	slices.SortFunc(sorted, func(x, y *Dependencies) int { return strings.Compare(x.cluster, y.cluster) })
	var pairs []pair
	for p, n := range clusters {
		if n > 1 {
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(strings.Compare(x.source, y.source), strings.Compare(x.destination, y.destination))
	})
	var out []disagreement
	for _, p := range pairs {
		first := len(out)
		denying := make(map[string][]string) // by who allows
		for _, at := range sorted {
			if own := at.sides[reach.Head][p]; own == nil || len(own.denied) == 0 {
				continue // so that many clusters that agree cost little
			}
			d := disagreement{pair: p, at: at, doubtful: at.sides[reach.Head][p].doubtful}
			var allowing []string
			fresh := false
			for _, other := range sorted {
				ports := denied(other, at, p, reach.Head)
				if len(ports) == 0 {
					continue
				}
				allowing = append(allowing, other.cluster)
				d.ports = d.ports.Union(ports)
				d.doubtful = d.doubtful || other.sides[reach.Head][p].doubtful
				d.standing = d.standing || denied(other, at, p, reach.Base).Intersects(ports)
				fresh = fresh || !other.isNew || at.isNew // what a new cluster allows makes no other one worse
			}
			if len(allowing) == 0 {
				continue
			}
			d.standing = d.standing || !fresh
			d.allowing = joinAnd(allowing)
			denying[d.allowing] = append(denying[d.allowing], at.cluster)
			out = append(out, d)
		}
		for i := first; i < len(out); i++ {
			out[i].denying = joinAnd(denying[out[i].allowing])
		}
	}
	return out
}

// denied are the ports of a dependency that one cluster denies and another one allows on a side, nil if there are none.
func denied(allowing, denying *Dependencies, p pair, s reach.Side) policy.PortSet {
	a, d := allowing.sides[s][p], denying.sides[s][p]
	if a == nil || d == nil || len(d.denied) == 0 {
		return nil
	}
	same := d.denied.Intersect(a.ports)
	if len(same) == 0 && len(a.denied) == 0 {
		return d.denied // each cluster uses a port of its own
	}
	return same.Minus(a.denied)
}

// isTold tells whether the cluster has a finding that the change blocks the connection; who allows it is added there.
func (c *Cluster) isTold(d disagreement) bool {
	known := d.at.sides[reach.Head][d.pair]
	has := func(peers []Peer, id WorkloadID) bool {
		return slices.ContainsFunc(peers, func(p Peer) bool { return p.Workload != nil && *p.Workload == id })
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Kind != Blocked || f.Narrowed || !slices.ContainsFunc(f.Connections, func(c Connection) bool {
			return has(c.Sources, known.source) && has(c.Destinations, known.destination)
		}) {
			continue
		}
		f.Evidence = tidyEvidence(append(slices.Clone(f.Evidence), Evidence{Kind: environmentEvidence,
			Text: fmt.Sprintf("allowed in %s: %s on %s", d.allowing, known.words, PortsText(d.ports.Ranges()))}))
		return true
	}
	return false
}

// areTold tells whether all connections are told by other findings, too.
func areTold(connections []Connection, others []Finding) bool {
	return !slices.ContainsFunc(connections, func(c Connection) bool {
		return !slices.ContainsFunc(others, func(f Finding) bool {
			return slices.ContainsFunc(f.Connections, func(x Connection) bool {
				return *x.Sources[0].Workload == *c.Sources[0].Workload && *x.Destinations[0].Workload == *c.Destinations[0].Workload
			})
		})
	})
}

// disagreementFinding tells of disagreements of one cluster with the same others.
func disagreementFinding(all []disagreement) Finding {
	rule, _ := severity.ByID(disagreementRule)
	first := all[0]
	f := Finding{Rule: rule.ID, Severity: rule.Level, Confidence: Exact, Kind: Hygiene}
	if first.doubtful {
		f.Confidence = Approximate
	}
	words := []string{rule.ID, fmt.Sprint(first.standing), first.allowing, first.denying}
	for _, d := range all {
		known := d.at.sides[reach.Head][d.pair]
		known.addTo(&f, d.ports)
		words = append(words, d.pair.source+" "+d.pair.destination+" "+PortsText(d.ports.Ranges()))
	}
	f.Evidence = tidyEvidence(f.Evidence)
	name := first.at.sides[reach.Head][first.pair].words
	if len(all) == 1 {
		f.Title = fmt.Sprintf("%s on %s, which its configuration names, is allowed in %s and blocked in %s", name, PortsText(first.ports.Ranges()), first.allowing, first.denying)
	} else {
		f.Title = fmt.Sprintf("%d connections that configurations name, among them %s, are allowed in %s and blocked in %s", len(all), name, first.allowing, first.denying)
	}
	f.Explanation = fmt.Sprintf("The same workloads are configured for it in each of these clusters: what works in %s most likely fails in %s.", first.allowing, first.denying)
	f.Advice = fmt.Sprintf("Allow it in %s as well, or take it out of the configuration there.", first.denying)
	if first.standing {
		f.Severity = Info
		f.Title += " (as before)"
	}
	f.Fingerprint = fingerprintOf(words...)
	return f
}
