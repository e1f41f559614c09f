package cause

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// stateOf builds one side.
func stateOf(t *testing.T, cni, text string) *cluster.State {
	t.Helper()
	objects, problems := manifest.Read("all.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return cluster.Build(objects, config.Config{CNI: cni})
}

// TestOfTooManyReferentsNoneIsBlamed: which of them a policy means is asked one by one; of more than the bound, the policy
// itself is told, with the reason.
func TestOfTooManyReferentsNoneIsBlamed(t *testing.T) {
	side := func(n int, net string) string {
		var b strings.Builder
		b.WriteString(referring + `---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {selector: "app == 'web'", types: [Egress], egress: [{action: Allow, destination: {selector: "role == 'r0'"}}]}
`)
		for i := range n {
			fmt.Fprintf(&b, "---\napiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: s%d, namespace: shop, labels: {role: r%d}}\nspec: {nets: [%s]}\n", i, i, net)
		}
		return b.String()
	}
	for n, want := range map[int]string{
		maxReferents:     "NetworkSet shop/s0 spec.nets[0]: 198.51.100.0/24 → 203.0.113.0/24; NetworkPolicy shop/web refers to it",
		maxReferents + 1: "NetworkPolicy shop/web means something else, because of what it refers to",
	} {
		base, head := stateOf(t, config.Calico, side(n, "198.51.100.0/24")), stateOf(t, config.Calico, side(n, "203.0.113.0/24"))
		m := reach.New(base, head, reach.Options{})
		_, effects, err := m.Effects(t.Context())
		if err != nil || len(effects) == 0 {
			t.Fatal(effects, err)
		}
		f := New(m, base, head)
		for i := range effects {
			for _, c := range f.Of(&effects[i], effects[i].Subjects[0], nil).Causes {
				if got := c.Object + " " + c.Change; got != want {
					t.Errorf("%d referents: %s", n, got)
				}
			}
		}
	}
}

// TestPastTheBoundWhatIsLikeTheLastIsNotAsked: three workloads lose the same by the same change, though other policies say so of
// each. Past the bound it is taken to have the last one's causes, and the answer says that it is not
// whole. What is like nothing that was asked about is asked for all the same.
func TestPastTheBoundWhatIsLikeTheLastIsNotAsked(t *testing.T) {
	side := func(team string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "apiVersion: v1\nkind: Namespace\nmetadata: {name: edge, labels: {team: %s}}\n---\n", team)
		b.WriteString("apiVersion: v1\nkind: Pod\nmetadata: {name: front, namespace: edge, labels: {app: front}}\nspec: {containers: [{name: c, image: i}]}\n")
		fromTeam, fromAll := "{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 80}]}", "{from: [{podSelector: {}}], ports: [{port: 81}]}"
		for i, policies := range [][]string{{fromTeam + ", " + fromAll}, {fromTeam, fromAll}, {fromTeam + ", " + fromAll, fromAll}} {
			fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%[1]d, namespace: shop, labels: {app: p%[1]d}}\nspec: {containers: [{name: c, image: i}]}\n", i)
			for k, rules := range policies {
				fmt.Fprintf(&b, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%[1]d-%[2]d, namespace: shop}\n"+
					"spec: {podSelector: {matchLabels: {app: p%[1]d}}, ingress: [%[3]s]}\n", i, k, rules)
			}
		}
		return b.String()
	}
	base, head := stateOf(t, "", side("a")), stateOf(t, "", side("b"))
	m := reach.New(base, head, reach.Options{})
	_, effects, err := m.Effects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(effects, func(e reach.Effect) bool { return len(e.Subjects) == 3 })
	if at < 0 {
		t.Fatalf("no effect is on all three: %+v", effects)
	}
	e := &effects[at]
	f := New(m, base, head)
	first := f.Of(e, e.Subjects[0], nil)
	second := f.Of(e, e.Subjects[1], nil)
	asked := f.asked
	if asked < 2 || first.Partial || second.Partial {
		t.Fatalf("%d asked: %+v %+v", asked, first, second)
	}
	f.asked = maxAsked
	third := f.Of(e, e.Subjects[2], nil)
	if f.asked != maxAsked || !third.Partial || !slices.Equal(third.Causes, second.Causes) || len(third.Causes) != 1 {
		t.Errorf("%d more are asked, partial %t: %+v, not %+v", f.asked-maxAsked, third.Partial, third.Causes, second.Causes)
	}
	f = New(m, base, head)
	f.asked = maxAsked
	if alone := f.Of(e, e.Subjects[2], nil); f.asked == maxAsked || len(alone.Causes) != 1 {
		t.Errorf("the first of its kind is not asked about: %+v", alone)
	}
}

// TestPastTheBoundWhatRulesMatchIsNotLookedUp, and the answer says so.
func TestPastTheBoundWhatRulesMatchIsNotLookedUp(t *testing.T) {
	side := func(app string) string {
		return `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop, labels: {app: ` + app + `}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}
`
	}
	base, head := stateOf(t, "", side("front")), stateOf(t, "", side("back"))
	m := reach.New(base, head, reach.Options{})
	_, effects, err := m.Effects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(effects, func(e reach.Effect) bool {
		w := m.Endpoints[e.Subjects[0]].Workload[reach.Head]
		return w != nil && w.Name == "web" && slices.ContainsFunc(e.Peers, func(i int32) bool {
			p := m.Endpoints[i].Workload[reach.Head]
			return p != nil && p.Name == "front"
		})
	})
	if at < 0 {
		t.Fatalf("no effect is on web: %+v", effects)
	}
	f := New(m, base, head)
	const words = "label app: front → back"
	if got := f.Of(&effects[at], effects[at].Subjects[0], nil); got.Brief || len(got.Causes) != 1 || got.Causes[0].Change != words+ruleWords+"web no longer matches it" {
		t.Errorf("%+v", got)
	}
	f.traced = maxTraced
	if got := f.Of(&effects[at], effects[at].Subjects[0], nil); !got.Brief || len(got.Causes) != 1 || got.Causes[0].Change != words {
		t.Errorf("past the bound: %+v", got)
	}
}
