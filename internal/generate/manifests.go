package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sigs.k8s.io/yaml"
)

// Manifests are objects as people write them: with what they leave out left out, in the order in which they are written.
type Manifests []Manifest

// Manifest is one object.
type Manifest struct {
	Body map[string]any
	// Refused tells that an API server would not take it.
	Refused bool
}

// People makes a small cluster as a team has it, and the same cluster after a few edits of the kinds that people make.
func People(seed uint64) (base, head Manifests) {
	return people(&dice{random: rand.New(rand.NewPCG(seed, 11))})
}

// PeopleFromBytes makes them of a fuzzer's choices.
func PeopleFromBytes(choices []byte) (base, head Manifests) {
	return people(&dice{bytes: choices})
}

func people(d *dice) (base, head Manifests) {
	p := &person{dice: d}
	for _, name := range places[:3] {
		if !d.oneIn(4) { // many repositories leave namespaces to others
			base = append(base, p.namespace(name))
		}
	}
	for _, name := range apps[:2+d.below(len(apps)-1)] {
		base = append(base, p.workload(name))
	}
	for range d.below(3) {
		base = append(base, p.service())
	}
	for range 1 + d.below(5) {
		base = append(base, p.policy())
	}
	if d.oneIn(2) {
		base = append(base, p.ingress())
	}
	head = base.clone()
	for range 1 + d.below(3) {
		head = p.edit(head)
	}
	return base, head
}

// Small alphabets, so that what is chosen at random often meets. The last place is the namespace that manifests leave out.
var (
	places      = []string{"shop", "data", "ops", ""}
	apps        = []string{"web", "api", "db", "cache", "worker"}
	levels      = []string{"front", "back", "store"}
	portsOfApps = []string{
		"{name: http, containerPort: 8080}", "{name: grpc, containerPort: 9090}", "{containerPort: 80, protocol: TCP}",
		"{name: dns, containerPort: 53, protocol: UDP}", "{name: http, containerPort: 8081}", "{name: sql, containerPort: 5432}",
	}
)

// A person writes and edits manifests.
type person struct {
	*dice
	count int
}

func (p *person) name(of string) string {
	p.count++
	return fmt.Sprintf("%s-%d", of, p.count)
}

// written reads an object that is given as YAML.
func written(format string, args ...any) map[string]any {
	var body map[string]any
	if err := yaml.Unmarshal(fmt.Appendf(nil, format, args...), &body); err != nil {
		panic(fmt.Sprintf("generated manifest: %v\n"+format, append([]any{err}, args...)...)) // our own templates
	}
	return body
}

func object(format string, args ...any) Manifest { return Manifest{Body: written(format, args...)} }

// meta is an object's metadata; some leave the namespace out.
func meta(name, place string, more ...string) string {
	words := append([]string{"name: " + name}, more...)
	if place != "" {
		words = append(words, "namespace: "+place)
	}
	return "{" + strings.Join(words, ", ") + "}"
}

func (p *person) namespace(name string) Manifest {
	return object("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: %s}", name, p.namespaceLabels())
}

func (p *person) namespaceLabels() string {
	return pick(p.dice, "{team: a}", "{team: b}", "{team: a, env: prod}", "{env: test}", "{}", "{team: ''}")
}

func (p *person) podLabels(app string) string {
	return pick(p.dice, "{app: "+app+"}", "{app: "+app+", tier: front}", "{app: "+app+", tier: back}", "{app: "+app+", tier: store, team: a}", "{app.kubernetes.io/name: "+app+", app: "+app+"}")
}

func (p *person) workload(app string) Manifest {
	labels := p.podLabels(app)
	spec := fmt.Sprintf("{containers: [{name: main, image: example.org/%s:1, ports: [%s]}]", app, strings.Join(some(p.dice, portsOfApps, p.below(3)), ", "))
	if p.oneIn(6) {
		spec += fmt.Sprintf(", initContainers: [{name: proxy, image: example.org/proxy:1, restartPolicy: %s, ports: [%s]}]", pick(p.dice, "Always", "null"), pick(p.dice, portsOfApps...))
	}
	if p.oneIn(10) {
		spec += ", hostNetwork: true"
	}
	spec += "}"
	place := pick(p.dice, places...)
	template := fmt.Sprintf("{metadata: {labels: %s}, spec: %s}", labels, spec)
	switch kind := pick(p.dice, "Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod"); kind {
	case "Pod":
		m := object("apiVersion: v1\nkind: Pod\nmetadata: %s\nspec: %s", meta(app, place, "labels: "+labels), spec)
		if p.oneIn(2) {
			m.Body["status"] = written("{podIP: 10.0.0.%d}", 2+p.below(6))
		}
		return m
	case "Job":
		return object("apiVersion: batch/v1\nkind: Job\nmetadata: %s\nspec: {template: %s}", meta(app, place), template)
	case "CronJob":
		return object("apiVersion: batch/v1\nkind: CronJob\nmetadata: %s\nspec: {schedule: '@daily', jobTemplate: {spec: {template: %s}}}", meta(app, place), template)
	case "ReplicationController":
		return object("apiVersion: v1\nkind: %s\nmetadata: %s\nspec: {selector: %s, template: %s}", kind, meta(app, place), labels, template)
	default:
		return object("apiVersion: apps/v1\nkind: %s\nmetadata: %s\nspec: {selector: {matchLabels: %s}, template: %s}", kind, meta(app, place), labels, template)
	}
}

