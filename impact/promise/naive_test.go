package promise_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// naive holds promises to a state by looking at every endpoint, every pair and, for ways, every step by itself. It knows all
// but domain names, of which nothing is known.
type naive struct{ *hearing }

// end is the endpoints that an end means.
func (n naive) end(ends config.Ends, denied, source bool) map[int32]bool {
	out := make(map[int32]bool)
	for _, e := range ends {
		except := n.end(e.Except, true, source)
		part := make(map[int32]bool)
		rendered := false
		for i := range n.model.Endpoints {
			if n.means(e, int32(i), denied, source) {
				part[int32(i)] = true
				rendered = rendered || n.workload(int32(i)) != nil
			}
		}
		for i := range part {
			// Where pods of these labels are rendered, what is to be allowed is so for them.
			byLabels := e.Namespace != nil || e.Namespaces != "" || e.Selector != "" || e.DNS
			if !except[i] && (denied || !byLabels || !rendered || n.workload(i) != nil) {
				out[i] = true
			}
		}
	}
	return out
}

func (n naive) workload(i int32) *cluster.Workload { return n.model.Endpoints[i].Workload[reach.Head] }

// means tells whether a part of an end means an endpoint.
func (n naive) means(e config.End, i int32, denied, source bool) bool {
	at, w := &n.model.Endpoints[i], n.workload(i)
	if !n.model.Exists(reach.Head, i) {
		return false
	}
	pods := func(namespace string, own map[string]string) bool {
		of, _ := n.model.NamespaceLabels(reach.Head, namespace)
		return (e.Namespace == nil || slices.ContainsFunc(e.Namespace, func(p string) bool { return like(p, namespace) })) &&
			selects(e.Namespaces, of) && selects(e.Selector, own)
	}
	if e.DNS {
		e = config.End{Namespace: config.Words{"kube-system"}, Selector: "k8s-app=kube-dns"}
	}
	switch {
	case e.Any:
		return at.Domain == "" || !source
	case e.Workloads:
		return w != nil
	case e.Internet:
		return slices.ContainsFunc(at.External, policy.IsPublic) || at.Domain != "" && denied && !source // names stand for addresses
	case e.CIDR != nil:
		return slices.ContainsFunc(e.CIDR, func(text string) bool {
			block, _ := config.ParseCIDR(text)
			for _, p := range at.External {
				if p.Overlaps(block) && p.Bits() < block.Bits() {
					panic(fmt.Sprintf("%s is not told apart from the rest of %s", block, p))
				}
				if block.Overlaps(p) {
					return true
				}
			}
			return w != nil && slices.ContainsFunc(w.IPs, block.Contains)
		})
	case e.Workload != nil:
		return w != nil && slices.ContainsFunc(e.Workload, func(p string) bool {
			return like(p, w.Namespace+"/"+w.Name) || like(p, w.Kind+"/"+w.Namespace+"/"+w.Name)
		})
	case e.Service != nil:
		return w != nil && slices.ContainsFunc(e.Service, func(s string) bool {
			namespace, name, _ := strings.Cut(s, "/")
			service := n.backends.Service(cluster.Name{Namespace: namespace, Name: name})
			return service != nil && slices.Contains(n.backends.Of(service), w)
		})
	case w != nil:
		return pods(w.Namespace, w.Labels)
	case at.Potential != nil:
		return pods(at.Potential.Namespace(), at.Potential.Labels())
	}
	return false
}

func like(pattern, name string) bool {
	ok, _ := path.Match(pattern, name)
	return ok
}

func selects(selector string, of map[string]string) bool {
	s, _ := labels.Parse(selector)
	return s.Matches(labels.Set(of))
}

// ports are those that a promise is about at a destination, none if it is about none there.
func (n naive) ports(p *config.Promise, to int32) policy.PortSet {
	var out policy.PortSet
	w := n.workload(to)
	for _, e := range p.To {
		if n.end(config.Ends{e}, p.Expect == config.Denied, false)[to] {
			out = out.Union(n.portsOf(p, e, to, w))
		}
	}
	return out
}

