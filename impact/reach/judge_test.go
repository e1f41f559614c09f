package reach_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/internal/naive"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// probes are the ports that are asked for: both sides of every boundary that generated policies can draw.
var probes = []int{1, 2, 53, 54, 79, 80, 81, 82, 442, 443, 444, 1023, 1024, 8080, 8081, 65535}

var protocols = []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP}

// reader turns documents into states. A text that came before is the same object again, as in the program.
type reader map[string][]*manifest.Object

func (r reader) state(documents []string) (*cluster.State, error) {
	var objects []*manifest.Object
	for _, text := range documents {
		found, known := r[text]
		if !known {
			var problems []manifest.Diagnostic
			found, problems = manifest.Read("generated.yaml", []byte(text))
			if len(problems) > 0 || len(found) != 1 {
				return nil, fmt.Errorf("reading made %d objects, %v\n%s", len(found), problems, text)
			}
			r[text] = found
		}
		objects = append(objects, found...)
	}
	state := cluster.Build(objects, config.Config{})
	for _, d := range state.Diagnostics {
		if d.Severity == manifest.Error {
			return nil, fmt.Errorf("a valid object was refused: %v", d)
		}
	}
	return state, nil
}

// judge holds the engine to the naive evaluator on one pair of clusters.
type judge struct {
	model    *reach.Model
	sides    [2]*naive.Evaluator
	pods     [2]map[string]*corev1.Pod
	nodes    map[netip.Addr]bool
	verdicts map[pair][2]policy.PortSet
	cells    int
}

type pair struct{ source, destination int32 }

// compare returns how many (source, destination, port) cells of both sides were compared, and the first mismatch.
func compare(ctx context.Context, clusters [2]*generate.Cluster) (cells int, err error) {
	j := &judge{nodes: make(map[netip.Addr]bool), verdicts: make(map[pair][2]policy.PortSet)}
	read := make(reader)
	var states [2]*cluster.State
	for s, c := range clusters {
		if states[s], err = read.state(c.Documents()); err != nil {
			return 0, err
		}
		n, workloads := c.Naive()
		if j.sides[s], err = naive.New(n); err != nil {
			return 0, err
		}
		j.pods[s] = make(map[string]*corev1.Pod)
		for _, w := range workloads {
			j.pods[s][w.Kind+"/"+w.Pod.Namespace+"/"+w.Pod.Name] = w.Pod
		}
		if len(states[s].Workloads) != len(workloads) {
			return 0, fmt.Errorf("side %d has %d workloads, must have %d", s, len(states[s].Workloads), len(workloads))
		}
		for _, node := range c.Nodes {
			j.nodes[netip.MustParseAddr(node.Status.Addresses[0].Address)] = true
		}
	}
	j.model = reach.New(states[reach.Base], states[reach.Head], reach.Options{})
	if err := j.checkVerdicts(); err != nil {
		return j.cells, err
	}
	if err := j.checkDelta(ctx); err != nil {
		return j.cells, err
	}
	return j.cells, errors.Join(j.checkAllowed(ctx, reach.Base), j.checkAllowed(ctx, reach.Head))
}

// peers are what an endpoint of the engine is to the naive evaluator: several where it stands for several blocks of
// addresses, none where it is not there or is something that the evaluator does not know.
func (j *judge) peers(s reach.Side, e *reach.Endpoint) []naive.Peer {
	if w := e.Workload[s]; w != nil {
		return []naive.Peer{{Pod: j.pods[s][w.Kind+"/"+w.Namespace+"/"+w.Name]}}
	}
	var peers []naive.Peer
	for i, p := range e.External {
		// The address of a node is not outside of the cluster.
		if a := p.Addr(); !j.nodes[a] && (i == 0 || i == len(e.External)-1) {
			peers = append(peers, naive.Peer{Address: a})
		}
	}
	return peers
}

// checkVerdicts compares every pair of workloads and addresses on both sides.
func (j *judge) checkVerdicts() error {
	for source := range j.model.Endpoints {
		for destination := range j.model.Endpoints {
			at := pair{int32(source), int32(destination)}
			if !j.isConnection(at) {
				continue
			}
			var verdicts [2]policy.PortSet
			for s := reach.Base; s <= reach.Head; s++ {
				verdicts[s] = j.model.Verdict(s, at.source, at.destination)
				if err := j.checkPair(s, at, verdicts[s]); err != nil {
					return err
				}
			}
			j.verdicts[at] = verdicts
		}
	}
	return nil
}

// isConnection tells whether a pair means anything: one end is a pod, and it is not a lone pod and itself.
func (j *judge) isConnection(at pair) bool {
	source, destination := &j.model.Endpoints[at.source], &j.model.Endpoints[at.destination]
	if at.source == at.destination {
		for _, w := range source.Workload {
			if w != nil && w.Kind == "Pod" {
				return false
			}
		}
	}
	return isPod(source) || isPod(destination)
}

