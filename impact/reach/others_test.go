package reach_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAnyOtherPodOfANamespaceIsToldWhereNoKnownOneShowsTheChange(t *testing.T) {
	pod := func(name, app string) string {
		return fmt.Sprintf("---\napiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop, labels: {app: %s, part-of: shop}}\nspec: {containers: []}\n", name, app)
	}
	pods := pod("db", "db") + pod("web", "web")
	policy := func(name, spec string) string {
		return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: shop}\nspec: %s\n", name, spec)
	}
	db := func(from string) string {
		return pods + policy("db", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: "+from+"}]}]}")
	}
	deny := func(selector string) string {
		return pods + policy("deny", "{podSelector: "+selector+", policyTypes: [Ingress]}")
	}
	const shop = "{matchLabels: {part-of: shop}}"
	for _, test := range []struct{ name, base, head, want string }{
		{"a peer becomes the whole namespace", db(shop), db("{}"), "pods * in shop → Pod shop/db all ports"},
		{"a peer was the whole namespace", db("{}"), db(shop), "pods * in shop → Pod shop/db all ports"},
		{"a peer that some known pod is not", db("{matchLabels: {app: db}}"), db("{}"), "Pod shop/web → Pod shop/db all ports"},
		{"what other labels ask for", db(shop), db("{matchExpressions: [{key: part-of, operator: NotIn, values: [x]}]}"), "pods * in shop → Pod shop/db all ports"},
		{"a new policy lets in the whole namespace", db(shop), db(shop) + policy("more", "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}"),
			"pods * in shop → Pod shop/db all ports"},
		{"a policy is new that isolates all, and each known pod has one of its own", pods + policy("a", "{podSelector: "+shop+", policyTypes: [Ingress]}"),
			pods + policy("a", "{podSelector: "+shop+", policyTypes: [Ingress]}") + policy("deny", "{podSelector: {}, policyTypes: [Ingress]}"), ""},
		{"a policy isolated the whole namespace", deny("{}"), deny(shop),
			"0.0.0.0/0 → pods * in shop all ports|::/0 → pods * in shop all ports|Pod shop/db → pods * in shop all ports|Pod shop/web → pods * in shop all ports|" +
				"pods * in * → pods * in shop all ports|pods k8s-app=kube-dns in kube-system → pods * in shop all ports"},
		{"a policy isolates the whole namespace now", deny(shop), deny("{}"), ""},
		{"nothing differs in meaning", db("{}"), strings.Replace(db("{}"), "podSelector: {}", "podSelector: {matchLabels: {}}", 1), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, e := range effects(t, test.base, test.head) {
				got = append(got, strings.TrimPrefix(e, "- "))
			}
			if got := strings.Join(got, "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
