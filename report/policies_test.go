package report

import (
	"bytes"
	"html"
	"regexp"
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
