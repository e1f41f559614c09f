// Package cause finds the changed objects behind a changed connection.
//
// In goes an effect of the engine: subjects whose connections with some peers changed. Out come the changes without which
// they would not have: policies that were added, removed or edited; labels of workloads and namespaces; ports; a place on
// the host's network. A change is a cause if the difference goes when it alone is put back; where that takes several
// changes together, these are, and none of them can be left out. Of most connections that follows from what the engine knows
// of each end; of the others one of each kind is asked about that the changes and the rules around them can tell apart. Where
// there are too many kinds, the answer says that it is not whole.
package cause

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Cause is a changed object without which a finding would not be.
type Cause struct {
	// Object names it: "NetworkPolicy shop/deny-all".
	Object string
	File   string
	Line   int
	// Side is where File and Line are to be looked up: "head", or "base" for what was removed.
	Side string
	// Change says what changed about it: "added", "removed", "spec.ingress[0] edited".
	Change string

	// breadth is how much the object reaches: the widest cause comes first.
	breadth int
}

// Undo says how several causes act on the same connections.
type Undo string

// The ways in which causes act. The zero value says nothing: there is one, or each has connections of its own.
const (
	// Any tells that each of the causes is needed: putting back any one of them undoes the difference.
	Any Undo = "any"
	// All tells that each is enough by itself: only putting back all of them undoes it.
	All Undo = "all"
)

// Found is the causes of some connections, the widest first.
type Found struct {
	Causes []Cause
	Undo   Undo
	// Partial tells that not all of the connections were asked about, so that there may be more causes.
	Partial bool
	// Brief tells that of some causes it was not looked up what they do to the rules of other policies.
	Brief bool
}

// Finder finds causes in one model.
type Finder struct {
	model *reach.Model
	base  map[string]*policy.Policy
	head  map[string]*policy.Policy
	// namespaces are each side's.
	namespaces [2]map[string]*cluster.Namespace
	// states are the sides; referred remembers which changes of others give policies another meaning, by the policies' keys, and
	// differing are those that may.
	states    [2]*cluster.State
	referred  map[string][]Cause
	differing []referent
	// changes remembers what changed about each policy; nil if nothing did.
	changes map[part]*Cause
	// effect is the one that was asked for last, sampled what was found of it.
	effect  *reach.Effect
	sampled sampled
	// asked counts the cells that were asked about, traced the connections whose rules were looked up.
	asked, traced int
}

// New prepares for finding causes.
func New(m *reach.Model, base, head *cluster.State) *Finder {
	return &Finder{
		model: m, base: byKey(base.Policies), head: byKey(head.Policies),
		namespaces: [2]map[string]*cluster.Namespace{base.Namespaces, head.Namespaces},
		states:     [2]*cluster.State{base, head},
		changes:    make(map[part]*Cause),
	}
}

func byKey(ps []*policy.Policy) map[string]*policy.Policy {
	out := make(map[string]*policy.Policy, len(ps))
	for _, p := range ps {
		out[p.Object.Key()] = p
	}
	return out
}

// sampled is what was found of a sample for subjects that are alike.
type sampled struct {
	sample *reach.Sample
	things map[[3]int32]found
	// last is what was found for the last subject about which the same changed.
	last map[int32]found
}

type found struct {
	subject int32
	cells   []answered
	things  []reach.Thing
	undo    Undo
	partial bool
}

// answered is what has to be put back for the connection with one peer, which is of a kind.
type answered struct {
	peer, kind int32
	things     []reach.Thing
	undo       Undo
}

// Of returns the causes of an effect on one of its subjects: of the cells that stand for it, what has to be put back for the
// difference to go. Peers are those of the effect's that it is about, sorted; nil for all.
func (f *Finder) Of(e *reach.Effect, subject int32, peers []int32) Found {
	if f.effect != e {
		f.effect, f.sampled = e, sampled{f.model.NewSample(e), make(map[[3]int32]found), make(map[int32]found)}
	}
	of := f.found(subject)
	if peers == nil || len(of.things) < 2 {
		peers = e.Peers
	} else {
		of = of.among(f.sampled.sample, subject, peers)
	}
	out := Found{Undo: of.undo, Partial: of.partial}
	out.Causes, out.Brief = f.causes(e, subject, peers, of)
	if len(out.Causes) < 2 {
		out.Undo = ""
	}
	return out
}

