package impact

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// about are the promises that are about a cluster.
func about(cluster string, promises []config.Promise) []config.Promise {
	return slices.DeleteFunc(slices.Clone(promises), func(p config.Promise) bool { return !p.In(cluster) })
}

// unrendered are the pods that promises name and that no workload is on either side.
func unrendered(base, head *cluster.State, promises []config.Promise) []policy.Pods {
	if len(promises) == 0 {
		return nil
	}
	all := promise.EndsOf(promises)
	on := make(map[string]bool)
	for _, p := range promise.Unrendered(base, all) {
		on[p.Key()] = true
	}
	return slices.DeleteFunc(promise.Unrendered(head, all), func(p policy.Pods) bool { return !on[p.Key()] })
}

// addressesAsked are the blocks of addresses that promises name.
func addressesAsked(base, head *cluster.State, promises []config.Promise) []netip.Prefix {
	return promise.Blocks(promise.EndsOf(promises), base.NameService.Joined(head.NameService))
}

// promiseEvidence is the kind of evidence that is a promise.
const promiseEvidence = "promise"

// promised is what the promises in force say of both sides.
type promised struct {
	a    *analysis
	held []held
	// watched are those whose connections the change opens or blocks, by number of held.
	watched []int
	// fresh are the endpoints that only one side has.
	fresh reach.Group
	// of is the effect that was asked about last, peers its peers as a group, and matched those of them that a region of a
	// watched promise is about.
	of      *reach.Effect
	peers   reach.Group
	matched map[regionKey][]int32
}

type regionKey struct {
	promise, region int
	side            reach.Side
}

// held is one promise on both sides.
type held struct {
	promise       *config.Promise
	before, after promise.Outcome
	// as is what becomes at head of a promise about ways, between those whom it means at base; zero if that is no matter.
	as promise.Outcome
	// moved tells that it is about other connections on head, told that a finding about changed connections names it.
	moved, told bool
}

func (h *held) denies() bool { return h.promise.Expect == config.Denied }

// holdPromises holds the promises that are about the cluster to both sides.
func (a *analysis) holdPromises(promises []config.Promise) *promised {
	p := &promised{a: a, matched: make(map[regionKey][]int32)}
	if len(promises) == 0 {
		return p
	}
	var fresh []int32
	for i := range a.model.Endpoints {
		if !a.endpoint(int32(i)).Stays() {
			fresh = append(fresh, int32(i))
		}
	}
	p.fresh = a.model.Group(fresh)
	before, after := a.judge(reach.Base), a.judge(reach.Head)
	for i := range promises {
		h := held{promise: &promises[i], before: before.Of(&promises[i]), after: after.Of(&promises[i])}
		if h.promise.Steps != "" && h.before.Status == promise.Kept && h.after.Status != promise.Broken {
			h.as = after.As(&promises[i], before)
		}
		h.moved = !h.meansTheSame(p.fresh)
		if !sameDeviations(h.before.Deviations, h.after.Deviations) || h.denies() && h.moved {
			p.watched = append(p.watched, len(p.held))
		}
		p.held = append(p.held, h)
	}
	return p
}

// sameDeviations tells whether the same connections break a promise on both sides.
func sameDeviations(before, after []reach.Deviation) bool {
	same := func(a, b reach.Deviation) bool {
		return a.Sources.Equal(b.Sources) && a.Destinations.Equal(b.Destinations) && a.Ports.Equal(b.Ports)
	}
	return slices.EqualFunc(before, after, same) || deviationsKey(before) == deviationsKey(after)
}

