package reach_test

import (
	"strings"
	"testing"
)

// TestNamespacesWithoutALabelAreSomebody shows that a selector which excludes labels of namespaces selects namespaces that are not
// in the manifests, whose labels are not known: else what it opens to nearly everybody would be no change.
func TestNamespacesWithoutALabelAreSomebody(t *testing.T) {
	state := func(peer string) string {
		return `---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [` + peer + `]}
`
	}
	from := func(selector string) string { return state("{from: [{namespaceSelector: " + selector + "}]}") }
	const none = ""
	for _, test := range []struct{ name, base, head, want string }{
		{"a label that must not be there", state(none), from("{matchExpressions: [{key: nope, operator: DoesNotExist}]}"),
			"- Pod shop/db → Pod shop/db all ports|- pods * in !nope → Pod shop/db all ports"},
		{"values that must not be there", state(none), from("{matchExpressions: [{key: team, operator: NotIn, values: [a]}]}"),
			"- pods * in team!=a → Pod shop/db all ports"},
		{"one that must and one that must not", state(none), from("{matchLabels: {tier: x}, matchExpressions: [{key: team, operator: DoesNotExist}]}"),
			"- pods * in !team,tier=x → Pod shop/db all ports"},
		{"a name, and a label that must not be there", state(none), from("{matchLabels: {kubernetes.io/metadata.name: other}, matchExpressions: [{key: team, operator: DoesNotExist}]}"),
			"- pods * in other → Pod shop/db all ports"},
		{"the same of both sides", from("{matchExpressions: [{key: nope, operator: DoesNotExist}]}"), from("{matchExpressions: [{key: nope, operator: DoesNotExist}]}"), ""},
		{"narrowed to those without a label", from("{}"), from("{matchExpressions: [{key: nope, operator: DoesNotExist}]}"),
			"? pods * in * → Pod shop/db all ports|? pods k8s-app=kube-dns in kube-system → Pod shop/db all ports"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(effects(t, test.base, test.head), "|"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
