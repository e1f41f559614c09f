package promise_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// hearing is a state with its judge.
type hearing struct {
	model    *reach.Model
	state    *cluster.State
	backends *cluster.Backends
	facing   []int32
	*promise.Judge
}

// hear prepares for holding promises to manifests. The workloads of names such as shop/web face the internet.
func hear(t *testing.T, manifests string, promises []config.Promise, facing ...string) *hearing {
	t.Helper()
	objects, problems := manifest.Read("cluster.yaml", []byte(manifests))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	state := cluster.Build(objects, config.Config{})
	for _, d := range state.Diagnostics {
		if d.Severity == manifest.Error {
			t.Fatal(d)
		}
	}
	h := &hearing{state: state, backends: cluster.NewBackends(state)}
	h.model = reach.New(state, state, reach.Options{
		Named: promise.Unrendered(state, promise.EndsOf(promises)),
		Asked: promise.Blocks(promise.EndsOf(promises), state.NameService)})
	for i := range h.model.Endpoints {
		if slices.Contains(facing, h.name(int32(i))) {
			h.facing = append(h.facing, int32(i))
		}
	}
	h.Judge = promise.NewJudge(promise.Facts{Model: h.model, Side: reach.Head, State: state, Backends: h.backends,
		Declared: h.declared, Facing: func() []int32 { return h.facing }})
	return h
}

func (h *hearing) declared(i int32) policy.PortSet {
	w := h.model.Endpoints[i].Workload[reach.Head]
	if w == nil {
		return nil
	}
	out := evidence.Probed(w)
	for _, p := range w.Ports {
		out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
	}
	for _, s := range h.backends.Before(w) {
		out = out.Union(s.On(w))
	}
	return out
}

// name is an endpoint in few words.
func (h *hearing) name(i int32) string {
	e := &h.model.Endpoints[i]
	switch w := e.Workload[reach.Head]; {
	case w != nil:
		return w.Namespace + "/" + w.Name
	case e.Potential != nil:
		return e.Potential.Namespaces + "/(" + e.Potential.Pods + ")"
	case e.External != nil && slices.ContainsFunc(e.External, policy.IsPublic):
		return "internet"
	case e.External != nil:
		return fmt.Sprint(e.External[0])
	}
	return e.Domain
}

// ports words ports shortly.
func ports(set policy.PortSet) string {
	if set.Equal(policy.AllPorts()) {
		return "all"
	}
	var words []string
	for _, r := range set.Ranges() {
		word := fmt.Sprintf("%s %d", r.Protocol, r.From)
		if r.To != r.From {
			word += fmt.Sprintf("-%d", r.To)
		}
		words = append(words, word)
	}
	return strings.Join(words, ",")
}

// breaches are the connections and the ways that break a promise, in words and sorted.
func (h *hearing) breaches(o promise.Outcome) string {
	var all, way []string
	for at, set := range deviating(o.Deviations) {
		all = append(all, fmt.Sprintf("%s → %s %s", h.name(at[0]), h.name(at[1]), ports(set)))
	}
	for _, i := range o.Path {
		way = append(way, h.name(i))
	}
	if len(way) > 0 {
		all = append(all, strings.Join(way, " → "))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}

// deviating are the ports that break a promise, by pairs.
func deviating(all []reach.Deviation) map[[2]int32]policy.PortSet {
	out := make(map[[2]int32]policy.PortSet)
	for _, d := range all {
		for s := range d.Sources.All() {
			for to := range d.Destinations.All() {
				out[[2]int32{s, to}] = out[[2]int32{s, to}].Union(d.Ports)
			}
		}
	}
	return out
}

func readPromises(t *testing.T, text string) []config.Promise {
	t.Helper()
	promises, problems := config.ReadPromises("t.netpol-test.yaml", []byte("promises:\n"+text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return promises
}

// shop is a cluster whose answers can be told by hand: the web may ask the API and the name service, the API whatever it
// likes, and into the database only the API gets. Nothing isolates the ledger of another namespace but on its way out.
const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank, labels: {team: bank}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: c, image: web, ports: [{name: http, containerPort: 8000}, {name: metrics, containerPort: 9090}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api, tier: back}}
    spec: {containers: [{name: c, image: api, ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9091}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  template:
    metadata: {labels: {app: db, tier: back}}
    spec: {containers: [{name: c, image: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: web, port: 80, targetPort: http}, {name: numbers, port: 81, targetPort: metrics}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody, namespace: shop}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: bank}
spec:
  template:
    metadata: {labels: {app: ledger}}
    spec: {containers: [{name: c, image: ledger}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}, {ipBlock: {cidr: '::/0', except: ['fc00::/7']}}]
    ports: [{port: http}]
  - from: [{ipBlock: {cidr: 192.0.2.0/24}}]
    ports: [{port: 22}]
  egress:
  - to: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: http}]
  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]
    ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: http}]
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, podSelector: {matchLabels: {app: prometheus}}}]
    ports: [{port: metrics}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ledger, namespace: bank}
