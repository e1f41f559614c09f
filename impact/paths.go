package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/paths"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// pathFinder tells the paths that a change makes.
type pathFinder struct {
	a        *analysis
	effects  []reach.Effect // those that open connections
	blocking []reach.Effect // the others
	question paths.Question
	// facing are the workloads that traffic from the internet gets to, with the way in, by side.
	facing [2]map[int32]cluster.Exposure
	causes *cause.Finder
	groups map[string]*pathGroup
	order  []*pathGroup
	// radii are the blast radii that were asked for, unasked counts the workloads that were not.
	radii   []paths.Growth
	unasked int
}

// pathGroup is the paths or workloads of one finding.
type pathGroup struct {
	rule     severity.Rule
	causes   []Cause
	paths    []paths.Path
	grown    []paths.Growth
	doubtful bool
}

// pathFindings tells which paths to sensitive workloads appear or get shorter, and whose blast radius grows. Told are the
// findings on connections: what these say already is not repeated. Radii are those of the workloads whose connections
// change, but for unasked ones.
func (a *analysis) pathFindings(effects []reach.Effect, told []Finding) (findings []Finding, radii []Radius, unasked int) {
	f := pathFinder{a: a, groups: make(map[string]*pathGroup)}
	for _, e := range effects {
		if e.Opened {
			f.effects = append(f.effects, e)
		} else {
			f.blocking = append(f.blocking, e)
		}
	}
	f.question = paths.Question{Model: a.model, Listens: func(i int32) policy.PortSet { return a.traits[i].declared }}
	f.findPaths(told)
	f.findGrowth(told)
	var out []Finding
	for _, g := range f.order {
		if g.rule.ID == "P3" {
			out = append(out, f.growthFinding(g))
		} else {
			out = append(out, f.pathFinding(g))
		}
	}
	names := make(map[int32]string, len(f.radii))
	for _, g := range f.radii {
		names[g.Workload] = a.directory.peers[g.Workload].Workload.String()
	}
	slices.SortFunc(f.radii, func(x, y paths.Growth) int { return strings.Compare(names[x.Workload], names[y.Workload]) })
	for _, g := range f.radii {
		radii = append(radii, Radius{*a.directory.peers[g.Workload].Workload, g.Before, g.After})
	}
	return out, radii, f.unasked
}

func (f *pathFinder) findPaths(told []Finding) {
	var sensitive []int32
	for i := range f.a.traits {
		if f.a.traits[i].end.Sensitive && f.a.endpoint(int32(i)).Workload[reach.Head] != nil {
			sensitive = append(sensitive, int32(i))
		}
	}
	if len(sensitive) == 0 {
		return
	}
	f.facing[reach.Head] = f.a.facing(reach.Head, f.a.head, f.a.backends)
	if len(f.facing[reach.Head]) == 0 {
		return
	}
	f.facing[reach.Base] = f.a.facing(reach.Base, f.a.base, cluster.NewBackends(f.a.base))
	for s := range f.facing {
		f.question.Exposed[s] = sortedKeys(f.facing[s])
	}
	if len(f.effects) == 0 && !f.comesOrFaces() {
		return
	}
	for _, p := range f.question.New(sensitive) {
		if len(p.Through) > 2 || !f.a.isTold(told, p.Through[0], p.Through[1]) {
			f.addPath(p)
		}
	}
}

// comesOrFaces tells whether a workload is new, or newly faces the internet: paths may appear though no connection of those
// that stay is opened.
func (f *pathFinder) comesOrFaces() bool {
	for i := range f.a.model.Endpoints {
		if w := f.a.endpoint(int32(i)).Workload; w[reach.Base] == nil && w[reach.Head] != nil {
			return true
		}
	}
	return slices.ContainsFunc(f.question.Exposed[reach.Head], func(i int32) bool { return !contains(f.question.Exposed[reach.Base], i) })
}

