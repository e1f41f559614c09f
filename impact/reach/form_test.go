package reach_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The form of policies says more than Kubernetes' own policies do: peers that combine, requirements on text and on
// accounts, entities, protocols without ports, tiers of any name, layers. Here random policies of that form are read
// literally, pair by pair, and the engine has to agree on both sides and on what differs.
func TestEngineReadsTheWholeForm(t *testing.T) {
	cells, messages := 0, 0
	for seed := range uint64(400) {
		f := former{rand.New(rand.NewPCG(seed, 77))}
		base := f.state(t)
		head := f.state(t)
		if f.chance(2) { // mostly, little changes
			head.Policies = f.edited(base.Policies)
		}
		m := reach.New(base, head, reach.Options{})
		changes, err := m.Delta(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		type pair struct{ source, destination int32 }
		opened, blocked := make(map[pair]policy.PortSet), make(map[pair]policy.PortSet)
		for _, b := range changes {
			for _, s := range b.Sources {
				for _, d := range b.Destinations {
					opened[pair{s, d}] = opened[pair{s, d}].Union(b.Opened)
					blocked[pair{s, d}] = blocked[pair{s, d}].Union(b.Blocked)
				}
			}
		}
		sides := [2]*cluster.State{base, head}
		for s := range int32(len(m.Endpoints)) {
			for d := range int32(len(m.Endpoints)) {
				from, to := &m.Endpoints[s], &m.Endpoints[d]
				if from.Potential != nil || to.Potential != nil || from.Workload[reach.Head] == nil && to.Workload[reach.Head] == nil {
					continue
				}
				probes := formProbes
				if namesICMP(base, head) {
					probes = append(slices.Clone(probes), echo, unreachable)
					messages++
				}
				for _, probe := range probes {
					var allowed [2]bool
					for side, state := range sides {
						allowed[side] = readAllows(state, reach.Side(side), from, to, probe)
						verdict := m.Verdict(reach.Side(side), s, d).Intersects(probe)
						_, out := m.Trace(policy.Egress, reach.Side(side), s, d, probe)
						_, in := m.Trace(policy.Ingress, reach.Side(side), d, s, probe)
						if cells++; verdict != allowed[side] || (in && out) != allowed[side] {
							t.Fatalf("seed %d, side %d, %s → %s on %v: engine %t, trace %t, policies read literally %t\n%s", seed, side, formName(from), formName(to), probe.Ranges(), verdict, in && out, allowed[side], formText(state.Policies))
						}
					}
					opens, blocks := allowed[1] && !allowed[0], allowed[0] && !allowed[1]
					if s != d && (opened[pair{s, d}].Intersects(probe) != opens || blocked[pair{s, d}].Intersects(probe) != blocks) {
						t.Fatalf("seed %d, %s → %s on %v: delta opens %t and blocks %t, it must be %t and %t", seed, formName(from), formName(to), probe.Ranges(),
							opened[pair{s, d}].Intersects(probe), blocked[pair{s, d}].Intersects(probe), opens, blocks)
					}
				}
			}
		}
	}
	t.Logf("compared %d cells, with messages of ICMP for %d pairs", cells, messages)
	if messages == 0 {
		t.Error("no policy named ICMP")
	}
}

// ICMP's messages take part only where a policy names some.
var (
	echo        = policy.Range(policy.ICMP, 8<<8, 8<<8)
	unreachable = policy.Range(policy.ICMP, 3<<8|1, 3<<8|1)
)

func namesICMP(states ...*cluster.State) bool {
	for _, s := range states {
		for _, p := range s.Policies {
			if p.Tier.Layer != policy.PodNetwork {
				continue // what other layers say of it lets it pass, and makes it no part of the answer
			}
			for _, rules := range p.Rules {
				for _, r := range rules {
					if slices.ContainsFunc(r.Ports, func(p policy.Port) bool { return p.Protocol == policy.ICMP }) {
						return true
					}
				}
			}
		}
	}
	return false
}

var formProbes = []policy.PortSet{
	policy.Range(policy.TCP, 80, 80), policy.Range(policy.TCP, 81, 81), policy.Range(policy.UDP, 53, 53), policy.Range(policy.SCTP, 9, 9),
}

// former makes states and policies at random.
type former struct{ *rand.Rand }

func (f former) chance(n int) bool { return f.IntN(n) == 0 }

func pick[T any](f former, all ...T) T { return all[f.IntN(len(all))] }

const formWorkload = `
apiVersion: v1
kind: Pod
metadata: {name: p%d, namespace: %s, labels: {app: %s, tier: %s}}
spec: {serviceAccountName: %s, containers: [{name: c, ports: [{name: http, containerPort: %d}]}]}
`

func (f former) state(t *testing.T) *cluster.State {
	t.Helper()
	var text strings.Builder
	for _, ns := range []string{"a", "b"} {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {team: %s}}\n", ns, pick(f, "x", "z"))
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa, namespace: %s, labels: {role: %s}}\n", ns, pick(f, "x", "z"))
	}
	for i := range 6 {
		fmt.Fprintf(&text, "---"+formWorkload, i, []string{"a", "b"}[i%2], pick(f, "web", "webs", "db"), pick(f, "front", "back"), pick(f, "sa", "other"), pick(f, 80, 81))
	}
	objects, problems := manifest.Read("state.yaml", []byte(text.String()))
	state := cluster.Build(objects, config.Config{})
	if len(problems)+len(state.Diagnostics) > 0 {
		t.Fatal(problems, state.Diagnostics)
	}
	for i := range f.IntN(7) {
		state.Policies = append(state.Policies, f.policy(i))
	}
	sortForm(state.Policies)
	return state
}