spec:
  podSelector: {}
  policyTypes: [Egress]
`

// TestEachKindOfPromise asks about each kind of end, of ports and of invariant; what must come out is told by hand.
func TestEachKindOfPromise(t *testing.T) {
	const kept, broken, empty, undecided = promise.Kept, promise.Broken, promise.Empty, promise.Undecided
	for _, test := range []struct {
		says   string
		status promise.Status
		// why is the connections and ways that break the promise, or the beginning of why it is empty or undecided.
		why string
	}{
		// Workloads.
		{"expect: allowed, from: shop/web, to: shop/api, ports: 8080", kept, ""},
		{"expect: denied, from: shop/web, to: shop/api, ports: 8080", broken, "shop/web → shop/api TCP 8080"},
		{"expect: allowed, from: shop/web, to: shop/db", broken, "shop/web → shop/db TCP 5432"},
		{"expect: denied, from: shop/web, to: StatefulSet/shop/db", kept, ""},
		{"expect: allowed, from: shop/a*, to: [shop/db]", kept, ""},
		{"expect: denied, from: Deployment/shop/*, to: shop/db", broken, "shop/api → shop/db TCP 5432"},
		{"expect: denied, from: shop/web, to: Deployment/shop/db", empty, "to: there is no workload Deployment/shop/db"},
		{"expect: denied, from: shop/wbe, to: shop/db", empty, "from: there is no workload shop/wbe; did you mean shop/web?"},

		// Selectors and namespaces.
		{"expect: denied, from: {namespace: shop, selector: tier=front}, to: shop/db", kept, ""},
		{"expect: denied, from: {selector: 'tier in (front,back),app!=db'}, to: shop/db", broken, "shop/api → shop/db TCP 5432"},
		{"expect: denied, from: {namespace: bank}, to: {namespace: shop}", kept, ""},
		{"expect: allowed, from: {namespace: shop, selector: app=api}, to: {namespace: bank}", kept, ""},
		{"expect: denied, from: {namespaces: team=bank}, to: shop/api", kept, ""},
		{"expect: denied, from: {namespaces: team=shop, selector: app=api}, to: {namespace: b*}", broken, "shop/api → bank/ledger all"},
		{"expect: denied, from: {selector: app=none}, to: shop/db", kept, ""},
		{"expect: denied, from: shop/web, to: {namespace: nowhere*}", empty, "to: there are no pods in nowhere*"},

		// Services: their pods, on the ports that they lead to.
		{"expect: allowed, from: shop/web, to: {service: shop/api}, ports: 80", kept, ""},
		{"expect: allowed, from: shop/web, to: {service: shop/api}, ports: [web]", kept, ""},
		{"expect: allowed, from: shop/web, to: {service: shop/api}", broken, "shop/web → shop/api TCP 9091"},
		{"expect: denied, from: shop/web, to: {service: shop/api}, ports: 81", kept, ""},
		{"expect: denied, from: shop/web, to: {service: shop/api}, ports: 80-90", broken, "shop/web → shop/api TCP 8080"},
		{"expect: allowed, from: shop/web, to: {service: shop/api}, ports: 8080", empty, "no destination has the port 8080"},
		{"expect: denied, from: {service: shop/api}, to: shop/db, ports: 5432", broken, "shop/api → shop/db TCP 5432"},
		{"expect: allowed, from: shop/web, to: {service: shop/nobody}", empty, "to: no workload is behind the Service shop/nobody"},
		{"expect: allowed, from: shop/web, to: {service: shop/apo}", empty, "to: there is no Service shop/apo"},

		// Addresses and the internet.
		{"expect: allowed, from: {cidr: 192.0.2.7}, to: shop/web, ports: 22", kept, ""},
		{"expect: denied, from: {cidr: 198.51.100.0/24}, to: shop/web, ports: 22", kept, ""},
		{"expect: denied, from: {cidr: 192.0.0.0/8}, to: shop/web, ports: 22", broken, "internet → shop/web TCP 22"},
		{"expect: allowed, from: internet, to: shop/web, ports: [http]", kept, ""},
		{"expect: denied, from: internet, to: shop/*", broken, "internet → shop/web TCP 22,TCP 8000; internet → shop/web TCP 8000"},
		{"expect: denied, from: {namespace: bank}, to: internet", kept, ""},
		{"expect: denied, from: internet, to: {cidr: 10.0.0.0/8}", empty, "both ends are outside the cluster"},

		// Domains: no address of one is known.
		{"expect: denied, from: bank/ledger, to: {domain: example.org}", kept, ""},
		{"expect: allowed, from: shop/api, to: {domain: example.org}, ports: 443", kept, ""},
		{"expect: denied, from: shop/api, to: {domain: example.org}, ports: 443", broken, "shop/api → internet TCP 443"},

		// Everything, all workloads, the name service.
		{"expect: denied, from: any, to: shop/db, ports: 5433", kept, ""},
		{"expect: denied, from: {any: true, except: shop/api}, to: shop/db", kept, ""},
		{"expect: denied, from: {any: true, except: [shop/web, bank/ledger]}, to: {workloads: true, except: [shop/web, bank/ledger]}, ports: 5432", broken, "shop/api → shop/db TCP 5432"},
		{"expect: denied, from: {any: true, except: shop/web}, to: shop/api", broken, "monitoring/(app=prometheus) → shop/api TCP 9091"},
		{"expect: denied, from: {any: true, except: [shop/web, {namespace: monitoring}]}, to: shop/api", kept, ""},
		{"expect: allowed, from: workloads, to: dns", broken, "bank/ledger → kube-system/(k8s-app=kube-dns) UDP 53; shop/db → kube-system/(k8s-app=kube-dns) UDP 53"},
		{"expect: allowed, from: {workloads: true, except: [bank/ledger, shop/db]}, to: dns", kept, ""},
		{"expect: denied, from: shop/web, to: dns", broken, "shop/web → kube-system/(k8s-app=kube-dns) TCP 53,UDP 53"},
		{"expect: denied, from: shop/web, to: {any: true, except: [shop/api, dns]}", kept, ""},

		// Ports.
		{"expect: denied, from: shop/web, to: shop/api, ports: [1-8079, 8081-65535, udp/*, sctp/*]", kept, ""},
		{"expect: denied, from: shop/web, to: shop/api, ports: tcp/*", broken, "shop/web → shop/api TCP 8080"},
		{"expect: denied, from: shop/web, to: shop/api, ports: udp/8080", kept, ""},
		{"expect: denied, from: shop/web, to: shop/api, ports: udp/http", empty, "no destination has the port udp/http"},
		{"expect: allowed, from: {namespace: monitoring, selector: app=prometheus}, to: {namespace: shop}, ports: [metrics]", broken, "monitoring/(app=prometheus) → shop/web TCP 9090"},
		{"expect: allowed, from: {namespace: monitoring, selector: app=prometheus}, to: {service: shop/api}, ports: [numbers]", kept, ""},
		{"expect: allowed, from: {namespace: monitoring, selector: app=grafana}, to: shop/api, ports: [metrics]", broken, "monitoring/(app=grafana) → shop/api TCP 9091"},

		// Any number of steps. Where a way begins does not matter to whom else it leads.
		{"expect: denied, steps: any, from: shop/web, to: shop/db", broken, "shop/web → shop/api → shop/db"},
		{"expect: denied, steps: any, from: internet, to: shop/db", broken, "shop/web → shop/api → shop/db"},
		{"expect: denied, steps: any, from: internet, to: shop/web", broken, "shop/web"},
		{"expect: denied, steps: any, from: bank/ledger, to: {namespace: shop}", kept, ""},
		{"expect: denied, steps: any, from: {namespace: bank}, to: {any: true, except: bank/ledger}", kept, ""},
		{"expect: denied, steps: any, from: any, to: shop/db", broken, "shop/api → shop/db"},
		{"expect: denied, steps: any, from: workloads, to: shop/db", broken, "shop/api → shop/db"},
		{"expect: denied, steps: any, from: shop/*, to: shop/web", kept, ""},
		{"expect: denied, steps: any, from: [shop/web, shop/db], to: [shop/web, shop/db]", broken, "shop/web → shop/api → shop/db"},
		{"expect: denied, steps: any, from: shop/web, to: {cidr: 203.0.113.9}", broken, "shop/web → shop/api → internet"},
		{"expect: denied, steps: any, from: shop/web, to: internet", broken, "shop/web → shop/api → internet"},
		{"expect: denied, steps: any, from: shop/web, to: {namespace: vault, selector: app=vault}", broken, "shop/web → shop/api → vault/(app=vault)"},
		{"expect: denied, steps: any, from: {cidr: 192.0.2.0/24}, to: shop/db", broken, "internet → shop/web → shop/api → shop/db"},
		{"expect: denied, steps: any, from: shop/db, to: any", kept, ""},
	} {
		t.Run(test.says, func(t *testing.T) {
			promises := readPromises(t, "- {name: p, "+test.says+"}")
			h := hear(t, shop, promises, "shop/web")
			got := h.Of(&promises[0])
			why := h.breaches(got)
			if got.Status == empty || got.Status == undecided {
				why = got.Reason[:min(len(test.why), len(got.Reason))]
			}
			if got.Status != test.status || why != test.why || got.Doubtful {
				t.Errorf("%s (doubtful %t, %s) because of\n%q, must be %s because of\n%q", got.Status, got.Doubtful, got.Reason, why, test.status, test.why)
			}
		})
	}
}

// TestWhatIsKnownIsToldFromWhatIsNot: the labels of a namespace without a manifest are not known, and what rests on them is
// doubtful; a part that does not, or another way, is not.
func TestWhatIsKnownIsToldFromWhatIsNot(t *testing.T) {
	const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: web, ports: [{containerPort: 80}, {containerPort: 443}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: job, namespace: partner}
spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: c, image: job}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy, namespace: partner}
spec: {template: {metadata: {labels: {app: proxy}}, spec: {containers: [{name: c, image: proxy}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: job, namespace: partner}
spec:
  podSelector: {matchLabels: {app: job}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {}}]}, {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}], ports: [{port: 80}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: partners}
spec:
  priority: 1
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress:
  - action: Deny
    from: [{namespaces: {matchLabels: {team: partner}}}]
    ports: [{portNumber: {protocol: TCP, port: 80}}]
`
	for _, test := range []struct {
		says     string
		status   promise.Status
		doubtful bool
		why      string
	}{
		{"expect: denied, from: partner/job, to: shop/web", promise.Broken, true, "partner/job → shop/web TCP 80"},
		{"expect: denied, from: partner/proxy, to: shop/web, ports: 80", promise.Broken, true, "partner/proxy → shop/web TCP 80"},
		{"expect: denied, from: partner/proxy, to: shop/web, ports: [80, 443]", promise.Broken, false, "partner/proxy → shop/web TCP 80,TCP 443"},
		{"expect: allowed, from: partner/proxy, to: shop/web, ports: 443", promise.Kept, false, ""},
		{"expect: allowed, from: partner/proxy, to: shop/web", promise.Kept, true, ""},
		{"expect: denied, steps: any, from: partner/job, to: shop/web", promise.Broken, false, "partner/job → partner/proxy → shop/web"},
		{"expect: denied, steps: any, from: shop/web, to: shop/web", promise.Kept, true, ""},
	} {
		t.Run(test.says, func(t *testing.T) {
			promises := readPromises(t, "- {name: p, "+test.says+"}")
			h := hear(t, manifests, promises)
			got := h.Of(&promises[0])
			if why := h.breaches(got); got.Status != test.status || got.Doubtful != test.doubtful || why != test.why {
				t.Errorf("%s, doubtful %t (%s) because of %q; must be %s, %t because of %q", got.Status, got.Doubtful, got.Reason, why, test.status, test.doubtful, test.why)
			}
		})
	}
}
