package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// The whole program, from files to JSON, is held to the naive evaluator: every connection that differs is told by the changes and
// by a finding, on exactly its ports, and nothing else is; the counts, the gate and the exit code agree; and how the manifests
// are written makes no difference.

// judgedSeeds is how many pairs of states one run of the tests judges.
const judgedSeeds = 150

func TestTheProgramAgreesWithTheNaiveEvaluator(t *testing.T) {
	judgeSeeds(t, judgedSeeds, func(seed uint64) [2]written { return asPeople(generate.People(seed)) })
}

func TestTheProgramAgreesWithTheNaiveEvaluatorOfAdministratorsPolicies(t *testing.T) {
	judgeSeeds(t, judgedSeeds/3, func(seed uint64) [2]written { return asClusters(generate.Random(seed)) })
}

func TestTheProgramAgreesWithTheNaiveEvaluatorOfCalicosPolicies(t *testing.T) {
	judgeSeeds(t, judgedSeeds/3, func(seed uint64) [2]written { return asClusters(generate.RandomCalico(seed)) })
}

func judgeSeeds(t *testing.T, seeds uint64, random func(seed uint64) [2]written) {
	if testing.Short() || underRace {
		seeds /= 10
	}
	differ := uint64(0)
	for seed := range seeds {
		states := random(seed)
		n, err := judge(t.Context(), t.TempDir(), states)
		if err != nil {
			t.Errorf("seed %d: %v%s", seed, err, states)
		}
		if n > 0 {
			differ++
		}
	}
	if t.Logf("%d of %d pairs of states differ in connections", differ, seeds); differ < seeds/3 {
		t.Errorf("too few of the edits matter")
	}
}

func FuzzProgramAgainstNaive(f *testing.F) {
	f.Add([]byte{})
	for seed := range uint64(8) {
		random, choices := rand.New(rand.NewPCG(seed, 5)), make([]byte, 400)
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		states := asPeople(generate.PeopleFromBytes(choices))
		if _, err := judge(t.Context(), t.TempDir(), states); err != nil {
			t.Errorf("%v%s", err, states)
		}
	})
}

// written is one side as files.
type written struct {
	files map[string]string
	// otherwise are the same objects in other files, order and styles.
	otherwise map[string]string
	// refused are the objects that an API server does not take.
	refused map[string]bool
}

func (w written) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		fmt.Fprintf(&b, "\n-- %s --\n%s", name, w.files[name])
	}
	return b.String()
}

func asPeople(base, head generate.Manifests) (out [2]written) {
	for s, m := range [2]generate.Manifests{base, head} {
		out[s] = written{m.Files(), m.Otherwise(uint64(len(m))), make(map[string]bool)}
		for _, one := range m {
			if one.Refused {
				out[s].refused[identityOf(metaOf(one.Body))] = true
			}
		}
	}
	return out
}

func asClusters(base, head *generate.Cluster) (out [2]written) {
	for s, c := range [2]*generate.Cluster{base, head} {
		documents := c.Documents()
		text := strings.Join(documents, "---\n")
		slices.Reverse(documents)
		out[s] = written{files: map[string]string{"cluster.yaml": text}, otherwise: map[string]string{"all.yaml": strings.Join(documents, "---\n")}}
	}
	return out
}

