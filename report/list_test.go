package report

import (
	"bytes"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestListingsAreAsReviewed(t *testing.T) {
	grouped := impact.Listing{
		CNI: "generic",
		Connections: []impact.Allowed{
			{Sources: pods("shop", boutique...), Destinations: []impact.Peer{potential("kube-system", "k8s-app=kube-dns")}, Ports: append(port(policy.UDP, 53), port(policy.TCP, 53)...), Confidence: impact.Exact},
			{Sources: append(pods("shop", "frontend"), potential("team=web", "app in (a,b)")), Destinations: pods("shop", "cartservice"), Ports: port(policy.TCP, 7070), Confidence: impact.Approximate},
			{Sources: pods("shop", "frontend"), Destinations: []impact.Peer{internet, {Name: "*.example.com"}}, Ports: anyPort, Confidence: impact.Exact},
		},
		Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, File: "broken.yaml", Line: 3, Message: "not YAML: did not find expected key"}},
	}
	expanded := impact.Listing{Connections: []impact.Allowed{
		{Sources: pods("shop", "frontend"), Destinations: pods("shop", "cartservice"), Ports: port(policy.TCP, 7070), Confidence: impact.Exact},
		{Sources: pods("shop", "cartservice"), Destinations: pods("shop", "redis-cart"), Ports: port(policy.TCP, 6379), Confidence: impact.Exact},
	}}
	for _, c := range []struct {
		name  string
		list  impact.Listing
		pairs bool
	}{{"list-grouped", grouped, false}, {"list-pairs", expanded, true}, {"list-empty", impact.Listing{}, false}} {
		for _, f := range formats {
			if f.of&ofListing == 0 {
				continue
			}
			var b bytes.Buffer
			if err := f.format.WriteList(&b, &c.list, c.pairs, Options{}); err != nil {
				t.Fatal(err)
			}
			ending := "." + string(f.format)
			if len(f.endings) > 0 {
				ending = f.endings[0]
			}
			golden(t, c.name+ending, b.Bytes())
		}
	}
}
