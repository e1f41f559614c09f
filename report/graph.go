package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// graph is peers and what connects them, for programs that draw.
type graph struct {
	nodes []node
	edges []edge
	at    map[string]int
}

type node struct{ label, group string }

type edge struct {
	from, to int
	label    string
	// kind is opened, blocked, or "" where nothing changes.
	kind impact.Kind
}

// node returns the number of a node, which is one with its label and group.
func (g *graph) node(label, group string) int {
	key := group + "\x00" + label
	if i, ok := g.at[key]; ok {
		return i
	}
	if g.at == nil {
		g.at = make(map[string]int)
	}
	g.at[key] = len(g.nodes)
	g.nodes = append(g.nodes, node{label, group})
	return len(g.nodes) - 1
}

// groups are the nodes' groups in their order.
func (g *graph) groups() []string {
	var names []string
	for _, n := range g.nodes {
		if !slices.Contains(names, n.group) {
			names = append(names, n.group)
		}
	}
	slices.Sort(names)
	return names
}

// mermaid writes a flowchart (mermaid.js.org/syntax/flowchart.html). What is blocked is red and dashed, what is opened
// green and thick, and each says which in words.
func (g *graph) mermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString("flowchart LR\n")
	for i, group := range g.groups() {
		indent := "  "
		if group != "" {
			fmt.Fprintf(out, "  subgraph g%d[\"%s\"]\n", i, mermaidText(group))
			indent = "    "
		}
		for n, node := range g.nodes {
			if node.group == group {
				fmt.Fprintf(out, "%sn%d[\"%s\"]\n", indent, n, mermaidText(node.label))
			}
		}
		if group != "" {
			out.WriteString("  end\n")
		}
	}
	numbers := make(map[impact.Kind][]string)
	for i, e := range g.edges {
		arrow := "-->"
		switch e.kind {
		case impact.Blocked:
			arrow = "-.->"
		case impact.Opened:
			arrow = "==>"
		}
		fmt.Fprintf(out, "  n%d %s|\"%s\"| n%d\n", e.from, arrow, mermaidText(e.label), e.to)
		numbers[e.kind] = append(numbers[e.kind], strconv.Itoa(i))
	}
	for _, style := range []struct {
		kind  impact.Kind
		color string
	}{{impact.Blocked, "#d1242f"}, {impact.Opened, "#1a7f37"}} {
		if list := numbers[style.kind]; len(list) > 0 {
			fmt.Fprintf(out, "  linkStyle %s stroke:%s\n", strings.Join(list, ","), style.color)
		}
	}
	return out.Flush()
}

// mermaidText writes text within quotes as nothing but text: whatever could mean something to Mermaid, to the markdown
// around it or to a browser is the number of its character.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if r >= 0x80 || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" -./,_", r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "#%d;", r)
	}
	return b.String()
}

// dot writes a digraph for Graphviz (graphviz.org/doc/info/lang.html).
func (g *graph) dot(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString("digraph connections {\n  rankdir=LR\n  node [shape=box]\n")
	for i, group := range g.groups() {
		indent := "  "
		if group != "" {
			fmt.Fprintf(out, "  subgraph cluster_%d {\n    label=%s\n", i, dotText(group))
			indent = "    "
		}
		for n, node := range g.nodes {
			if node.group == group {
				fmt.Fprintf(out, "%sn%d [label=%s]\n", indent, n, dotText(node.label))
			}
		}
		if group != "" {
			out.WriteString("  }\n")
		}
	}
	for _, e := range g.edges {
		fmt.Fprintf(out, "  n%d -> n%d [label=%s]\n", e.from, e.to, dotText(e.label))
	}
	out.WriteString("}\n")
	return out.Flush()
}

// dotText is a quoted string, without the escapes that Graphviz reads in labels.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(clean(s)) + `"`
}
