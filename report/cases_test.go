package report

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The words that the cases are made of.
func pod(namespace, name string) impact.Peer {
	return impact.Peer{Workload: &impact.WorkloadID{Kind: "Deployment", Namespace: namespace, Name: name}}
}

func pods(namespace string, names ...string) []impact.Peer {
	out := make([]impact.Peer, len(names))
	for i, name := range names {
		out[i] = pod(namespace, name)
	}
	return out
}

func ids(peers []impact.Peer) []impact.WorkloadID {
	var out []impact.WorkloadID
	for _, p := range peers {
		out = append(out, *p.Workload)
	}
	return out
}

func addresses(blocks ...string) impact.Peer {
	e := &impact.External{}
	for _, b := range blocks {
		e.CIDRs = append(e.CIDRs, netip.MustParsePrefix(b))
	}
	return impact.Peer{External: e}
}

func potential(namespaces, selector string) impact.Peer {
	return impact.Peer{Potential: &impact.Potential{Namespaces: namespaces, Pods: selector}}
}

func port(protocol policy.Protocol, ports ...int) []policy.PortRange {
	var out []policy.PortRange
	for _, p := range ports {
		out = append(out, policy.PortRange{Protocol: protocol, From: p, To: p})
	}
	return out
}

func every(protocols ...policy.Protocol) []policy.PortRange {
	var out []policy.PortRange
	for _, p := range protocols {
		out = append(out, policy.PortRange{Protocol: p, From: 1, To: 65535})
	}
	return out
}

func numbered(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%02d", prefix, i+1)
	}
	return out
}

var (
	boutique = []string{"adservice", "cartservice", "checkoutservice", "currencyservice", "emailservice", "frontend", "loadgenerator", "paymentservice", "productcatalogservice", "recommendationservice", "redis-cart", "shippingservice"}
	internet = addresses("0.0.0.0/0", "::/0")
	anyPort  = every(policy.TCP, policy.UDP, policy.SCTP)
)

func without(names []string, out ...string) []string {
	var rest []string
	for _, n := range names {
		if !strings.Contains(" "+strings.Join(out, " ")+" ", " "+n+" ") {
			rest = append(rest, n)
		}
	}
	return rest
}

