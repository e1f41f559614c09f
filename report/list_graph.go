package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// By is what stands for one row of a matrix, one node of a graph.
type By string

// A matrix or a graph is by workloads, or by namespaces: zero chooses workloads while they are few.
const (
	ByWorkloads  By = "workloads"
	ByNamespaces By = "namespaces"
)

const (
	// fewPeers and fewEdges are up to how many a matrix and a graph are by workloads if nothing else was asked for.
	fewPeers = 40
	fewEdges = 200
)

// plot is a listing as a square of peers, or of namespaces with what is like them.
type plot struct {
	names, groups []string
	// sizes counts the peers of each name.
	sizes []int
	cells map[[2]int]*cell
}

// cell is what connects two names: allowed counts their pairs that are allowed something, whole those allowed all ports.
type cell struct {
	allowed, whole int
	ports          []string
}

func newPlot(l *impact.Listing, by By, most int) plot {
	if by == "" {
		by = ByWorkloads
		p := plotBy(l, by)
		if len(p.names) <= most && len(p.cells) <= fewEdges {
			return p
		}
		by = ByNamespaces
	}
	return plotBy(l, by)
}

func plotBy(l *impact.Listing, by By) plot {
	p := plot{cells: map[[2]int]*cell{}}
	at, seen := map[string]int{}, map[string]bool{}
	number := func(peer impact.Peer) int {
		name, group := placeOf(peer, by)
		i, ok := at[name]
		if !ok {
			i = len(p.names)
			at[name] = i
			p.names, p.groups, p.sizes = append(p.names, name), append(p.groups, group), append(p.sizes, 0)
		}
		if key := peerCell(peer); !seen[key] {
			seen[key] = true
			p.sizes[i]++
		}
		return i
	}
	counts := func(peers []impact.Peer) (numbers []int, many map[int]int) {
		many = map[int]int{}
		for _, peer := range peers {
			i := number(peer)
			if many[i] == 0 {
				numbers = append(numbers, i)
			}
			many[i]++
		}
		return numbers, many
	}
	for i := range l.Connections {
		c := &l.Connections[i]
		sources, from := counts(c.Sources)
		destinations, to := counts(c.Destinations)
		words := portWords(c.Ports)
		for _, s := range sources {
			for _, d := range destinations {
				at := p.cells[[2]int{s, d}]
				if at == nil {
					at = &cell{}
					p.cells[[2]int{s, d}] = at
				}
				at.allowed += from[s] * to[d]
				if words == "all ports" {
					at.whole += from[s] * to[d]
				}
				if !slices.Contains(at.ports, words) {
					at.ports = append(at.ports, words)
				}
			}
		}
	}
	return p
}

// placeOf is the name that a peer goes by, and the namespace that it is in.
func placeOf(peer impact.Peer, by By) (name, group string) {
	switch {
	case peer.Workload != nil && by == ByNamespaces:
		return peer.Workload.Namespace, ""
	case peer.Workload != nil:
		return peer.Workload.Namespace + "/" + peer.Workload.Name + kindMark(peer.Workload.Kind), peer.Workload.Namespace
	case peer.External != nil:
		return addressWords(peer.External.CIDRs), ""
	case peer.Potential != nil && by == ByNamespaces && !isSelector(peer.Potential.Namespaces) && peer.Potential.Namespaces != anything:
		return peer.Potential.Namespaces, ""
	}
	return peer.String(), ""
}

// kindMark tells workloads of unusual kinds apart from those that may have the same name.
func kindMark(kind string) string {
	if kind == "Deployment" {
		return ""
	}
	return " (" + kind + ")"
}

// order sorts the names: by namespace, then by name, what is outside last.
func (p *plot) order() []int {
	order := make([]int, len(p.names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if (p.groups[a] == "") != (p.groups[b] == "") {
			return strings.Compare(p.groups[b], p.groups[a])
		}
		return strings.Compare(p.groups[a]+"/"+p.names[a], p.groups[b]+"/"+p.names[b])
	})
	return order
}

const (
	matrixLabel = 34
	matrixCell  = 4
)

// ListMatrix writes who may connect to whom as a square of marks: # for all ports, + for some, · for none.
func ListMatrix(w io.Writer, l *impact.Listing, o Options) error {
	t := &textReport{terminal: newTerminal(w, o), overview: summarise(&impact.Result{Diagnostics: l.Diagnostics})}
	t.diagnostics(t.broken, count(len(t.broken), "thing")+" could not be analysed, so this matrix may be wrong", red)
	p := newPlot(l, o.By, fewPeers)
	order := p.order()
	t.block(0, "", "", "Row to column: # all ports, + some ports or some of the pods, · nothing", faint)
	across := max((t.width-matrixLabel)/matrixCell, 1)
	for start := 0; start < len(order); start += across {
		columns := order[start:min(start+across, len(order))]
		line := strings.Repeat(" ", matrixLabel)
		for i := range columns {
			line += fmt.Sprintf("%*d", matrixCell, start+i+1)
		}
		t.line("")
		t.line(line)
		for i, row := range order {
			line := fmt.Sprintf("%4d %-*s", i+1, matrixLabel-5, clip(clean(p.names[row]), matrixLabel-6))
			for _, column := range columns {
				line += fmt.Sprintf("%*s", matrixCell, p.mark(row, column))
			}
			t.line(line)
		}
	}
	return t.out.Flush()
}

func (p *plot) mark(from, to int) string {
	c := p.cells[[2]int{from, to}]
	switch {
	case c == nil:
		return "·"
	case c.whole >= p.sizes[from]*p.sizes[to]:
		return "#"
	}
	return "+"
}

// ListMermaid writes what is allowed as a flowchart.
func ListMermaid(w io.Writer, l *impact.Listing, by By) error { return listGraph(l, by).mermaid(w) }

// ListDOT writes what is allowed as a graph for Graphviz.
func ListDOT(w io.Writer, l *impact.Listing, by By) error { return listGraph(l, by).dot(w) }

func listGraph(l *impact.Listing, by By) *graph {
	p := newPlot(l, by, fewEdges)
	order := p.order()
	g := &graph{}
	numbers := make([]int, len(p.names))
	for _, i := range order {
		numbers[i] = g.node(strings.TrimPrefix(p.names[i], p.groups[i]+"/"), p.groups[i])
	}
	for _, from := range order {
		for _, to := range order {
			c := p.cells[[2]int{from, to}]
			if c == nil {
				continue
			}
			label := strings.Join(c.ports, "; ")
			if len(c.ports) > potentialsShown {
				label = strings.Join(c.ports[:potentialsShown], "; ") + " and more"
			}
			if c.allowed < p.sizes[from]*p.sizes[to] {
				label += " (some of the pods)"
			}
			g.edges = append(g.edges, edge{from: numbers[from], to: numbers[to], label: label})
		}
	}
	return g
}
