package report

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func handbook(name string) *impact.Handbook {
	return &impact.Handbook{
		Policies: []impact.PlainPolicy{
			{Object: "AdminNetworkPolicy " + name, File: "admin.yaml", Line: 3, Selects: "every pod", Does: []string{"Allows in from " + name + "."}},
			{Object: "NetworkPolicy shop/" + name, Namespace: "shop", File: "shop.yaml", Line: 9, Selects: "pods app=" + name,
				Workloads: []impact.WorkloadID{{Kind: "Deployment", Namespace: "shop", Name: name}},
				Does:      []string{"Isolates ingress: what no rule allows is denied."}, Beside: []string{"NetworkPolicy shop/deny"}},
		},
		Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, File: "bad.yaml", Line: 1, Message: "not analysed: " + name}},
	}
}

// TestPoliciesAreWordForWordTheSameEverywhere holds for every format that tells policies.
func TestPoliciesAreWordForWordTheSameEverywhere(t *testing.T) {
	h := handbook("cart")
	tags := regexp.MustCompile(`<[^>]*>|\]\([^)]*\)|\[`)
	for _, name := range ForPolicies.Names() {
		var b bytes.Buffer
		if err := Format(name).WritePolicies(&b, h, Options{Link: github, Width: 1000}); err != nil {
			t.Fatal(err)
		}
		page := strings.ReplaceAll(html.UnescapeString(tags.ReplaceAllString(b.String(), "")), "\u200b", "")
		for _, want := range []string{
			"AdminNetworkPolicy cart", "NetworkPolicy shop/cart", "shop.yaml:9", "Selects every pod: no workload of these manifests.",
			"Selects pods app=cart: 1 workload (shop/cart).", "Isolates ingress: what no rule allows is denied.",
			"Governs some of the same workloads as NetworkPolicy shop/deny.", "not analysed: cart", "policies may be missing here",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, page)
			}
		}
	}
}

// TestPoliciesHTMLHoldsNoNameAsMarkup compares the elements of a page of hostile names with those of a page of harmless ones.
func TestPoliciesHTMLHoldsNoNameAsMarkup(t *testing.T) {
	tag := regexp.MustCompile(`</?[a-zA-Z][^\s>]*`)
	elements := func(name string) string {
		var b bytes.Buffer
		if err := PoliciesHTML(&b, handbook(name), Options{Link: github}); err != nil {
			t.Fatal(err)
		}
		return strings.Join(tag.FindAllString(b.String(), -1), " ")
	}
	want := elements("cart")
	if strings.Contains(want, "<script") || strings.Count(want, "<article") != 2 {
		t.Fatalf("unexpected elements: %s", want)
	}
	for _, name := range []string{`</p><script>alert(1)</script>`, `" onclick="x`, `</style><img src=x>`, `{{.}}`, "javascript:x"} {
		if got := elements(name); got != want {
			t.Errorf("%q changes the page's elements:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestOfManyPeersThoseThatDifferAreTold holds for a rule whose list of addresses a change edits.
func TestOfManyPeersThoseThatDifferAreTold(t *testing.T) {
	rule := func(peers ...string) string { return "Allows out to " + strings.Join(peers, "; ") + " on TCP 443." }
	for _, c := range []struct {
		name          string
		before, after string
		want          []string
	}{
		{
			name: "one of four is another", before: rule("a", "b", "c", "d"), after: rule("a", "b", "c", "e"),
			want: []string{"**no longer:** " + rule("d"), "**now:** " + rule("e"), "as before: " + rule("3 other peers")},
		},
		{
			name: "one more", before: rule("a", "b", "c"), after: rule("a", "x", "b", "c"),
			want: []string{"**now:** " + rule("x"), "as before: " + rule("3 other peers")},
		},
		{
			name: "few peers are told whole", before: rule("a", "b"), after: rule("a", "c"),
			want: []string{"**no longer:** " + rule("a", "b"), "**now:** " + rule("a", "c")},
		},
		{
			name: "other ports are another rule", before: rule("a", "b", "c"), after: strings.Replace(rule("a", "b", "c"), "443", "80", 1),
			want: []string{"**no longer:** " + rule("a", "b", "c"), "**now:** " + strings.Replace(rule("a", "b", "c"), "443", "80", 1)},
		},
	} {
		m := &comment{}
		got := m.wordsOf(&impact.PlainChange{Object: "NetworkPolicy p", Before: []string{c.before}, After: []string{c.after}})
		lines := strings.Split(strings.TrimSpace(got), "\n")[1:]
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], "  - ")
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(lines, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
