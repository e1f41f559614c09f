package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
)

func radiusResult(unasked int, radii ...impact.Radius) *impact.Result {
	return &impact.Result{Gate: impact.Gate{Pass: true}, Clusters: []impact.Cluster{{
		Name: "prod", BlastRadius: radii, RadiiUnasked: unasked, Counts: impact.Counts{OpenedPairs: 1},
		Findings: []impact.Finding{{ID: "F1", Rule: "O11", Severity: impact.Low, Kind: impact.Opened, Title: "t"}},
	}}}
}

func radiusOf(name string, before, after int) impact.Radius {
	return impact.Radius{Workload: impact.WorkloadID{Kind: "Deployment", Namespace: "shop", Name: name}, Before: before, After: after}
}

func TestBlastRadiiAreToldWhereTheyChange(t *testing.T) {
	write := func(r *impact.Result) (text, comment string) {
		var a, b strings.Builder
		if err := Text(&a, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if err := Markdown(&b, r, Options{}); err != nil {
			t.Fatal(err)
		}
		return a.String(), b.String()
	}
	text, comment := write(radiusResult(0, radiusOf("cart", 5, 5)))
	if strings.Contains(text+comment, "last radius") {
		t.Errorf("a radius that stays is told:\n%s\n%s", text, comment)
	}
	text, comment = write(radiusResult(0, radiusOf("cart", 5, 5), radiusOf("web", 3, 7)))
	for _, got := range []string{text, comment} {
		if !strings.Contains(got, "3 → 7") || strings.Contains(got, "5 → 5") {
			t.Errorf("got\n%s", got)
		}
	}
	if strings.Contains(comment, "<summary>Blast radius") {
		t.Errorf("a single line is folded:\n%s", comment)
	}
	many := radiusResult(0)
	for i := range 30 {
		many.Clusters[0].BlastRadius = append(many.Clusters[0].BlastRadius, radiusOf(fmt.Sprint("w", i), i, 2*i+1))
	}
	text, comment = write(many)
	for _, got := range []string{text, comment} {
		if !strings.Contains(got, "29 → 59") || !strings.Contains(got, "and 20 more changes") || strings.Contains(got, "3 → 7") {
			t.Errorf("not the largest changes, or too many:\n%s", got)
		}
	}
	if !strings.Contains(comment, "<summary>Blast radius of 30 workloads") {
		t.Errorf("many lines are not folded:\n%s", comment)
	}
	text, comment = write(radiusResult(12))
	for _, got := range []string{text, comment} {
		if !strings.Contains(got, "Of 12 more workloads") {
			t.Errorf("what was not asked is not told:\n%s", got)
		}
	}
	data := newPageData(radiusResult(12, radiusOf("web", 3, 7)), Options{})
	if lines := data.Clusters[0].Radius; len(lines) != 2 || !strings.Contains(lines[0], "3 → 7") {
		t.Errorf("the page has %q", lines)
	}
}

func TestClustersWithTheSameBlastRadiiAreToldTogether(t *testing.T) {
	r := radiusResult(0, radiusOf("web", 3, 7))
	other := r.Clusters[0]
	other.Name = "staging"
	r.Clusters = append(r.Clusters, other)
	var b strings.Builder
	if err := Text(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "3 → 7") != 1 {
		t.Errorf("got\n%s", b.String())
	}
}
