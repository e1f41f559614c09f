package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// exposer tells which ways in from outside a change makes or takes away, where policies let the traffic in anyway: what a
// policy opens to the internet is told with its connections.
type exposer struct {
	a *analysis
	// exposures are each side's.
	exposures [2]map[*cluster.Workload][]cluster.Exposure
	edits     edits
	// internet are the endpoints that hold addresses of the internet, controllers those that come by a route.
	internet, controllers []int32
	uses                  useFinder
	groups                map[string]*exposed
	order                 []*exposed
}

// exposed is the ways in or out of one finding.
type exposed struct {
	rule   severity.Rule
	opened bool
	// public tells that the internet gets there, and not only private addresses; absent that nobody rendered is there.
	public, absent, isNew, routed bool
	rectangles                    []rectangle
	connections                   []Connection
	who                           []string
	by                            []string
	causes                        []Cause
	evidence                      []Evidence
	words                         []string
}

// exposureFindings tells what newly faces the outside, and what faces it no longer, by Services, routes and pods themselves.
func (a *analysis) exposureFindings() []Finding {
	a.before.Do(func() { a.backendsBefore = a.baseBackends() })
	f := exposer{a: a, edits: edits{a: a}, uses: useFinder{a: a}, groups: make(map[string]*exposed)}
	f.exposures[reach.Base], f.exposures[reach.Head] = cluster.Exposures(a.base, a.backendsBefore), cluster.Exposures(a.head, a.backends)
	for i := range a.model.Endpoints {
		w := a.endpoint(int32(i)).Workload
		if w[reach.Head] == nil {
			continue // what goes is told as such
		}
		before, after := f.exposures[reach.Base][w[reach.Base]], f.exposures[reach.Head][w[reach.Head]]
		if !slices.EqualFunc(before, after, sameExposure) {
			f.compare(int32(i), before, after)
		}
	}
	f.compareAbsent()
	out := make([]Finding, 0, len(f.order))
	for _, g := range f.order {
		out = append(out, f.finding(g))
	}
	return out
}

func sameExposure(x, y cluster.Exposure) bool {
	return x.By == y.By && x.Routed == y.Routed && x.Ports.Equal(y.Ports) && slices.Equal(x.Sources, y.Sources)
}

// compare tells what differs about one workload.
func (f *exposer) compare(i int32, before, after []cluster.Exposure) {
	f.findCrowds()
	stays := f.a.endpoint(i).Workload[reach.Base] != nil
	for n := range after {
		x := &after[n]
		ports := f.admitted(reach.Head, i, x)
		if stays {
			ports = ports.Intersect(f.admitted(reach.Base, i, x)) // what a policy opens is told as opened by it
		}
		for k := range before {
			if was := &before[k]; was.Covers(x) && (x.Routed || !was.Routed) {
				ports = ports.Minus(was.Ports)
			}
		}
		if len(ports) > 0 {
			f.add(i, x, ports, true)
		}
	}
	for n := range before {
		x := &before[n]
		ports := f.admitted(reach.Base, i, x)
		for k := range after {
			if is := &after[k]; is.Covers(x) {
				ports = ports.Minus(f.admitted(reach.Head, i, is))
			}
		}
		if len(ports) > 0 {
			f.add(i, x, ports, false)
		}
	}
}

// findCrowds finds the endpoints that traffic from outside comes from.
func (f *exposer) findCrowds() {
	if f.internet != nil {
		return
	}
	for i := range f.a.model.Endpoints {
		if e := f.a.endpoint(int32(i)); e.External != nil {
			f.uses.addresses = append(f.uses.addresses, int32(i))
			if f.a.traits[i].end.Internet {
				f.internet = append(f.internet, int32(i))
			}
		}
	}
	crowd := f.uses.crowd(f.a.isController)
	f.controllers = slices.Concat(crowd.certain, crowd.others)
}

// outside are the addresses that a way in is for.
func (f *exposer) outside(x *cluster.Exposure) []int32 {
	if x.Relayed {
		return f.uses.addresses
	}
	if len(x.Sources) > 0 {
		return f.uses.within(x.Sources)
	}
	return f.internet
}

// admitted are the ports of an exposure that policies let its traffic in to on one side.
func (f *exposer) admitted(s reach.Side, i int32, x *cluster.Exposure) policy.PortSet {
	sources := f.controllers
	if !x.Routed {
		sources = f.outside(x)
	}
	var out policy.PortSet
	for _, from := range sources {
		if out = out.Union(f.a.model.Verdict(s, from, i).Intersect(x.Ports)); out.Equal(x.Ports) {
			break
		}
	}
	return out
}