// edited returns the policies with one of them made anew, gone, or one more.
func (f former) edited(old []*policy.Policy) []*policy.Policy {
	out := slices.Clone(old)
	if len(out) > 0 && f.chance(2) {
		out = slices.Delete(out, 0, 1)
	}
	out = append(out, f.policy(90))
	sortForm(out)
	return out
}

func sortForm(ps []*policy.Policy) {
	slices.SortStableFunc(ps, func(a, b *policy.Policy) int {
		return cmp.Or(a.Tier.Compare(b.Tier), cmp.Compare(a.Order, b.Order), strings.Compare(a.Object.Name, b.Object.Name), cmp.Compare(a.Number, b.Number))
	})
}

func (f former) policy(i int) *policy.Policy {
	p := &policy.Policy{
		Object: &manifest.Object{Kind: "Any", Name: fmt.Sprint("p", i)}, Order: float64(f.IntN(3)),
		Tier:    pick(f, policy.Admin, policy.Default, policy.Tier{Order: 1_000_000, Name: "own"}, policy.Baseline, policy.Tier{Layer: policy.Exit}, policy.Tier{Layer: policy.Mesh, Order: 5}),
		Subject: []policy.Pods{f.pods()},
	}
	for _, d := range policy.Directions {
		p.Isolates[d] = f.chance(3)
		for range f.IntN(4) {
			p.Rules[d] = append(p.Rules[d], f.rule())
		}
	}
	return p
}

func (f former) rule() policy.Rule {
	r := policy.Rule{Verdict: pick(f, policy.Allow, policy.Allow, policy.Deny, policy.Pass), Any: f.chance(5), AllPorts: f.chance(3)}
	if !r.Any {
		for range 1 + f.IntN(2) {
			r.Peers = append(r.Peers, f.peer(2))
		}
	}
	if !r.AllPorts {
		r.Ports = append(r.Ports, pick(f, policy.Port{Protocol: policy.TCP, From: 80, To: 80}, policy.Port{Protocol: policy.UDP}, policy.Port{Name: "http"},
			policy.Port{Protocol: policy.ICMP, From: 8 << 8, To: 8<<8 | 255}, policy.Port{Protocol: policy.ICMP, Whole: true}, policy.Port{Protocol: policy.TCP, Name: "http"}))
	}
	return r
}

func (f former) peer(depth int) policy.Peer {
	switch n := f.IntN(6); {
	case n == 0:
		return policy.Peer{Block: &policy.Block{CIDR: netip.MustParsePrefix(pick(f, "0.0.0.0/0", "203.0.113.0/24", "::/0"))}}
	case n == 1:
		return policy.Peer{Entity: pick(f, "one", "two")}
	case n < 4 && depth > 0:
		var p policy.Peer
		for range 1 + f.IntN(2) {
			p.All = append(p.All, f.peer(depth-1))
		}
		if f.chance(2) {
			p.Not = append(p.Not, f.peer(depth-1))
		}
		if f.chance(4) {
			p.All = nil
		}
		return p
	}
	pods := f.pods()
	return policy.Peer{Pods: &pods}
}

func (f former) pods() policy.Pods {
	p := policy.Pods{Namespaces: policy.InNamespace(pick(f, "a", "b"))}
	if f.chance(2) {
		p.Namespaces = policy.Namespaces{}
		if f.chance(2) {
			p.Namespaces.Selector = policy.Canonical([]policy.Requirement{f.requirement("team", "x")})
		}
	}
	var rs []policy.Requirement
	for range f.IntN(3) {
		rs = append(rs, pick(f, f.requirement("app", "web"), f.requirement("tier", "back"), f.requirement(policy.Account, "sa"), f.requirement(policy.AccountLabel+"role", "x")))
	}
	p.Pods = policy.Canonical(rs)
	return p
}

func (f former) requirement(key, value string) policy.Requirement {
	op := pick(f, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist,
		policy.Contains, policy.ContainsNot, policy.StartsWith, policy.StartsNot, policy.EndsWith, policy.EndsNot)
	r := policy.Requirement{Key: key, Operator: op}
	if op != metav1.LabelSelectorOpExists && op != metav1.LabelSelectorOpDoesNotExist {
		r.Values = []string{value}
	}
	return r
}