// cases are results as the analysis makes them, each with what a reader must get from its report.
var cases = []struct {
	name   string
	result impact.Result
}{
	{name: "nothing", result: impact.Result{
		Base: "main", Head: "add-readme",
		Clusters: []impact.Cluster{{Name: "default", Targets: []string{"kustomize"}, Counts: impact.Counts{Workloads: 12, Policies: 13}}},
		Gate:     impact.Gate{Pass: true},
	}},
	{name: "nothing-in-three-clusters", result: impact.Result{
		Base: "main", Head: "bump-image",
		Clusters: []impact.Cluster{
			{Name: "dev", Counts: impact.Counts{Workloads: 12, Policies: 1}}, {Name: "prod", Counts: impact.Counts{Workloads: 12, Policies: 1}}, {Name: "staging", Counts: impact.Counts{Workloads: 12}},
		},
		Gate: impact.Gate{Pass: true},
		Diagnostics: []manifest.Diagnostic{{
			Severity: manifest.Warning, Object: "CiliumNetworkPolicy shop/allow-dns", File: "clusters/prod/cilium.yaml", Line: 4,
			Message: "this kind of policy is not analysed yet: connections may differ from what is told here",
		}},
	}},
	{name: "one-blocked", result: impact.Result{
		Base: "main", Head: "isolate-cart",
		Clusters: []impact.Cluster{{
			Name: "default", Targets: []string{"deploy"}, Workloads: ids(pods("shop", boutique...)),
			Counts: impact.Counts{Workloads: 12, Policies: 3, BlockedPairs: 1},
			Findings: []impact.Finding{{
				ID: "F1", Rule: "B5", Severity: impact.High, Confidence: impact.Exact, Kind: impact.Blocked,
				Title:       "frontend can no longer reach cartservice on TCP 7070",
				Explanation: "NetworkPolicy shop/cart-deny-all isolates cartservice for ingress, and no policy allows frontend.",
				Advice:      "If frontend still needs cartservice, allow it in a policy that selects cartservice.",
				Connections: []impact.Connection{{Sources: pods("shop", "frontend"), Destinations: pods("shop", "cartservice"), Ports: port(policy.TCP, 7070), Count: 1}},
				Causes:      []impact.Cause{{Object: "NetworkPolicy shop/cart-deny-all", File: "deploy/policies/cart.yaml", Line: 3, Side: "head", Change: "added"}},
				Evidence:    []impact.Evidence{{Kind: "inferred dependency", Text: "env CART_SERVICE_ADDR of Deployment shop/frontend names cartservice:7070", File: "deploy/frontend.yaml", Line: 41}},
				Fingerprint: "5f1c",
			}},
		}},
		Gate: impact.Gate{Findings: []string{"F1"}, Reasons: []string{"F1 is high, and blocked connections fail from high on"}},
	}},
	{name: "boutique", result: impact.Result{
		Base: "base", Head: "head",
		Clusters: []impact.Cluster{{
			Name: "default", Targets: []string{"kustomize"}, Workloads: ids(pods("default", boutique...)),
			Counts: impact.Counts{Workloads: 12, Policies: 13, BlockedPairs: 120},
			Findings: []impact.Finding{
				{
					ID: "F1", Rule: "B8", Severity: impact.Medium, Confidence: impact.Exact, Kind: impact.Blocked,
					Title:       "10 workloads in default can no longer reach redis-cart on TCP 6379",
					Explanation: "NetworkPolicy default/redis-cart isolates redis-cart for ingress and allows cartservice alone.",
					Connections: []impact.Connection{{Sources: append(pods("default", without(boutique, "cartservice")...), potential("*", "*"), internet), Destinations: pods("default", "redis-cart"), Ports: port(policy.TCP, 6379), Count: 13}},
					Causes:      []impact.Cause{{Object: "NetworkPolicy default/redis-cart", File: "kustomize/components/network-policies/network-policy-redis.yaml", Line: 15, Side: "head", Change: "added"}},
					Evidence:    []impact.Evidence{{Kind: "declared port", Text: "container redis of redis-cart declares 6379", File: "kustomize/base/cartservice.yaml", Line: 113}},
				},
				{
					ID: "F2", Rule: "B9", Severity: impact.Low, Confidence: impact.Exact, Kind: impact.Blocked,
					Title:       "Nobody can reach 12 workloads in default on ports that they do not listen on",
					Explanation: "13 policies were added. The 11 declared dependencies stay open on their ports.",
					Connections: []impact.Connection{
						{Sources: append(pods("default", boutique...), potential("*", "*"), internet), Destinations: pods("default", without(boutique, "frontend")...), Ports: anyPort, Count: 130},
						{Sources: append(pods("default", boutique...), potential("*", "*")), Destinations: pods("default", "frontend"), Ports: append(append(every(policy.UDP, policy.SCTP), policy.PortRange{Protocol: policy.TCP, From: 1, To: 8079}), policy.PortRange{Protocol: policy.TCP, From: 8081, To: 65535}), Count: 12},
					},
					Causes: []impact.Cause{
						{Object: "NetworkPolicy default/deny-all", File: "kustomize/components/network-policies/network-policy-deny-all.yaml", Line: 15, Side: "head", Change: "added"},
						{Object: "NetworkPolicy default/adservice", File: "kustomize/components/network-policies/network-policy-adservice.yaml", Line: 15, Side: "head", Change: "added"},
						{Object: "NetworkPolicy default/frontend", File: "kustomize/components/network-policies/network-policy-frontend.yaml", Line: 15, Side: "head", Change: "added"},
					},
				},
			},
		}},
		Gate: impact.Gate{Pass: true},
	}},
	{name: "default-deny", result: impact.Result{
		Base: "4f0c1d2", Head: "deny-payments",
		Clusters: []impact.Cluster{{
			Name: "default", Targets: []string{"apps"},
			Workloads: ids(append(pods("payments", numbered("app", 30)...), pods("web", numbered("site", 120)...)...)),
			Counts:    impact.Counts{Workloads: 150, Policies: 9, BlockedPairs: 4470},
			Findings: []impact.Finding{
				{
					ID: "F1", Rule: "B3", Severity: impact.Critical, Confidence: impact.Exact, Kind: impact.Blocked,
					Title:       "All 30 workloads of payments can no longer resolve names: cluster DNS is blocked",
					Explanation: "NetworkPolicy payments/default-deny isolates every pod of payments for egress, and no policy allows UDP and TCP 53 to kube-dns in kube-system.",
					Advice:      "Add a policy that allows egress to k8s-app=kube-dns in kube-system on UDP and TCP 53.",
					Connections: []impact.Connection{{Sources: append(pods("payments", numbered("app", 30)...), potential("payments", "*")), Destinations: []impact.Peer{potential("kube-system", "k8s-app=kube-dns")}, Ports: append(port(policy.TCP, 53), port(policy.UDP, 53)...), Count: 31}},
					Causes:      []impact.Cause{{Object: "NetworkPolicy payments/default-deny", File: "apps/payments/netpol.yaml", Line: 1, Side: "head", Change: "added"}},
				},
				{
					ID: "F2", Rule: "B8", Severity: impact.Medium, Confidence: impact.Exact, Kind: impact.Blocked,
					Title:       "Nothing can reach the 30 workloads of payments any more",
					Explanation: "NetworkPolicy payments/default-deny isolates every pod of payments for ingress and egress, and no policy allows anything.",
					Connections: []impact.Connection{
						{Sources: append(append(pods("payments", numbered("app", 30)...), pods("web", numbered("site", 120)...)...), potential("*", "*"), internet), Destinations: append(pods("payments", numbered("app", 30)...), potential("payments", "*")), Ports: anyPort, Count: 4712},
						{Sources: append(pods("payments", numbered("app", 30)...), potential("payments", "*")), Destinations: append(pods("web", without(numbered("site", 120), "site-07")...), potential("web", "*"), internet), Ports: anyPort, Count: 3751},
					},
					Causes: []impact.Cause{{Object: "NetworkPolicy payments/default-deny", File: "apps/payments/netpol.yaml", Line: 1, Side: "head", Change: "added"}},
				},
			},
		}},
		Gate: impact.Gate{Findings: []string{"F1"}, Reasons: []string{"F1 is critical, and blocked connections fail from high on"}},
	}},
	{name: "opened-to-internet", result: impact.Result{
		Base: "main", Head: "debug-db",
		Clusters: []impact.Cluster{{
			Name: "prod", Targets: []string{"overlays/prod"}, Workloads: ids(pods("shop", boutique...)),
			Counts: impact.Counts{Workloads: 12, Policies: 13, OpenedPairs: 11},
			Findings: []impact.Finding{
				{
					ID: "F1", Rule: "O1", Severity: impact.Critical, Confidence: impact.Exact, Kind: impact.Opened,
					Title:       "The internet can now reach redis-cart on all ports",
					Explanation: "The rule of NetworkPolicy shop/redis-cart lost its from: section, and an empty from allows everybody. Service shop/redis-cart is a LoadBalancer.",
					Advice:      "Put the from: section back, or name the addresses that need it.",
					Connections: []impact.Connection{
						{Sources: []impact.Peer{internet}, Destinations: pods("shop", "redis-cart"), Ports: anyPort, Count: 1},
						{Sources: append(pods("shop", without(boutique, "cartservice", "redis-cart")...), potential("*", "*")), Destinations: pods("shop", "redis-cart"), Ports: anyPort, Count: 11},
					},
					Causes: []impact.Cause{{Object: "NetworkPolicy shop/redis-cart", File: "overlays/prod/policies/redis.yaml", Line: 12, Side: "head", Change: "spec.ingress[0].from removed"}},
					Evidence: []impact.Evidence{
						{Kind: "exposure", Text: "Service shop/redis-cart is of type LoadBalancer", File: "overlays/prod/redis.yaml", Line: 30},
						{Kind: "sensitive", Text: "image redis:alpine is a datastore", File: "base/redis.yaml", Line: 18},
					},
				},
				{
					ID: "F2", Rule: "O10", Severity: impact.Medium, Confidence: impact.Approximate, Kind: impact.Opened,
					Title:       "emailservice can now reach the internet on TCP 443, 587",
					Explanation: "An egress rule to 0.0.0.0/0 without private addresses was added.",
					Connections: []impact.Connection{{Sources: pods("shop", "emailservice"), Destinations: []impact.Peer{addresses(publicIPv4...)}, Ports: port(policy.TCP, 443, 587), Count: 1}},
					Causes:      []impact.Cause{{Object: "NetworkPolicy shop/email", File: "overlays/prod/policies/email.yaml", Line: 20, Side: "head", Change: "spec.egress[1] added"}},
				},
			},
		}},
		Gate: impact.Gate{Findings: []string{"F1"}, Reasons: []string{"F1 is critical, and opened connections fail from high on"}},
	}},
	{name: "rename", result: impact.Result{
		Base: "main", Head: "carts-db",
		Clusters: []impact.Cluster{{
			Name: "default", Targets: []string{"deploy"}, Counts: impact.Counts{Workloads: 14, Policies: 14},
			Findings: []impact.Finding{{
				ID: "F1", Rule: "W3", Severity: impact.Info, Confidence: impact.Exact, Kind: impact.Workload,
				Title:  "Deployment sock-shop/cart-db is now carts-db; its connections stay as they were",
				Causes: []impact.Cause{{Object: "Deployment sock-shop/carts-db", File: "deploy/manifests/carts-db-dep.yaml", Line: 2, Side: "head", Change: "renamed"}},
			}},
		}},
		Gate: impact.Gate{Pass: true},
	}},
	{name: "workloads", result: impact.Result{
		Base: "main", Head: "split-api",
		Clusters: []impact.Cluster{{
			Name: "default", Targets: []string{"deploy"}, Counts: impact.Counts{Workloads: 14, Policies: 14},
			Findings: []impact.Finding{
				{ID: "F1", Rule: "W4", Severity: impact.Medium, Confidence: impact.Exact, Kind: impact.Workload, Title: "No policy isolates the new Deployment shop/reports, though the other 12 workloads of shop are isolated", Advice: "Let a policy select it.", Causes: []impact.Cause{{Object: "Deployment shop/reports", File: "deploy/reports.yaml", Line: 1, Side: "head", Change: "added"}}},
				{ID: "F2", Rule: "W1", Severity: impact.Info, Confidence: impact.Exact, Kind: impact.Workload, Title: "New: Deployment shop/api, isolated for ingress and egress", Causes: []impact.Cause{{Object: "Deployment shop/api", File: "deploy/api.yaml", Line: 1, Side: "head", Change: "added"}}},
				{ID: "F3", Rule: "W2", Severity: impact.Info, Confidence: impact.Exact, Kind: impact.Workload, Title: "Removed: Deployment shop/monolith", Causes: []impact.Cause{{Object: "Deployment shop/monolith", File: "deploy/monolith.yaml", Line: 1, Side: "base", Change: "removed"}}},
			},
		}},
		Gate: impact.Gate{Pass: true},
	}},
	{name: "not-analysed", result: impact.Result{
		Base: "main", Head: "typo",
		Clusters: []impact.Cluster{{Name: "default", Targets: []string{"deploy"}, Counts: impact.Counts{Workloads: 12, Policies: 1}}},
		Gate:     impact.Gate{Reasons: []string{"what could not be analysed does not pass"}},
		Diagnostics: []manifest.Diagnostic{
			{Severity: manifest.Error, Object: "NetworkPolicy shop/deny-all", File: "deploy/policies/deny.yaml", Line: 9, Message: `spec.policyType: unknown field: did you mean policyTypes?`},
			{Severity: manifest.Error, Object: "overlays/prod", Message: "the target does not render at head: reading kustomization.yaml: resource patch.yaml not found"},
			{Severity: manifest.Warning, Object: "CiliumNetworkPolicy shop/dns", File: "deploy/policies/dns.yaml", Line: 1, Message: "this kind of policy is not analysed yet"},
			{Severity: manifest.Info, Object: "overlays/dev", Message: "the same at base and head: not rendered again"},
		},
	}},
	{name: "clusters", result: impact.Result{
		Base: "main", Head: "stricter",
		Clusters: []impact.Cluster{
			{Name: "dev", Counts: impact.Counts{Workloads: 12, Policies: 2}},
			{
				Name: "production", Targets: []string{"overlays/production"}, Counts: impact.Counts{Workloads: 14, Policies: 15}, Workloads: ids(pods("shop", boutique...)),
				Findings: []impact.Finding{
					blockedFinding("F1", impact.High, pods("shop", "frontend", "checkoutservice"), "cartservice"),
					{ID: "F2", Rule: "R1", Severity: impact.High, Confidence: impact.Exact, Kind: impact.Promise, Title: "The promise that shop/frontend reaches shop/cartservice on TCP 7070 was removed", Causes: []impact.Cause{{Object: "promise frontend-to-cart", File: "tests/promises.yaml", Line: 7, Side: "base", Change: "removed"}}},
					{ID: "F3", Rule: "H2", Severity: impact.Low, Confidence: impact.Exact, Kind: impact.Hygiene, Title: "NetworkPolicy shop/allow-web allows app=wep, which selects no pod: did you mean app=web?", Causes: []impact.Cause{{Object: "NetworkPolicy shop/allow-web", File: "overlays/production/web.yaml", Line: 14, Side: "head", Change: "spec.ingress[0] edited"}}},
				},
				Changes: []impact.Change{
					{Source: pod("shop", "checkoutservice"), Destination: pod("shop", "cartservice"), Blocked: port(policy.TCP, 7070)},
					{Source: pod("shop", "frontend"), Destination: pod("shop", "cartservice"), Blocked: port(policy.TCP, 7070), Opened: port(policy.TCP, 7071)},
				},
			},
			{Name: "staging", Targets: []string{"overlays/staging"}, Counts: impact.Counts{Workloads: 13, Policies: 15}, Findings: []impact.Finding{
				blockedFinding("F4", impact.Medium, pods("shop", "frontend"), "cartservice"),
			}},
			{Name: "test", Counts: impact.Counts{Workloads: 12, Policies: 2}},
		},
		Gate: impact.Gate{Findings: []string{"F1"}, Reasons: []string{"F1 is high, and blocked connections fail from high on", "F2 is high: a promise may not be removed"}},
	}},
	{name: "same-in-each", result: impact.Result{
		Base: "main", Head: "stricter-base",
		Clusters: []impact.Cluster{
			{Name: "dev", Targets: []string{"overlays/dev"}, Counts: impact.Counts{Workloads: 12, Policies: 13, BlockedPairs: 1}, Findings: []impact.Finding{blockedFinding("F1", impact.High, pods("shop", "frontend"), "cartservice")}},
			{Name: "production", Targets: []string{"overlays/production"}, Counts: impact.Counts{Workloads: 12, Policies: 13, BlockedPairs: 1}, Findings: []impact.Finding{blockedFinding("F2", impact.High, pods("shop", "frontend"), "cartservice")}},
			{Name: "staging", Targets: []string{"overlays/staging"}, Counts: impact.Counts{Workloads: 12, Policies: 13, BlockedPairs: 1}, Findings: []impact.Finding{blockedFinding("F3", impact.High, pods("shop", "frontend"), "cartservice")}},
		},
		Gate: impact.Gate{Reasons: []string{"F1, F2 and F3 are high, and blocked connections fail from high on"}},
	}},
	{name: "counted-without-finding", result: impact.Result{
		Base: "main", Head: "bug",
		Clusters: []impact.Cluster{{Name: "default", Counts: impact.Counts{Workloads: 12, Policies: 13, OpenedPairs: 2}}},
		Gate:     impact.Gate{Pass: true},
	}},
	{name: "hostile", result: hostileResult(nasty)},
	{name: "many", result: manyResult(5000)},
}

