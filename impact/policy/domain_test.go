package policy_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

func TestAPatternCoversTheNamesThatItMatches(t *testing.T) {
	deep := func(name string) policy.Peer { return policy.Peer{Domain: name} }
	label := func(name string) policy.Peer { return policy.Peer{Domain: name, OneLabel: true} }
	for _, test := range []struct {
		wide, narrow policy.Peer
		covers       bool
	}{
		{deep("*.example.com"), deep("a.example.com"), true},
		{deep("*.example.com"), deep("a.b.example.com"), true},
		{deep("*.example.com"), deep("example.com"), false},
		{deep("*.example.com"), deep("*.b.example.com"), true},
		{deep("*.b.example.com"), deep("*.example.com"), false},
		{deep("*.example.com"), label("*.example.com"), true},
		{label("*.example.com"), deep("*.example.com"), false},
		{label("*.example.com"), deep("a.example.com"), true},
		{label("*.example.com"), deep("a.b.example.com"), false},
		{label("*.example.com"), label("api-*.example.com"), true},
		{label("api-*.example.com"), label("*.example.com"), false},
		{label("*.*.example.com"), label("a.*.example.com"), true},
		{label("a*z.com"), label("az.com"), true},
		{label("a*z.com"), label("a.z.com"), false},
		{label("*"), deep("a.b"), true},
		{label("*.com"), label("*"), false},
		{label("a.com"), deep("a.com"), true},
		{label("**.example.com"), deep("a.b.example.com"), true},
		{label("**.example.com"), deep("example.com"), false},
		{label("**.example.com"), label("*.example.com"), true},
		{label("*.example.com"), label("**.example.com"), false},
		{label("**.example.com"), deep("*.example.com"), true},
		{deep("*.example.com"), label("**.example.com"), true},
		{label("**.a*.com"), deep("x.y.ab.com"), true},
		{label("**.a*.com"), deep("x.y.b.com"), false},
		{label("**.a*.com"), label("**.ab.com"), true},
		{label("**.*.com"), label("**.com"), false},
		{label("**.*.com"), label("**.x.com"), true},
		{label("*a*a*a*a*a*a*a*a*a*a*a*a*b"), deep(strings.Repeat("a", 60)), false},
	} {
		if test.wide.CoversDomain(test.narrow) != test.covers {
			t.Errorf("%+v covers %+v: must be %t", test.wide, test.narrow, test.covers)
		}
	}
}

func TestAPatternOfATopLevelDomainIsAsGoodAsTheInternet(t *testing.T) {
	for pattern, want := range map[string]bool{
		"*": true, "**": true, "*.*": true, "*.com": true, "**.com": true, "*com": true, "*.com.": true, "a*": true,
		"*.example.com": false, "api.*.example.com": false, "example.com": false, "localhost": false, "": false,
	} {
		if got := policy.IsManyDomains(pattern); got != want {
			t.Errorf("%q: %t", pattern, got)
		}
	}
}