// among is what was found for some peers only; all of it if these are of no kind that was asked about.
func (of found) among(s *reach.Sample, subject int32, peers []int32) found {
	kinds := make(map[int32]bool)
	for _, p := range peers {
		kinds[s.Kind(subject, p)] = true
	}
	cells := slices.DeleteFunc(slices.Clone(of.cells), func(a answered) bool { return !kinds[a.kind] })
	if len(cells) == 0 || len(cells) == len(of.cells) {
		return of
	}
	out := found{subject: of.subject, cells: cells, partial: of.partial}
	out.join()
	return out
}

// join makes one answer of those of all cells.
func (of *found) join() {
	for i, c := range of.cells {
		if i == 0 {
			of.things, of.undo = slices.Clone(c.things), c.undo
			continue
		}
		if c.undo != of.undo || len(c.things) != len(of.things) {
			of.undo = ""
		}
		for _, t := range c.things {
			if !slices.Contains(of.things, t) {
				of.things, of.undo = append(of.things, t), ""
			}
		}
	}
}

// causes are the things of an answer as causes; brief if it was not looked up what all of them do to the rules of other policies.
func (f *Finder) causes(e *reach.Effect, subject int32, peers []int32, of found) (out []Cause, brief bool) {
	if len(of.things) == 0 {
		return f.likely(e, subject), false
	}
	own, across := of.things, []reach.Thing(nil)
	if len(own) > 1 {
		// What is told together must not depend on the ends across: the end that an effect is told of comes first.
		own, across = nil, nil
		for _, t := range of.things {
			if f.isOwn(e, subject, t) {
				own = append(own, t)
			} else {
				across = append(across, t)
			}
		}
	}
	for _, things := range [][]reach.Thing{own, across} {
		var causes []Cause
		for _, t := range things {
			switch {
			case t.Policy != "":
				causes = append(causes, f.policy(t.Policy, func(p *policy.Policy) part {
					return f.matched(subject, peers, part{policy: p, of: f.directions(e, of, t)})
				})...)
			case t.Namespace != "":
				causes = append(causes, f.namespace(t.Namespace)...)
			case t.Endpoint == of.subject:
				causes = append(causes, f.workload(e.Direction, subject)...)
			default:
				for _, i := range f.model.Alike(peers, t.Endpoint) {
					changes := f.workload(1-e.Direction, i)
					if len(changes) > 0 {
						words, whole := f.matching(e, subject, i)
						changes[0].Change += words
						brief = brief || !whole
					}
					causes = append(causes, changes...)
				}
			}
		}
		slices.SortStableFunc(causes, func(a, b Cause) int {
			return cmp.Or(cmp.Compare(b.breadth, a.breadth), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Change, b.Change))
		})
		out = append(out, causes...)
	}
	if len(out) == 0 {
		return f.likely(e, subject), brief
	}
	return out, brief
}

// maxAsked bounds how many cells are asked about in all. What is like what was asked about last is then taken to have the
// same causes.
const maxAsked = 200_000

// found is what was found for a subject, or for another one that it is like.
func (f *Finder) found(subject int32) found {
	key := f.sampled.sample.Key(subject)
	if of, ok := f.sampled.things[key]; ok {
		return of
	}
	if last, ok := f.sampled.last[key[0]]; ok && f.asked >= maxAsked {
		last.partial = true
		return last
	}
	of := f.necessary(subject)
	f.sampled.things[key], f.sampled.last[key[0]] = of, of
	return of
}

// necessary are the things that have to be put back for some cell of a sample.
func (f *Finder) necessary(subject int32) found {
	of := found{subject: subject}
	whole := f.sampled.sample.Each(subject, func(a reach.Answer) bool {
		if a.Asked {
			f.asked++
		}
		of.cells = append(of.cells, answered{a.Peer, a.Kind, a.Things, undoOf(a.Things, a.Alone)})
		return f.asked < maxAsked
	})
	of.join()
	of.partial = !whole
	return of
}

func undoOf(things []reach.Thing, alone bool) Undo {
	switch {
	case len(things) < 2:
		return ""
	case alone:
		return Any
	}
	return All
}

