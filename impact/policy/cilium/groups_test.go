package cilium

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

func TestGroupsAreMeantByTheLabelsThatAnAddressHasFromAll(t *testing.T) {
	groups := []Group{
		{Name: "net", Labels: map[string]string{"of": "x"}, CIDRs: prefixes("10.0.0.0/8", "2001:db8::/32")},
		{Name: "part", Labels: map[string]string{"of": "y", "team": "a"}, CIDRs: prefixes("10.1.0.0/16")},
		{Name: "inner", Labels: map[string]string{"of": "x"}, CIDRs: prefixes("10.1.2.0/24")},
		{Name: "same", Labels: map[string]string{"team": "b"}, CIDRs: prefixes("10.1.0.0/16", "1.2.3.0/24")},
	}
	for _, c := range []struct{ name, asks, want string }{
		{"one label", "of=x", "10.0.0.0/8, 2001:db8::/32"},
		{"labels of two groups that have the address", "of=x,team=a", "10.1.0.0/16"},
		{"two values of one label", "of=x,of in (y)", "10.1.0.0/16"},
		{"a part is excluded", "of=x,team notin (a)", "10.0.0.0/8 except 10.1.0.0/16, 2001:db8::/32"},
		{"what only excludes means everybody else", "of notin (y)", "0.0.0.0/0 except 10.1.0.0/16, ::/0"},
		{"a key that no group may have", "!of", "0.0.0.0/0 except 10.0.0.0/8, ::/0 except 2001:db8::/32"},
		{"no label asked for", "", "0.0.0.0/0, ::/0"},
		{"a label that no group has", "of=z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := metav1.ParseToLabelSelector(c.asks)
			if err != nil {
				t.Fatal(err)
			}
			selector, err := policy.NewSelector(*parsed)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range groupsMeant(groups, selector) {
				words := b.CIDR.String()
				if len(b.Except) > 0 {
					words += " except " + strings.Trim(fmt.Sprint(b.Except), "[]")
				}
				got = append(got, words)
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}