func isPod(e *reach.Endpoint) bool {
	return e.Workload[reach.Base] != nil || e.Workload[reach.Head] != nil || e.Potential != nil
}

func (j *judge) checkPair(s reach.Side, at pair, got policy.PortSet) error {
	for _, source := range j.peers(s, &j.model.Endpoints[at.source]) {
		for _, destination := range j.peers(s, &j.model.Endpoints[at.destination]) {
			if isOwnNode(source, destination) {
				continue
			}
			between := j.sides[s].Between(source, destination)
			for _, protocol := range protocols {
				for _, port := range probes {
					want := between.Allowed(corev1.Protocol(protocol), port)
					if got.Has(protocol, port) != want {
						return fmt.Errorf("side %d: %s → %s %s/%d: engine says %t, naive evaluator %t", s,
							j.name(at.source), j.name(at.destination), protocol, port, !want, want)
					}
				}
			}
			j.cells += len(protocols) * len(probes)
		}
	}
	return nil
}

// isOwnNode tells whether the source is on the host's network of the destination's node. Kubernetes always lets a pod's own
// node in; the engine asks the policies, as if the pod could run on any node.
func isOwnNode(source, destination naive.Peer) bool {
	return source.Pod != nil && destination.Pod != nil && source.Pod.Spec.HostNetwork &&
		source.Pod.Spec.NodeName != "" && source.Pod.Spec.NodeName == destination.Pod.Spec.NodeName
}

func (j *judge) name(endpoint int32) string {
	e := &j.model.Endpoints[endpoint]
	for _, w := range e.Workload {
		if w != nil {
			return w.Kind + " " + w.Namespace + "/" + w.Name
		}
	}
	switch {
	case e.Potential != nil:
		return fmt.Sprintf("pods %s in %s", e.Potential.Pods, e.Potential.Namespaces)
	case e.Nodes != nil:
		return "nodes " + e.Nodes.String()
	}
	return strings.Trim(fmt.Sprint(e.External, e.Domain), "[] ")
}

// flatten turns blocks into their pairs, none of which may come twice.
func (j *judge) flatten(blocks []reach.Block) (map[pair]reach.Block, error) {
	flat := make(map[pair]reach.Block)
	for _, b := range blocks {
		if len(b.Opened) == 0 && len(b.Blocked) == 0 {
			return nil, errors.New("a block says nothing")
		}
		for _, source := range b.Sources {
			for _, destination := range b.Destinations {
				at := pair{source, destination}
				if _, twice := flat[at]; twice {
					return nil, fmt.Errorf("%s → %s is in two blocks", j.name(source), j.name(destination))
				}
				if !j.isConnection(at) {
					continue
				}
				flat[at] = b
			}
		}
	}
	return flat, nil
}

func (j *judge) checkDelta(ctx context.Context) error {
	blocks, err := j.model.Delta(ctx)
	if err != nil {
		return err
	}
	flat, err := j.flatten(blocks)
	if err != nil {
		return fmt.Errorf("delta: %w", err)
	}
	for at, verdicts := range j.verdicts {
		var opened, blocked policy.PortSet
		if j.model.Endpoints[at.source].Stays() && j.model.Endpoints[at.destination].Stays() {
			opened = verdicts[reach.Head].Minus(verdicts[reach.Base])
			blocked = verdicts[reach.Base].Minus(verdicts[reach.Head])
		}
		got := flat[at]
		if !got.Opened.Equal(opened) || !got.Blocked.Equal(blocked) {
			return fmt.Errorf("delta: %s → %s: opened %v, blocked %v, must be %v, %v", j.name(at.source), j.name(at.destination),
				got.Opened.Ranges(), got.Blocked.Ranges(), opened.Ranges(), blocked.Ranges())
		}
	}
	return nil
}

func (j *judge) checkAllowed(ctx context.Context, s reach.Side) error {
	blocks, err := j.model.Allowed(ctx, s)
	if err != nil {
		return err
	}
	flat, err := j.flatten(blocks)
	if err != nil {
		return fmt.Errorf("allowed: %w", err)
	}
	for at, verdicts := range j.verdicts {
		want := verdicts[s]
		if !j.exists(s, at.source) || !j.exists(s, at.destination) {
			want = nil
		}
		if got := flat[at].Opened; !got.Equal(want) {
			return fmt.Errorf("allowed on side %d: %s → %s: %v, must be %v", s, j.name(at.source), j.name(at.destination), got.Ranges(), want.Ranges())
		}
	}
	return nil
}

func (j *judge) exists(s reach.Side, endpoint int32) bool {
	e := &j.model.Endpoints[endpoint]
	return e.Stays() || e.Workload[s] != nil
}