// Between returns the causes of the difference of a single connection.
func (f *Finder) Between(c reach.Cell) Found {
	things, alone := f.model.Necessary(c)
	out := Found{Undo: undoOf(things, alone)}
	for _, t := range things {
		switch {
		case t.Policy != "":
			out.Causes = append(out.Causes, f.policy(t.Policy, func(p *policy.Policy) part { return part{policy: p, of: f.actingOn(t.Policy, c)} })...)
		case t.Namespace != "":
			out.Causes = append(out.Causes, f.namespace(t.Namespace)...)
		case t.Endpoint == c.Destination:
			out.Causes = append(out.Causes, f.workload(policy.Ingress, t.Endpoint)...)
		default:
			out.Causes = append(out.Causes, f.workload(policy.Egress, t.Endpoint)...)
		}
	}
	for d, ends := range [2][2]int32{policy.Ingress: {c.Destination, c.Source}, policy.Egress: {c.Source, c.Destination}} {
		if len(out.Causes) == 0 {
			out.Causes = f.likely(&reach.Effect{
				Direction: policy.Direction(d), Subjects: ends[:1], Peers: ends[1:], Ports: c.Port,
				Opened: f.model.Verdict(reach.Head, c.Source, c.Destination).Intersects(c.Port),
			}, ends[0])
		}
	}
	return out
}