// isTold tells whether a finding of high severity says that a workload can now reach another one.
func (a *analysis) isTold(told []Finding, from, to int32) bool {
	is := func(i int32) func(Peer) bool {
		id := a.directory.peers[i].Workload
		return func(p Peer) bool { return p.Workload != nil && id != nil && *p.Workload == *id }
	}
	return slices.ContainsFunc(told, func(f Finding) bool {
		return f.Kind == Opened && f.Severity.Rank() >= High.Rank() && slices.ContainsFunc(f.Connections, func(c Connection) bool {
			return slices.ContainsFunc(c.Destinations, is(to)) && slices.ContainsFunc(c.Sources, is(from))
		})
	})
}

// facing are the workloads of a side that traffic from the internet gets to: exposed to it, and let in.
func (a *analysis) facing(s reach.Side, state *cluster.State, backends *cluster.Backends) map[int32]cluster.Exposure {
	exposures := cluster.Exposures(state, backends)
	out := make(map[int32]cluster.Exposure)
	if len(exposures) == 0 {
		return out
	}
	uses := useFinder{a: a}
	controllers := uses.crowd(a.isController)
	var internet, outside []int32
	for i := range a.model.Endpoints {
		if e := a.endpoint(int32(i)); e.External != nil || e.Nodes != nil {
			outside = append(outside, int32(i))
		}
		if a.traits[i].end.Internet {
			internet = append(internet, int32(i))
			uses.addresses = append(uses.addresses, int32(i))
		}
	}
	for i := range a.model.Endpoints {
		for _, x := range exposures[a.endpoint(int32(i)).Workload[s]] {
			sources := internet
			switch {
			case !x.Public():
				continue
			case x.Routed:
				sources = slices.Concat(controllers.certain, controllers.others)
			case x.Relayed:
				sources = outside
			case len(x.Sources) > 0:
				sources = uses.within(x.Sources)
			}
			if slices.ContainsFunc(sources, func(from int32) bool { return a.model.Verdict(s, from, int32(i)).Intersects(x.Ports) }) {
				out[int32(i)] = x
				break
			}
		}
	}
	return out
}

func sortedKeys(m map[int32]cluster.Exposure) []int32 {
	out := make([]int32, 0, len(m))
	for i := range m {
		out = append(out, i)
	}
	slices.Sort(out)
	return out
}

// group is the finding of a rule and what is behind it.
func (f *pathFinder) group(id string, causes []Cause) *pathGroup {
	key := id
	if len(causes) > 0 {
		key += "\x00" + sameChange(causes[0])
	}
	g := f.groups[key]
	if g == nil {
		rule, _ := severity.ByID(id)
		g = &pathGroup{rule: rule}
		f.groups[key] = g
		f.order = append(f.order, g)
	}
	for _, c := range causes {
		if !slices.ContainsFunc(g.causes, func(x Cause) bool { return x.Object == c.Object && x.Matter() == c.Matter() }) {
			g.causes = append(g.causes, c)
		}
	}
	return g
}

func (f *pathFinder) addPath(p paths.Path) {
	id := "P2"
	if p.Appears() {
		id = "P1"
	}
	causes, doubtful := f.pathCauses(p.Through)
	g := f.group(id, causes)
	g.paths = append(g.paths, p)
	g.doubtful = g.doubtful || doubtful
}

// pathCauses are the changes behind the new steps of a path; doubtful if one of these is.
func (f *pathFinder) pathCauses(through []int32) (causes []Cause, doubtful bool) {
	for n := 1; n < len(through); n++ {
		of, doubt := f.openedBy(through[n-1], through[n])
		causes, doubtful = append(causes, of...), doubtful || doubt
	}
	for _, i := range through {
		if w := f.a.endpoint(i).Workload; w[reach.Base] == nil && w[reach.Head] != nil {
			at := w[reach.Head].Object.Origin
			causes = append(causes, Cause{Object: w[reach.Head].Object.String(), File: at.File, Line: at.Line, Side: "head", Change: "added"})
		}
	}
	if first := through[0]; !contains(f.question.Exposed[reach.Base], first) {
		causes = append(causes, f.exposureCauses(first)...)
	}
	return causes, doubtful
}

