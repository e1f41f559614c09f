package policy_test

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

func TestProtocolsWithoutPortsAreNamed(t *testing.T) {
	of := func(ports ...policy.Port) []policy.PortRange {
		var all policy.PortSet
		for _, p := range ports {
			all = all.Union(p.Set())
		}
		return all.Ranges()
	}
	web := policy.Port{Protocol: policy.TCP, From: 80, To: 80}
	echo := policy.Port{Protocol: policy.ICMP, From: 8 << 8, To: 8<<8 | 255}
	for _, test := range []struct {
		ranges []policy.PortRange
		words  string
	}{
		{of(web, echo), "TCP 80 and ICMP type 8 (echo request)"},
		{of(echo), "ICMP type 8 (echo request)"},
		{of(policy.Port{Protocol: policy.ICMP, Whole: true}), "ICMP"},
		{of(policy.Port{Protocol: policy.ICMPv6, From: 1<<8 | 3, To: 1<<8 | 3}), "ICMPv6 type 1 (destination unreachable) code 3"},
		{of(policy.Port{Protocol: policy.IP, From: 47, To: 47}), "IP protocol 47 (GRE)"},
		{of(policy.Port{Protocol: policy.IP, Whole: true}), "other IP protocols"},
		{policy.AllPorts().Ranges(), "all ports"},
		{policy.AllPorts().Union(policy.Whole(policy.ICMP)).Ranges(), "all ports and ICMP"},
		{policy.Whole(policy.ICMP).Minus(echo.Set()).Ranges(), "ICMP type 0–7, type 9–255"},
	} {
		if got := policy.PortsText(test.ranges); got != test.words {
			t.Errorf("%v: %q, must be %q", test.ranges, got, test.words)
		}
	}
}