// judge returns how many connections differ, and what the program says wrong about them.
func judge(ctx context.Context, dir string, states [2]written) (int, error) {
	answer, err := answerOf(ctx, dir, states[0].files, states[1].files)
	if err != nil {
		return 0, err
	}
	j, err := newJudge(answer, states)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(answer.checkCode(), j.checkDiagnostics()); err != nil || len(j.sides[0].twice)+len(j.sides[1].twice) > 0 {
		return 0, err
	}
	if err := errors.Join(j.checkWorkloads(), j.checkConnections()); err != nil {
		return 0, err
	}
	again, err := answerOf(ctx, dir, states[0].files, states[1].otherwise)
	if err != nil {
		return 0, err
	}
	if got, want := again.fingerprints(), answer.fingerprints(); !slices.Equal(got, want) {
		return 0, fmt.Errorf("written otherwise it has the findings\n  %s\nnot\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return j.differing, nil
}

// programJudge holds one answer to the naive evaluator.
type programJudge struct {
	*answer
	states [2]written
	sides  [2]*side
	// ends are what connections are asked between.
	ends  []judgedEnd
	ports []int
	// differing counts the pairs that differ.
	differing int
	// formerly are base's keys of workloads with another one on head.
	formerly map[string]string
}

// A judgedEnd is a peer on both sides: a pod, which may be there on one side only, or an address.
type judgedEnd struct {
	key     string
	pod     [2]*corev1.Pod
	address netip.Addr
	// bare tells of a pod whose traffic to itself is nobody's.
	bare     bool
	rendered bool
	// others are any other pods of a namespace, which are told of only where no known pod shows the same.
	others bool
}

func (e *judgedEnd) stays() bool { return e.address.IsValid() || e.pod[0] != nil && e.pod[1] != nil }

func (e *judgedEnd) peer(s int) naive.Peer { return naive.Peer{Pod: e.pod[s], Address: e.address} }

func newJudge(a *answer, states [2]written) (*programJudge, error) {
	j := &programJudge{answer: a, states: states}
	potentials, namespaces := a.potentials()
	text := fmt.Sprint(states)
	for s, state := range states {
		var err error
		if j.sides[s], err = readSide(state.files, state.refused); err != nil {
			return nil, err
		}
		j.sides[s].settle(namespaces)
	}
	j.formerly = a.formerly(j.sides[0], j.sides[1])
	was := make(map[string]bool)
	for key, pod := range j.sides[1].pods {
		before := key
		if old, ok := j.formerly[key]; ok {
			before = old
		}
		was[before] = true
		j.ends = append(j.ends, judgedEnd{key: key, pod: [2]*corev1.Pod{j.sides[0].pods[before], pod}, bare: strings.HasPrefix(key, "Pod "), rendered: true})
	}
	for key, pod := range j.sides[0].pods {
		if !was[key] {
			j.ends = append(j.ends, judgedEnd{key: key, pod: [2]*corev1.Pod{pod, nil}, rendered: true})
		}
	}
	if len(j.sides[0].cluster.Calico.Policies) > 0 {
		potentials = nil // their addresses and ServiceAccounts are not known, which no world tells
	}
	for _, p := range potentials {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Labels: p.labels}}
		if p.labels["k8s-app"] == "kube-dns" {
			pod.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}, {Name: "dns-tcp", ContainerPort: 53}}}}
		}
		j.ends = append(j.ends, judgedEnd{key: p.key, pod: [2]*corev1.Pod{pod, pod}, others: len(p.labels) == 0})
	}
	for _, address := range addressesIn(text) {
		if j.sides[0].isNode(address) || j.sides[1].isNode(address) {
			continue // not outside of the cluster
		}
		j.ends = append(j.ends, judgedEnd{key: address.String(), address: address})
	}
	slices.SortFunc(j.ends, func(a, b judgedEnd) int { return strings.Compare(a.key, b.key) })
	j.ports = portsIn(text)
	return j, nil
}

func metaOf(body map[string]any) *metav1.PartialObjectMetadata {
	var m metav1.PartialObjectMetadata
	meta := body["metadata"].(map[string]any)
	m.Kind, _ = body["kind"].(string)
	m.Name, _ = meta["name"].(string)
	m.Namespace, _ = meta["namespace"].(string)
	return &m
}

var numbers = regexp.MustCompile(`\b[0-9]{1,5}\b`)

// portsIn are both sides of every boundary that the numbers of a text can draw.
func portsIn(text string) []int {
	out := []int{1, 65535}
	for _, word := range numbers.FindAllString(text, -1) {
		n, _ := strconv.Atoi(word)
		out = append(out, n-1, n, n+1)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(n int) bool { return n < 1 || n > 65535 })
}

var prefixes = regexp.MustCompile(`[0-9a-f:.]+/[0-9]+\b`)

// addressesIn are addresses in and around every block of a text, and ones that are in none.
func addressesIn(text string) []netip.Addr {
	out := []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:4860::8"), netip.MustParseAddr("10.99.0.1"), netip.MustParseAddr("fd99::1")}
	for _, word := range prefixes.FindAllString(text, -1) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			continue
		}
		first := p.Masked().Addr()
		out = append(out, first, first.Prev(), last(p), last(p).Next())
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.DeleteFunc(slices.Compact(out), func(a netip.Addr) bool { return !a.IsValid() })
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

