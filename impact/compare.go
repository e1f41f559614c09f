package impact

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Input is one cluster on both sides.
type Input struct {
	Name       string
	Targets    []string
	Base, Head []*manifest.Object
	Config     config.Config
	// Expand asks for Cluster.Changes.
	Expand bool
	// Graph asks for Cluster.Before and Cluster.After.
	Graph bool
	// Hygiene says which remarks are told.
	Hygiene HygieneMode
	// Promises are those in force; those that are about the cluster count. Proposed are others, which count once they are
	// merged.
	Promises, Proposed []config.Promise
	// Several tells that other clusters are compared as well, and asks for Output.Dependencies.
	Several bool
	// Networks asks what differs with the rules of other networks than the one whose policies are there.
	Networks bool
}

// Output is what Compare found, and what each side's objects have wrong with them.
type Output struct {
	Cluster    Cluster
	Base, Head []manifest.Diagnostic
	// Notes are about promises, and about what the comparison takes for granted.
	Notes []manifest.Diagnostic
	// Dependencies are for Disagreements with other clusters; nil unless asked for.
	Dependencies *Dependencies
}

// Compare finds what a change of one cluster does to its connections. It fails only if the context ends or the
// configuration cannot be used.
func Compare(ctx context.Context, in Input) (Output, error) {
	detected, asked := in.Config.CNI == "", in
	in.Config.CNI = cluster.Network(in.Config, in.Base, in.Head)
	options, err := modelOptions(in.Config)
	if err != nil {
		return Output{}, err
	}
	sensitivity, err := evidence.NewSensitivity(in.Config.Sensitive)
	if err != nil {
		return Output{}, err
	}
	inherited := Inherited(in.Base, in.Head)
	in.Head = slices.Concat(in.Head, inherited)
	base, head := cluster.BuildBoth(in.Base, in.Head, in.Config)
	if detected {
		base.Undecided()
		head.Undecided()
	}
	renames := findRenames(base, head)
	options.Renamed = renames.toHead()
	head.FaceAsBefore(base, options.Renamed)
	in.Promises, in.Proposed = about(in.Name, in.Promises), about(in.Name, in.Proposed)
	tried := slices.Concat(in.Promises, in.Proposed[:min(len(in.Proposed), maxProposals)])
	options.Named, options.Asked = unrendered(base, head, tried), addressesAsked(base, head, tried)
	model := reach.New(base, head, options)
	out := Output{Cluster: Cluster{Name: in.Name, Targets: in.Targets}, Base: base.Diagnostics, Head: head.Diagnostics}
	blocks, effects, err := model.Effects(ctx)
	if err != nil {
		return out, fmt.Errorf("comparing cluster %s: %w", in.Name, err)
	}
	a := newAnalysis(model, base, head, sensitivity)
	a.findRemarks(in.Hygiene)
	a.promises = a.holdPromises(in.Promises)
	connections := a.connectionFindings(effects)
	broken, notes := a.promises.findings(effects)
	out.Notes = slices.Concat(notes, a.unremarked, a.proposals(in.Proposed), nodeNotes(a.base, a.head), inheritedNotes(inherited), a.bypassNotes(), a.keptNotes(), statusNotes(in), versionNotes(in), a.onceNotes(), a.identityNotes(in.Config.CNI), a.enforcementNotes(), admissionNotes(in.Base, in.Head), a.operatorNotes(in))
	var ways []Finding
	ways, out.Cluster.BlastRadius, out.Cluster.RadiiUnasked = a.pathFindings(effects, connections)
	services := a.wayFindings()
	unmet := a.unmetFindings(slices.Concat(connections, services))
	out.Cluster.Findings = slices.Concat(connections, broken, a.exposureFindings(), services, ways, a.workloadFindings(renames), a.beyondFindings(), a.remarkFindings(), unmet)
	places := renames.places()
	for i := range out.Cluster.Findings {
		out.Cluster.Findings[i].renamed = places
	}
	override(out.Cluster.Findings, in.Config.Severity)
	slices.SortStableFunc(out.Cluster.Findings, compareFindings)
	out.Cluster.Counts = a.count(blocks)
	out.Cluster.CNI = orGeneric(in.Config.CNI)
	if out.Cluster.Supposed, err = in.suppose(ctx, connections); err != nil {
		return out, err
	}
	out.Cluster.Workloads = a.workloads()
	out.Cluster.Policies = plainChanges(model, base, head)
	if in.Several && in.Hygiene != HygieneOff {
		out.Dependencies = a.dependencies(in)
	}
	if in.Expand {
		out.Cluster.Changes = a.changes(blocks)
	}
	if detected && in.Config.CNI != "" && cluster.Network(asked.Config, asked.Base) == "" {
		note, err := asked.byHeadsWord(ctx, in.Config.CNI, out.Cluster.Findings)
		if err != nil {
			return out, err
		}
		out.Notes = append(out.Notes, note...)
	}
	if in.Graph {
		for side, to := range map[reach.Side]*[]Allowed{reach.Base: &out.Cluster.Before, reach.Head: &out.Cluster.After} {
			blocks, err := model.Allowed(ctx, side)
			if err != nil {
				return out, fmt.Errorf("listing cluster %s: %w", in.Name, err)
			}
			*to = a.allowed(blocks, false)
		}
	}
	return out, nil
}

