package impact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestAPodsTrafficToItselfIsNotTold(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n---\n"
	const policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n"
	base, _ := manifest.Read("file.yaml", []byte(pod))
	head, _ := manifest.Read("file.yaml", []byte(pod+policy))
	out, err := Compare(t.Context(), Input{Base: base, Head: head})
	if err != nil || len(out.Cluster.Findings) == 0 {
		t.Fatal(out.Cluster.Findings, err)
	}
	isA := func(p Peer) bool { return p.String() == "default/a" }
	for _, f := range out.Cluster.Findings {
		for _, c := range f.Connections {
			if c.Count < 1 || slices.ContainsFunc(c.Sources, isA) && slices.ContainsFunc(c.Destinations, isA) {
				t.Errorf("%s: %v → %v, %d", f.Title, c.Sources, c.Destinations, c.Count)
			}
		}
	}
}

// workloads are Deployments of one container port, each "namespace/name:port" with the other words as its environment.
func workloads(list ...string) string {
	var b strings.Builder
	for _, line := range list {
		words := strings.Fields(line)
		namespace, rest, _ := strings.Cut(words[0], "/")
		name, port, _ := strings.Cut(rest, ":")
		fmt.Fprintf(&b, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %[1]s, namespace: %[2]s}\nspec:\n  template:\n"+
			"    metadata: {labels: {app: %[1]s}}\n    spec:\n      containers:\n      - name: main\n        image: example.org/%[1]s\n"+
			"        ports: [{containerPort: %[3]s}]\n        env: [%[4]s]\n", name, namespace, port, environment(words[1:]))
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Service\nmetadata: {name: %[1]s, namespace: %[2]s}\nspec: {selector: {app: %[1]s}, ports: [{port: %[3]s}]}\n", name, namespace, port)
	}
	return b.String()
}

func environment(words []string) string {
	for i, w := range words {
		key, value, _ := strings.Cut(w, "=")
		words[i] = fmt.Sprintf("{name: %s, value: %q}", key, value)
	}
	return strings.Join(words, ", ")
}

func networkPolicy(namespace, name, spec string) string {
	return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, namespace: %s}\nspec: {%s}\n", name, namespace, spec)
}

func findings(t *testing.T, base, head string) []Finding {
	t.Helper()
	b, problems := manifest.Read("base.yaml", []byte(base))
	h, more := manifest.Read("head.yaml", []byte(head))
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	out, err := Compare(t.Context(), Input{Base: b, Head: h})
	if err != nil {
		t.Fatal(err)
	}
	return out.Cluster.Findings
}

// names is a policy of Cilium's that lets web out to domain names.
func names(list ...string) string {
	var b strings.Builder
	for _, name := range list {
		fmt.Fprintf(&b, "  - toFQDNs: [{matchName: %s.example.com}]\n", name)
	}
	return "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec:\n  endpointSelector: {matchLabels: {app: web}}\n  egress:\n" + b.String()
}

// told is the findings about connections, one line each.
func told(list []Finding) []string {
	var out []string
	for _, f := range list {
		if f.Kind == Blocked || f.Kind == Opened {
			out = append(out, f.Rule+" "+f.Title)
		}
	}
	return out
}

const (
	denyBoth    = "podSelector: {}, policyTypes: [Ingress, Egress]"
	denyIngress = "podSelector: {}, policyTypes: [Ingress]"
)

