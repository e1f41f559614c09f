package reach_test

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// A trace reads the policies one by one; the engine reads what it made of them. Both must come to the same verdict.
func TestATraceComesToTheEnginesVerdict(t *testing.T) {
	pairs := 0
	for seed := range uint64(60) {
		base, head := generate.Random(seed)
		m, _ := ask(t, [2][]string{base.Documents(), head.Documents()})
		for source := range int32(len(m.Endpoints)) {
			for destination := range int32(len(m.Endpoints)) {
				verdict := m.Verdict(reach.Head, source, destination)
				for _, at := range []policy.PortRange{{Protocol: policy.TCP, From: 80, To: 80}, {Protocol: policy.UDP, From: 81, To: 81}, {Protocol: policy.TCP, From: 443, To: 443}} {
					port := policy.Range(at.Protocol, at.From, at.To)
					_, out := m.Trace(policy.Egress, reach.Head, source, destination, port)
					_, in := m.Trace(policy.Ingress, reach.Head, destination, source, port)
					if pairs++; (out && in) != verdict.Intersects(port) {
						t.Fatalf("seed %d: endpoint %d to %d on %v: egress %t, ingress %t, but the engine says %t", seed, source, destination, at, out, in, verdict.Intersects(port))
					}
				}
			}
		}
	}
	t.Logf("%d pairs and ports", pairs)
}
