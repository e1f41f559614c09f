package cause_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// made is a small cluster of some dialect: documents by a key that is the same on both sides.
type made map[string]string

// maker draws clusters from small alphabets, so that what is chosen at random often meets.
type maker struct{ *rand.Rand }

func (m maker) of(words ...string) string { return words[m.IntN(len(words))] }

func (m maker) labels(keys ...string) string {
	var out []string
	for _, k := range keys {
		out = append(out, k+": "+m.of("u", "v"))
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// common are namespaces, accounts and workloads.
func (m maker) common() made {
	out := make(made)
	for _, ns := range []string{"east", "west"} {
		out["Namespace//"+ns] = fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: %s}\n", ns, m.labels("team"))
		for _, account := range []string{"one", "two"} {
			out["ServiceAccount/"+ns+"/"+account] = fmt.Sprintf(
				"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: %s, labels: %s}\n", account, ns, m.labels("role"))
		}
		for i := range 3 {
			out[fmt.Sprintf("Pod/%s/p%d", ns, i)] = fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: p%d, namespace: %s, labels: %s}
spec: {serviceAccountName: %s, containers: [{name: c, image: i, ports: [{name: web, containerPort: %s}]}]}
`, i, ns, m.labels("a", "b"), m.of("one", "two"), m.of("80", "81"))
		}
	}
	return out
}

// ports of a rule, in Kubernetes' notation.
func (m maker) ports() string {
	return m.of("", ", ports: [{port: 80}]", ", ports: [{port: web}]", ", ports: [{port: 81}]")
}

func (m maker) kubernetes(out made) {
	key := "NetworkPolicy/" + m.of("east", "west") + "/k" + m.of("0", "1")
	parts := strings.Split(key, "/")
	direction, peers := "Ingress", "from"
	if m.IntN(2) == 0 {
		direction, peers = "Egress", "to"
	}
	out[key] = fmt.Sprintf(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: %s, namespace: %s}
spec:
  podSelector: {matchLabels: %s}
  policyTypes: [%s]
  %s: [{%s: [{podSelector: {matchLabels: %s}%s}]%s}]
`, parts[2], parts[1], m.of("{}", m.labels("a")), direction, strings.ToLower(direction), peers, m.of("{}", m.labels("b")),
		m.of("", ", namespaceSelector: {}", ", namespaceSelector: {matchLabels: "+m.labels("team")+"}"), m.ports())
}

func (m maker) admin(out made) {
	kind, name, subject := "AdminNetworkPolicy", "n"+m.of("0", "1", "2"), m.of("namespaces: {}", "namespaces: {matchLabels: "+m.labels("team")+"}",
		"pods: {namespaceSelector: {}, podSelector: {matchLabels: "+m.labels("a")+"}}")
	priority, verdict := "  priority: "+name[1:]+"\n", m.of("Allow", "Deny", "Pass")
	if m.IntN(3) == 0 {
		kind, name, priority, verdict = "BaselineAdminNetworkPolicy", "default", "", m.of("Allow", "Deny")
	}
	direction, peers := "ingress", "from"
	if m.IntN(2) == 0 {
		direction, peers = "egress", "to"
	}
	out[kind+"//"+name] = fmt.Sprintf(`apiVersion: policy.networking.k8s.io/v1alpha1
kind: %s
metadata: {name: %s}
spec:
%s  subject: {%s}
  %s: [{name: r, action: %s, %s: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: %s}}}]%s}]
`, kind, name, priority, subject, direction, verdict, peers, m.labels("b"), m.of("", ", ports: [{portNumber: {protocol: TCP, port: 80}}]"))
}

func (m maker) cilium(out made) {
	kind, namespace := "CiliumNetworkPolicy", m.of("east", "west")
	if m.IntN(3) == 0 {
		kind, namespace = "CiliumClusterwideNetworkPolicy", ""
	}
	name := "c" + m.of("0", "1")
	direction, peers := "ingress", "from"
	if m.IntN(2) == 0 {
		direction, peers = "egress", "to"
	}
	if m.IntN(3) == 0 {
		direction += "Deny"
	}
	peer := m.of(
		fmt.Sprintf("%sEndpoints: [{matchLabels: %s}]", peers, m.labels("b")),
		fmt.Sprintf("%sEndpoints: [{matchLabels: {%s: %s}}]", peers, "io.kubernetes.pod.namespace", m.of("east", "west")),
		fmt.Sprintf("%sEndpoints: [{matchLabels: {%s: %s}}]", peers, "io.cilium.k8s.policy.serviceaccount", m.of("one", "two")),
		fmt.Sprintf("%sEndpoints: [{matchLabels: {%s: %s}}]", peers, "io.cilium.k8s.namespace.labels.team", m.of("u", "v")),
		fmt.Sprintf("%sEntities: [cluster]", peers),
		fmt.Sprintf("%sEndpoints: [{matchExpressions: [{key: a, operator: NotIn, values: [u]}]}]", peers),
	)
	out[kind+"/"+namespace+"/"+name] = fmt.Sprintf(`apiVersion: cilium.io/v2
kind: %s
metadata: {name: %s%s}
spec:
  endpointSelector: {matchLabels: %s}
  %s: [{%s%s}]
`, kind, name, map[bool]string{true: ", namespace: " + namespace}[namespace != ""], m.of("{}", m.labels("a")), direction, peer,
		m.of("", ", toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]"))
}

func (m maker) calico(out made) {
	kind, namespace := "NetworkPolicy", m.of("east", "west")
	if m.IntN(2) == 0 {
		kind, namespace = "GlobalNetworkPolicy", ""
	}
	tier := m.of("default", "platform")
	name := tier + ".q" + m.of("0", "1")
	entity := m.of("selector: \"b == 'u'\"", "selector: \"a == 'u' && !has(c)\"", "selector: \"!(b == 'v')\"", "serviceAccounts: {names: [one]}",
		"serviceAccounts: {selector: \"role == 'u'\"}", "namespaceSelector: \"team == 'u'\"", "notSelector: \"b == 'u'\"")
	direction, end := "ingress", "source"
	if m.IntN(2) == 0 {
		direction, end = "egress", "destination"
	}
	types := strings.ToUpper(direction[:1]) + direction[1:]
	subject := m.of("all()", "a == 'u'", "b == 'v'", "a in {'u'} && b == 'u'")
	more := m.of("", "", ", serviceAccountSelector: \"role == 'v'\"")
	if kind == "GlobalNetworkPolicy" {
		more += m.of("", ", namespaceSelector: \"team == 'v'\"")
	}
	out["crd."+kind+"/"+namespace+"/"+name] = fmt.Sprintf(`apiVersion: projectcalico.org/v3
kind: %s
metadata: {name: %s%s}
spec: {tier: %s, order: %s, selector: "%s"%s, types: [%s], %s: [{action: %s, %s: {%s}%s}]}
`, kind, name, map[bool]string{true: ", namespace: " + namespace}[namespace != ""], tier, m.of("1", "2", "3"), subject, more, types, direction,
		m.of("Allow", "Deny", "Pass"), end, entity, m.of("", ", protocol: TCP"))
}

// sides draws base, and head with a few things drawn again.
func (m maker) sides(dialect func(made)) (base, head made) {
	base = m.common()
	for range 2 + m.IntN(4) {
		dialect(base)
	}
	if m.IntN(2) == 0 {
		m.kubernetes(base)
	}
	head = make(made)
	for key, text := range base {
		head[key] = text
	}
	again := m.common()
	for range 1 + m.IntN(4) {
		switch keys := sorted(head); m.IntN(4) {
		case 0:
			dialect(head)
		case 1:
			if key := m.of(keys...); strings.Contains(key, "Policy") {
				delete(head, key)
			}
		case 2:
			m.kubernetes(head)
		default:
			if key := m.of(keys...); again[key] != "" && !strings.HasPrefix(key, "ServiceAccount") {
				head[key] = again[key]
			}
		}
	}
	return base, head
}

func sorted(c made) []string {
	var keys []string
	for key := range c {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// texts are documents that were read; what came before is the same object again, as in the program.
type texts map[string]*manifest.Object

func (r texts) state(t *testing.T, c made) *cluster.State {
	t.Helper()
	var objects []*manifest.Object
	for _, key := range sorted(c) {
		o := r[c[key]]
		if o == nil {
			read, problems := manifest.Read("made.yaml", []byte(c[key]))
			if len(problems) > 0 || len(read) != 1 {
				t.Fatalf("%v\n%s", problems, c[key])
			}
			o = read[0]
			r[c[key]] = o
		}
		objects = append(objects, o)
	}
	s := cluster.Build(objects, config.Config{})
	for _, d := range s.Diagnostics {
		if d.Severity == manifest.Error {
			t.Fatalf("%v", d)
		}
	}
	return s
}

// Causes in every dialect, with its tiers, layers, accounts and composed peers, are judged by clusters in which they really
// are put back, as the engine sees these; and those of a sample by asking every connection of an effect.
func TestCausesHoldInEveryDialect(t *testing.T) {
	for name, dialect := range map[string]func(m maker) func(made){
		"admin":      func(m maker) func(made) { return m.admin },
		"cilium":     func(m maker) func(made) { return m.cilium },
		"calico":     func(m maker) func(made) { return m.calico },
		"kubernetes": func(m maker) func(made) { return m.kubernetes },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seeds := uint64(150)
			if testing.Short() {
				seeds = 20
			}
			cells, several, looked := 0, 0, 0
			for seed := range seeds {
				m := maker{rand.New(rand.NewPCG(seed, 7))}
				base, head := m.sides(dialect(m))
				j := &judge{t: t, read: make(texts), base: base, head: head, seed: seed, options: reach.Options{IsolatesLast: name == "cilium"}}
				j.run()
				cells, several, looked = cells+j.cells, several+j.several, looked+j.looked
			}
			t.Logf("judged %d connections, %d of them with several causes, and %d rules that match", cells, several, looked)
			if cells == 0 || several == 0 || looked == 0 {
				t.Errorf("judged %d connections, %d of them with several causes, and %d rules that match", cells, several, looked)
			}
		})
	}
}

type judge struct {
	t              *testing.T
	read           texts
	base, head     made
	seed           uint64
	options        reach.Options
	model          *reach.Model
	states         [2]*cluster.State
	cells, several int
	// looked counts the connections of which the rules that match were compared.
	looked int
	// verdicts remembers the models of clusters with some things put back, by these.
	mixed map[string]*reach.Model
}

func (j *judge) run() {
	j.states = [2]*cluster.State{j.read.state(j.t, j.base), j.read.state(j.t, j.head)}
	j.model = reach.New(j.states[reach.Base], j.states[reach.Head], j.options)
	j.mixed = make(map[string]*reach.Model)
	_, effects, err := j.model.Effects(j.t.Context())
	if err != nil {
		j.t.Fatal(err)
	}
	for i := range effects {
		e := &effects[i]
		sample := j.model.NewSample(e)
		j.checkMatching(e, sample, e.Subjects[0], nil)
		j.checkMatching(e, sample, e.Subjects[len(e.Subjects)-1], e.Peers[len(e.Peers)/2:])
		sampled := make(map[[3]int32][]string)
		for _, subject := range e.Subjects {
			key := sample.Key(subject)
			kinds := make(map[int32][]string)
			if _, known := sampled[key]; !known {
				var things []string
				whole := sample.Each(subject, func(a reach.Answer) bool {
					things = j.add(things, a.Things, subject)
					kinds[a.Kind] = append(kinds[a.Kind], answerText(a.Things, a.Alone))
					return true
				})
				if !whole {
					j.t.Errorf("seed %d: a sample of few connections is not whole", j.seed)
				}
				sampled[key] = things
			}
			var asked []string
			askedOf := make(map[int32][]string)
			for _, peer := range e.Peers {
				for _, port := range probes {
					c := reach.Cell{Source: peer, Destination: subject, Port: port}
					if e.Direction == policy.Egress {
						c.Source, c.Destination = subject, peer
					}
					if !e.Ports.Intersects(port) || c.Source == c.Destination {
						continue
					}
					things, alone := j.model.Necessary(c)
					j.check(c, things, alone, !e.Opened)
					asked = j.add(asked, things, subject)
					kind := sample.Kind(subject, peer)
					askedOf[kind] = append(askedOf[kind], answerText(things, alone))
				}
			}
			for _, thing := range asked {
				if !slices.Contains(sampled[key], thing) {
					j.t.Fatalf("seed %d: of %v a sample found %v, which lacks %s\n%s", j.seed, j.model.Endpoints[subject].Workload, sampled[key], thing, j.text())
				}
			}
			for kind, answers := range kinds {
				if got, want := unique(answers), unique(askedOf[kind]); len(want) > 0 && !slices.Equal(got, want) {
					j.t.Fatalf("seed %d: of %v with peers of kind %d a sample answers %v, each connection asked: %v\n%s",
						j.seed, j.model.Endpoints[subject].Workload, kind, got, want, j.text())
				}
			}
		}
	}
}

// checkMatching holds what is known of the rules that match connections to a trace of each.
func (j *judge) checkMatching(e *reach.Effect, sample *reach.Sample, subject int32, peers []int32) {
	each := peers
	if peers == nil {
		each = e.Peers
	}
	for side, state := range j.states {
		for _, p := range state.Policies {
			for _, d := range policy.Directions {
				got := sample.Matching(p.Object.Key(), d, reach.Side(side), subject, peers)
				var want []string
				for _, peer := range each {
					end, other := subject, peer
					if d != e.Direction {
						end, other = other, end
					}
					steps, _ := j.model.Trace(d, reach.Side(side), end, other, e.Ports)
					for _, step := range steps {
						if step.Rule >= 0 && step.Policy.Object.Key() == p.Object.Key() {
							want = append(want, step.Policy.Path(&step.Policy.Rules[d][step.Rule]))
						}
					}
				}
				j.looked += len(want)
				if want = unique(want); !slices.Equal(got, want) {
					j.t.Fatalf("seed %d: of %s on side %d rules %v match, traced %v\n%s", j.seed, p.Object, side, got, want, j.text())
				}
			}
		}
	}
}

// probes are ports of every kind that the rules of made clusters tell apart, the first ones of the kinds among them.
var probes = []policy.PortSet{
	policy.Range(policy.TCP, 1, 1), policy.Range(policy.TCP, 53, 53), policy.Range(policy.TCP, 80, 80), policy.Range(policy.TCP, 81, 81),
	policy.Range(policy.TCP, 82, 82), policy.Range(policy.TCP, 443, 443), policy.Range(policy.UDP, 1, 1), policy.Range(policy.SCTP, 1, 1),
}

// answerText is what has to be put back, in any order.
func answerText(things []reach.Thing, alone bool) string {
	words := make([]string, len(things))
	for i, t := range things {
		words[i] = fmt.Sprint(t.Policy, t.Namespace, t.Endpoint)
	}
	slices.Sort(words)
	return fmt.Sprint(words, alone)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// add collects things, a subject's own by no name: it stands for others.
func (j *judge) add(list []string, things []reach.Thing, subject int32) []string {
	for _, t := range things {
		word := fmt.Sprint(t.Policy, t.Namespace, j.model.Class(max(t.Endpoint, 0)))
		switch {
		case t.Endpoint == subject:
			word = "itself"
		case t.Endpoint < 0:
			word = t.Policy + t.Namespace
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return list
}

// check puts things back for real.
func (j *judge) check(c reach.Cell, things []reach.Thing, alone, wasAllowed bool) {
	for _, n := range []int32{c.Source, c.Destination} {
		if e := &j.model.Endpoints[n]; e.Workload[reach.Head] == nil && len(e.External) == 0 {
			return // potential workloads are others in other clusters
		}
	}
	j.cells++
	if len(things) > 1 {
		j.several++
	}
	j.expect(c, things, wasAllowed)
	for i, thing := range things {
		if alone {
			j.expect(c, []reach.Thing{thing}, wasAllowed)
		} else {
			j.expect(c, slices.Delete(slices.Clone(things), i, i+1), !wasAllowed)
		}
	}
}

func (j *judge) expect(c reach.Cell, back []reach.Thing, want bool) {
	j.t.Helper()
	var keys []string
	for _, t := range back {
		switch {
		case t.Namespace != "":
			keys = append(keys, "Namespace//"+t.Namespace)
		case t.Endpoint >= 0:
			w := j.model.Endpoints[t.Endpoint].Workload[reach.Head]
			keys = append(keys, "Pod/"+w.Namespace+"/"+w.Name)
		default:
			keys = append(keys, j.keyOf(t.Policy))
		}
	}
	slices.Sort(keys)
	m := j.mixed[fmt.Sprint(keys)]
	if m == nil {
		docs := make(made)
		for key, text := range j.head {
			docs[key] = text
		}
		for _, key := range keys {
			if text, has := j.base[key]; has {
				docs[key] = text
			} else {
				delete(docs, key)
			}
		}
		state := j.read.state(j.t, docs)
		m = reach.New(state, state, j.options)
		j.mixed[fmt.Sprint(keys)] = m
	}
	source, destination := j.same(m, c.Source), j.same(m, c.Destination)
	if source < 0 || destination < 0 {
		return
	}
	if got := m.Verdict(reach.Head, source, destination).Intersects(c.Port); got != want {
		j.t.Fatalf("seed %d: %v → %v on %v with %v put back: allowed %t, must be %t\n%s", j.seed, j.model.Endpoints[c.Source].Workload, j.model.Endpoints[c.Destination].Workload,
			c.Port.Ranges(), keys, got, want, j.text())
	}
}

// keyOf is a policy's key among the documents.
func (j *judge) keyOf(policyKey string) string {
	for _, side := range []made{j.base, j.head} {
		for key, text := range side {
			if o := j.read[text]; o != nil && o.Key() == policyKey {
				return key
			}
		}
	}
	j.t.Fatalf("there is no policy %s", policyKey)
	return ""
}

// same is the endpoint of another model that is the same; -1 if it is none.
func (j *judge) same(m *reach.Model, n int32) int32 {
	e := &j.model.Endpoints[n]
	for i := range m.Endpoints {
		x := &m.Endpoints[i]
		if w := e.Workload[reach.Head]; w != nil {
			if v := x.Workload[reach.Head]; v != nil && v.Namespace == w.Namespace && v.Name == w.Name {
				return int32(i)
			}
		} else if len(e.External) > 0 && slices.ContainsFunc(x.External, func(p netip.Prefix) bool { return p.Overlaps(e.External[0]) }) {
			return int32(i)
		}
	}
	return -1
}

func (j *judge) text() string {
	var b strings.Builder
	for name, side := range map[string]made{"base": j.base, "head": j.head} {
		fmt.Fprintf(&b, "======== %s\n", name)
		for _, key := range sorted(side) {
			if j.base[key] != j.head[key] || name == "head" {
				b.WriteString("---\n" + side[key])
			}
		}
	}
	return b.String()
}
