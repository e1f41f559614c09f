package reach_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// The causes of a difference are judged by clusters in which they really are put back, and by the naive evaluator: with
// all of them put back, the difference is gone; with any one of them left as it is, it is there still.
func TestCausesAreSufficientAndMinimal(t *testing.T) {
	wanted := 500
	if testing.Short() {
		wanted /= 10
	}
	cells, several := 0, 0
	for seed := uint64(0); cells < wanted; seed++ {
		base, head := generate.Random(seed)
		n, m, err := judgeCauses(t, base, head)
		if err != nil {
			t.Fatalf("seed %d: %v\nbase:\n%s\nhead:\n%s", seed, err, strings.Join(base.Documents(), "---\n"), strings.Join(head.Documents(), "---\n"))
		}
		cells, several = cells+n, several+m
	}
	if several == 0 {
		t.Error("no cell had causes that act together")
	}
	t.Logf("judged %d cells, %d of them with several causes", cells, several)
}

func judgeCauses(t *testing.T, base, head *generate.Cluster) (cells, several int, err error) {
	t.Helper()
	read := make(reader)
	var states [2]*cluster.State
	for s, c := range []*generate.Cluster{base, head} {
		if states[s], err = read.state(c.Documents()); err != nil {
			return 0, 0, err
		}
	}
	m := reach.New(states[reach.Base], states[reach.Head], reach.Options{})
	blocks, err := m.Delta(t.Context())
	if err != nil {
		return 0, 0, err
	}
	r := restorer{model: m, base: base, head: head}
	for _, b := range blocks {
		for _, source := range b.Sources {
			for _, destination := range b.Destinations {
				for ports, wasAllowed := range map[*policy.PortSet]bool{&b.Opened: false, &b.Blocked: true} {
					if len(*ports) == 0 || !r.canJudge(source, destination) {
						continue
					}
					at := ports.Ranges()[0]
					c := reach.Cell{Source: source, Destination: destination, Port: policy.Range(at.Protocol, at.From, at.From)}
					things, alone := m.Necessary(c)
					cells++
					if len(things) > 1 {
						several++
					}
					if err := r.check(c, things, alone, wasAllowed); err != nil {
						return cells, several, err
					}
				}
			}
		}
	}
	return cells, several, nil
}

// restorer makes clusters between base and head.
type restorer struct {
	model      *reach.Model
	base, head *generate.Cluster
}

// canJudge tells whether the naive evaluator knows both ends, and asks policies of the connection between them.
func (r restorer) canJudge(source, destination int32) bool {
	var node [2]map[string]bool
	for i, n := range []int32{source, destination} {
		node[i] = make(map[string]bool)
		e := &r.model.Endpoints[n]
		if !isPod(e) && len(e.External) == 0 || e.Potential != nil {
			return false
		}
		for _, w := range e.Workload {
			if w != nil && w.Node != "" {
				node[i][w.Node] = true
			}
		}
		if slices.ContainsFunc(e.External, func(p netip.Prefix) bool { return strings.HasPrefix(p.Addr().String(), "192.168.0.") }) {
			return false // may be a node's
		}
	}
	for name := range node[0] {
		if node[1][name] {
			return false
		}
	}
	return source != destination
}

func (r restorer) check(c reach.Cell, things []reach.Thing, alone, wasAllowed bool) error {
	if len(things) == 0 {
		return fmt.Errorf("%s: no cause", r.words(c, nil))
	}
	test := func(back []reach.Thing, want bool) error {
		got, err := r.allowed(c, back)
		if err == nil && got != want {
			err = fmt.Errorf("%s, of %s: allowed %t, must be %t", r.words(c, back), r.words(c, things), got, want)
		}
		return err
	}
	if err := test(things, wasAllowed); err != nil {
		return err
	}
	for i, t := range things {
		if alone {
			if err := test([]reach.Thing{t}, wasAllowed); err != nil {
				return err
			}
			continue
		}
		if err := test(slices.Delete(slices.Clone(things), i, i+1), !wasAllowed); err != nil {
			return err
		}
	}
	return nil
}

func (r restorer) words(c reach.Cell, back []reach.Thing) string {
	return fmt.Sprintf("%v → %v %v with %+v put back", r.model.Endpoints[c.Source].Workload, r.model.Endpoints[c.Destination].Workload, c.Port.Ranges(), back)
}

// allowed asks the naive evaluator, of head with some things put back.
func (r restorer) allowed(c reach.Cell, back []reach.Thing) (bool, error) {
	mixed := r.head.Clone()
	for _, t := range back {
		r.restore(mixed, t)
	}
	n, workloads := mixed.Naive()
	judge, err := naive.New(n)
	if err != nil {
		return false, err
	}
	peer := func(i int32) naive.Peer {
		e := &r.model.Endpoints[i]
		if len(e.External) > 0 {
			return naive.Peer{Address: e.External[0].Addr()}
		}
		for _, w := range workloads {
			if isWorkload(w, e.Workload[reach.Head]) {
				return naive.Peer{Pod: w.Pod}
			}
		}
		return naive.Peer{}
	}
	port := c.Port.Ranges()[0]
	return judge.Allowed(peer(c.Source), peer(c.Destination), corev1.Protocol(port.Protocol), port.From), nil
}

func isWorkload(w generate.Workload, x *cluster.Workload) bool {
	return w.Kind == x.Kind && w.Pod.Namespace == x.Namespace && w.Pod.Name == x.Name
}

func (r restorer) restore(mixed *generate.Cluster, t reach.Thing) {
	switch {
	case t.Namespace != "":
		restoreObject(&mixed.Namespaces, r.base.Namespaces, t.Namespace)
	case t.Endpoint >= 0:
		w := r.model.Endpoints[t.Endpoint].Workload[reach.Head]
		is := func(x generate.Workload) bool { return isWorkload(x, w) }
		mixed.Workloads[slices.IndexFunc(mixed.Workloads, is)] = r.base.Workloads[slices.IndexFunc(r.base.Workloads, is)]
	default:
		parts := strings.Split(t.Policy, "/")
		switch name := parts[3]; parts[1] {
		case "NetworkPolicy":
			restoreObject(&mixed.NetworkPolicies, r.base.NetworkPolicies, name)
		case "AdminNetworkPolicy":
			restoreObject(&mixed.Admin, r.base.Admin, name)
		case "BaselineAdminNetworkPolicy":
			restoreObject(&mixed.BaselineAdmin, r.base.BaselineAdmin, name)
		default:
			restoreObject(&mixed.ClusterPolicies, r.base.ClusterPolicies, name)
		}
	}
}

// restoreObject makes an object what it was in base: names are used once.
func restoreObject[T metav1.Object](mixed *[]T, base []T, name string) {
	is := func(x T) bool { return x.GetName() == name }
	*mixed = slices.DeleteFunc(slices.Clone(*mixed), is)
	if i := slices.IndexFunc(base, is); i >= 0 {
		*mixed = append(*mixed, base[i])
	}
}