func (n naive) portsOf(p *config.Promise, e config.End, to int32, w *cluster.Workload) policy.PortSet {
	if e.Service != nil {
		var out policy.PortSet
		for _, name := range e.Service {
			namespace, short, _ := strings.Cut(name, "/")
			s := n.backends.Service(cluster.Name{Namespace: namespace, Name: short})
			if s == nil || !slices.Contains(n.backends.Of(s), w) {
				continue
			}
			for _, sp := range s.Ports {
				if len(p.Ports) > 0 && !slices.ContainsFunc(p.Ports, func(text string) bool {
					port, _ := config.ParsePort(text)
					return (port.Protocol == "" || port.Protocol == string(sp.Protocol)) &&
						(port.Name != "" && port.Name == sp.Name || port.Name == "" && port.From <= sp.Port && sp.Port <= port.To)
				}) {
					continue
				}
				if s.Headless && sp.Port > 0 {
					out = out.Union(policy.Range(sp.Protocol, sp.Port, sp.Port))
				} else {
					out = out.Union(sp.On(w))
				}
			}
		}
		return out
	}
	switch {
	case len(p.Ports) == 0 && p.Expect == config.Denied:
		return policy.AllPorts()
	case len(p.Ports) == 0 && len(p.To) == 1 && e.DNS:
		return policy.Range(policy.UDP, 53, 53)
	case len(p.Ports) == 0:
		return n.listens(to)
	}
	var out policy.PortSet
	for _, text := range p.Ports {
		port, _ := config.ParsePort(text)
		if port.Name == "" {
			out = out.Union(policy.Range(policy.Protocol(port.Protocol), port.From, port.To))
			continue
		}
		if w == nil {
			continue
		}
		for _, c := range w.Ports {
			if c.Name == port.Name && (port.Protocol == "" || port.Protocol == string(c.Protocol)) {
				out = out.Union(policy.Range(c.Protocol, c.Port, c.Port))
			}
		}
	}
	return out
}

func (n naive) listens(i int32) policy.PortSet {
	if declared := n.declared(i); len(declared) > 0 {
		return declared
	}
	return policy.AllPorts()
}

// isPod tells whether policies can govern an endpoint.
func (n naive) isPod(i int32) bool {
	return n.workload(i) != nil || n.model.Endpoints[i].Potential != nil
}

// isItself tells of a pod's traffic to itself, which is no connection.
func (n naive) isItself(s, d int32) bool {
	w := n.workload(s)
	return s == d && w != nil && w.Kind == "Pod"
}

// judge is what becomes of a promise, and the ports that break it, by pairs.
func (n naive) judge(p *config.Promise) (promise.Status, map[[2]int32]policy.PortSet) {
	denied := p.Expect == config.Denied
	from, to := n.end(p.From, denied, true), n.end(p.To, denied, false)
	if len(from) == 0 || len(to) == 0 {
		return promise.Empty, nil
	}
	some := false
	for i := range from {
		some = some || n.isPod(i)
	}
	for i := range to {
		some = some || n.isPod(i)
	}
	if !some {
		return promise.Empty, nil
	}
	if p.Steps != "" {
		return n.walk(p, from, to), nil
	}
	breaks, asked := make(map[[2]int32]policy.PortSet), false
	for d := range to {
		ports := n.ports(p, d)
		asked = asked || len(ports) > 0
		for s := range from {
			if n.isItself(s, d) || !n.isPod(s) && !n.isPod(d) {
				continue
			}
			wrong := ports.Intersect(n.model.Verdict(reach.Head, s, d))
			if !denied {
				wrong = ports.Minus(wrong)
			}
			if len(wrong) > 0 {
				breaks[[2]int32{s, d}] = wrong
			}
		}
	}
	switch {
	case !asked:
		return promise.Empty, nil
	case len(breaks) > 0:
		return promise.Broken, breaks
	}
	return promise.Kept, breaks
}

