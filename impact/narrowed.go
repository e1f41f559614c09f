package impact

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// narrowed is the rule of blocked ports that nobody listens on.
const narrowed = "B9"

// partKept parts the peers of an effect by whether their connection with a subject stays open on every port that its
// destination declares. Of a very wide effect none is said to: to ask for every pair costs the square of the cluster.
// Where all are alike, the list is the one that was given.
func (a *analysis) partKept(e *reach.Effect, subject int32, peers []int32) (kept, others []int32) {
	if len(e.Subjects)*len(e.Peers) > maxDivided {
		return nil, peers
	}
	keeps := make([]bool, len(peers))
	n := 0
	lines := make(map[int32]reach.Line) // by what is declared
	for i, p := range peers {
		destination := subject
		if e.Direction == policy.Egress {
			destination = p
		}
		t := &a.traits[destination]
		if len(t.declared) == 0 {
			continue
		}
		line, known := lines[t.declaredID]
		if !known {
			line = a.uses.clients.Line(e.Direction, subject, t.declared)
			lines[t.declaredID] = line
		}
		if keeps[i] = line.Open(p); keeps[i] {
			n++
		}
	}
	switch n {
	case 0:
		return nil, peers
	case len(peers):
		return peers, nil
	}
	for i, p := range peers {
		if keeps[i] {
			kept = append(kept, p)
		} else {
			others = append(others, p)
		}
	}
	return kept, others
}

// keptDependencies are those of the connections that a configuration shows to be used, and that stay open.
func (a *analysis) keptDependencies(rectangles []rectangle) []Evidence {
	var out []Evidence
	for _, r := range rectangles {
		for _, d := range r.destinations {
			for _, u := range a.uses.by[policy.Ingress][d] {
				if u.kind == configured && slices.ContainsFunc(u.sources, func(s int32) bool { return contains(r.sources, s) }) {
					out = append(out, u.evidence)
				}
			}
		}
	}
	return out
}
