package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// unmetRule is about what a configuration names and policies deny from the beginning: nobody loses it, and it fails all the
// same.
const unmetRule = "H20"

// unmet is such a connection.
type unmet struct {
	dependency
	// standing tells that base names it, too, and denies it.
	standing bool
}

// unmetFindings tells of connections that configurations name since the change, and that policies of head deny. What the
// change blocks is told already.
func (a *analysis) unmetFindings(told []Finding) []Finding {
	if a.hygiene == HygieneOff {
		return nil
	}
	type key struct {
		standing, doubtful bool
		cause              string
	}
	groups := make(map[key][]unmet)
	var order []key
	for _, u := range a.findUnmet() {
		if u.standing && a.hygiene != HygieneAll || isBlocked(told, u.source, u.destination) {
			continue
		}
		k := key{standing: u.standing, doubtful: u.doubtful}
		if len(u.causes) > 0 {
			k.cause = u.causes[0].Object
		}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], u)
	}
	var out []Finding
	for _, k := range order {
		out = append(out, unmetFinding(groups[k]))
	}
	return out
}

// isBlocked tells whether a finding says that the change blocks a connection.
func isBlocked(told []Finding, source, destination WorkloadID) bool {
	is := func(id WorkloadID) func(Peer) bool {
		return func(p Peer) bool { return p.Workload != nil && *p.Workload == id }
	}
	return slices.ContainsFunc(told, func(f Finding) bool {
		return f.Kind == Blocked && !f.Narrowed && slices.ContainsFunc(f.Connections, func(c Connection) bool {
			return slices.ContainsFunc(c.Sources, is(source)) && slices.ContainsFunc(c.Destinations, is(destination))
		})
	})
}

// findUnmet finds what workloads are configured to use and may not, in the order of the workloads.
func (a *analysis) findUnmet() []unmet {
	asked := a.configuredAnew()
	if asked == nil {
		return nil
	}
	at := make(map[*cluster.Workload]int32)
	for i := range a.model.Endpoints {
		if w := a.endpoint(int32(i)).Workload[reach.Head]; w != nil {
			at[w] = int32(i)
		}
	}
	finder := evidence.New(a.head, a.backends)
	var former *evidence.Finder
	var out []unmet
	for _, w := range a.head.Workloads {
		source, ok := at[w]
		if !ok || !asked(source) {
			continue
		}
		var found []unmet
		for _, d := range finder.Dependencies(w) {
			destination, ok := at[d.Destination]
			if !ok || destination == source || a.model.Verdict(reach.Head, source, destination).Intersects(d.Ports) {
				continue
			}
			before := a.endpoint(source).Workload[reach.Base]
			if before != nil && former == nil {
				a.before.Do(func() { a.backendsBefore = a.baseBackends() })
				former = evidence.New(a.base, a.backendsBefore)
			}
			standing := before != nil && a.names(former, before, destination, d.Ports)
			if standing && a.model.Verdict(reach.Base, source, destination).Intersects(d.Ports) {
				continue // what blocks it is told
			}
			u := unmet{standing: standing}
			u.source, u.destination = identityOf(w), identityOf(d.Destination)
			u.words = a.workloadName(u.source) + " → " + a.workloadName(u.destination)
			u.ports = d.Ports
			u.doubtful = !a.model.Certain(reach.Head, source, destination, d.Ports)
			u.evidence = []Evidence{inferred(d, "%s uses %s (%s)", a.workloadName(u.source), a.workloadName(u.destination), d.Text)}
			u.causes = a.denying(source, destination, d.Ports)
			found = append(found, u)
		}
		out = append(out, onePerPair(found)...)
	}
	return out
}

// onePerPair joins what one workload's configuration names of another one in several places.
func onePerPair(list []unmet) []unmet {
	var out []unmet
	for _, u := range list {
		i := slices.IndexFunc(out, func(x unmet) bool { return x.destination == u.destination && x.standing == u.standing })
		if i < 0 {
			out = append(out, u)
			continue
		}
		x := &out[i]
		x.ports, x.evidence, x.doubtful = x.ports.Union(u.ports), append(x.evidence, u.evidence...), x.doubtful || u.doubtful
	}
	return out
}