// deviationsKey identifies what breaks a promise.
func deviationsKey(all []reach.Deviation) string {
	keys := make([]string, len(all))
	for i, d := range all {
		keys[i] = d.Sources.Key() + "|" + d.Destinations.Key() + "|" + d.Ports.Key()
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// meansTheSame tells whether a promise is about the same connections on both sides, those of fresh endpoints apart.
func (h *held) meansTheSame(fresh reach.Group) bool {
	same := func(a, b reach.Group) bool { return a.Equal(b) || a.Union(fresh).Equal(b.Union(fresh)) }
	return same(h.before.Sources, h.after.Sources) && slices.EqualFunc(h.before.Regions, h.after.Regions, func(a, b promise.Region) bool {
		return same(a.Destinations, b.Destinations) && a.Ports.Equal(b.Ports)
	})
}

// tag adds to tags and shown, by peer, what watched promises say of an effect on one of its subjects. Only what a promise
// wants of all of the effect's ports is wanted, and only between those whom it means on both sides: who becomes what is
// promised by the change itself is not what was promised. What it denies it denies to those whom it means on either side:
// nobody gets out of it by another label or name.
func (p *promised) tag(e *reach.Effect, subject int32, add func(peer int32, f facts, shown Evidence)) {
	for _, n := range p.watched {
		h := &p.held[n]
		breaks := e.Opened == h.denies()
		peers := p.meant(e, n, reach.Head, subject, breaks)
		if h.moved && (!breaks || h.denies()) {
			before := p.meant(e, n, reach.Base, subject, true)
			if breaks {
				peers = p.a.model.Group(slices.Concat(peers, before)).Endpoints()
			} else {
				peers = slices.DeleteFunc(slices.Clone(peers), func(i int32) bool { return !contains(before, i) })
			}
		}
		for _, peer := range peers {
			h.told = h.told || breaks
			f := facts{promised: !breaks}
			if breaks {
				f.broken = int32(n) + 1
			}
			add(peer, f, h.evidence())
		}
	}
}

// meant are the peers of an effect with which a subject has connections that a promise is about by what it means on a side;
// some tells that one of the effect's ports is enough.
func (p *promised) meant(e *reach.Effect, n int, s reach.Side, subject int32, some bool) []int32 {
	o := &p.held[n].after
	if s == reach.Base {
		o = &p.held[n].before
	}
	var out []int32
	for r, region := range o.Regions {
		in := e.Ports.Intersect(region.Ports)
		if len(in) == 0 || !some && !in.Equal(e.Ports) {
			continue
		}
		own, across := region.Destinations, o.Sources
		if e.Direction == policy.Egress {
			own, across = across, own
		}
		if !own.Has(subject) {
			continue
		}
		peers := p.among(e, regionKey{n, r, s}, across)
		if out != nil {
			peers = p.a.model.Group(slices.Concat(out, peers)).Endpoints()
		}
		out = peers
	}
	return out
}

// among are the peers of an effect that are in a group.
func (p *promised) among(e *reach.Effect, key regionKey, g reach.Group) []int32 {
	if p.of != e {
		p.of, p.peers = e, p.a.model.Group(e.Peers)
		clear(p.matched)
	}
	found, ok := p.matched[key]
	if !ok {
		found = p.peers.Common(g)
		p.matched[key] = found
	}
	return found
}

// evidence says what is promised, and where.
func (h *held) evidence() Evidence {
	words := "wants it to be allowed"
	if h.denies() {
		words = "denies it"
	}
	return Evidence{Kind: promiseEvidence, Text: fmt.Sprintf("the promise “%s” %s", h.promise.Name, words), File: h.promise.Origin, Line: h.promise.Line}
}

// findings tell the promises that the change breaks without a finding about changed connections that says so, those that
// select nothing any more, and words about those that were not kept before.
func (p *promised) findings(effects []reach.Effect) (findings []Finding, notes []manifest.Diagnostic) {
	paths := pathFinder{a: p.a, groups: make(map[string]*pathGroup)}
	for i := range p.held {
		h := &p.held[i]
		note := func(format string, args ...any) {
			notes = append(notes, manifest.Diagnostic{Severity: manifest.Warning, Object: promiseName(h.promise.Name), File: h.promise.Origin, Line: h.promise.Line, Message: fmt.Sprintf(format, args...)})
		}
		if h.as.Status == promise.Broken {
			findings = append(findings, p.brokenPath(&paths, h, &h.as, effects))
		}
		if gone := h.gone(); len(gone) > 0 && h.after.Status != promise.Empty {
			findings = append(findings, p.partly(h, gone))
		}
		switch was, is := h.before.Status, h.after.Status; {
		case is == promise.Broken && was != promise.Broken && !h.told && len(h.after.Path) > 0:
			findings = append(findings, p.brokenPath(&paths, h, &h.after, effects))
		case is == promise.Broken:
			if broken := p.untold(h); len(broken) > 0 {
				findings = append(findings, p.broken(h, broken, effects))
			} else if was == promise.Broken && !h.told {
				note("this promise is broken on both sides: the change neither breaks nor mends it")
			}
		case is == promise.Empty && was != promise.Empty:
			findings = append(findings, p.empty(h))
		case is == promise.Empty:
			note("this promise promises nothing, on both sides: %s", h.after.Reason)
		case is == promise.Undecided:
			note("this promise is not decided: %s", h.after.Reason)
		}
	}
	return findings, notes
}

func promiseName(name string) string { return "promise " + name }

// untold are the connections that break a promise on head and that no finding about changed connections tells: all of them if
// none does, otherwise those of workloads that are new.
func (p *promised) untold(h *held) []rectangle {
	var out []rectangle
	for _, d := range h.after.Deviations {
		if h.before.Status != promise.Broken && !h.told {
			out = append(out, rectangle{d.Sources.Endpoints(), d.Destinations.Endpoints(), d.Ports})
			continue
		}
		if fresh := d.Sources.Common(p.fresh); len(fresh) > 0 {
			out = append(out, rectangle{fresh, d.Destinations.Endpoints(), d.Ports})
		}
		if fresh := d.Destinations.Common(p.fresh); len(fresh) > 0 {
			if stay := p.a.model.Except(d.Sources, p.fresh); stay.Len() > 0 {
				out = append(out, rectangle{stay.Endpoints(), fresh, d.Ports})
			}
		}
	}
	return p.a.withoutSelf(mergeRectangles(out))
}

// start begins the finding of a broken promise.
func (p *promised) start(h *held) Finding {
	id, kind := "B2", Blocked
	if h.denies() {
		id, kind = "O3", Opened
	}
	rule, _ := severity.ByID(id)
	out := Finding{Rule: id, Severity: rule.Level, Confidence: Exact, Kind: kind, Evidence: []Evidence{h.evidence()}}
	if h.after.Doubtful {
		out.Confidence = Approximate
	}
	return out
}

// broken is the finding of a promise that connections break.
func (p *promised) broken(h *held, broken []rectangle, effects []reach.Effect) Finding {
	out := p.start(h)
	var ports policy.PortSet
	for _, r := range broken {
		out.Connections = append(out.Connections, p.a.connection(r))
		ports = ports.Union(r.ports)
	}
	sources, destinations := ends(broken)
	verb := "cannot reach"
	if h.denies() {
		verb = "can reach"
	}
	out.Causes = p.causes(broken[0], effects)
	out.Title = fmt.Sprintf("%s %s %s on %s, against the promise “%s”", p.a.summarise(sources).text, verb, p.a.summarise(destinations).text, shortPorts(ports), h.promise.Name) + blameOf(out.Causes)
	out.Explanation = "The promise was kept before this change, and is not kept with it."
	if h.before.Status == promise.Broken {
		out.Explanation = "The promise was broken before this change, and more breaks it with it."
	}
	out.Advice = promiseAdvice
	from, to := p.a.identities(sources), p.a.identities(destinations)
	out.Fingerprint = fingerprintOf(out.Rule, h.promise.Name, from, to, fmt.Sprint(ports.Ranges()))
	return out
}

const promiseAdvice = "Change the policies so that the promise is kept; or, if it is to hold no longer, change the promise first, in a pull request of its own."

// causes are the changes behind a rectangle that breaks a promise: workloads that are new, or what opened or blocked one of
// its connections.
func (p *promised) causes(r rectangle, effects []reach.Effect) []Cause {
	var out []Cause
	for _, i := range slices.Concat(r.sources, r.destinations) {
		w := p.a.endpoint(i).Workload
		if w[reach.Base] != nil || w[reach.Head] == nil || len(out) == namedInTitle {
			continue
		}
		at := w[reach.Head].Object.Origin
		out = append(out, Cause{Object: w[reach.Head].Object.String(), File: at.File, Line: at.Line, Side: "head", Change: "added"})
	}
	for n := range effects {
		e := &effects[n]
		if len(out) > 0 || !e.Ports.Intersects(r.ports) {
			continue
		}
		subjects, peers := r.destinations, r.sources
		if e.Direction == policy.Egress {
			subjects, peers = peers, subjects
		}
		at := slices.IndexFunc(subjects, func(i int32) bool { return slices.Contains(e.Subjects, i) })
		if at >= 0 && slices.ContainsFunc(peers, func(i int32) bool { return contains(e.Peers, i) }) {
			out = cause.New(p.a.model, p.a.base, p.a.head).Of(e, subjects[at], nil).Causes
		}
	}
	return out
}

// brokenPath is the finding of a promise that a way through other workloads breaks.
func (p *promised) brokenPath(f *pathFinder, h *held, o *promise.Outcome, effects []reach.Effect) Finding {
	if f.effects == nil {
		for _, e := range effects {
			if e.Opened {
				f.effects = append(f.effects, e)
			}
		}
		f.facing[reach.Head] = p.a.facing(reach.Head, p.a.head, p.a.backends)
		f.question.Exposed[reach.Base] = sortedKeys(p.a.facing(reach.Base, p.a.base, p.a.baseBackends()))
	}
	out := p.start(h)
	out.Confidence = Exact
	if o.Doubtful {
		out.Confidence = Approximate
	}
	through := o.Path
	of := f
	if !o.FromInternet { // it does not matter that the first does not face the internet
		of = &pathFinder{a: p.a, effects: f.effects, groups: f.groups}
		of.question.Exposed[reach.Base] = through[:1]
	}
	causes, doubtful := of.pathCauses(through)
	if doubtful {
		out.Confidence = Approximate
	}
	names := make([]string, len(through))
	for n, i := range through {
		names[n] = p.a.directory.peers[i].String()
		if n > 0 {
			out.Connections = append(out.Connections, p.a.connection(rectangle{through[n-1 : n], through[n : n+1], f.stepPorts(through[n-1], i)}))
		}
	}
	if o.FromInternet {
		names = append([]string{internetName}, names...)
	}
	out.Causes = causes
	who := names[0]
	if o.FromInternet {
		who = "The internet"
	}
	out.Title = fmt.Sprintf("%s can get to %s, against the promise “%s”", who, names[len(names)-1], h.promise.Name) + blameOf(causes)
	out.Explanation = "There is a way: " + strings.Join(names, " → ") + ". A step is a connection that policies allow to a port that is declared, or to any port where none is."
	out.Advice = promiseAdvice
	out.Fingerprint = fingerprintOf(append([]string{out.Rule, h.promise.Name}, names...)...)
	return out
}

// empty is the finding of a promise that the change leaves without anything that it is about.
func (p *promised) empty(h *held) Finding {
	f := promiseFinding("R3", h.promise, "base", "selects nothing any more")
	f.Title = fmt.Sprintf("The promise “%s” selects nothing any more: %s", h.promise.Name, h.after.Reason)
	f.Explanation = "What it was about is gone or has other names or labels, so that it promises nothing."
	f.Advice = emptyAdvice
	return f
}

// gone are the parts of a promise that select nothing at head, and selected something at base.
func (h *held) gone() []string {
	return slices.DeleteFunc(slices.Clone(h.after.Absent), func(part string) bool { return slices.Contains(h.before.Absent, part) })
}

// partly is the finding of a promise that the change leaves without some of what it is about.
func (p *promised) partly(h *held, gone []string) Finding {
	f := promiseFinding("R3", h.promise, "base", "selects less: "+strings.Join(gone, "; "))
	f.Title = fmt.Sprintf("A part of the promise “%s” selects nothing any more: %s", h.promise.Name, strings.Join(gone, "; "))
	f.Explanation = "What this part was about is gone or has other names or labels, so that the rest alone is promised."
	f.Advice = emptyAdvice
	return f
}

const emptyAdvice = "Keep what the promise is about; or, if that is meant, change the promise along with it, and let its owner accept this."

// promiseFinding begins a finding about a promise itself.
func promiseFinding(id string, p *config.Promise, side, change string) Finding {
	rule, _ := severity.ByID(id)
	return Finding{
		Rule: id, Severity: rule.Level, Confidence: Exact, Kind: Promise,
		Causes:      []Cause{{Object: promiseName(p.Name), File: p.Origin, Line: p.Line, Side: side, Change: change}},
		Fingerprint: fingerprintOf(id, p.Name, change),
	}
}

// PromiseRemoved is the finding that a promise of base is not there at head; why says what became of its file, if that is
// the reason.
func PromiseRemoved(p *config.Promise, why string) Finding {
	f := promiseFinding("R1", p, "base", "removed")
	f.Title = fmt.Sprintf("The promise “%s” is removed", p.Name)
	f.Explanation = strings.TrimSpace("Once this is merged, nobody is told any more when it is broken. " + why)
	f.Advice = "Keep the promise, or let its owner accept that it ends."
	return f
}

// PromiseChanged is the finding that a promise of base says something else at head that may be less.
func PromiseChanged(base, head *config.Promise, change string) Finding {
	f := promiseFinding("R2", head, "head", change)
	f.Title = fmt.Sprintf("The promise “%s” is changed and may promise less: %s", base.Name, change)
	f.Explanation = "Until this is merged, what base promises is in force."
	f.Advice = "Keep what was promised and add to it, or let the promise's owner accept the change."
	return f
}

// AddFindings adds findings to a cluster, with the severities that the configuration wants, in their places.
func (c *Cluster) AddFindings(cfg config.Config, findings ...Finding) {
	override(findings, cfg.Severity)
	c.Findings = append(c.Findings, findings...)
	slices.SortStableFunc(c.Findings, compareFindings)
}

// maxProposals is how many promises that are not in force are told of: head could drown the report in them.
const maxProposals = 100

// proposals say what becomes at head of promises that count only once they are merged.
func (a *analysis) proposals(promises []config.Promise) []manifest.Diagnostic {
	if len(promises) == 0 {
		return nil
	}
	judge := a.judge(reach.Head)
	var out []manifest.Diagnostic
	for i := range promises {
		if i == maxProposals {
			return append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: "promises",
				Message: fmt.Sprintf("the change adds or changes %d more promises, which are not tried here; netpol-impact test tries all", len(promises)-i)})
		}
		p := &promises[i]
		d := manifest.Diagnostic{Severity: manifest.Info, Object: promiseName(p.Name), File: p.Origin, Line: p.Line}
		switch o := judge.Of(p); o.Status {
		case promise.Kept:
			d.Message = "the change adds or changes this promise, which is kept at head; it counts once it is merged"
			if len(o.Notes) > 0 { // it may be kept because it is misspelt
				d.Severity = manifest.Warning
				d.Message += "; " + strings.Join(o.Notes, "; ")
			}
		case promise.Broken:
			d.Severity = manifest.Warning
			d.Message = "the change adds or changes this promise, which is broken at head: it will fail once it is merged"
		case promise.Empty:
			d.Severity = manifest.Warning
			d.Message = "the change adds or changes this promise, which promises nothing at head: " + o.Reason
		default:
			d.Severity = manifest.Warning
			d.Message = "the change adds or changes this promise, which is not decided at head: " + o.Reason
		}
		out = append(out, d)
	}
	return out
}
