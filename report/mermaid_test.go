package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
)

// TestADrawingIsBounded holds for 300 groups of connections between long names: at most a hundred are drawn, it is said
// of how many, and GitHub's limit is kept.
func TestADrawingIsBounded(t *testing.T) {
	f := impact.Finding{ID: "F1", Rule: "B8", Severity: impact.Medium, Kind: impact.Blocked, Title: "t"}
	for i := range 300 {
		name := fmt.Sprintf("%03d-%s", i, strings.Repeat("n", 60))
		f.Connections = append(f.Connections, impact.Connection{Sources: pods("shop", name), Destinations: pods("shop", "cart"), Ports: anyPort, Count: 1})
	}
	r := impact.Result{Clusters: []impact.Cluster{{Name: "default", Findings: []impact.Finding{f}}}, Gate: impact.Gate{Pass: true}}
	page := render(t, &r, Options{Limit: 262_144})
	_, drawing, found := strings.Cut(page, "```mermaid\n")
	drawing, rest, _ := strings.Cut(drawing, "```\n")
	if n := strings.Count(drawing, "-.->"); !found || n != edgesDrawn || len(drawing) > graphLength {
		t.Errorf("%d edges, %d characters", n, len(drawing))
	}
	if !strings.Contains(rest, "The first 100 of 300 groups are drawn.") {
		t.Errorf("it is not said how many are left out: %.200s", rest)
	}
}
