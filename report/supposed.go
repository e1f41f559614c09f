package report

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// supposedShown is how many findings of a supposition are shown.
const supposedShown = 20

// supposition is one line beside the result: what would be if something were so.
type supposition struct {
	head  string
	lines []impact.Finding
	// gone is from which line on the findings are those that would not be.
	gone int
}

func suppositions(c *impact.Cluster, name string) []supposition {
	var out []supposition
	for _, s := range c.Supposed {
		p := supposition{head: upperFirst(s.If), lines: append(append([]impact.Finding{}, s.Findings...), s.Gone...), gone: len(s.Findings)}
		if name != "" {
			p.head = name + ": " + s.If
		}
		if len(p.lines) == 0 {
			p.head += ", no connection would change otherwise"
		}
		out = append(out, p)
	}
	return out
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// title is that of a finding that would be or, from gone on, would not, with at most length characters of its own (0 for all).
func (s supposition) title(i, length int) string {
	f := &s.lines[i]
	title := clean(f.Title)
	if length > 0 {
		title = clip(title, length)
	}
	if i >= s.gone {
		title = "not: " + title
	}
	if f.Confidence == impact.Approximate {
		title += " (approximate)"
	}
	return title
}

// addSupposed tells what would be under other assumptions, beside the findings.
func (t *textReport) addSupposed() {
	for i := range t.result.Clusters {
		c := &t.result.Clusters[i]
		name := ""
		if t.clusters > 1 {
			name = clusterName(c)
		}
		for _, s := range suppositions(c, name) {
			t.line("")
			if len(s.lines) == 0 {
				t.block(0, "", "", clean(s.head)+".", faint)
				continue
			}
			t.block(0, "", "", clean(s.head)+" (no part of the findings, nor of the gate)", bold)
			for j, f := range s.lines {
				if j == supposedShown {
					t.block(2, "", "", "and "+count(len(s.lines)-j, "more finding"), "")
					break
				}
				t.block(2, clean(string(f.Severity))+" ", severityColors[f.Severity], s.title(j, 0), "")
			}
		}
	}
}

// addSupposed tells what would be under other assumptions, beside the findings.
func (m *comment) addSupposed() {
	for i := range m.result.Clusters {
		c := &m.result.Clusters[i]
		name := ""
		if m.clusters > 1 {
			name = clusterName(c)
		}
		for _, s := range suppositions(c, name) {
			head := escape(clip(s.head, titleLength))
			if len(s.lines) == 0 {
				m.page.add(text(rankTables, "\n"+head+".\n"))
				continue
			}
			m.page.add(part{
				rank: rankTables, head: "\n**" + head + "** (no part of the findings, nor of the gate):\n\n",
				rows: len(s.lines), unit: "finding",
				row: func(i int) string {
					return "- " + escape(string(s.lines[i].Severity)) + ": " + escape(s.title(i, titleLength)) + "\n"
				},
			})
		}
	}
}

// network names the network whose rules were applied, if all clusters have the same and it is not any.
func network(r *impact.Result) string {
	name := ""
	for i := range r.Clusters {
		c := &r.Clusters[i]
		if i > 0 && c.CNI != name {
			return ""
		}
		name = c.CNI
	}
	switch name {
	case "cilium":
		return "Cilium"
	case "calico":
		return "Calico"
	}
	return ""
}