// checkDiagnostics: what an API server refuses, or what is given twice with different contents, is an error if head has it so and
// base has not.
func (j *programJudge) checkDiagnostics() error {
	wanted := make(map[string]bool)
	for key := range j.states[1].refused {
		wanted[key] = true
	}
	for _, key := range j.sides[1].twice {
		wanted[key] = true
	}
	for key := range wanted {
		if !slices.ContainsFunc(j.Diagnostics, func(d struct{ Severity, Object, Message string }) bool {
			return named(d.Object) == key && d.Severity == "error"
		}) {
			return fmt.Errorf("no error about %s", key)
		}
	}
	for _, d := range j.Diagnostics {
		if d.Severity == "error" && !wanted[named(d.Object)] && !slices.Contains(j.sides[0].twice, named(d.Object)) && !j.states[0].refused[named(d.Object)] {
			return fmt.Errorf("an error about what is valid: %s: %s", d.Object, d.Message)
		}
	}
	return nil
}

// checkWorkloads: what comes and goes is told, and what is told as renamed can be.
func (j *programJudge) checkWorkloads() error {
	told := make(map[string]string)
	for _, f := range j.Clusters[0].Findings {
		for _, c := range f.Causes {
			switch f.Rule {
			case "W1", "W4": // W4 is a new workload that nothing isolates
				told[c.named()] = "W1"
			case "W2":
				told[c.named()] = "W2"
			}
		}
	}
	for to, from := range j.formerly {
		if j.sides[1].pods[to] == nil || j.sides[0].pods[to] != nil || j.sides[0].pods[from] == nil || j.sides[1].pods[from] != nil {
			return fmt.Errorf("%s cannot have been %s", to, from)
		}
	}
	for i := range j.ends {
		e, want := &j.ends[i], ""
		switch {
		case !e.rendered || e.stays():
		case e.pod[0] == nil:
			want = "W1"
		default:
			want = "W2"
		}
		if e.rendered && told[e.key] != want {
			return fmt.Errorf("%s is told by %q, must be by %q", e.key, told[e.key], want)
		}
	}
	return nil
}

// isOnNodeOf tells whether a source is on the host's network of the destination's node, which is always let in, though the program
// asks as if the destination could be on any node.
func isOnNodeOf(source, destination *judgedEnd) bool {
	for s := range source.pod {
		x, y := source.pod[s], destination.pod[s]
		if x != nil && y != nil && x.Spec.HostNetwork && x.Spec.NodeName != "" && x.Spec.NodeName == y.Spec.NodeName {
			return true
		}
	}
	return false
}

// isSubjectUnknown tells whether a cluster-wide policy may govern an end by labels of its namespace that are not known. The program
// asks as if it did not, and tells what such a policy does of pods of their own.
func (j *programJudge) isSubjectUnknown(ends ...*judgedEnd) bool {
	for s, side := range j.sides {
		if len(side.cluster.Admin)+len(side.cluster.BaselineAdmin)+len(side.cluster.ClusterPolicies) == 0 {
			continue
		}
		for _, e := range ends {
			if e.pod[s] != nil && side.unknown[e.pod[s].Namespace] != nil {
				return true
			}
		}
	}
	return false
}

var judgedProtocols = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}

// kinds are the two ways in which a connection differs.
var kinds = [2]string{"blocked", "opened"}

// checkConnections compares every pair of ends.
func (j *programJudge) checkConnections() error {
	var pairs [2]int
	for a := range j.ends {
		for b := range j.ends {
			source, destination := &j.ends[a], &j.ends[b]
			if source.address.IsValid() && destination.address.IsValid() || a == b && source.bare {
				continue
			}
			differs, err := j.checkPair(source, destination)
			if err != nil {
				return err
			}
			for kind, yes := range differs {
				if yes && source.rendered && destination.rendered {
					pairs[kind]++
				}
			}
		}
	}
	c := j.Clusters[0].Counts
	if c.BlockedPairs != pairs[0] || c.OpenedPairs != pairs[1] {
		return fmt.Errorf("counts %d pairs opened and %d blocked, must be %d, %d", c.OpenedPairs, c.BlockedPairs, pairs[1], pairs[0])
	}
	return nil
}