// walk looks for a way from each beginning to each other end, by itself.
func (n naive) walk(p *config.Promise, from, to map[int32]bool) promise.Status {
	begin := make(map[int32]bool)
	internet := slices.ContainsFunc(p.From, func(e config.End) bool { return e.Internet })
	for i := range from {
		if !internet || !slices.ContainsFunc(n.model.Endpoints[i].External, policy.IsPublic) {
			begin[i] = true
		}
	}
	if internet {
		for _, i := range n.facing {
			if begin[i] = true; to[i] {
				return promise.Broken
			}
		}
	}
	for b := range begin {
		been := make(map[int32]bool)
		if n.workload(b) != nil { // addresses and pods that are not rendered are many, and one way may lead from some to others
			been[b] = true
		}
		for queue := []int32{b}; len(queue) > 0; queue = queue[1:] {
			for i := range n.model.Endpoints {
				next := int32(i)
				if been[next] || next == queue[0] || !n.model.Exists(reach.Head, next) || !n.isPod(queue[0]) && !n.isPod(next) ||
					!n.model.Verdict(reach.Head, queue[0], next).Intersects(n.listens(next)) {
					continue
				}
				been[next] = true
				if to[next] {
					return promise.Broken
				}
				if n.workload(next) != nil {
					queue = append(queue, next)
				}
			}
		}
	}
	return promise.Kept
}

// randomPromises are promises of all kinds about a state; now and then one that selects nothing.
func randomPromises(r *rand.Rand, s *cluster.State) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	workload := func() string {
		w := s.Workloads[r.IntN(len(s.Workloads))]
		return pick(w.Namespace+"/"+w.Name, w.Namespace+"/"+w.Name, w.Kind+"/"+w.Namespace+"/"+w.Name, w.Namespace+"/*", "*/"+w.Name, w.Namespace+"/none")
	}
	selector := func() string {
		w := s.Workloads[r.IntN(len(s.Workloads))]
		for _, key := range slices.Sorted(maps.Keys(w.Labels)) {
			value := w.Labels[key]
			return pick(key+"="+value, key+"!="+value, key, "!"+key, key+" in ("+value+",b)")
		}
		return "a=b"
	}
	services := func() string {
		if len(s.Services) == 0 || r.IntN(5) == 0 {
			return "none/none"
		}
		one := s.Services[r.IntN(len(s.Services))]
		return one.Namespace + "/" + one.Name
	}
	namespace := func() string { return s.Workloads[r.IntN(len(s.Workloads))].Namespace }
	var part func(deep, source bool) string
	part = func(deep, source bool) string {
		var out string
		switch r.IntN(11) {
		case 0, 1:
			out = "workload: '" + workload() + "'"
		case 2:
			out = "service: " + services()
		case 3:
			out = "namespace: " + pick(namespace(), "'*'", "none")
		case 4:
			out = "selector: '" + selector() + "'"
		case 5:
			out = "namespace: " + namespace() + ", selector: '" + selector() + "'"
		case 6:
			out = "namespaces: kubernetes.io/metadata.name=" + namespace()
		case 7:
			out = "cidr: " + pick("10.0.0.0/8", "0.0.0.0/0", "192.0.2.0/24", "8.8.8.8", "'2001:db8::/32'")
		case 8:
			out = pick("any: true", "any: true", "dns: true")
		case 9:
			out = "workloads: true"
		default:
			out = "internet: true"
		}
		if deep && r.IntN(3) == 0 {
			out += ", except: " + part(false, source)
		}
		return "{" + out + "}"
	}
	end := func(source bool) string {
		if r.IntN(4) > 0 {
			return part(true, source)
		}
		return "[" + part(true, source) + ", " + part(true, source) + "]"
	}
	var out strings.Builder
	for i := range 20 {
		fmt.Fprintf(&out, "- {name: p%d, from: %s, to: %s, ", i, end(true), end(false))
		switch r.IntN(5) {
		case 0:
			out.WriteString("expect: denied, steps: any}\n")
		case 1, 2:
			fmt.Fprintf(&out, "expect: %s}\n", pick("allowed", "denied"))
		default:
			fmt.Fprintf(&out, "expect: %s, ports: [%s]}\n", pick("allowed", "denied"), pick("80", "1-1023", "udp/53", "tcp/*", "http", "'80', 'udp/*'", "web, 443", "81"))
		}
	}
	return out.String()
}

