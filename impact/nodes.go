package impact

import (
	"fmt"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// nodeNotes warn of machines whose labels differ while policies select machines by labels: such selectors are compared as
// they are written, not by the machines that they select.
func nodeNotes(base, head *cluster.State) []manifest.Diagnostic {
	by := selectingNodes(head.Policies)
	if by == nil {
		by = selectingNodes(base.Policies)
	}
	if by == nil {
		return nil
	}
	before, after := nodesByName(base), nodesByName(head)
	names := slices.Sorted(maps.Keys(after))
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if after[name] == nil {
			names = append(names, name)
		}
	}
	var out []manifest.Diagnostic
	for _, name := range names {
		was, is := before[name], after[name]
		what := "its labels differ between the sides"
		switch {
		case was == nil:
			what = "only head has it"
		case is == nil:
			what = "only base has it"
		case maps.Equal(was.Labels, is.Labels):
			continue
		}
		shown := is
		if shown == nil {
			shown = was
		}
		out = append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: "Node " + name, File: shown.Object.Origin.File, Line: shown.Object.Origin.Line,
			Message: fmt.Sprintf("%s, and %s selects nodes by labels; connections of single nodes are not compared, so look at what it allows to and from this one", what, by.Object)})
	}
	return out
}

func nodesByName(s *cluster.State) map[string]*cluster.Node {
	out := make(map[string]*cluster.Node, len(s.Nodes))
	for _, n := range s.Nodes {
		out[n.Name] = n
	}
	return out
}

// selectingNodes is a policy with a peer that is nodes by their labels; nil if there is none.
func selectingNodes(policies []*policy.Policy) *policy.Policy {
	for _, p := range policies {
		for _, d := range policy.Directions {
			for i := range p.Rules[d] {
				if slices.ContainsFunc(p.Rules[d][i].Peers, isNodes) {
					return p
				}
			}
		}
	}
	return nil
}

func isNodes(p policy.Peer) bool {
	return p.Nodes != nil && !p.Nodes.Everything() || slices.ContainsFunc(p.All, isNodes) || slices.ContainsFunc(p.Not, isNodes) || p.Perhaps != nil && isNodes(*p.Perhaps)
}