// checkPair compares one pair on every port, and tells in which ways it differs.
func (j *programJudge) checkPair(source, destination *judgedEnd) (differs [2]bool, err error) {
	told, unasked := j.told(source, destination), isOnNodeOf(source, destination) || j.isSubjectUnknown(source, destination)
	first, err := j.between(0, source, destination)
	if err != nil {
		return differs, err
	}
	for _, protocol := range judgedProtocols {
		for _, port := range j.ports {
			r := row{Protocol: string(protocol), Port: port}
			for kind := range kinds {
				got := told.changes[kind].holds(r)
				others := source.others || destination.others
				right := unasked || first.differs(kind, protocol, port) == got || got && told.unsure.holds(r) || others && (!got || !told.findings[kind].holds(r))
				for world := 1; !right && world < worldsAsked; world++ {
					other, err := j.between(world, source, destination)
					if err != nil {
						return differs, err
					}
					right = other.differs(kind, protocol, port) == got
				}
				if !right {
					return differs, fmt.Errorf("%s → %s %s/%d: %s is told as %t, must be %t", source.key, destination.key, protocol, port, kinds[kind], got, !got)
				}
				if found := told.findings[kind].holds(r); found && !got || !found && got && source.rendered && destination.rendered {
					return differs, fmt.Errorf("%s → %s %s/%d: %s by the findings is %t, by the changes %t", source.key, destination.key, protocol, port, kinds[kind], found, got)
				}
			}
		}
	}
	for kind := range kinds {
		differs[kind] = slices.ContainsFunc(told.changes[kind], func(p jsonPorts) bool { return len(p) > 0 }) // messages, too
	}
	if differs[0] || differs[1] {
		j.differing++
	}
	return differs, nil
}

// pairInWorld is a pair in one of the worlds, on both sides; empty if one end is there on one side only.
type pairInWorld []naive.Pair

func (j *programJudge) between(world int, source, destination *judgedEnd) (pairInWorld, error) {
	if !source.stays() || !destination.stays() {
		return nil, nil
	}
	var out pairInWorld
	for s := range j.sides {
		e, err := j.sides[s].world(world)
		if err != nil {
			return nil, err
		}
		out = append(out, e.Between(source.peer(s), destination.peer(s)))
	}
	return out, nil
}

// differs tells whether a connection is blocked, or opened.
func (p pairInWorld) differs(kind int, protocol corev1.Protocol, port int) bool {
	if p == nil {
		return false
	}
	before, after := p[0].Allowed(protocol, port), p[1].Allowed(protocol, port)
	return before != after && after == (kind == 1)
}

// pairTold is what the answer tells of a pair, by way. Unsure is what the findings say rests on what is not known.
type pairTold struct {
	changes, findings [2]manyPorts
	unsure            manyPorts
}

type manyPorts []jsonPorts

func (all manyPorts) holds(r row) bool {
	return slices.ContainsFunc(all, func(p jsonPorts) bool { return p.hold(r) })
}

func (j *programJudge) told(source, destination *judgedEnd) (t pairTold) {
	for i := range j.Clusters[0].Changes {
		if c := &j.Clusters[0].Changes[i]; c.Source.holds(source) && c.Destination.holds(destination) {
			t.changes[0], t.changes[1] = append(t.changes[0], c.Blocked), append(t.changes[1], c.Opened)
		}
	}
	among := func(list []answeredPeer, e *judgedEnd) bool {
		return slices.ContainsFunc(list, func(p answeredPeer) bool { return p.holds(e) })
	}
	for i := range j.Clusters[0].Findings {
		f := &j.Clusters[0].Findings[i]
		kind := slices.Index(kinds[:], f.Kind)
		if kind < 0 || !strings.ContainsAny(f.Rule[:1], "OB") {
			continue // the others are about ways that no policy decides
		}
		for _, c := range f.Connections {
			if among(c.Sources, source) && among(c.Destinations, destination) {
				t.findings[kind] = append(t.findings[kind], c.Ports)
				if f.Confidence == "approximate" {
					t.unsure = append(t.unsure, c.Ports)
				}
			}
		}
	}
	return t
}
