package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
)

// TestTestsAddUp holds for what every reader of JUnit's XML relies on: the counts are right, names are there, a gate that
// fails is a failure or an error, and one that passes is neither.
func TestTestsAddUp(t *testing.T) {
	for _, c := range cases {
		var b bytes.Buffer
		if err := JUnit(&b, &c.result); err != nil {
			t.Fatal(err)
		}
		var r junitReport
		decoder := xml.NewDecoder(&b)
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var all junitCounts
		for _, s := range r.Suites {
			var of junitCounts
			for _, test := range s.Cases {
				of.Tests++
				if test.Failure != nil {
					of.Failures++
				}
				if test.Error != nil {
					of.Errors++
				}
				if test.Name == "" || test.ClassName == "" {
					t.Errorf("%s: a test without name or class: %+v", c.name, test)
				}
			}
			if of.Tests != s.Tests || of.Failures != s.Failures || of.Errors != s.Errors || s.Name == "" {
				t.Errorf("%s: suite %q says %+v, has %+v", c.name, s.Name, s.junitCounts, of)
			}
			all.Tests, all.Failures, all.Errors = all.Tests+of.Tests, all.Failures+of.Failures, all.Errors+of.Errors
		}
		if all.Tests != r.Tests || all.Failures != r.Failures || all.Errors != r.Errors || all.Tests == 0 {
			t.Errorf("%s: says %+v, has %+v", c.name, r.junitCounts, all)
		}
		if c.result.Gate.Pass != (all.Failures+all.Errors == 0) {
			t.Errorf("%s: the gate's pass is %t, and there are %d failures and %d errors", c.name, c.result.Gate.Pass, all.Failures, all.Errors)
		}
	}
}

// TestNoCellIsAFormula holds for names that a spreadsheet would run.
func TestNoCellIsAFormula(t *testing.T) {
	name := func(kind string) impact.Peer { return impact.Peer{Workload: &impact.WorkloadID{Kind: kind, Name: "a"}} }
	hostile := []string{"=1+1", "@SUM(A1)", "+1", "-1", "\t=1", " =1", "\r=1", "＝1", `=HYPERLINK("http://example.org")`, "|calc", "%0A"}
	for _, h := range hostile {
		r := impact.Result{Clusters: []impact.Cluster{{Name: h, Changes: []impact.Change{{Source: name(h), Destination: impact.Peer{Name: h}, Opened: anyPort}}}}}
		l := impact.Listing{Connections: []impact.Allowed{{Sources: []impact.Peer{name(h)}, Destinations: []impact.Peer{{Name: h}}, Ports: anyPort}}}
		for _, write := range []func(*bytes.Buffer) error{
			func(b *bytes.Buffer) error { return CSV(b, &r) },
			func(b *bytes.Buffer) error { return ListCSV(b, &l) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(&b).ReadAll()
			if err != nil || len(rows) != 2 {
				t.Fatalf("%q: %v, %v", h, rows, err)
			}
			for _, cell := range rows[1] {
				if strings.HasPrefix(strings.TrimSpace(cell), "=") || cell != "" && strings.ContainsAny(cell[:1], "=+-@|%\t\r ") || strings.HasPrefix(cell, "＝") {
					t.Errorf("%q: the cell %q begins a formula", h, cell)
				}
			}
		}
	}
}

// TestGraphsHoldNothingButText: names cannot leave their quotes, neither in Mermaid nor in Graphviz.
func TestGraphsHoldNothingButText(t *testing.T) {
	for _, h := range []string{"\"]\n  click n0 href \"javascript:alert(1)\"", "```\n</details><script>", `\" ]; evil [label="`, "#quot;", "end", "%%{init: {}}%%", `a\`} {
		l := impact.Listing{Connections: []impact.Allowed{{Sources: pods(h, h), Destinations: []impact.Peer{{Name: h}}, Ports: anyPort}}}
		var mermaid, dot bytes.Buffer
		if err := ListMermaid(&mermaid, &l, ByWorkloads); err != nil {
			t.Fatal(err)
		}
		if err := ListDOT(&dot, &l, ByWorkloads); err != nil {
			t.Fatal(err)
		}
		if text := mermaid.String(); strings.Count(text, "\n") != 6 || strings.Count(text, `"`) != 8 || strings.ContainsAny(text, "`<%") {
			t.Errorf("%q:\n%s", h, text)
		}
		for i, line := range strings.Split(strings.TrimSpace(dot.String()), "\n") {
			plain := strings.NewReplacer(`\\`, "", `\"`, "").Replace(line)
			if n := strings.Count(plain, `"`); n != 0 && n != 2 || i > 12 {
				t.Errorf("%q: %s", h, line)
			}
		}
	}
}

// TestWhatIsManyIsDrawnByNamespaces: a graph of 90 workloads that all reach each other is one of namespaces.
func TestWhatIsManyIsDrawnByNamespaces(t *testing.T) {
	peers := append(pods("shop", numbered("app", 60)...), pods("web", numbered("site", 30)...)...)
	l := impact.Listing{Connections: []impact.Allowed{{Sources: peers, Destinations: peers, Ports: anyPort}}}
	var few, all bytes.Buffer
	if err := ListMermaid(&few, &l, ""); err != nil {
		t.Fatal(err)
	}
	if err := ListMermaid(&all, &l, ByWorkloads); err != nil {
		t.Fatal(err)
	}
	if n, m := strings.Count(few.String(), "-->"), strings.Count(all.String(), "-->"); n != 4 || m != 8100 {
		t.Errorf("%d and %d edges", n, m)
	}
	p := newPlot(&impact.Listing{Connections: []impact.Allowed{{Sources: peers[:1], Destinations: peers[60:], Ports: anyPort}}}, ByNamespaces, fewPeers)
	if at := p.cells[[2]int{0, 1}]; at == nil || p.mark(0, 1) != "#" || p.mark(1, 0) != "·" {
		t.Errorf("%+v", p)
	}
}