// publicIPv4 is 0.0.0.0/0 without the three private blocks.
var publicIPv4 = []string{
	"0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2", "128.0.0.0/3", "160.0.0.0/5", "168.0.0.0/6",
	"172.0.0.0/12", "172.32.0.0/11", "172.64.0.0/10", "172.128.0.0/9", "173.0.0.0/8", "174.0.0.0/7", "176.0.0.0/4", "192.0.0.0/9", "192.128.0.0/11",
	"192.160.0.0/13", "192.169.0.0/16", "192.170.0.0/15", "192.172.0.0/14", "192.176.0.0/12", "192.192.0.0/10", "193.0.0.0/8", "194.0.0.0/7",
	"196.0.0.0/6", "200.0.0.0/5", "208.0.0.0/4", "224.0.0.0/3",
}

func blockedFinding(id string, severity impact.Severity, sources []impact.Peer, destination string) impact.Finding {
	return impact.Finding{
		ID: id, Rule: "B5", Severity: severity, Confidence: impact.Exact, Kind: impact.Blocked,
		Title:       count(len(sources), "workload") + " can no longer reach " + destination + " on TCP 7070",
		Explanation: "The port of the rule is 7071, and nothing else allows 7070.",
		Advice:      "Name the port that the Service's targetPort names.",
		Connections: []impact.Connection{{Sources: sources, Destinations: pods("shop", destination), Ports: port(policy.TCP, 7070), Count: len(sources)}},
		Causes:      []impact.Cause{{Object: "NetworkPolicy shop/" + destination, File: "base/policies/" + destination + ".yaml", Line: 16, Side: "head", Change: "spec.ingress[0].ports[0].port: 7070 → 7071"}},
	}
}

