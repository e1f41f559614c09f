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
)

// wayFinder tells which Services no longer lead where they did, so that connections by their names fail though policies
// leave them as they are. What policies close on the way is told with the connections.
type wayFinder struct {
	a     *analysis
	edits edits
	at    [2]map[*cluster.Workload]int32
	lost  map[cluster.Name]*lostWay
	order []*lostWay
}

// lostWay is a Service that workloads got to others by.
type lostWay struct {
	// before is the Service on base, after what it is on head: nil if it is gone.
	before, after *cluster.Service
	rectangles    []rectangle
	evidence      []Evidence
	// closed are the ports that the Service leads to now and that policies keep closed.
	closed policy.PortSet
	// leads tells that it leads to some workload, on whatever port.
	leads bool
	// was and is are the workloads that it led to and those that it leads to, where policies keep these closed.
	was, is []int32
}

// wayFindings tells of Services that lead to no workload any more, or to ports that policies keep closed.
func (a *analysis) wayFindings() []Finding {
	a.before.Do(func() { a.backendsBefore = a.baseBackends() })
	f := wayFinder{a: a, edits: edits{a: a}, lost: make(map[cluster.Name]*lostWay)}
	if !f.servicesDiffer() {
		return nil
	}
	for s := range f.at {
		f.at[s] = make(map[*cluster.Workload]int32)
		for i := range a.model.Endpoints {
			if w := a.endpoint(int32(i)).Workload[s]; w != nil {
				f.at[s][w] = int32(i)
			}
		}
	}
	f.findClients()
	f.findEmpty()
	out := make([]Finding, 0, len(f.order))
	for _, l := range f.order {
		out = append(out, f.finding(l))
	}
	return out
}

// servicesDiffer tells whether some Service of base leads elsewhere on head.
func (f *wayFinder) servicesDiffer() bool {
	return slices.ContainsFunc(f.a.base.Services, func(s *cluster.Service) bool {
		now := f.a.backends.Service(s.ID())
		return now == nil || !slices.Equal(leadsTo(s, f.a.backendsBefore), leadsTo(now, f.a.backends)) || !samePorts(s, now) ||
			s.ExternalName != now.ExternalName
	})
}

func leadsTo(s *cluster.Service, b *cluster.Backends) []string {
	var out []string
	for _, w := range b.Of(s) {
		out = append(out, identityOf(w).String()+" "+s.On(w).Key())
	}
	return out
}

func samePorts(x, y *cluster.Service) bool {
	return x.Headless == y.Headless && slices.Equal(x.Ports, y.Ports)
}

// findClients finds whose configuration names a Service by which they no longer get to anybody.
func (f *wayFinder) findClients() {
	base, head := evidence.New(f.a.base, f.a.backendsBefore), evidence.New(f.a.head, f.a.backends)
	for i := range f.a.model.Endpoints {
		w := f.a.endpoint(int32(i)).Workload
		if w[reach.Base] == nil || w[reach.Head] == nil {
			continue
		}
		for _, was := range base.Ways(w[reach.Base]) {
			is := head.Way(was.Host, was.Port, w[reach.Head].Namespace)
			if f.open(reach.Head, int32(i), is.Leads) {
				continue
			}
			before := f.staying(int32(i), was.Leads)
			if len(before) == 0 || !head.Uses(w[reach.Head], was.Host, was.Port) {
				continue
			}
			f.add(int32(i), before, was, is)
		}
	}
}

// open tells whether policies let a client get to some workload that a way leads to.
func (f *wayFinder) open(s reach.Side, client int32, leads []evidence.Dependency) bool {
	return slices.ContainsFunc(leads, func(d evidence.Dependency) bool {
		to := f.at[s][d.Destination]
		return to == client || f.a.model.Verdict(s, client, to).Intersects(d.Ports)
	})
}

// staying are the destinations that a client got to and that policies would still let it get to, on the same ports: where
// they do not, that is what is told.
func (f *wayFinder) staying(client int32, leads []evidence.Dependency) []evidence.Dependency {
	var out []evidence.Dependency
	for _, d := range leads {
		to := f.at[reach.Base][d.Destination]
		ports := f.a.model.Verdict(reach.Base, client, to).Intersect(d.Ports)
		if to != client && f.a.endpoint(to).Workload[reach.Head] != nil && f.a.model.Verdict(reach.Head, client, to).Intersects(ports) {
			out = append(out, d)
		}
	}
	return out
}

func (f *wayFinder) of(before, after *cluster.Service) *lostWay {
	l := f.lost[before.ID()]
	if l == nil {
		l = &lostWay{before: before, after: after}
		f.lost[before.ID()] = l
		f.order = append(f.order, l)
	}
	return l
}

func (f *wayFinder) add(client int32, before []evidence.Dependency, was, is evidence.Way) {
	l := f.of(was.Service, f.a.backends.Service(was.Service.ID()))
	for _, d := range before {
		l.was = append(l.was, f.at[reach.Base][d.Destination])
	}
	for _, d := range is.Leads {
		l.closed, l.leads = l.closed.Union(d.Ports), true
		l.is = append(l.is, f.at[reach.Head][d.Destination])
		l.rectangles = append(l.rectangles, rectangle{[]int32{client}, []int32{f.at[reach.Head][d.Destination]}, d.Ports})
	}
	if l.after != nil && len(f.a.backends.Of(l.after)) > 0 {
		l.leads = true
	}
	for _, d := range before {
		if len(is.Leads) == 0 {
			l.rectangles = append(l.rectangles, rectangle{[]int32{client}, []int32{f.at[reach.Base][d.Destination]}, d.Ports})
		}
		l.evidence = append(l.evidence, inferred(d, "%s uses %s (%s)", f.name(client), was.Host, d.Text))
	}
}

