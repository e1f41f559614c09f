package reach_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// stage is the cluster of every case: pods that name their ports alike, but for v/b, whose http is 81; all but w/a have
// addresses; one pod is on its node's network.
var stage = strings.Split(`apiVersion: v1
kind: Namespace
metadata: {name: u, labels: {ns: u}}
---
apiVersion: v1
kind: Namespace
metadata: {name: v, labels: {ns: v}}
---
apiVersion: v1
kind: Namespace
metadata: {name: w, labels: {ns: w}}
---
apiVersion: v1
kind: Node
metadata: {name: node1, labels: {role: worker}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: u, labels: {pod: a}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 80, protocol: UDP}]}]}
status: {podIP: 10.0.1.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: u, labels: {pod: b}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 80, protocol: UDP}]}]}
status: {podIP: 10.0.1.2}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: u, labels: {pod: a}}
spec: {hostNetwork: true, nodeName: node1, containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}
status: {hostIP: 192.168.0.1, podIP: 192.168.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: v, labels: {pod: a}}
spec: {serviceAccountName: web, containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 80, protocol: UDP}]}]}
status: {podIP: 10.0.2.1}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: v, labels: {pod: b, tier: db}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 81}, {name: dns, containerPort: 80, protocol: UDP}]}]}
status: {podIP: 10.0.2.2}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: w}
spec:
  template:
    metadata: {labels: {pod: a}}
    spec:
      containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 80, protocol: UDP}]}]
      initContainers:
      - {name: side, restartPolicy: Always, ports: [{name: proxy, containerPort: 81}]}
      - {name: setup, ports: [{name: nobody, containerPort: 80}]}
`, "---\n")

// actors are the ends of connections that a case's table is about.
var actors = []string{"u/a", "u/b", "u/host", "v/a", "v/b", "w/a", "1.2.3.4", "169.254.169.254", "2001:db8::1"}

var questions = []policy.PortRange{
	{Protocol: policy.TCP, From: 80}, {Protocol: policy.TCP, From: 81}, {Protocol: policy.TCP, From: 65535},
	{Protocol: policy.UDP, From: 80}, {Protocol: policy.UDP, From: 81},
	{Protocol: policy.SCTP, From: 80}, {Protocol: policy.SCTP, From: 81},
}

// A case is two files of an archive: NAME.yaml has policies' specs, those of namespaced policies in namespace u; NAME.want
// tells the truth table: all is allowed, but for what a line "- sources → destinations ports" denies, or a later line
// "+ …" allows again. No ports are all ports.
func TestSemantics(t *testing.T) {
	files, err := filepath.Glob("testdata/semantics/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			specs, want := archive.Files[i], archive.Files[i+1]
			name := strings.TrimSuffix(specs.Name, ".yaml")
			if want.Name != name+".want" {
				t.Fatalf("%s: %s is followed by %s", file, specs.Name, want.Name)
			}
			t.Run(name, func(t *testing.T) { checkCase(t, string(specs.Data), string(want.Data)) })
		}
	}
}

func checkCase(t *testing.T, specs, want string) {
	state, err := make(reader).state(append(slices.Clone(stage), policyObjects(specs)...))
	if err != nil {
		t.Fatal(err)
	}
	// Where Cilium's policies are, Cilium is: addresses match no pods.
	m := reach.New(state, state, reach.Options{BlocksMissPods: strings.Contains(specs, "kind: Cilium")})
	for _, source := range actors {
		for _, destination := range actors {
			s, d := find(t, m, source), find(t, m, destination)
			if s == d || m.Endpoints[s].External != nil && m.Endpoints[d].External != nil {
				continue
			}
			got := m.Verdict(reach.Head, s, d)
			for _, q := range questions {
				if allowed := answerOf(want, source, destination, q); got.Has(q.Protocol, q.From) != allowed {
					t.Errorf("%s → %s %s/%d: %t, must be %t", source, destination, q.Protocol, q.From, !allowed, allowed)
				}
			}
		}
	}
}