func TestFindingsAreGroupedAsAReviewerWouldTellThem(t *testing.T) {
	twoTeams := workloads("one/a:80 B_ADDR=b:80", "one/b:80", "two/a:80 B_ADDR=b:80", "two/b:80")
	shop := workloads("shop/web:80 CART_ADDR=cart:7070", "shop/cart:7070", "shop/other:1")
	dns := "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: node-local-dns, namespace: kube-system}\nspec:\n  template:\n    metadata: {labels: {k8s-app: node-local-dns}}\n    spec:\n" +
		"      hostNetwork: true\n      containers:\n      - {name: cache, image: dns, args: [-localip, \"169.254.20.11,10.96.0.10\"]}\n"
	toDNS := "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53}, {port: 53, protocol: UDP}]}, {to: [{podSelector: {}}]}]"
	for name, c := range map[string]struct {
		base, head string
		want       []string
	}{
		"a policy of one name comes to two namespaces": {
			twoTeams, twoTeams + networkPolicy("one", "deny", denyIngress) + networkPolicy("two", "deny", denyIngress),
			[]string{
				"B7 4 workloads in 2 namespaces lose every client (blocked by deny)",
				"B5 one/a can no longer reach one/b on TCP 80; two/a can no longer reach two/b on TCP 80 (blocked by deny)",
			},
		},
		"what is blocked at both ends is one dependency": {
			twoTeams, twoTeams + networkPolicy("one", "deny", denyBoth),
			[]string{
				"B3 one/a and one/b can no longer reach the cluster's DNS (blocked by deny)",
				"B7 one/a and one/b lose every client (blocked by deny)",
				"B5 one/a can no longer reach one/b on TCP 80 (blocked by deny)",
				"B8 one/a and one/b can no longer reach anything (blocked by deny)",
			},
		},
		"somebody who is cut off by another policy is not anyone": {
			shop, shop + networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: 7070}]}]") +
				networkPolicy("shop", "web", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]"),
			[]string{"B9 5 connections stay open on the ports that their destinations declare; all other ports are closed"},
		},
		"a connection that keeps its destination's port is narrowed": {
			shop, shop + networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}], ports: [{port: 7070}]}]"),
			[]string{"B9 Anyone still reaches cart on TCP 7070 only"},
		},
		"a connection that never had its destination's port keeps none": {
			shop + networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 9}]}]"),
			shop + networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]"),
			[]string{"B9 web can no longer reach cart on TCP 9 (policy cart edited)"},
		},
		"many domain names are counted": {
			shop + names("a"), shop + names("a", "b", "c", "d", "e"),
			[]string{"O11 web can now reach 4 names outside the cluster on all ports (policy web edited)"},
		},
		"the cloud metadata address goes by its name": {
			shop + networkPolicy("shop", "out", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"),
			shop + networkPolicy("shop", "out", "podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]"),
			[]string{"B8 web can no longer reach the cloud metadata address (169.254.169.254/32) on all ports (policy out edited)"},
		},
		"the nodes' caches answer for the name service": {
			shop + dns, shop + dns + networkPolicy("shop", "web", toDNS),
			[]string{
				"B3 shop/web can no longer reach the cluster's DNS (blocked by web)",
				"B9 shop/web still reaches pods k8s-app=kube-dns in any namespace and the cluster's DNS on TCP and UDP 53 only",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(findings(t, c.base, c.head))
			for _, want := range c.want {
				if !slices.Contains(got, want) {
					t.Errorf("missing: %s\ngot:\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// TestARemarksFingerprintSurvivesItsLines has one finding of two remarks, on lines in either order.
func TestARemarksFingerprintSurvivesItsLines(t *testing.T) {
	base := workloads("shop/web:80")
	of := func(rules string) string {
		for _, f := range findings(t, base, base+networkPolicy("shop", "web", "podSelector: {matchLabels: {app: web}}, ingress: ["+rules+"]")) {
			if f.Rule == "H9" && len(f.Causes) == 2 {
				return f.Fingerprint
			}
		}
		t.Fatal("there are no two ports without a name")
		return ""
	}
	const one, other = "{from: [{podSelector: {}}],\n ports: [{port: sql}]}", "{from: [{namespaceSelector: {}}],\n ports: [{port: http}]}"
	if first, second := of(one+",\n"+other), of(other+",\n"+one); first != second {
		t.Errorf("%s, and %s", first, second)
	}
}

// TestFingerprintsSurviveWhatDoesNotConcernThem changes what is around a finding.
func TestFingerprintsSurviveWhatDoesNotConcernThem(t *testing.T) {
	base := workloads("shop/web:80 CART_ADDR=cart:7070", "shop/cart:7070", "shop/other:1")
	policies := []string{
		networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: other}}}]}, {from: [{podSelector: {matchLabels: {app: third}}}]}]"),
		networkPolicy("shop", "other", "podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress]"),
	}
	prints := func(base, head string) []string {
		var out []string
		for _, f := range findings(t, base, head) {
			if f.Rule == "B5" || f.Rule == "B7" {
				out = append(out, f.Fingerprint)
			}
		}
		slices.Sort(out)
		return out
	}
	want := prints(base, base+strings.Join(policies, ""))
	if len(want) != 2 {
		t.Fatal(want)
	}
	elsewhere := workloads("crm/api:443 DB_ADDR=db:5432", "crm/db:5432")
	swapped := networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: third}}}]}, {from: [{podSelector: {matchLabels: {app: other}}}]}]")
	for name, c := range map[string][2]string{
		"documents in another order":    {base, policies[1] + policies[0] + base},
		"lines that move":               {base, "# a comment\n\n\n" + base + strings.Join(policies, "# another\n")},
		"rules in another order":        {base, base + swapped + policies[1]},
		"workloads elsewhere":           {base + elsewhere, base + elsewhere + strings.Join(policies, "")},
		"a workload that comes":         {base, base + elsewhere + strings.Join(policies, "")},
		"a change of another namespace": {base + elsewhere, base + elsewhere + networkPolicy("crm", "db", denyIngress) + strings.Join(policies, "")},
	} {
		got := prints(c[0], c[1])
		for _, p := range want {
			if !slices.Contains(got, p) {
				t.Errorf("%s: %v, without %s", name, got, p)
			}
		}
	}
}

