package report

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
)

func TestOnlyWhatWasRenderedIsCounted(t *testing.T) {
	rendered := impact.Cluster{Name: "staging", Counts: impact.Counts{Workloads: 2, Policies: 6}}
	untouched := impact.Cluster{Name: "prod", Untouched: true}
	for want, clusters := range map[string][]impact.Cluster{
		"2 workloads, 6 policies":                                {rendered},
		"4 workloads, 12 policies in 2 clusters":                 {rendered, rendered},
		"2 workloads, 6 policies in 1 cluster, 2 more untouched": {rendered, untouched, untouched},
		"the change touches nothing that is rendered":            {untouched},
	} {
		if got := summarise(&impact.Result{Clusters: clusters}).scope(); got != want {
			t.Errorf("%d clusters are %q, want %q", len(clusters), got, want)
		}
	}
}
