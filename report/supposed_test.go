package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
)

// TestWhatIsSupposedStandsBesideTheFindings holds text, comment and page to the same words: none is a finding.
func TestWhatIsSupposedStandsBesideTheFindings(t *testing.T) {
	r := &impact.Result{Clusters: []impact.Cluster{{Supposed: []impact.Supposed{
		{
			If:       "if StagedNetworkPolicy shop/db were enforced",
			Findings: []impact.Finding{{Title: "web can no longer reach db", Severity: impact.High}},
			Gone:     []impact.Finding{{Title: "db can now reach <x>", Severity: impact.Low, Confidence: impact.Approximate}},
		},
		{If: "if the network were Calico"},
	}}}}
	var text, comment, page bytes.Buffer
	for _, err := range []error{Text(&text, r, Options{}), Markdown(&comment, r, Options{}), HTML(&page, r, Options{})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var data pageData
	if err := json.Unmarshal(dataElement.FindSubmatch(page.Bytes())[1], &data); err != nil {
		t.Fatal(err)
	}
	cluster := data.Clusters[0]
	want := []pageSupposed{
		{"If StagedNetworkPolicy shop/db were enforced", []string{"high: web can no longer reach db", "low: not: db can now reach <x> (approximate)"}},
		{"If the network were Calico, no connection would change otherwise", []string{}},
	}
	if !slices.EqualFunc(cluster.Supposed, want, func(a, b pageSupposed) bool { return a.Head == b.Head && slices.Equal(a.Lines, b.Lines) }) {
		t.Errorf("got %+v, want %+v", cluster.Supposed, want)
	}
	if len(cluster.Findings) != 0 {
		t.Errorf("the page has findings: %+v", cluster.Findings)
	}
	for _, line := range want[0].Lines {
		severity, title, _ := strings.Cut(line, ": ")
		if !strings.Contains(text.String(), severity+" ") || !strings.Contains(text.String(), title) {
			t.Errorf("the text lacks %q:\n%s", line, text.String())
		}
		if !strings.Contains(comment.String(), "- "+severity+": "+escape(title)+"\n") {
			t.Errorf("the comment lacks %q:\n%s", line, comment.String())
		}
	}
}