// openedBy are the changes that open a step.
func (f *pathFinder) openedBy(from, to int32) (causes []Cause, doubtful bool) {
	for i := range f.effects {
		e := &f.effects[i]
		if !slices.Contains(e.Sources(), from) || !slices.Contains(e.Destinations(), to) {
			continue
		}
		if f.causes == nil {
			f.causes = cause.New(f.a.model, f.a.base, f.a.head)
		}
		subject, peer := to, from
		if e.Direction == policy.Egress {
			subject, peer = from, to
		}
		causes, doubtful = append(causes, f.causes.Of(e, subject, []int32{peer}).Causes...), doubtful || e.Doubtful
	}
	return causes, doubtful
}

// exposureCauses are the changes by which a workload newly faces the internet.
func (f *pathFinder) exposureCauses(i int32) []Cause {
	x := f.facing[reach.Head][i]
	for e := range f.effects {
		effect := &f.effects[e]
		if !slices.Contains(effect.Destinations(), i) {
			continue
		}
		for _, from := range effect.Sources() {
			if f.a.traits[from].end.Internet || x.Routed && f.a.isController(f.a.endpoint(from)) || x.Relayed && f.a.traits[from].end.Outside {
				causes, _ := f.openedBy(from, i)
				return causes
			}
		}
	}
	if f.a.endpoint(i).Workload[reach.Base] == nil {
		return nil // the workload itself is new
	}
	at := x.Object.At(x.Part)
	return []Cause{{Object: x.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: "exposes " + f.name(i)}}
}

func (f *pathFinder) name(i int32) string { return f.a.workloadName(*f.a.directory.peers[i].Workload) }

// stepPorts are the ports of a step that its destination listens on.
func (f *pathFinder) stepPorts(from, to int32) policy.PortSet {
	open := f.a.model.Verdict(reach.Head, from, to)
	if declared := f.a.traits[to].declared; len(declared) > 0 {
		return open.Intersect(declared)
	}
	return open
}

// spelled is a path step by step: "internet → web → api (TCP 8080) → db (TCP 5432)".
func (f *pathFinder) spelled(through []int32) string {
	words := []string{"internet", f.name(through[0])}
	for n := 1; n < len(through); n++ {
		words = append(words, fmt.Sprintf("%s (%s)", f.name(through[n]), shortPorts(f.stepPorts(through[n-1], through[n]))))
	}
	return strings.Join(words, " → ")
}

// maxPaths is how many paths a finding spells out; of the others it names where they lead.
const maxPaths = 10