// objectsOf counts the objects that policies were compiled from.
func objectsOf(policies []*policy.Policy) int {
	n := 0
	for _, p := range policies {
		if p.Number == 0 {
			n++
		}
	}
	return n
}

func modelOptions(cfg config.Config) (reach.Options, error) {
	o := reach.Options{BlocksMissPods: cfg.CNI == config.Cilium, IsolatesLast: cfg.CNI == config.Cilium}
	for _, text := range cfg.PodCIDRs {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return o, fmt.Errorf("reading the configuration: podCIDRs: %q is no CIDR", text)
		}
		o.PodCIDRs = append(o.PodCIDRs, prefix.Masked())
	}
	return o, nil
}

// compareFindings orders findings: worst first, then the one with more connections, then by title.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
		cmp.Compare(b.volume(), a.volume()),
		cmp.Compare(a.Title, b.Title),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func (f *Finding) volume() int {
	n := 0
	for _, c := range f.Connections {
		n += c.Count
	}
	return n
}

// analysis is what the steps of one comparison share.
type analysis struct {
	model      *reach.Model
	base, head *cluster.State
	directory  directory
	// backends are those of head: what counts is who needs what once the change is merged.
	backends *cluster.Backends
	// backendsBefore are base's, once before has made them.
	backendsBefore *cluster.Backends
	before         sync.Once
	sensitivity    evidence.Sensitivity
	traits         []traits // by endpoint
	// declarations counts what endpoints declare, different ones.
	declarations int
	// likeness is equal for endpoints with the same traits but for their namespaces, likenesses counts the different ones.
	likeness   []int32
	likenesses int
	// homes are the numbers of the endpoints' namespaces, -1 for those outside; homeOf finds them.
	homes  []int32
	homeOf map[string]int32
	// formerly is what endpoints declared on base, once it is asked for.
	formerly []policy.PortSet
	// nameServers are the pods of the cluster's name service that are not rendered.
	nameServers marks
	uses        *uses
	// remarks are what looks wrong, orphans the policies that lost their workloads, strays what misspelt policies do, by the
	// policies' keys.
	hygiene HygieneMode
	remarks []hygiene.Remark
	// unremarked says what was not looked for among them.
	unremarked []manifest.Diagnostic
	orphans    []hygiene.Orphan
	strays     map[string]*orphan
	promises   *promised
	// oneNamespace tells that all workloads are in the same, so that their names alone tell them apart.
	oneNamespace bool
}