// nasty are names that try to be more than names.
var nasty = []string{
	"<script>alert(1)</script>", "a|b|c", "`code`", "x\n\n# Heading", "--> <!--", "@octocat", "fixes #1", "https://evil.example/", "www.evil.example",
	"[click](https://evil.example)", "![](https://evil.example/x.png)", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "<img src=x onerror=alert(1)>", "**bold** _it_ ~~no~~",
	"</details></table>", "a\u200bb", "&lt;b&gt;", "\\", "user@example.com", ":tada:", "$x$", "GH-1", "::error::boo", "\xff\xfe", "- item", "1. item", "    code", "```",
}

// hostileResult has names that try to be more, everywhere.
func hostileResult(names []string) impact.Result {
	r := impact.Result{Base: names[0], Head: names[1], Gate: impact.Gate{Reasons: names[:2]}}
	c := impact.Cluster{Name: names[0], Targets: names[:1]}
	kinds := []impact.Kind{impact.Blocked, impact.Opened, impact.Workload, impact.Hygiene}
	for i, n := range names {
		peers := []impact.Peer{pod(n, n), {Name: n}, potential(n, n)}
		c.Findings = append(c.Findings, impact.Finding{
			ID: fmt.Sprintf("F%d", i+1), Rule: n, Severity: impact.Low, Kind: kinds[i%len(kinds)], Title: n, Explanation: n, Advice: n,
			Connections: []impact.Connection{{Sources: peers, Destinations: peers[:1], Ports: []policy.PortRange{{Protocol: policy.Protocol(n), From: 1, To: 2}}, Count: 3}},
			Causes:      []impact.Cause{{Object: n, File: n, Line: 1, Side: n, Change: n}},
			Evidence:    []impact.Evidence{{Kind: n, Text: n, File: n, Line: 1}},
		})
		r.Diagnostics = append(r.Diagnostics, manifest.Diagnostic{Severity: []manifest.Severity{manifest.Error, manifest.Warning}[i%2], Object: n, File: n, Line: i, Message: n})
	}
	r.Clusters = []impact.Cluster{c, {Name: names[1]}}
	return r
}

func manyResult(n int) impact.Result {
	all := pods("shop", numbered("service", 60)...)
	c := impact.Cluster{Name: "default", Workloads: ids(all), Counts: impact.Counts{Workloads: 60, Policies: n, BlockedPairs: n}}
	for i := range n {
		severity := severities[i*5/n]
		f := blockedFinding(fmt.Sprintf("F%d", i+1), severity, all[i%50:i%50+1+i%9], fmt.Sprintf("service-%02d", i%60+1))
		if i%3 == 0 {
			f.Kind, f.Rule = impact.Opened, "O8"
		}
		c.Findings = append(c.Findings, f)
	}
	return impact.Result{Base: "main", Head: "everything", Clusters: []impact.Cluster{c}, Gate: impact.Gate{Reasons: []string{"1,000 findings are critical"}}}
}
