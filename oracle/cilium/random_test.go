package cilium

import (
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// wantedVerdicts is how many verdicts a run compares at least.
const wantedVerdicts = 2_000_000

func TestEngineAgreesWithCiliumOnRandomClusters(t *testing.T) {
	verdicts, clusters := 0, uint64(0)
	for failed := 0; verdicts < wantedVerdicts && failed < 5; clusters++ {
		n, ok := check(t, randomCluster(t, clusters))
		if verdicts += n; !ok {
			failed++
			t.Logf("seed %d", clusters)
		}
	}
	t.Logf("%d verdicts of %d clusters compared", verdicts, clusters)
}

// randomCluster is a small cluster with policies of all the dialects that Cilium enforces.
func randomCluster(t *testing.T, seed uint64) []string {
	t.Helper()
	c, _ := generate.Random(seed)
	c = onlyPods(c)
	documents := append(c.Documents(), nameService(c.Namespaces[0].Name))
	d := dice{rand.New(rand.NewPCG(seed, 11))}
	for i, name := range []string{"partners", "lists"} {
		documents = append(documents, object("cilium.io/v2", "CiliumCIDRGroup", name, "", map[string]any{"of": pick(d, "x", "y")},
			map[string]any{"externalCIDRs": [][]string{{"1.2.0.0/16", "2001:db8::/32"}, {"169.254.0.0/16"}}[i]}))
	}
	for i := range 1 + d.IntN(6) {
		kind, namespace := "CiliumNetworkPolicy", c.Namespaces[d.IntN(len(c.Namespaces))].Name
		if d.IntN(3) == 0 {
			kind, namespace = "CiliumClusterwideNetworkPolicy", ""
		}
		field, spec := "spec", any(d.rule())
		if d.IntN(5) == 0 {
			field, spec = "specs", []any{d.rule(), d.rule()}
		}
		text, err := yaml.Marshal(map[string]any{"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata(fmt.Sprintf("cilium%d", i), namespace, nil), field: spec})
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(text))
	}
	return documents
}

// nameService is a pod of the cluster's DNS, which Cilium opens to whom a ClusterNetworkPolicy lets out to domain names.
func nameService(namespace string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: dns, namespace: %s, labels: {k8s-app: kube-dns, a: x}},
spec: {containers: [{name: c, image: i, ports: [{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 81}]}]},
status: {podIP: 10.0.1.1, podIPs: [{ip: 10.0.1.1}]}}
`, namespace)
}

func object(apiVersion, kind, name, namespace string, labels, spec map[string]any) string {
	text, err := yaml.Marshal(map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata(name, namespace, labels), "spec": spec})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func metadata(name, namespace string, labels map[string]any) map[string]any {
	out := map[string]any{"name": name}
	if namespace != "" {
		out["namespace"] = namespace
	}
	if labels != nil {
		out["labels"] = labels
	}
	return out
}

// onlyPods leaves pods on the pod network: workloads of other kinds are pods to Cilium, and those on the host's network are
// no endpoints of it. Names of ports are made unique in a pod, as the API server wants them in a container, and sidecars
// have none: Cilium's agent reads only those of spec.containers.
func onlyPods(c *generate.Cluster) *generate.Cluster {
	out := c.Clone()
	out.Workloads, out.Nodes, out.Admin, out.BaselineAdmin = nil, nil, nil, nil
	for i, w := range c.Workloads {
		pod := w.Pod.DeepCopy()
		if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		pod.Spec.NodeName, pod.Spec.InitContainers = "", nil
		pod.Spec.ServiceAccountName = []string{"", "reader", "robot"}[i%3]
		ip := fmt.Sprintf("10.0.0.%d", 1+i)
		pod.Status = corev1.PodStatus{PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
		seen := make(map[string]bool)
		for j := range pod.Spec.Containers[0].Ports {
			p := &pod.Spec.Containers[0].Ports[j]
			if seen[p.Name] {
				p.Name = ""
			}
			seen[p.Name] = true
		}
		out.Workloads = append(out.Workloads, generate.Workload{Kind: "Pod", Pod: pod})
	}
	return out
}

// dice makes rules of Cilium's as the CRD takes them.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func (d dice) oneIn(n int) bool { return d.IntN(n) == 0 }

var (
	keys       = []string{"a", "b", "c"}
	values     = []string{"x", "y", "z"}
	namespaces = []string{"east", "north", "south", "west"}
)

func (d dice) rule() map[string]any {
	r := map[string]any{"endpointSelector": d.selector(false)}
	if d.oneIn(4) {
		r["enableDefaultDeny"] = map[string]any{pick(d, "ingress", "egress"): pick(d, true, false)}
	}
	fields := []string{"ingress", "ingressDeny", "egress", "egressDeny"}
	for len(r) < 2 || d.oneIn(2) {
		field := pick(d, fields...)
		var rules []any
		for range 1 + d.IntN(2) {
			rules = append(rules, d.section(field))
		}
		r[field] = rules
	}
	if _, only := r["enableDefaultDeny"]; only && len(r) == 2 {
		r["ingress"] = []any{map[string]any{}}
	}
	return r
}

// section is one rule of a direction.
func (d dice) section(field string) map[string]any {
	to, denies := "from", field == "ingressDeny" || field == "egressDeny"
	if field == "egress" || field == "egressDeny" {
		to = "to"
	}
	r := make(map[string]any)
	switch d.IntN(10) {
	case 0, 1, 2, 3:
		var list []any
		for range 1 + d.IntN(2) {
			list = append(list, d.selector(true))
		}
		r[to+"Endpoints"] = list
	case 4, 5:
		r[to+"Entities"] = d.entities(to == "to")
	case 6:
		r[to+"CIDR"] = []any{pick(d, "1.2.0.0/16", "1.2.3.4/32", "0.0.0.0/0", "10.0.0.0/8", "2001:db8::/32", "::/0", "169.254.169.254/32")}
	case 7:
		r[to+"CIDRSet"] = []any{pick(d,
			map[string]any{"cidr": "0.0.0.0/0", "except": []any{"1.2.3.0/24", "10.0.0.0/8"}}, map[string]any{"cidr": "1.2.0.0/16", "except": []any{"1.2.3.4/32"}},
			map[string]any{"cidr": "::/0", "except": []any{"2001:db8::/32"}}, map[string]any{"cidrGroupRef": "partners"}, map[string]any{"cidrGroupRef": "lists"},
			map[string]any{"cidrGroupSelector": map[string]any{"matchLabels": map[string]any{"of": pick(d, "x", "y")}}},
			map[string]any{"cidrGroupSelector": map[string]any{"matchExpressions": []any{map[string]any{"key": "of", "operator": pick(d, "Exists", "DoesNotExist")}}}})}
	case 8:
		r[to+"Endpoints"] = []any{}
	}
	switch {
	case d.oneIn(12):
		r["icmps"] = []any{map[string]any{"fields": []any{pick(d,
			map[string]any{"type": 8}, map[string]any{"type": "EchoRequest", "family": "IPv4"}, map[string]any{"type": 128, "family": "IPv6"}, map[string]any{"type": 3})}}}
	case !d.oneIn(3):
		ports := map[string]any{"ports": d.ports()}
		if !denies && d.oneIn(8) { // the port is open as far as addresses and ports go
			ports["ports"] = []any{map[string]any{"port": pick(d, "80", "8080"), "protocol": "TCP"}}
			ports["rules"] = map[string]any{"http": []any{map[string]any{"method": "GET"}}}
		}
		r["toPorts"] = []any{ports}
	}
	return r
}

func (d dice) ports() []any {
	var list []any
	for range 1 + d.IntN(2) {
		p := map[string]any{"port": pick(d, "53", "80", "81", "443", "8080", "web", "dns", "metrics", "0", "80", "443", "1", "1024")}
		if !d.oneIn(4) {
			p["protocol"] = pick(d, "TCP", "UDP", "SCTP", "ANY", "TCP")
		}
		if from := p["port"]; from == "80" && d.oneIn(2) {
			p["endPort"] = pick(d, 81, 443)
		} else if (from == "1" || from == "1024") && p["protocol"] != nil {
			p["endPort"] = pick(d, 1024, 8080, 65535)
		}
		list = append(list, p)
	}
	return list
}

func (d dice) entities(destination bool) []any {
	all := []string{"all", "world", "cluster", "remote-node", "kube-apiserver", "ingress", "init", "health", "unmanaged", "none"}
	if destination { // of sources it is masked
		all = append(all, "host")
	}
	var list []any
	for range 1 + d.IntN(2) {
		list = append(list, pick(d, all...))
	}
	return list
}

// selector chooses endpoints: peers may say in which namespace.
func (d dice) selector(peer bool) map[string]any {
	labels, expressions := make(map[string]any), []any(nil)
	prefix := func() string { return pick(d, "", "", "k8s:", "any:") }
	// Which of two labels of one key holds that differ in their source's prefix is left to the order of Go's maps in Cilium.
	for _, i := range d.Perm(len(keys))[:d.IntN(3)] {
		key := prefix() + keys[i]
		switch d.IntN(8) {
		default:
			labels[key] = pick(d, values...)
		case 4:
			expressions = append(expressions, map[string]any{"key": key, "operator": "In", "values": []any{pick(d, values...), pick(d, values...)}})
		case 5:
			expressions = append(expressions, map[string]any{"key": key, "operator": "NotIn", "values": []any{pick(d, values...)}})
		case 6, 7:
			expressions = append(expressions, map[string]any{"key": key, "operator": pick(d, "Exists", "DoesNotExist")})
		}
	}
	if d.oneIn(8) {
		labels[prefix()+"io.cilium.k8s.policy.serviceaccount"] = pick(d, "default", "reader", "robot")
	}
	if peer {
		switch d.IntN(6) {
		case 0:
			labels[prefix()+"io.kubernetes.pod.namespace"] = pick(d, namespaces...)
		case 1:
			labels[prefix()+"io.cilium.k8s.namespace.labels."+pick(d, keys...)] = pick(d, values...)
		case 2:
			expressions = append(expressions, map[string]any{"key": prefix() + "io.kubernetes.pod.namespace", "operator": pick(d, "Exists")})
		case 3:
			expressions = append(expressions, map[string]any{"key": "k8s:io.cilium.k8s.namespace.labels." + pick(d, keys...), "operator": pick(d, "Exists", "In", "NotIn"), "values": []any{pick(d, values...)}})
			last := expressions[len(expressions)-1].(map[string]any)
			if last["operator"] == "Exists" {
				delete(last, "values")
			}
		}
	}
	s := make(map[string]any)
	if len(labels) > 0 {
		s["matchLabels"] = labels
	}
	if expressions != nil {
		s["matchExpressions"] = expressions
	}
	return s
}