// policyObjects completes specs to objects.
func policyObjects(specs string) []string {
	var out []string
	for i, spec := range strings.Split(specs, "---\n") {
		if strings.TrimSpace(spec) == "" {
			continue
		}
		kind, body := "", "spec: "+spec
		if strings.HasPrefix(spec, "kind: ") {
			kind, body, _ = strings.Cut(strings.TrimPrefix(spec, "kind: "), "\n")
			if !strings.HasPrefix(body, "spec:") {
				body = "spec: " + body
			}
		}
		head := fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d, namespace: u}\n", i)
		switch {
		case kind == "BaselineAdminNetworkPolicy":
			head = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\n"
		case kind == "CiliumNetworkPolicy":
			head = fmt.Sprintf("apiVersion: cilium.io/v2\nkind: %s\nmetadata: {name: p%d, namespace: u}\n", kind, i)
		case kind == "CiliumClusterwideNetworkPolicy":
			head = fmt.Sprintf("apiVersion: cilium.io/v2\nkind: %s\nmetadata: {name: p%d}\n", kind, i)
		case kind == "CalicoNetworkPolicy":
			head = fmt.Sprintf("apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p%d, namespace: u}\n", i)
		case kind == "GlobalNetworkPolicy":
			head = fmt.Sprintf("apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p%d}\n", i)
		case strings.HasPrefix(kind, "Tier "):
			head = fmt.Sprintf("apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: %s}\n", strings.TrimPrefix(kind, "Tier "))
		case kind == "NetworkSet", kind == "GlobalNetworkSet":
			head = fmt.Sprintf("apiVersion: projectcalico.org/v3\nkind: %s\nmetadata: {name: n%d, labels: {of: partners}}\n", kind, i)
			if kind == "NetworkSet" {
				head = strings.Replace(head, "labels", "namespace: v, labels", 1)
			}
		case kind == "AuthorizationPolicy", kind == "AuthorizationPolicy istio-system":
			_, namespace, _ := strings.Cut(kind, " ")
			head = fmt.Sprintf("apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p%d, namespace: %s}\n", i, cmp.Or(namespace, "u"))
		case kind == "EgressFirewall":
			head = "apiVersion: k8s.ovn.org/v1\nkind: EgressFirewall\nmetadata: {name: default, namespace: u}\n"
		case kind == "EgressNetworkPolicy":
			head = "apiVersion: network.openshift.io/v1\nkind: EgressNetworkPolicy\nmetadata: {name: default, namespace: u}\n"
		case kind == "CiliumCIDRGroup":
			head = "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: partners, labels: {of: partners}}\n"
		case kind == "Service":
			head = "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: v, labels: {of: v}}\n"
		case kind != "":
			head = fmt.Sprintf("apiVersion: policy.networking.k8s.io/v1alpha1\nkind: %s\nmetadata: {name: p%d}\n", kind, i)
		case strings.HasPrefix(spec, "{tier: "):
			head = fmt.Sprintf("apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p%d}\n", i)
		}
		out = append(out, head+body)
	}
	return out
}

// find is the number of the endpoint that an actor is.
func find(t *testing.T, m *reach.Model, actor string) int32 {
	t.Helper()
	address, err := netip.ParseAddr(actor)
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		if w := e.Workload[reach.Head]; w != nil && w.Namespace+"/"+w.Name == actor {
			return int32(i)
		}
		for _, p := range e.External {
			if err == nil && p.Contains(address) {
				return int32(i)
			}
		}
	}
	t.Fatalf("there is no %s", actor)
	return 0
}

// answerOf is what a truth table says of one connection.
func answerOf(table, source, destination string, q policy.PortRange) bool {
	allowed := true
	for line := range strings.Lines(table) {
		sign, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		from, rest, _ := strings.Cut(rest, " → ")
		to, ports := splitPorts(rest)
		if sign != "" && isAmong(from, source) && isAmong(to, destination) && (ports == "" || hasPort(ports, q)) {
			allowed = sign == "+"
		}
	}
	return allowed
}

// splitPorts divides destinations from the ports that follow them after a space without a comma.
func splitPorts(s string) (destinations, ports string) {
	for i := range len(s) {
		if s[i] == ' ' && i > 0 && s[i-1] != ',' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// isAmong tells whether a list of names and patterns has an actor. */* is everyone.
func isAmong(list, actor string) bool {
	for _, pattern := range strings.Split(list, ", ") {
		if ok, _ := path.Match(pattern, actor); ok || pattern == "*/*" {
			return true
		}
	}
	return false
}

func hasPort(list string, q policy.PortRange) bool {
	for _, p := range strings.Split(list, ", ") {
		if p == string(q.Protocol) || p == string(q.Protocol)+"/"+strconv.Itoa(q.From) {
			return true
		}
	}
	return false
}
