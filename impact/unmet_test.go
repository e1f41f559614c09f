package impact

import (
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// TestWhatAConfigurationNewlyNamesAndPoliciesDenyIsTold holds for each way in which a configuration comes to name it, and for what
// is told otherwise.
func TestWhatAConfigurationNewlyNamesAndPoliciesDenyIsTold(t *testing.T) {
	const title = "web cannot reach db on TCP 5432, which its configuration now names"
	db, api := workloads("shop/db:5432"), workloads("shop/api:80")
	web, asking := workloads("shop/web:80"), workloads("shop/web:80 DB_ADDR=db:5432")
	closed := networkPolicy("shop", "db", "podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]")
	open := networkPolicy("shop", "db", "podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]")
	another := networkPolicy("shop", "other", "podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress]")
	configured := strings.Replace(web, "env: []", "envFrom: [{configMapRef: {name: settings}}]", 1)
	settings := func(value string) string {
		return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {DB_ADDR: \"" + value + "\"}\n"
	}
	withoutService, _, _ := strings.Cut(db, "---\napiVersion: v1\nkind: Service")
	for _, c := range []struct {
		name       string
		base, head string
		mode       HygieneMode
		want       []string
	}{
		{name: "a value that comes", base: db + web + closed, head: db + asking + closed, want: []string{title}},
		{name: "a workload that comes", base: db + closed, head: db + asking + closed, want: []string{title}},
		{name: "a ConfigMap's value", base: db + configured + settings("elsewhere:1") + closed, head: db + configured + settings("db:5432") + closed, want: []string{title}},
		{name: "a Service that comes", base: withoutService + asking + closed, head: db + asking + closed, want: []string{title}},
		{name: "another port", base: workloads("shop/db:5433", "shop/web:80 DB_ADDR=db:5433") + closed, head: db + asking + closed, want: []string{title}},
		{name: "both ends come with the policy", base: api, head: api + db + asking + closed, want: []string{title}},
		{name: "it is allowed", base: db + web + open, head: db + asking + open},
		{name: "it was named and denied before", base: db + asking + closed, head: db + asking + closed + another},
		{name: "what was before is asked for", base: db + asking + closed, head: db + asking + closed + another, mode: HygieneAll,
			want: []string{"web cannot reach db on TCP 5432, which its configuration names (as before)"}},
		{name: "the change blocks it, which is told as that", base: db + asking + open, head: db + asking + closed},
		{name: "nothing is asked for", base: db + web + closed, head: db + asking + closed, mode: HygieneOff},
		{name: "two workloads and one policy", base: db + closed, head: db + asking + workloads("shop/job:81 DB_ADDR=db:5432") + closed,
			want: []string{"2 connections that configurations now name, among them job → db, are denied"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, _ := manifest.Read("base.yaml", []byte(c.base))
			head, _ := manifest.Read("head.yaml", []byte(c.head))
			out, err := Compare(t.Context(), Input{Base: base, Head: head, Hygiene: c.mode})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range out.Cluster.Findings {
				if f.Rule == unmetRule {
					got = append(got, f.Title)
					if len(f.Causes) != 1 || f.Causes[0].Object != "NetworkPolicy shop/db" || f.Causes[0].Line == 0 || len(f.Evidence) == 0 {
						t.Errorf("causes %+v, evidence %+v", f.Causes, f.Evidence)
					}
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q; all: %q", got, c.want, summaryOf(out.Cluster.Findings))
			}
		})
	}
}

func summaryOf(list []Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Rule+" "+f.Title)
	}
	return out
}