func TestWorkloadsThatMoveAreComparedWithWhatTheyWere(t *testing.T) {
	shop := workloads("shop/web:80 CART_ADDR=cart:7070", "shop/cart:7070")
	policies := networkPolicy("shop", "deny", denyIngress) + networkPolicy("shop", "cart", "podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {}}]}]")
	var got []string
	for _, f := range findings(t, shop+policies, strings.ReplaceAll(shop, "namespace: shop", "namespace: store")+policies) {
		got = append(got, f.Rule+" "+f.Title)
	}
	for _, want := range []string{
		"O5 store/cart and store/web lose all isolation: anyone can now reach them",
		"W3 2 workloads are moved from namespace shop to store",
	} {
		if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("missing: %s\ngot:\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestWorkloadsThatComeWithoutTheIsolationOfThoseThatGoAreTold: all of a namespace moves to where no policy is, and with other
// images, so that nothing but the names says that it is the same.
func TestWorkloadsThatComeWithoutTheIsolationOfThoseThatGoAreTold(t *testing.T) {
	shop := workloads("shop/web:80 CART_ADDR=cart:7070", "shop/cart:7070")
	store := strings.ReplaceAll(strings.ReplaceAll(shop, "namespace: shop", "namespace: store"), "image: example.org", "image: example.net")
	deny := networkPolicy("shop", "deny", denyIngress)
	lines := func(base, head string) []string {
		var out []string
		for _, f := range findings(t, base, head) {
			out = append(out, f.Rule+" "+f.Title+" "+f.Explanation)
		}
		slices.Sort(out)
		return out
	}
	come, gone := "W1 Deployment cart and Deployment web in store are new ", "W2 Deployment cart and Deployment web in shop are removed "
	want := []string{gone, "W4 Deployment cart and Deployment web in store are new and isolated by no policy " +
		"What had the same name in shop was isolated; here it accepts whatever comes and may reach anything."}
	if got := lines(shop+deny, store+deny); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	// Who was open before loses nothing, nor do others.
	if got := lines(shop, store); !slices.Equal(got, []string{come, gone}) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	others := strings.NewReplacer("name: web", "name: site", "name: cart", "name: basket", "app: web", "app: site", "app: cart", "app: basket").Replace(store)
	if got := lines(shop+deny, others+deny); len(got) != 2 {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestAFingerprintNamesEveryPeer: a waiver of 12 clients must not accept a 13th.
func TestAFingerprintNamesEveryPeer(t *testing.T) {
	var names, clients []string
	for i := range 13 {
		names = append(names, fmt.Sprintf("c%d", i))
		clients = append(clients, fmt.Sprintf("shop/c%d:80", i))
	}
	deny := networkPolicy("shop", "db", "podSelector: {matchLabels: {app: db}}")
	allow := networkPolicy("shop", "db", "podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: ["+strings.Join(names, ", ")+"]}]}}]}]")
	told := func(n int) string {
		all := workloads(append(slices.Clone(clients[:n]), "shop/db:5432")...)
		for _, f := range findings(t, all+deny, all+allow) {
			if f.Kind == Opened {
				return f.Fingerprint
			}
		}
		t.Fatal("nothing is opened")
		return ""
	}
	first, again, more := told(12), told(12), told(13)
	if first != again || first == more {
		t.Errorf("12 clients are %s and again %s, 13 are %s", first, again, more)
	}
}

// TestAFingerprintTellsKindsApart: a waiver of the Deployment's connection must not accept the StatefulSet's of its name.
func TestAFingerprintTellsKindsApart(t *testing.T) {
	told := func(kind string) string {
		web := strings.Replace(workloads("shop/web:80"), "kind: Deployment", "kind: "+kind, 1)
		all := web + workloads("shop/db:5432") + networkPolicy("shop", "db", "podSelector: {matchLabels: {app: db}}")
		for _, f := range findings(t, all, all+networkPolicy("shop", "more", "podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]")) {
			if f.Kind == Opened {
				return f.Fingerprint
			}
		}
		t.Fatal("nothing is opened")
		return ""
	}
	if one, other := told("Deployment"), told("StatefulSet"); one == other || one != told("Deployment") {
		t.Errorf("the Deployment's is %s, the StatefulSet's %s", one, other)
	}
}

// TestManyProposalsAreCounted: head cannot drown the report in promises of its own.
func TestManyProposalsAreCounted(t *testing.T) {
	state, _ := manifest.Read("base.yaml", []byte(workloads("shop/web:80", "shop/db:5432")))
	var text strings.Builder
	text.WriteString("promises:\n")
	for i := range 3 * maxProposals {
		fmt.Fprintf(&text, "- {name: p%d, expect: denied, from: shop/web, to: shop/db}\n", i)
	}
	proposed, problems := config.ReadPromises("p.yaml", []byte(text.String()))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out, err := Compare(t.Context(), Input{Base: state, Head: state, Proposed: proposed})
	if err != nil {
		t.Fatal(err)
	}
	if last := out.Notes[len(out.Notes)-1]; len(out.Notes) != maxProposals+1 || !strings.Contains(last.Message, "200 more promises") {
		t.Errorf("%d notes, the last one: %s", len(out.Notes), last.Message)
	}
}
