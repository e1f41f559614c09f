package impact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// numbered are names a0, a1, …
func numbered(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func pods(image string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "---\n{apiVersion: v1, kind: Pod, metadata: {name: %[1]s, namespace: shop, labels: {app: %[1]s}}, spec: {containers: [{name: c, image: %[2]s, ports: [{containerPort: 80}]}]}}\n", name, image)
	}
	return b.String()
}

// oneOf selects pods by their names.
func oneOf(names []string) string {
	return "{matchExpressions: [{key: app, operator: In, values: [" + strings.Join(names, ", ") + "]}]}"
}

// TestTheBlastRadiiOfManyAreAllAsked: who gets to what many get to is searched for no further.
func TestTheBlastRadiiOfManyAreAllAsked(t *testing.T) {
	opened, blocked := numbered("o", 300), numbered("b", 1300)
	all := pods("app", opened...) + pods("app", blocked...)
	closed := func(names []string) string {
		return networkPolicy("shop", "closed", "podSelector: "+oneOf(names)+", policyTypes: [Egress]")
	}
	base, problems := manifest.Read("base.yaml", []byte(all+closed(opened)))
	head, more := manifest.Read("head.yaml", []byte(all+closed(blocked)))
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	out, err := Compare(t.Context(), Input{Base: base, Head: head})
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Cluster.RadiiUnasked; n > 0 || len(out.Cluster.BlastRadius) != 1600 {
		t.Errorf("%d radii, %d not asked for, of 1600", len(out.Cluster.BlastRadius), n)
	}
	for _, r := range out.Cluster.BlastRadius {
		before, after := 0, 1599
		if strings.HasPrefix(r.Workload.Name, "b") {
			before, after = after, before
		}
		if r.Before != before || r.After != after {
			t.Errorf("%v", r)
		}
	}
}

// TestWhatIsNotSpelledOutIsCounted: a finding of many paths or workloads spells ten of them out.
func TestWhatIsNotSpelledOutIsCounted(t *testing.T) {
	const more = 3
	databases := numbered("db", maxPaths+more)
	shop := pods("web", "web") + pods("postgres", databases...) +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}\n"
	kept := networkPolicy("shop", "db", "podSelector: "+oneOf(databases)+", ingress: [{from: [{podSelector: {matchLabels: {app: nobody}}}]}]")
	open := networkPolicy("shop", "db", "podSelector: "+oneOf(databases)+", ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]")
	check := func(rule string, list []Finding, want string) {
		t.Helper()
		at := slices.IndexFunc(list, func(f Finding) bool { return f.Rule == rule })
		if at < 0 {
			t.Fatalf("no %s among %v", rule, list)
		}
		if f := list[at]; len(f.Evidence) != maxPaths || !strings.HasSuffix(f.Explanation, want) {
			t.Errorf("%s: %d are spelled out: %s", rule, len(f.Evidence), f.Explanation)
		}
	}
	check("P1", findings(t, shop+kept, shop+open), "3 more paths are not spelled out.")

	jobs, apps := numbered("job", maxPaths+more), numbered("app", 12)
	shop = pods("job", jobs...) + pods("app", apps...) + networkPolicy("shop", "apps", "podSelector: "+oneOf(apps)+", policyTypes: [Egress]")
	to := func(whom string) string {
		return networkPolicy("shop", "jobs", "podSelector: "+oneOf(jobs)+", policyTypes: [Egress], egress: [{to: [{podSelector: "+whom+"}]}]")
	}
	check("P3", findings(t, shop+to("{matchLabels: {app: nobody}}"), shop+to(oneOf(apps))), "3 more workloads are not spelled out.")
}

// TestThatNothingIsLeftIsSaidOfFewOnly: to say so each pair is asked; of too many, the title says less, and nothing wrong.
func TestThatNothingIsLeftIsSaidOfFewOnly(t *testing.T) {
	for n, want := range map[int]string{
		10:  "can no longer be reached by anyone (blocked by deny)",
		150: "now accept only what a policy allows (blocked by deny)",
	} {
		all := pods("app", numbered("a", n)...)
		got := told(findings(t, all, all+networkPolicy("shop", "deny", "podSelector: {}, policyTypes: [Ingress]")))
		if !slices.ContainsFunc(got, func(title string) bool { return strings.HasSuffix(title, want) }) {
			t.Errorf("%d workloads: no title ends with %q\n%s", n, want, strings.Join(got, "\n"))
		}
	}
	if 10*10 > maxAsked || 150*150 <= maxAsked {
		t.Errorf("the bound of %d pairs is not between the two", maxAsked)
	}
}