// ruleOf is the rule of a way in that comes or goes.
func ruleOf(x *cluster.Exposure, opened, sensitive, isNew bool) string {
	switch {
	case !opened:
		return "E4"
	case !x.Public():
		return "E5"
	case sensitive:
		return "E1"
	case x.Routed && isNew:
		return "E5"
	case x.Routed || isNew:
		return "E3"
	}
	return "E2"
}

func (f *exposer) add(i int32, x *cluster.Exposure, ports policy.PortSet, opened bool) {
	w := f.a.endpoint(i).Workload
	isNew := w[reach.Base] == nil
	causes := f.causes(x, w[reach.Base], w[reach.Head], opened)
	g := f.group(ruleOf(x, opened, f.a.traits[i].end.Sensitive, isNew), x, causes, opened, isNew, false)
	sources := f.outside(x)
	g.rectangles = append(g.rectangles, rectangle{sources, []int32{i}, ports})
	name := f.a.workloadName(*f.a.directory.peers[i].Workload)
	text := fmt.Sprintf("%s exposes %s on %s", x.By, name, PortsText(ports.Ranges()))
	if !opened {
		text = fmt.Sprintf("%s exposed %s on %s", x.By, name, PortsText(ports.Ranges()))
	}
	if g.rule.ID == "E1" {
		text += "; " + name + " is sensitive: " + f.a.traits[i].sensitive
	}
	g.note(x, text, f.a.directory.peers[i].identity()+" "+fmt.Sprint(ports.Ranges()))
}

// group is the finding of a rule and a change.
func (f *exposer) group(id string, x *cluster.Exposure, causes []Cause, opened, isNew, absent bool) *exposed {
	rule, _ := severity.ByID(id)
	kind, _, _ := strings.Cut(x.By, " ")
	key := fmt.Sprintln(id, opened, x.Public(), isNew, absent, kind)
	if len(causes) > 0 {
		key += sameChange(causes[0])
	}
	g := f.groups[key]
	if g == nil {
		g = &exposed{rule: rule, opened: opened, public: x.Public(), absent: absent, isNew: isNew, routed: x.Routed}
		f.groups[key] = g
		f.order = append(f.order, g)
	}
	for _, c := range causes {
		if !slices.ContainsFunc(g.causes, func(have Cause) bool { return have.Object == c.Object && have.Change == c.Change }) {
			g.causes = append(g.causes, c)
		}
	}
	return g
}

func (g *exposed) note(x *cluster.Exposure, text, word string) {
	if !slices.Contains(g.by, x.By) {
		g.by = append(g.by, x.By)
	}
	if len(x.Sources) > 0 {
		text += ", to " + addressText(x.Sources) + " only"
	}
	at := x.Object.At(x.Part)
	g.evidence = append(g.evidence, Evidence{Kind: "exposure", Text: text, File: at.File, Line: at.Line})
	g.words = append(g.words, word)
}

// causes are the objects between the outside and a workload that differ: what exposes, the Service behind a route, the
// workload itself.
func (f *exposer) causes(x *cluster.Exposure, before, after *cluster.Workload, opened bool) []Cause {
	objects := []*manifest.Object{x.Object}
	if x.Service != nil && x.Service.Object != x.Object {
		objects = append(objects, x.Service.Object)
	}
	out := f.edits.of(objects...)
	if before != nil && after != nil && (len(out) == 0 || before.Object.Key() == x.Object.Key()) {
		if c, ok := cause.Edited(before.Object, after.Object); ok && !slices.ContainsFunc(out, func(have Cause) bool { return have.Object == c.Object }) {
			out = append(out, c)
		}
	}
	if len(out) == 0 && before == nil && after != nil {
		out = append(out, Cause{Object: after.Object.String(), File: after.Object.Origin.File, Line: after.Object.Origin.Line, Side: "head", Change: "added"})
	}
	if len(out) == 0 {
		at, side, did := x.Object.At(x.Part), "head", "exposes it"
		if !opened {
			side, did = "base", "exposed it"
		}
		out = append(out, Cause{Object: x.Object.String(), File: at.File, Line: at.Line, Side: side, Change: did})
	}
	return out
}