func (f *pathFinder) pathFinding(g *pathGroup) Finding {
	slices.SortStableFunc(g.paths, func(x, y paths.Path) int { return cmp.Compare(len(x.Through), len(y.Through)) })
	out := f.start(g)
	first := g.paths[0].Through
	var targets []int32
	var words []string
	for n, p := range g.paths {
		to := p.Through[len(p.Through)-1]
		targets = append(targets, to)
		words = append(words, f.a.identities([]int32{to}))
		for k := 1; k < len(p.Through) && n < maxPaths; k++ {
			from, to := p.Through[k-1:k], p.Through[k:k+1]
			out.Connections = append(out.Connections, f.a.connection(rectangle{from, to, f.stepPorts(from[0], to[0])}))
		}
		if n < maxPaths {
			out.Evidence = append(out.Evidence, f.pathEvidence(p))
		}
	}
	where := f.a.summarise(targets)
	if g.rule.ID == "P1" {
		out.Title = fmt.Sprintf("The internet can now get to %s through %s", where.text, f.name(first[0]))
		out.Explanation = "Whoever breaks into what faces the internet can go on, workload by workload; before, no such path was there."
	} else {
		out.Title = fmt.Sprintf("The way from the internet to %s gets shorter: through %s", where.text, f.name(first[0]))
		out.Explanation = "Whoever breaks into what faces the internet has fewer workloads to go through than before."
	}
	var starts []int32
	for _, p := range g.paths {
		starts = append(starts, p.Through[0])
	}
	if starts = tidyNumbers(starts); len(starts) > 1 {
		out.Title = strings.TrimSuffix(out.Title, f.name(first[0])) + f.a.summarise(starts).text
	} else if between := first[1 : len(first)-1]; len(between) > 0 {
		out.Title += " and " + f.between(between)
	}
	out.Title += blameOf(out.Causes)
	out.Explanation += " A step is a connection that policies allow to a port that is declared, or to any port where none is."
	if n := len(g.paths) - maxPaths; n > 0 {
		out.Explanation += fmt.Sprintf(" %s not spelled out.", plural(n, "more path")+either(summary{many: n > 1}, " is", " are"))
	}
	out.Advice = "Take the opened step back, or narrow it to the sources that need it and are not exposed."
	slices.Sort(words)
	out.Fingerprint = fingerprintOf(append([]string{g.rule.ID, changeOf(g.causes)}, words...)...)
	return out
}

func (f *pathFinder) between(workloads []int32) string {
	if len(workloads) > namedInTitle {
		return fmt.Sprintf("%d more workloads", len(workloads))
	}
	names := make([]string, len(workloads))
	for n, i := range workloads {
		names[n] = f.name(i)
	}
	return joinAnd(names)
}

// pathEvidence spells a path out, with the way in from outside.
func (f *pathFinder) pathEvidence(p paths.Path) Evidence {
	x := f.facing[reach.Head][p.Through[0]]
	at := x.Object.At(x.Part)
	text := fmt.Sprintf("%s; %s faces the internet by %s", f.spelled(p.Through), f.name(p.Through[0]), x.By)
	target := p.Through[len(p.Through)-1]
	text += fmt.Sprintf("; %s is sensitive: %s", f.name(target), f.a.traits[target].sensitive)
	if !p.Appears() {
		text += fmt.Sprintf("; %s before, %d now", plural(p.Before, "step"), len(p.Through)-1)
	}
	return Evidence{Kind: "path", Text: text, File: at.File, Line: at.Line}
}

func (f *pathFinder) start(g *pathGroup) Finding {
	out := Finding{Rule: g.rule.ID, Severity: g.rule.Level, Confidence: Exact, Kind: Path, Causes: g.causes}
	if g.doubtful {
		out.Confidence = Approximate
	}
	return out
}

func blameOf(causes []Cause) string {
	w := words{causes: causes, key: groupKey{opened: true}}
	if len(causes) > 0 && strings.HasPrefix(causes[0].Change, "exposes ") {
		return fmt.Sprintf(" (exposed by %s)", causes[0].Object)
	}
	if len(causes) > 0 && causes[0].Change == "added" && !strings.Contains(causes[0].Object, "Policy") {
		return fmt.Sprintf(" (%s is new)", causes[0].Object)
	}
	return w.blame()
}

func changeOf(causes []Cause) string {
	if len(causes) == 0 {
		return ""
	}
	return sameChange(causes[0])
}

func (f *pathFinder) findGrowth(told []Finding) {
	var asked []int32
	seen, opened := make([]bool, len(f.a.model.Endpoints)), make([]bool, len(f.a.model.Endpoints))
	for _, effects := range [][]reach.Effect{f.effects, f.blocking} {
		for i := range effects {
			for _, source := range effects[i].Sources() {
				if seen[source] {
					continue
				}
				seen[source] = true
				if w := f.a.endpoint(source).Workload; w[reach.Base] != nil && w[reach.Head] != nil {
					opened[source] = effects[i].Opened
					asked = append(asked, source)
				}
			}
		}
	}
	f.radii, f.unasked = f.question.Radii(asked)
	var grown []int32
	freed := f.freed(told)
	for _, g := range f.radii {
		if opened[g.Workload] && g.Past() && !freed[*f.a.directory.peers[g.Workload].Workload] {
			grown = append(grown, g.Workload)
		}
	}
	causes := f.growthCauses(grown)
	for _, g := range f.radii {
		if c := causes[g.Workload]; c != nil {
			group := f.group("P3", c.causes)
			group.grown = append(group.grown, g)
			group.doubtful = group.doubtful || c.doubtful
		}
	}
}

