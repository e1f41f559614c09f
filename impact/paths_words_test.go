package impact

import (
	"slices"
	"strings"
	"testing"
)

// TestWaysThatBeginAtSeveralWorkloadsNameThem holds for the title of what one change opens in two namespaces.
func TestWaysThatBeginAtSeveralWorkloadsNameThem(t *testing.T) {
	side := func(from string) string {
		var b strings.Builder
		for _, namespace := range []string{"one", "two"} {
			b.WriteString(strings.NewReplacer("namespace: shop", "namespace: "+namespace).Replace(webPod + balancer("") + letIn(from) + "---\n"))
			b.WriteString(strings.Replace(workloads(namespace+"/db:5432"), "example.org/db", "postgres", 1))
			b.WriteString(networkPolicy(namespace, "db", "podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]") + "---\n")
		}
		return b.String()
	}
	var titles []string
	for _, f := range findings(t, side("[]"), side("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]")) {
		if f.Rule == "P1" {
			titles = append(titles, f.Title)
		}
	}
	want := []string{"The internet can now get to one/db and two/db through one/web and two/web (policy web edited)"}
	if !slices.Equal(titles, want) {
		t.Errorf("got %q, want %q", titles, want)
	}
}