// readAllows reads both ends' policies literally.
func readAllows(s *cluster.State, side reach.Side, from, to *reach.Endpoint, port policy.PortSet) bool {
	return readDirection(s, side, policy.Egress, from, to, to, port) && readDirection(s, side, policy.Ingress, to, from, to, port)
}

func readDirection(s *cluster.State, side reach.Side, d policy.Direction, subject, peer, destination *reach.Endpoint, port policy.PortSet) bool {
	for _, layer := range []policy.Layer{policy.PodNetwork, policy.Exit, policy.Mesh} {
		if !readLayer(s, side, d, layer, subject, peer, destination, port) {
			return false
		}
	}
	return true
}

func readLayer(s *cluster.State, side reach.Side, d policy.Direction, layer policy.Layer, subject, peer, destination *reach.Endpoint, port policy.PortSet) bool {
	var tiers []policy.Tier
	for _, p := range s.Policies {
		if p.Tier.Layer == layer && !slices.Contains(tiers, p.Tier) {
			tiers = append(tiers, p.Tier)
		}
	}
	for _, tier := range tiers { // the policies are sorted
		isolated, verdict := false, policy.Verdict(255)
		for _, p := range s.Policies {
			if p.Tier != tier || !readSelects(s, side, p.Subject[0], subject) {
				continue
			}
			isolated = isolated || p.Isolates[d]
			for i := range p.Rules[d] {
				if verdict == 255 && readMatches(s, side, &p.Rules[d][i], peer, destination, port) {
					verdict = p.Rules[d][i].Verdict
				}
			}
		}
		switch {
		case verdict == policy.Allow:
			return true
		case verdict == policy.Deny, verdict == 255 && isolated:
			return false
		}
	}
	return true
}

func readMatches(s *cluster.State, side reach.Side, r *policy.Rule, peer, destination *reach.Endpoint, port policy.PortSet) bool {
	ports := r.AllPorts
	for _, p := range r.Ports {
		if p.Name != "" {
			w := destination.Workload[side]
			if w == nil {
				continue
			}
			for _, c := range w.Ports {
				ports = ports || c.Name == p.Name && (p.Protocol == "" || p.Protocol == c.Protocol) && policy.Range(c.Protocol, c.Port, c.Port).Intersects(port)
			}
			continue
		}
		ports = ports || p.Set().Intersects(port)
	}
	return ports && (r.Any || slices.ContainsFunc(r.Peers, func(p policy.Peer) bool { return readPeer(s, side, p, peer) }))
}

// readPeer tells for sure that an endpoint is a peer.
func readPeer(s *cluster.State, side reach.Side, p policy.Peer, e *reach.Endpoint) bool {
	is, _ := readTruth(s, side, p, e)
	return is
}

// readTruth tells whether an endpoint is a peer for sure, and whether it may be one.
func readTruth(s *cluster.State, side reach.Side, p policy.Peer, e *reach.Endpoint) (is, may bool) {
	switch {
	case p.Pods != nil:
		is = readSelects(s, side, *p.Pods, e)
		return is, is
	case p.Block != nil: // pods have private addresses, as far as is known; entities any
		all := p.Block.CIDR.Bits() == 0
		is = e.External != nil && p.Block.CIDR.Contains(e.External[0].Addr()) || e.External == nil && all
		return is, is || e.Entity != ""
	case p.Entity != "":
		is = e.Entity == p.Entity
		return is, is
	}
	is, may = true, true
	for _, q := range p.All {
		a, b := readTruth(s, side, q, e)
		is, may = is && a, may && b
	}
	for _, q := range p.Not {
		a, b := readTruth(s, side, q, e)
		is, may = is && !b, may && !a
	}
	return is, may
}

func readSelects(s *cluster.State, side reach.Side, p policy.Pods, e *reach.Endpoint) bool {
	w := e.Workload[side]
	if w == nil {
		return false
	}
	labels := map[string]string{policy.Account: w.ServiceAccount}
	for k, v := range w.Labels {
		labels[k] = v
	}
	if w.ServiceAccount == "sa" { // the only one that there is an object of
		for k, v := range w.AccountLabels {
			labels[policy.AccountLabel+k] = v
		}
	}
	return (p.Namespaces.Name == "" || p.Namespaces.Name == w.Namespace) &&
		p.Namespaces.Selector.Matches(s.Namespaces[w.Namespace].Labels) && p.Pods.Matches(labels)
}

func formName(e *reach.Endpoint) string {
	switch {
	case e.Workload[reach.Head] != nil:
		return e.Workload[reach.Head].Name
	case e.Entity != "":
		return e.Entity
	}
	return fmt.Sprint(e.External)
}

func formText(ps []*policy.Policy) string {
	var out strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&out, "%s tier %v order %v subject %v isolates %v\n", p.Object.Name, p.Tier, p.Order, p.Subject, p.Isolates)
		for _, d := range policy.Directions {
			for _, r := range p.Rules[d] {
				fmt.Fprintf(&out, "  %v %v any %t peers %+v all ports %t %+v\n", d, r.Verdict, r.Any, r.Peers, r.AllPorts, r.Ports)
			}
		}
	}
	return out.String()
}