// freed are the workloads of which a finding says that they can now reach anything.
func (f *pathFinder) freed(told []Finding) map[WorkloadID]bool {
	out := make(map[WorkloadID]bool)
	for i := range told {
		for _, c := range told[i].Connections {
			if told[i].Rule != "O5" || !slices.ContainsFunc(c.Destinations, func(p Peer) bool { return p.External != nil }) {
				continue
			}
			for _, p := range c.Sources {
				if p.Workload != nil {
					out[*p.Workload] = true
				}
			}
		}
	}
	return out
}

// blame is the changes behind something; doubtful if one of these is.
type blame struct {
	causes   []Cause
	doubtful bool
}

// growthCauses are the changes that open connections of workloads, effect by effect.
func (f *pathFinder) growthCauses(grown []int32) map[int32]*blame {
	out := make(map[int32]*blame, len(grown))
	for _, i := range grown {
		out[i] = &blame{}
	}
	for n := range f.effects {
		e := &f.effects[n]
		for _, i := range grown {
			if !contains(e.Sources(), i) {
				continue
			}
			if f.causes == nil {
				f.causes = cause.New(f.a.model, f.a.base, f.a.head)
			}
			subject, peers := e.Subjects[0], []int32{i}
			if e.Direction == policy.Egress {
				subject, peers = i, nil
			}
			b := out[i]
			b.causes, b.doubtful = append(b.causes, f.causes.Of(e, subject, peers).Causes...), b.doubtful || e.Doubtful
		}
	}
	return out
}

func (f *pathFinder) growthFinding(g *pathGroup) Finding {
	slices.SortStableFunc(g.grown, func(x, y paths.Growth) int { return cmp.Compare(y.After-y.Before, x.After-x.Before) })
	out := f.start(g)
	var who []int32
	for n, grown := range g.grown {
		who = append(who, grown.Workload)
		if n < maxPaths {
			w := f.a.endpoint(grown.Workload).Workload[reach.Head]
			out.Evidence = append(out.Evidence, Evidence{Kind: "path", File: w.Object.Origin.File, Line: w.Object.Origin.Line,
				Text: fmt.Sprintf("%s: %s before, %d now", f.name(grown.Workload), plural(grown.Before, "workload"), grown.After)})
		}
	}
	worst, some := g.grown[0], f.a.summarise(who)
	reach, each := plural(worst.After, "workload"), ""
	if len(who) > 1 {
		each = " each"
	}
	if slices.ContainsFunc(g.grown, func(x paths.Growth) bool { return x.After != worst.After || x.Before != worst.Before }) {
		reach = "up to " + reach
	}
	out.Title = fmt.Sprintf("%s can now get to %s%s in any number of steps, %d before", some.text, reach, each, worst.Before)
	out.Title += blameOf(out.Causes)
	out.Explanation = fmt.Sprintf("The blast radius, how many workloads whoever breaks into one can go on to, grows by at least %d and to at least twice.", paths.GrownBy)
	if n := len(g.grown) - maxPaths; n > 0 {
		out.Explanation += fmt.Sprintf(" %s not spelled out.", plural(n, "more workload")+either(summary{many: n > 1}, " is", " are"))
	}
	out.Advice = "If so many are not needed, narrow the opened connections."
	out.Fingerprint = fingerprintOf("P3", changeOf(g.causes), f.a.identities(who))
	return out
}