// OfLoss returns why a policy no longer selects workloads: the policy's own change, or the workloads'.
func (f *Finder) OfLoss(p *policy.Policy, lost []int32) []Cause {
	if change := f.change(p, noDirection); change != nil {
		return []Cause{*change}
	}
	var out []Cause
	told := make(map[Cause]bool)
	for _, i := range lost {
		d := policy.Ingress
		if !selects(f.model.Acting(d, reach.Base, i), p) {
			d = policy.Egress
		}
		causes := f.workload(d, i)
		if w := f.model.Endpoints[i].Workload[reach.Head]; len(causes) == 0 && w != nil {
			causes = f.namespace(w.Namespace)
		}
		for _, c := range causes {
			if !told[c] {
				told[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

func sameIdentity(a, b *manifest.Object) bool {
	return a.Name == b.Name && a.Namespace == b.Namespace && a.Kind == b.Kind && a.Group == b.Group
}

// policy is the change of a policy that differs, of the part of it that matters, or the changes of what it refers to.
func (f *Finder) policy(key string, about func(*policy.Policy) part) []Cause {
	p := cmp.Or(f.head[key], f.base[key])
	if change := f.changeOf(about(p)); change != nil {
		return []Cause{*change}
	}
	if causes := f.referents(p); len(causes) > 0 {
		return causes
	}
	return []Cause{*f.cause(p, "head", p.Object.Body, "means something else, because of what it refers to")}
}

func (f *Finder) cause(p *policy.Policy, side string, at *manifest.Node, change string) *Cause {
	origin := p.Object.At(at)
	return &Cause{Object: p.Object.String(), File: origin.File, Line: origin.Line, Side: side, Change: change,
		breadth: f.model.Breadth(p.Object.Key())}
}

// workload finds what changed about a workload itself, as the end that has a direction: its labels, its ports, its place
// on the host's network.
func (f *Finder) workload(d policy.Direction, endpoint int32) []Cause {
	old, now := f.model.Endpoints[endpoint].Workload[reach.Base], f.model.Endpoints[endpoint].Workload[reach.Head]
	if old == nil || now == nil {
		return nil
	}
	var out []Cause
	addAt := func(change string, path ...string) {
		for len(path) > 0 && now.Object.Body.Get(path...) == nil {
			path = path[:len(path)-1] // what is gone has no line
		}
		at := now.Object.At(now.Object.Body.Get(path...))
		out = append(out, Cause{Object: now.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: change, breadth: 1})
	}
	add := func(change string, path ...string) { addAt(change, append(now.TemplatePath(), path...)...) }
	if keys, change := changedLabels(old.Labels, now.Labels); change != "" {
		add(change+f.selection(d, endpoint), "metadata", "labels", keys[0])
	}
	if old.Namespace != now.Namespace {
		addAt("moved from namespace "+old.Namespace, "metadata", "namespace")
	}
	if old.HostNetwork != now.HostNetwork {
		add(fmt.Sprintf("hostNetwork: %v → %v", old.HostNetwork, now.HostNetwork), "spec", "hostNetwork")
	}
	if change := changedPorts(old.Ports, now.Ports); change != "" {
		add(change, "spec", "containers")
	}
	switch {
	case len(out) > 0:
	case old.ServiceAccount != now.ServiceAccount:
		add(fmt.Sprintf("ServiceAccount %s → %s", old.ServiceAccount, now.ServiceAccount), "spec", "serviceAccountName")
	case !maps.Equal(old.AccountLabels, now.AccountLabels):
		out = f.account(now)
	}
	return out
}

// maxSelecting bounds how many policies are named that select a workload no longer, or newly.
const maxSelecting = 3

// selection words which policies that are there on both sides select a workload no longer, or newly.
func (f *Finder) selection(d policy.Direction, endpoint int32) string {
	before, after := f.model.Acting(d, reach.Base, endpoint), f.model.Acting(d, reach.Head, endpoint)
	names := func(among, beside []*policy.Policy, side map[string]*policy.Policy) []string {
		var out []string
		for _, p := range among {
			if !selects(beside, p) && side[p.Object.Key()] != nil {
				out = append(out, p.Object.Name)
			}
		}
		return out
	}
	var words strings.Builder
	for _, s := range []struct {
		names     []string
		one, many string
	}{
		{names(before, after, f.head), "policy %s no longer selects it", "policies %s no longer select it"},
		{names(after, before, f.base), "policy %s now selects it", "policies %s now select it"},
	} {
		switch n := len(s.names); {
		case n == 1:
			fmt.Fprintf(&words, "; "+s.one, s.names[0])
		case n > maxSelecting:
			fmt.Fprintf(&words, "; "+s.many, fmt.Sprintf("%s and %d more", strings.Join(s.names[:maxSelecting-1], ", "), n-maxSelecting+1))
		case n > 1:
			fmt.Fprintf(&words, "; "+s.many, strings.Join(s.names, ", "))
		}
	}
	return words.String()
}

// selects tells whether a policy, on whichever side, is among those that act.
func selects(acting []*policy.Policy, p *policy.Policy) bool {
	return slices.ContainsFunc(acting, func(x *policy.Policy) bool { return sameIdentity(x.Object, p.Object) })
}

func (f *Finder) namespace(name string) []Cause {
	old, now := f.namespaces[reach.Base][name], f.namespaces[reach.Head][name]
	if old == nil || now == nil {
		return nil
	}
	keys, change := changedLabels(old.Labels, now.Labels)
	switch {
	case now.Object != nil:
		if change == "" || old.Object == nil {
			change = "added" // before, its labels were not known
		}
		at := now.Object.At(now.Object.Body.Get("metadata", "labels"))
		for _, key := range keys {
			if label := now.Object.Body.Get("metadata", "labels", key); label != nil {
				at = now.Object.At(label)
				break
			}
		}
		return []Cause{{Object: now.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: change, breadth: 1 << 20}}
	case old.Object != nil:
		return []Cause{{Object: old.Object.String(), File: old.Object.Origin.File, Line: old.Object.Origin.Line, Side: "base", Change: "removed", breadth: 1 << 20}}
	}
	return nil
}

// changedLabels words the difference of two sets of labels; keys are those that differ, sorted.
func changedLabels(before, after map[string]string) (keys []string, change string) {
	words := make(map[string]string)
	for key, old := range before {
		switch now, ok := after[key]; {
		case !ok:
			words[key] = fmt.Sprintf("label %s: %s removed", key, old)
		case now != old:
			words[key] = fmt.Sprintf("label %s: %s → %s", key, old, now)
		}
	}
	for key, now := range after {
		if _, ok := before[key]; !ok {
			words[key] = fmt.Sprintf("label %s: %s added", key, now)
		}
	}
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(words)) {
		keys, texts = append(keys, key), append(texts, words[key])
	}
	return keys, strings.Join(texts, ", ")
}

// changedPorts words the difference of the ports that containers declare: a name that means another number first.
func changedPorts(before, after []cluster.ContainerPort) string {
	var words []string
	same := func(p cluster.ContainerPort) func(cluster.ContainerPort) bool {
		return func(q cluster.ContainerPort) bool {
			return p.Name != "" && p.Name == q.Name && p.Protocol == q.Protocol
		}
	}
	for _, p := range before {
		switch i := slices.IndexFunc(after, same(p)); {
		case slices.Contains(after, p):
		case i >= 0:
			words = append(words, fmt.Sprintf("port %s: %d → %d", p.Name, p.Port, after[i].Port))
		default:
			words = append(words, "port "+portWords(p)+" removed")
		}
	}
	for _, p := range after {
		if !slices.Contains(before, p) && !slices.ContainsFunc(before, same(p)) {
			words = append(words, "port "+portWords(p)+" added")
		}
	}
	return strings.Join(words, ", ")
}

func portWords(p cluster.ContainerPort) string {
	if p.Name == "" {
		return fmt.Sprintf("%d/%s", p.Port, p.Protocol)
	}
	return fmt.Sprintf("%s (%d/%s)", p.Name, p.Port, p.Protocol)
}
