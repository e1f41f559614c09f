package impact

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// Dependencies are the connections that the workloads of one cluster are configured to use, and whether its policies allow
// them, on both sides.
type Dependencies struct {
	cluster  string
	mode     HygieneMode
	severity []config.Override
	// sides are each side's, by the workloads at their ends; isNew tells that base has no workloads.
	sides [2]map[pair]*dependency
	isNew bool
}

// NewlyDenies tells whether policies of head deny any of them that base does not have or does not deny.
func (d *Dependencies) NewlyDenies() bool {
	for p, is := range d.sides[reach.Head] {
		if was := d.sides[reach.Base][p]; len(is.denied) > 0 && (was == nil || len(is.denied.Minus(was.denied)) > 0) {
			return true
		}
	}
	return false
}

// pair is the ends of a dependency, by names that are the same in every cluster.
type pair struct{ source, destination string }

// dependency is everything that one workload's configuration names of another one.
type dependency struct {
	source, destination WorkloadID
	// words are the two in short: "shop/web → shop/db".
	words string
	// ports are those that are used, denied those of them that policies deny.
	ports, denied policy.PortSet
	// doubtful tells that what is allowed of it rests on facts that are not known, such as a namespace's labels.
	doubtful bool
	// evidence is what shows the use, causes the policies that deny it; nil where nothing is denied.
	evidence []Evidence
	causes   []Cause
}

// addTo adds the connection on some ports to a finding, with what shows it and what denies it.
func (d *dependency) addTo(f *Finding, ports policy.PortSet) {
	f.Connections = append(f.Connections, Connection{
		Sources: []Peer{{Workload: &d.source}}, Destinations: []Peer{{Workload: &d.destination}}, Ports: ports.Ranges(), Count: 1})
	f.Evidence = append(f.Evidence, d.evidence...)
	for _, c := range d.causes {
		if !slices.ContainsFunc(f.Causes, func(x Cause) bool { return x.Object == c.Object && x.Change == c.Change }) {
			f.Causes = append(f.Causes, c)
		}
	}
}

// dependencies finds what the workloads of both sides are configured to use.
func (a *analysis) dependencies(in Input) *Dependencies {
	out := &Dependencies{cluster: in.Name, mode: in.Hygiene, severity: in.Config.Severity, isNew: len(a.base.Workloads) == 0}
	for s, state := range map[reach.Side]*cluster.State{reach.Base: a.base, reach.Head: a.head} {
		backends := a.backends
		if s == reach.Base {
			backends = cluster.NewBackends(state)
		}
		out.sides[s] = a.dependenciesOf(s, state, evidence.New(state, backends), in.Name)
	}
	return out
}

func (a *analysis) dependenciesOf(s reach.Side, state *cluster.State, finder *evidence.Finder, name string) map[pair]*dependency {
	at := make(map[*cluster.Workload]int32)
	for i := range a.model.Endpoints {
		if w := a.endpoint(int32(i)).Workload[s]; w != nil {
			at[w] = int32(i)
		}
	}
	out := make(map[pair]*dependency)
	for _, w := range state.Workloads {
		for _, found := range finder.Dependencies(w) {
			source, destination := at[w], at[found.Destination]
			if source == destination {
				continue
			}
			p := pair{everywhere(w, name), everywhere(found.Destination, name)}
			d := out[p]
			if d == nil {
				d = &dependency{source: identityOf(w), destination: identityOf(found.Destination)}
				d.words = a.workloadName(d.source) + " → " + a.workloadName(d.destination)
				out[p] = d
			}
			d.ports = d.ports.Union(found.Ports)
			d.doubtful = d.doubtful || !a.model.Certain(s, source, destination, found.Ports)
			// Of several ports, which one is used may be unknown: one that is open is enough.
			if a.model.Verdict(s, source, destination).Intersects(found.Ports) {
				continue
			}
			d.denied = d.denied.Union(found.Ports)
			if s == reach.Head {
				d.evidence = append(d.evidence, inferred(found, "%s uses %s (%s)", a.workloadName(d.source), a.workloadName(d.destination), found.Text))
				d.causes = append(d.causes, a.denying(source, destination, found.Ports)...)
			}
		}
	}
	return out
}

// everywhere names a workload as it is called in each cluster: its namespace may have the cluster's own name in it.
func everywhere(w *cluster.Workload, name string) string {
	own := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '/' || r == '-' })
	words := slices.DeleteFunc(strings.Split(w.Namespace, "-"), func(word string) bool { return slices.Contains(own, word) })
	return w.Kind + " " + strings.Join(words, "-") + "/" + w.Name
}

// denying are the policies of head that deny a connection.
func (a *analysis) denying(source, destination int32, ports policy.PortSet) []Cause {
	first := ports.Ranges()[0]
	port := policy.Range(first.Protocol, first.From, first.From)
	var out []Cause
	for d, ends := range [2][2]int32{policy.Ingress: {destination, source}, policy.Egress: {source, destination}} {
		decision := a.decision(reach.Head, policy.Direction(d), ends[0], ends[1], port)
		if decision.Allowed {
			continue
		}
		for _, step := range decision.Steps {
			if !step.Decides {
				continue
			}
			change := "isolates " + a.summarise(ends[:1]).text + " and has no rule for it"
			if step.Rule != "" {
				change = step.Rule + " denies it"
			}
			out = append(out, Cause{Object: step.Object, File: step.File, Line: step.Line, Side: "head", Change: change})
		}
	}
	return out
}