func (p *person) service() Manifest {
	return object("apiVersion: v1\nkind: Service\nmetadata: %s\nspec: {type: %s, selector: {app: %s}, ports: [{port: %s, targetPort: %s}]}", meta(p.name("svc"), pick(p.dice, places...)),
		pick(p.dice, "ClusterIP", "LoadBalancer", "NodePort"), pick(p.dice, apps...), pick(p.dice, "80", "443", "8080"), pick(p.dice, "http", "8080", "sql", "5432"))
}

func (p *person) ingress() Manifest {
	return object("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: %s\nspec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: svc-1, port: {number: 80}}}}]}}]}",
		meta(p.name("front"), pick(p.dice, places...)))
}

// policy makes one of the policies that everybody has, or one of some rules.
func (p *person) policy() Manifest {
	name, place := p.name("policy"), pick(p.dice, places...)
	head := "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: " + meta(name, place) + "\n"
	switch p.below(8) {
	case 0:
		return object("%sspec: {podSelector: {}, policyTypes: [Ingress]}", head)
	case 1:
		return object("%sspec: {podSelector: {}, policyTypes: %s}", head, pick(p.dice, "[Egress]", "[Ingress, Egress]"))
	case 2:
		return object("%sspec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]}", head)
	}
	m := object("%sspec: {podSelector: %s}", head, p.selector(podLabelPairs))
	spec := m.Body["spec"].(map[string]any)
	if p.oneIn(2) {
		spec["policyTypes"] = pick(p.dice, []any{"Ingress"}, []any{"Egress"}, []any{"Ingress", "Egress"})
	}
	for _, direction := range []string{"ingress", "egress"} {
		if n := p.below(3); n > 0 {
			spec[direction] = p.rules(direction, n)
		}
	}
	return m
}

func (p *person) rules(direction string, n int) []any {
	var rules []any
	for range n {
		rule := make(map[string]any)
		if !p.oneIn(6) {
			rule[peersOf(direction)] = p.peers()
		}
		if !p.oneIn(3) {
			rule["ports"] = p.ports()
		}
		rules = append(rules, rule)
	}
	return rules
}

func peersOf(direction string) string {
	if direction == "ingress" {
		return "from"
	}
	return "to"
}

func (p *person) peers() []any {
	peers := []any{p.peer()}
	if p.oneIn(3) {
		peers = append(peers, p.peer())
	}
	return peers
}

func (p *person) peer() map[string]any {
	switch p.below(5) {
	case 0, 1:
		return written("podSelector: %s", p.selector(podLabelPairs))
	case 2:
		return written("namespaceSelector: %s", p.selector(namespacePairs))
	case 3:
		return written("{namespaceSelector: %s, podSelector: %s}", p.selector(namespacePairs), p.selector(podLabelPairs))
	}
	return map[string]any{"ipBlock": p.block()}
}

func (p *person) block() map[string]any {
	from := pick(p.dice, blocks...)
	block := map[string]any{"cidr": from.cidr}
	if len(from.parts) > 0 && p.oneIn(2) {
		block["except"] = []any{pick(p.dice, from.parts...)}
	}
	return block
}

func (p *person) ports() []any {
	ports := []any{p.port()}
	if p.oneIn(3) {
		ports = append(ports, p.port())
	}
	return ports
}

func (p *person) port() map[string]any {
	return written("%s", pick(p.dice, "port: 8080", "port: http", "{port: 53, protocol: UDP}", "{port: 5432, protocol: TCP}", "{port: sql, protocol: TCP}", "{port: 8000, endPort: 9090}", "protocol: UDP", "port: 80", "{port: dns, protocol: UDP}"))
}

// The labels that selectors ask for.
var (
	podLabelPairs = [][2]string{
		{"app", "web"}, {"app", "api"}, {"app", "db"}, {"app", "cache"}, {"app", "operator"}, {"tier", "front"}, {"tier", "back"}, {"team", "a"}, {"app.kubernetes.io/name", "web"},
	}
	namespacePairs = [][2]string{
		{"kubernetes.io/metadata.name", "shop"}, {"kubernetes.io/metadata.name", "data"}, {"kubernetes.io/metadata.name", "monitoring"}, {"team", "a"}, {"team", "b"}, {"env", "prod"},
	}
)

// selector is one in any form, as YAML.
func (p *person) selector(pairs [][2]string) string {
	pair, other := pick(p.dice, pairs...), pick(p.dice, pairs...)
	switch p.below(10) {
	case 0:
		return "{}"
	case 1:
		return fmt.Sprintf("{matchExpressions: [{key: %s, operator: In, values: [%s, %s]}]}", pair[0], pair[1], other[1])
	case 2:
		return fmt.Sprintf("{matchExpressions: [{key: %s, operator: NotIn, values: [%s]}]}", pair[0], pair[1])
	case 3:
		return fmt.Sprintf("{matchExpressions: [{key: %s, operator: %s}]}", pair[0], pick(p.dice, "Exists", "DoesNotExist"))
	case 4:
		if pair[0] != other[0] {
			return fmt.Sprintf("{matchLabels: {%s: %s, %s: %s}}", pair[0], pair[1], other[0], other[1])
		}
	}
	return fmt.Sprintf("{matchLabels: {%s: %s}}", pair[0], pair[1])
}

func (m Manifests) clone() Manifests {
	out := make(Manifests, len(m))
	for i, one := range m {
		out[i] = Manifest{copied(one.Body).(map[string]any), one.Refused}
	}
	return out
}

// copied copies a tree.
func copied(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			out[key] = copied(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = copied(inner)
		}
		return out
	}
	return value
}
