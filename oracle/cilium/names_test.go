package cilium

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cilium/cilium/pkg/fqdn/dns"
	"github.com/cilium/cilium/pkg/policy/api"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// TestEngineAgreesWithCiliumOnNames asks of random patterns which names they match: pod a may reach what the pattern matches,
// and each name is an end because a rule of pod b names it.
func TestEngineAgreesWithCiliumOnNames(t *testing.T) {
	verdicts, matched := 0, 0
	for seed := range uint64(3000) {
		d := dice{rand.New(rand.NewPCG(seed, 12))}
		pattern := d.name("**ab.-")
		if !isName(strings.TrimSuffix(pattern, ".")) {
			continue
		}
		selector := api.FQDNSelector{MatchPattern: pattern}
		matches, err := selector.ToRegex()
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for range 40 {
			// Half of the names are made of the pattern, so that many match.
			name := d.name("ab.-")
			if d.oneIn(2) {
				name = ""
				for _, c := range pattern {
					if c == '*' {
						name += d.name("ab.")
					} else {
						name += string(c)
					}
				}
			}
			if isName(name) {
				named[name] = true
			}
		}
		var rules []string
		for name := range named {
			rules = append(rules, fmt.Sprintf("{matchName: %q}", name))
		}
		m, err := model([]string{
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: u, labels: {pod: a}}\nspec: {containers: [{name: c, image: x}]}\n",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: u, labels: {pod: b}}\nspec: {containers: [{name: c, image: x}]}\n",
			fqdnPolicy("a", fmt.Sprintf("{matchPattern: %q}", pattern)), fqdnPolicy("b", strings.Join(rules, ", ")),
		})
		if err != nil {
			t.Fatal(err)
		}
		source := int32(-1)
		for i, e := range m.Endpoints {
			if w := e.Workload[reach.Head]; w != nil && w.Name == "a" {
				source = int32(i)
			}
		}
		for i, e := range m.Endpoints {
			if !named[e.Domain] {
				continue
			}
			verdicts++
			want := matches.MatchString(dns.FQDN(e.Domain))
			if want {
				matched++
			}
			if got := m.Verdict(reach.Head, source, int32(i)).Has(policy.TCP, 443); got != want {
				t.Errorf("seed %d: %s matches %s: the engine says %t, Cilium %t", seed, pattern, e.Domain, got, want)
			}
		}
	}
	t.Logf("%d verdicts compared, %d names matched", verdicts, matched)
	if matched == 0 || matched == verdicts {
		t.Error("one answer never occurs")
	}
}

func fqdnPolicy(pod, names string) string {
	return fmt.Sprintf("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: %s, namespace: u}\nspec: {endpointSelector: {matchLabels: {pod: %s}}, egress: [{toFQDNs: [%s]}]}\n", pod, pod, names)
}

// name is some characters, few of them, so that names and patterns are often alike.
func (d dice) name(characters string) string {
	var b strings.Builder
	for range d.IntN(9) {
		b.WriteByte(characters[d.IntN(len(characters))])
	}
	return b.String()
}

// isName tells whether a resolver could be asked for a name, and Cilium takes it for one.
func isName(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".") && !strings.Contains(name, "..")
}
