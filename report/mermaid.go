package report

import (
	"bytes"

	"github.com/netpol-impact/netpol-impact/impact"
)

const (
	// edgesDrawn and graphLength bound a drawing in a comment: GitHub refuses longer ones.
	edgesDrawn  = 100
	graphLength = 50_000
	labelLength = 60
)

// graph folds a drawing of what changed away: an edge a group of connections, worst first. It says nothing that the
// tables do not, and is left out where there is one edge or none.
func (v *clusterView) graph(all []section) {
	g, left := graph{}, 0
	book := v.book
	book.markup = plainMarkup{}
	for _, s := range all {
		if s.kind != impact.Blocked && s.kind != impact.Opened {
			continue
		}
		for _, f := range s.findings {
			if f.Narrowed {
				continue
			}
			for _, c := range f.Connections {
				if len(g.edges) == edgesDrawn {
					left++
					continue
				}
				g.edges = append(g.edges, edge{
					from:  g.node(book.peers(c.Sources), ""),
					to:    g.node(book.peers(c.Destinations), ""),
					label: string(s.kind) + ", " + clip(portWords(c.Ports), labelLength), kind: s.kind,
				})
			}
		}
	}
	var b bytes.Buffer
	if err := g.mermaid(&b); err != nil || len(g.edges) < 2 || b.Len() > graphLength {
		return
	}
	words := "\nRed and dashed is blocked, green and thick is opened.\n"
	if left > 0 {
		words = "\nThe first " + number(edgesDrawn) + " of " + count(edgesDrawn+left, "group") + " are drawn. Red and dashed is blocked, green and thick is opened.\n"
	}
	v.page.add(text(rankGraph, open("What changed, drawn")+"```mermaid\n"+b.String()+"```\n"+words+shut))
}