func newAnalysis(model *reach.Model, base, head *cluster.State, sensitivity evidence.Sensitivity) *analysis {
	a := &analysis{model: model, base: base, head: head, directory: newDirectory(model), backends: cluster.NewBackends(head), sensitivity: sensitivity}
	a.traits = a.findTraits()
	a.findLikenesses()
	a.oneNamespace = a.hasOneNamespace()
	return a
}

func (a *analysis) hasOneNamespace() bool {
	names := make(map[string]bool)
	for i := range a.model.Endpoints {
		for _, w := range a.endpoint(int32(i)).Workload {
			if w != nil {
				names[w.Namespace] = true
			}
		}
	}
	return len(names) == 1
}

func (a *analysis) endpoint(i int32) *reach.Endpoint { return &a.model.Endpoints[i] }

// workloads lists the workloads that are on both sides.
func (a *analysis) workloads() []WorkloadID {
	out := []WorkloadID{}
	for i := range a.model.Endpoints {
		if e := a.endpoint(int32(i)); e.Workload[reach.Head] != nil && e.Stays() {
			out = append(out, identityOf(e.Workload[reach.Head]))
		}
	}
	return out
}

// count sums up how many pairs of workloads change.
func (a *analysis) count(blocks []reach.Block) Counts {
	counts := Counts{Workloads: len(a.head.Workloads), Policies: objectsOf(a.head.Policies)}
	if len(a.head.Workloads)+len(a.head.Policies) == 0 {
		counts.Workloads, counts.Policies = len(a.base.Workloads), objectsOf(a.base.Policies)
	}
	for _, b := range blocks {
		pairs := a.pairs(b.Sources, b.Destinations)
		if len(b.Opened) > 0 {
			counts.OpenedPairs += pairs
		}
		if len(b.Blocked) > 0 {
			counts.BlockedPairs += pairs
		}
	}
	return counts
}

// pairs counts the pairs of workloads in a rectangle. A Pod's traffic to itself is no pair: nothing can block it.
func (a *analysis) pairs(sources, destinations []int32) int {
	n, m, self := 0, 0, 0
	for _, i := range sources {
		if a.endpoint(i).Workload[reach.Head] != nil {
			n++
			if a.isPod(i) && contains(destinations, i) {
				self++
			}
		}
	}
	for _, i := range destinations {
		if a.endpoint(i).Workload[reach.Head] != nil {
			m++
		}
	}
	return n*m - self
}

func contains(sorted []int32, n int32) bool {
	_, found := slices.BinarySearch(sorted, n)
	return found
}

// isPod tells whether an endpoint is one pod, whose traffic to itself never leaves it.
func (a *analysis) isPod(i int32) bool {
	w := a.endpoint(i).Workload[reach.Head]
	return w != nil && w.Kind == "Pod"
}

// changes lists every pair whose connections differ.
func (a *analysis) changes(blocks []reach.Block) []Change {
	out := []Change{}
	for _, b := range blocks {
		opened, blocked := b.Opened.Ranges(), b.Blocked.Ranges()
		a.eachPair(b, func(source, destination Peer) {
			out = append(out, Change{Source: source, Destination: destination, Opened: opened, Blocked: blocked})
		})
	}
	slices.SortFunc(out, func(x, y Change) int {
		return cmp.Or(comparePeers(x.Source, y.Source), comparePeers(x.Destination, y.Destination))
	})
	return out
}

// eachPair calls f with every pair of a block, its addresses joined to one peer.
func (a *analysis) eachPair(b reach.Block, f func(source, destination Peer)) {
	sources, destinations := a.peersOf(b.Sources), a.peersOf(b.Destinations)
	for _, source := range sources {
		for _, destination := range destinations {
			if source.Workload != nil && source.Workload.Kind == "Pod" && destination.Workload != nil && *source.Workload == *destination.Workload {
				continue
			}
			f(source, destination)
		}
	}
}

// allPorts tells whether a set is every port of every protocol.
func allPorts(ports policy.PortSet) bool { return len(policy.AllPorts().Minus(ports)) == 0 }