func (f *wayFinder) name(i int32) string { return f.a.directory.peers[i].String() }

// findEmpty finds Services that led to workloads which stay, and lead to none any more, whoever may use them.
func (f *wayFinder) findEmpty() {
	for _, s := range f.a.base.Services {
		now := f.a.backends.Service(s.ID())
		if now == nil || f.lost[s.ID()] != nil || len(now.Selector) == 0 {
			continue
		}
		var to []int32
		var ports policy.PortSet
		for _, w := range f.a.backendsBefore.Of(s) {
			if i := f.at[reach.Base][w]; len(s.On(w)) > 0 && f.a.endpoint(i).Workload[reach.Head] != nil {
				to, ports = append(to, i), ports.Union(s.On(w))
			}
		}
		empty := !slices.ContainsFunc(f.a.backends.Of(now), func(w *cluster.Workload) bool { return len(now.On(w)) > 0 })
		if len(to) == 0 || !empty {
			continue
		}
		slices.Sort(to)
		l := f.of(s, now)
		l.leads = len(f.a.backends.Of(now)) > 0
		l.rectangles = append(l.rectangles, rectangle{f.anyPod(), to, ports})
	}
}

// anyPod is the endpoint that stands for any pod.
func (f *wayFinder) anyPod() []int32 {
	for i := range f.a.directory.peers {
		if p := f.a.directory.peers[i].Potential; p != nil && *p == (Potential{"*", "*"}) {
			return []int32{int32(i)}
		}
	}
	return nil
}

func (f *wayFinder) finding(l *lostWay) Finding {
	id := "S1"
	if len(l.evidence) == 0 {
		id = "S2"
	}
	rule, _ := severity.ByID(id)
	out := Finding{Rule: id, Severity: rule.Level, Confidence: Exact, Kind: Blocked, Evidence: l.evidence}
	var from, to []int32
	for _, r := range l.rectangles {
		from, to = append(from, r.sources...), append(to, r.destinations...)
	}
	for _, r := range mergeRectangles(l.rectangles) {
		out.Connections = append(out.Connections, f.a.connection(r))
	}
	slices.Sort(from)
	slices.Sort(to)
	from, to = slices.Compact(from), slices.Compact(to)
	elsewhere := slices.ContainsFunc(l.is, func(i int32) bool { return !slices.Contains(l.was, i) })
	name := l.before.ID()
	service := "Service " + f.a.workloadName(WorkloadID{Namespace: name.Namespace, Name: name.Name})
	did := "leads to no workload"
	switch {
	case l.after == nil:
		did = "is removed"
	case elsewhere:
		did = fmt.Sprintf("now leads to %s, which policies keep closed", f.a.summarise(tidyNumbers(l.is)).text)
	case len(l.closed) > 0:
		did = fmt.Sprintf("now leads to %s, which policies keep closed", shortPorts(l.closed))
	case l.leads:
		did = "has no such port, or leads to one that the pods do not have"
	}
	if id == "S1" {
		out.Title = fmt.Sprintf("%s can no longer reach %s: %s %s", f.a.summarise(from).text, f.a.summarise(tidyNumbers(l.was)).text, service, did)
	} else {
		out.Title = fmt.Sprintf("%s no longer leads to any workload (it led to %s)", service, f.a.summarise(to).text)
		if l.leads {
			out.Title = fmt.Sprintf("%s no longer leads to a port of %s", service, f.a.summarise(to).text)
		}
	}
	out.Causes = f.causes(l, to)
	out.Explanation = strings.ToUpper(rule.Text[:1]) + rule.Text[1:] + ". Policies allow what they did; the Service does not lead there any more."
	switch {
	case elsewhere:
		out.Explanation = strings.ToUpper(rule.Text[:1]) + rule.Text[1:] + ". The Service leads to other workloads than before, and policies do not let its clients in to these."
	case len(l.closed) > 0:
		out.Explanation = strings.ToUpper(rule.Text[:1]) + rule.Text[1:] + ". The Service leads to another port than before, and policies allow the old one only."
	}
	if id == "S1" {
		out.Explanation += " The dependency is inferred from the manifests; nobody has seen it on a network."
	}
	out.Advice = "Let the Service's selector, ports and name fit the pods, those who use it, and the policies."
	words := []string{id, name.String(), did}
	for _, r := range l.rectangles {
		words = append(words, f.a.row(r))
	}
	slices.Sort(words[3:])
	out.Fingerprint = fingerprintOf(words...)
	return out
}

// tidyNumbers sorts numbers, each once.
func tidyNumbers(list []int32) []int32 {
	slices.Sort(list)
	return slices.Compact(list)
}

// causes are what changed about the Service and the workloads behind it.
func (f *wayFinder) causes(l *lostWay, behind []int32) []Cause {
	out := f.edits.of(l.before.Object)
	if len(out) > 0 && l.after == nil {
		return out
	}
	for _, i := range behind {
		w := f.a.endpoint(i).Workload
		if w[reach.Base] == nil || w[reach.Head] == nil {
			continue
		}
		if before, after := w[reach.Base], w[reach.Head]; !l.before.Selects(after) && l.before.Selects(before) || !slices.Equal(before.Ports, after.Ports) {
			out = append(out, f.edits.of(after.Object)...)
		}
	}
	return out
}