// compareAbsent tells what differs about pods that are not in the manifests: whether policies let the traffic in to them is
// not known.
func (f *exposer) compareAbsent() {
	before, after := cluster.AbsentExposures(f.a.base, f.a.backendsBefore), cluster.AbsentExposures(f.a.head, f.a.backends)
	without := func(list, others []cluster.Absent, tell func(*cluster.Absent)) {
		known := make(map[string][]*cluster.Absent)
		for n := range others {
			known[others[n].Namespace+"/"+others[n].Pods] = append(known[others[n].Namespace+"/"+others[n].Pods], &others[n])
		}
		for n := range list {
			x := &list[n]
			if !slices.ContainsFunc(known[x.Namespace+"/"+x.Pods], func(y *cluster.Absent) bool {
				return y.Covers(&x.Exposure) && (x.Routed || !y.Routed) && len(x.Ports.Minus(y.Ports)) == 0
			}) {
				tell(x)
			}
		}
	}
	tell := func(opened bool) func(*cluster.Absent) {
		return func(x *cluster.Absent) {
			f.findCrowds()
			g := f.group(ruleOf(&x.Exposure, opened, false, false), &x.Exposure, f.causes(&x.Exposure, nil, nil, opened), opened, false, true)
			to := Peer{Potential: &Potential{Namespaces: x.Namespace, Pods: x.Pods}}
			ports := x.Ports
			if len(ports) == 0 {
				ports = policy.AllPorts()
			}
			c := Connection{Sources: f.a.peersOf(f.outside(&x.Exposure)), Destinations: []Peer{to}, Ports: ports.Ranges()}
			c.Count = len(c.Sources)
			g.connections = append(g.connections, c)
			g.who = append(g.who, to.String())
			g.note(&x.Exposure, fmt.Sprintf("%s leads to %s, which are not in these manifests", x.By, to), to.identity()+" "+fmt.Sprint(ports.Ranges()))
		}
	}
	without(after, before, tell(true))
	without(before, after, tell(false))
}

func (f *exposer) finding(g *exposed) Finding {
	out := Finding{Rule: g.rule.ID, Severity: g.rule.Level, Confidence: Exact, Kind: Opened, Causes: g.causes, Evidence: g.evidence, Connections: g.connections}
	if !g.opened {
		out.Kind = Blocked
	}
	var who []int32
	var ports policy.PortSet
	for _, r := range g.rectangles {
		who, ports = append(who, r.destinations...), ports.Union(r.ports)
	}
	for _, r := range mergeRectangles(g.rectangles) {
		out.Connections = append(out.Connections, f.a.connection(r))
	}
	slices.Sort(who)
	text, on := joinAnd(g.who), ""
	switch {
	case g.absent && len(g.who) > namedInTitle:
		text = fmt.Sprintf("%d groups of pods not in these manifests", len(g.who))
	case !g.absent:
		text, on = f.a.summarise(slices.Compact(who)).text, " on "+shortPorts(ports)
	}
	from, can := "The internet", "can now get to"
	if !g.public {
		from = "Private addresses"
	}
	if !g.opened {
		can = "can no longer get to"
	}
	by := joinAnd(g.by)
	if len(g.by) > namedInTitle {
		by = fmt.Sprintf("%d objects, among them %s", len(g.by), g.by[0])
	}
	out.Title = fmt.Sprintf("%s %s %s%s (%s)", from, can, text, on, changedBy(by, g))
	out.Explanation, out.Advice = exposureWords(g)
	if g.absent {
		out.Confidence = Approximate
	}
	slices.Sort(g.words)
	slices.Sort(g.by)
	out.Fingerprint = fingerprintOf(slices.Concat([]string{g.rule.ID, fmt.Sprint(g.opened, g.public, g.absent)}, g.by, g.words)...)
	return out
}

// changedBy names what exposes, and what was done to it.
func changedBy(by string, g *exposed) string {
	if g.opened {
		return "by " + by
	}
	kept := func(by string) bool {
		return !slices.ContainsFunc(g.causes, func(c Cause) bool { return c.Change == "removed" && strings.HasSuffix(by, c.Object) })
	}
	if slices.ContainsFunc(g.by, kept) {
		return "it did by " + by
	}
	return by + " removed"
}

func exposureWords(g *exposed) (explanation, advice string) {
	sentences := []string{strings.ToUpper(g.rule.Text[:1]) + g.rule.Text[1:] + "."}
	switch {
	case g.absent:
		sentences = append(sentences, "Whether policies let it in to pods that are not in these manifests is not known.")
	case g.isNew:
		sentences = append(sentences, "Policies let this traffic in to the new workload.")
	case g.opened:
		sentences = append(sentences, "Policies let this traffic in before and after; what is new is the way from outside the cluster.")
	default:
		sentences = append(sentences, "Policies let this traffic in before; what brought it from outside the cluster does so no longer.")
	}
	if g.routed && g.opened {
		sentences = append(sentences, "What connects to it is the controller's pods, for whoever asks from outside.")
	}
	advice = "If it is not meant for everybody outside, limit who gets in: where it is exposed, or by a policy."
	if !g.opened {
		advice = "If somebody outside still uses it, keep the way in until they have moved."
	}
	return strings.Join(sentences, " "), advice
}
