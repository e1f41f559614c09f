package impact

import (
	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Checked is what becomes of the promises in one state.
type Checked struct {
	// State says, for people, which state it is.
	State    string
	Clusters []CheckedCluster
	// Diagnostics are about everything that could not be analysed or read.
	Diagnostics []manifest.Diagnostic
}

// CheckedCluster is the part of the promises that is about one cluster.
type CheckedCluster struct {
	Name     string
	Promises []CheckedPromise
	// Probes are the answers to what files ask without expecting anything.
	Probes []AnsweredProbe
}

// CheckedPromise is what becomes of one promise.
type CheckedPromise struct {
	Name, Expect, File string
	Line               int
	Status             promise.Status
	Confidence         Confidence
	// Reason says why the promise is empty or undecided, Notes which parts of it select nothing.
	Reason string
	Notes  []string
	// Broken are the connections that break the promise.
	Broken []Connection
	// Path is the way that breaks a promise about any number of steps, and Steps its connections.
	Path  []Peer
	Steps []ShownConnection
	// Shown is one connection that shows what becomes of the promise, with the policies that decide; nil if there is none.
	Shown *ShownConnection
}

// ShownConnection is one connection, and why it is allowed or denied.
type ShownConnection struct {
	Source, Destination Peer
	Port                reach.PortRange
	Explanation
}

// Check holds promises to one state of a cluster.
func Check(objects []*manifest.Object, cfg config.Config, promises []config.Promise) ([]CheckedPromise, []manifest.Diagnostic, error) {
	a, err := ofState(objects, cfg, promises)
	if err != nil {
		return nil, nil, err
	}
	judge := a.judge(reach.Head)
	out := []CheckedPromise{}
	for i := range promises {
		out = append(out, a.checked(judge.Of(&promises[i])))
	}
	return out, a.head.Diagnostics, nil
}

// ofState prepares for questions about one state of a cluster, with the pods that promises name.
func ofState(objects []*manifest.Object, cfg config.Config, promises []config.Promise) (*analysis, error) {
	cfg.CNI = cluster.Network(cfg, objects)
	options, err := modelOptions(cfg)
	if err != nil {
		return nil, err
	}
	sensitivity, err := evidence.NewSensitivity(cfg.Sensitive)
	if err != nil {
		return nil, err
	}
	state := cluster.Build(objects, cfg)
	options.Named, options.Asked = unrendered(state, state, promises), addressesAsked(state, state, promises)
	return newAnalysis(reach.New(state, state, options), state, state, sensitivity), nil
}

// judge prepares for holding promises to a side.
func (a *analysis) judge(s reach.Side) *promise.Judge {
	state, backends := a.head, a.backends
	if s == reach.Base {
		state, backends = a.base, a.baseBackends()
	}
	var facing []int32
	asked := false
	return promise.NewJudge(promise.Facts{
		Model: a.model, Side: s, State: state, Backends: backends,
		Declared: func(i int32) policy.PortSet {
			if w := a.endpoint(i).Workload[s]; w != nil {
				return declaredBy(w, backends)
			}
			return a.traits[i].declared
		},
		Facing: func() []int32 {
			if !asked {
				asked, facing = true, sortedKeys(a.facing(s, state, backends))
			}
			return facing
		},
	})
}

// baseBackends are those of base.
func (a *analysis) baseBackends() *cluster.Backends {
	if a.base == a.head {
		return a.backends
	}
	return cluster.NewBackends(a.base)
}

// checked words an outcome.
func (a *analysis) checked(o promise.Outcome) CheckedPromise {
	p := o.Promise
	out := CheckedPromise{Name: p.Name, Expect: p.Expect, File: p.Origin, Line: p.Line, Status: o.Status, Confidence: Exact, Reason: o.Reason, Notes: o.Notes}
	if o.Doubtful {
		out.Confidence = Approximate
	}
	out.Broken = a.deviating(o.Deviations)
	for _, i := range o.Path {
		out.Path = append(out.Path, a.directory.peers[i])
	}
	if o.FromInternet {
		out.Path = append([]Peer{{Name: internetName}}, out.Path...)
	}
	for i := range o.Steps {
		out.Steps = append(out.Steps, *a.shown(&o.Steps[i]))
	}
	if o.Sample != nil {
		out.Shown = a.shown(o.Sample)
	}
	return out
}

// internetName is what stands for the internet at the beginning of a path.
const internetName = "the internet"

// deviating are the connections that break a promise, of the same ports together.
func (a *analysis) deviating(all []reach.Deviation) []Connection {
	var rectangles []rectangle
	for _, d := range all {
		rectangles = append(rectangles, rectangle{d.Sources.Endpoints(), d.Destinations.Endpoints(), d.Ports})
	}
	var out []Connection
	for _, r := range a.withoutSelf(mergeRectangles(rectangles)) {
		out = append(out, a.connection(r))
	}
	return out
}

// shown explains a connection.
func (a *analysis) shown(s *promise.Sample) *ShownConnection {
	e := Explanation{Source: a.directory.peers[s.Source], Destination: a.directory.peers[s.Destination]}
	e.Egress = a.decision(reach.Head, policy.Egress, s.Source, s.Destination, s.Port)
	e.Ingress = a.decision(reach.Head, policy.Ingress, s.Destination, s.Source, s.Port)
	e.Allowed = e.Egress.Allowed && e.Ingress.Allowed
	return &ShownConnection{Source: e.Source, Destination: e.Destination, Port: s.Port.Ranges()[0], Explanation: e}
}

// Failed tells whether a promise is not kept for sure: it is broken, or promises nothing.
func (p *CheckedPromise) Failed() bool {
	return p.Status == promise.Empty || p.Status == promise.Broken && p.Confidence == Exact
}

// Denies tells whether the promise is that connections are denied.
func (p *CheckedPromise) Denies() bool { return p.Expect == config.Denied }