// TestPromisesAreThoseOfASearchPairByPair asks random promises of random clusters, and looks at each pair by itself.
func TestPromisesAreThoseOfASearchPairByPair(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 20
	}
	seen := make(map[string]int)
	for seed := range seeds {
		c, _ := generate.Random(seed)
		r := rand.New(rand.NewPCG(seed, 7))
		manifests := strings.Join(c.Documents(), "---\n")
		state := hear(t, manifests, nil).state
		if len(state.Workloads) == 0 {
			continue
		}
		manifests += services(r, state)
		state = hear(t, manifests, nil).state
		text := randomPromises(r, state)
		promises := readPromises(t, text)
		facing := fmt.Sprintf("%s/%s", state.Workloads[0].Namespace, state.Workloads[0].Name)
		n := naive{hear(t, manifests, promises, facing)}
		for i := range promises {
			p := &promises[i]
			got := n.Of(p)
			status, breaks := n.judge(p)
			if seen[string(status)+p.Expect+p.Steps]++; got.Status != status {
				t.Fatalf("seed %d: %s, must be %s (%s; %s)\n%s\n%s", seed, got.Status, status, got.Reason, n.breaches(got), strings.Split(text, "\n")[i], manifests)
			}
			found := deviating(got.Deviations)
			for at, want := range breaks {
				if !found[at].Equal(want) {
					t.Fatalf("seed %d: %s → %s breaks it on %s, must on %s\n%s\n%s", seed, n.name(at[0]), n.name(at[1]), ports(found[at]), ports(want), strings.Split(text, "\n")[i], manifests)
				}
				delete(found, at)
			}
			for at, set := range found {
				if n.isItself(at[0], at[1]) {
					continue // where pods that are alike have connections, each one's own are not taken out
				}
				t.Fatalf("seed %d: %s → %s does not break it on %s\n%s\n%s", seed, n.name(at[0]), n.name(at[1]), ports(set), strings.Split(text, "\n")[i], manifests)
			}
			n.checkWay(t, got)
		}
	}
	for _, kind := range []string{"keptallowed", "brokenallowed", "keptdenied", "brokendenied", "keptdeniedany", "brokendeniedany", "emptyallowed", "emptydenied"} {
		if seen[kind] < int(seeds/10) {
			t.Errorf("only %d promises were %s: %v", seen[kind], kind, seen)
		}
	}
}

// checkWay tells whether the way that breaks a promise is one, step by step.
func (n naive) checkWay(t *testing.T, o promise.Outcome) {
	t.Helper()
	for k := 1; k < len(o.Path); k++ {
		if from, to := o.Path[k-1], o.Path[k]; !n.model.Verdict(reach.Head, from, to).Intersects(n.listens(to)) {
			t.Fatalf("there is no step from %s to %s", n.name(from), n.name(to))
		}
	}
}

// services are some before a cluster's workloads.
func services(r *rand.Rand, s *cluster.State) string {
	var out strings.Builder
	for i, w := range s.Workloads {
		keys := slices.Sorted(maps.Keys(w.Labels))
		if len(keys) == 0 || r.IntN(2) == 0 {
			continue
		}
		headless := ""
		if r.IntN(3) == 0 {
			headless = "clusterIP: None, "
		}
		fmt.Fprintf(&out, "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d, namespace: %s}\nspec: {%sselector: {%q: %q}, ports: [{name: web, port: 80, targetPort: 81}, {name: more, port: 443, targetPort: http}]}\n",
			i, w.Namespace, headless, keys[0], w.Labels[keys[0]])
	}
	return out.String()
}
