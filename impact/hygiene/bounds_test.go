package hygiene_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// checked is what is found in one state.
func checked(t *testing.T, text string) (remarks []hygiene.Remark, left []string) {
	t.Helper()
	objects, problems := manifest.Read("all.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	state := cluster.Build(objects, config.Config{})
	c := hygiene.Change{Model: reach.New(state, state, reach.Options{}), Base: state, Head: state}
	remarks = c.Check(true)
	for _, d := range c.Left {
		left = append(left, d.Message)
	}
	return remarks, left
}

const policyOfShop = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d, namespace: shop}\nspec: {podSelector: {matchLabels: {app: checkout}}, ingress: [%s]}\n"

// TestWhatIsTooMuchToCompareIsCounted: rules, peers and policies of one subject beyond the bounds.
func TestWhatIsTooMuchToCompareIsCounted(t *testing.T) {
	many := func(n int, format, between string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(format, 1+i))
		}
		return strings.Join(all, between)
	}
	one := func(rules string) string { return pods + fmt.Sprintf(policyOfShop, 0, rules) }
	var alike strings.Builder
	for i := range hygiene.MaxAlike + 2 {
		fmt.Fprintf(&alike, policyOfShop, i, fmt.Sprintf("{ports: [{port: %d}]}", 1+i))
	}
	for name, c := range map[string]struct{ text, want string }{
		"rules as many as are compared": {one(many(hygiene.MaxRules, "{ports: [{port: %d}]}", ", ")), ""},
		"rules": {one(many(hygiene.MaxRules+3, "{ports: [{port: %d}]}", ", ")),
			"of 1003 ingress rules only the first 1000 were held against each other (rules H10 and H15): 3 were not"},
		"peers": {one("{from: [" + many(hygiene.MaxRules+1, "{podSelector: {matchLabels: {app: a%d}}}", ", ") + "]}"),
			"spec.ingress[0]: of 1001 peers only the first 1000 were held against each other (rule H10): 1 were not"},
		"policies": {pods + alike.String(),
			"of 302 policies that select the same pods, this one among them, others were held against 300 only (rule H10): against 2 they were not"},
	} {
		if _, left := checked(t, c.text); strings.Join(left, "\n") != c.want {
			t.Errorf("%s: %q, must be %q", name, left, c.want)
		}
	}
}

// TestANearLabelIsFoundAmongManyThatBearIt, whatever their number: one of 3,000 workloads has the selector's other label.
func TestANearLabelIsFoundAmongManyThatBearIt(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: w%d, namespace: shop, labels: {app: checkout, part: p%d}}\nspec: {containers: [{name: c, image: i}]}\n", i, i)
	}
	b.WriteString("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {matchLabels: {app: chekout, part: p2999}}}\n")
	remarks, _ := checked(t, b.String())
	if !slices.ContainsFunc(remarks, func(r hygiene.Remark) bool { return r.Rule == "H2" && strings.Contains(r.Title, "app=checkout") }) {
		t.Errorf("%v", remarks)
	}
}