// names tells whether a workload's configuration on base names the connection to an endpoint.
func (a *analysis) names(former *evidence.Finder, w *cluster.Workload, destination int32, ports policy.PortSet) bool {
	to := a.endpoint(destination).Workload[reach.Base]
	return slices.ContainsFunc(former.Dependencies(w), func(d evidence.Dependency) bool {
		return d.Destination == to && d.Ports.Intersects(ports)
	})
}

// configuredAnew tells of which endpoints the configuration may name something else than on base; nil of none. A Service or a
// workload that comes, goes or changes may be what any configuration names.
func (a *analysis) configuredAnew() func(endpoint int32) bool {
	every := func(int32) bool { return true }
	if a.hygiene == HygieneAll || a.servicesChanged() {
		return every
	}
	namespaces := make(map[string]bool)
	for side, of := range [2]map[cluster.Name]*manifest.Object{a.base.ConfigMaps, a.head.ConfigMaps} {
		other := [2]map[cluster.Name]*manifest.Object{a.head.ConfigMaps, a.base.ConfigMaps}[side]
		for name, o := range of {
			if differs(o, other[name]) {
				namespaces[name.Namespace] = true
			}
		}
	}
	changed := make(map[int32]bool)
	for i := range a.model.Endpoints {
		before, after := a.endpoint(int32(i)).Workload[reach.Base], a.endpoint(int32(i)).Workload[reach.Head]
		switch {
		case (before == nil) != (after == nil):
			return every
		case after != nil && (namespaces[after.Namespace] || differs(before.Object, after.Object)):
			changed[int32(i)] = true
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return func(i int32) bool { return changed[i] }
}

func (a *analysis) servicesChanged() bool {
	before := make(map[cluster.Name]*manifest.Object, len(a.base.Services))
	for _, s := range a.base.Services {
		before[s.ID()] = s.Object
	}
	return len(a.base.Services) != len(a.head.Services) ||
		slices.ContainsFunc(a.head.Services, func(s *cluster.Service) bool { return differs(before[s.ID()], s.Object) })
}

// differs tells whether an object is another one; of what is the same on both sides the sides share the contents.
func differs(a, b *manifest.Object) bool {
	return a == nil || b == nil || a.Body != b.Body && a.Digest() != b.Digest()
}

// unmetFinding tells of connections that the same policy denies.
func unmetFinding(all []unmet) Finding {
	rule, _ := severity.ByID(unmetRule)
	first := all[0]
	f := Finding{Rule: rule.ID, Severity: rule.Level, Confidence: Exact, Kind: Hygiene}
	if first.doubtful {
		f.Confidence = Approximate
	}
	words := []string{rule.ID, fmt.Sprint(first.standing)}
	for _, u := range all {
		u.addTo(&f, u.ports)
		words = append(words, u.source.String()+" → "+u.destination.String()+" "+fmt.Sprint(u.ports.Ranges()))
	}
	f.Evidence = tidyEvidence(f.Evidence)
	slices.Sort(words[2:])
	newly := "now "
	if first.standing {
		newly = ""
	}
	if len(all) == 1 {
		source, destination, _ := strings.Cut(first.words, " → ")
		f.Title = fmt.Sprintf("%s cannot reach %s on %s, which its configuration %snames", source, destination, shortPorts(first.ports), newly)
	} else {
		f.Title = fmt.Sprintf("%d connections that configurations %sname, among them %s, are denied", len(all), newly, first.words)
	}
	f.Explanation = "It was never allowed, so that nobody loses it; but what the configuration asks for fails."
	f.Advice = "Allow it in rules of policies that select its ends, or take it out of the configuration."
	if first.standing {
		f.Severity = Info
		f.Title += " (as before)"
	}
	f.Fingerprint = fingerprintOf(words...)
	return f
}
