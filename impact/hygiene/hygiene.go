// Package hygiene finds what looks wrong in policies, whether or not a connection differs: selectors that select nothing,
// ports that nobody has, rules that say nothing new.
//
// In go the two states of a cluster and their model; out come remarks, each about one part of one object. A remark is true
// of the manifests as they are: where something rests on what they do not tell (labels of a namespace that is not in them),
// nothing is said. That a selector without a workload may be meant for pods that an operator makes is why most remarks
// about selectors need a workload that nearly answers.
package hygiene

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Remark is what looks wrong with a part of an object.
type Remark struct {
	// Rule is its row of the table of rules.
	Rule   string
	Object *manifest.Object
	// Part is where the object says so; nil for the object as a whole.
	Part *manifest.Node
	// Title says what is wrong, with the object's name; Note the same beside the object's name, in few words.
	Title, Note string
	// Explanation says what comes of it, Advice what to do.
	Explanation, Advice string
	// Standing tells that base has the remark, too.
	Standing bool

	// about identifies what is meant within the object, by content: positions and lines move.
	about string
	// faint remarks are told only where all are asked for: most often nothing is wrong.
	faint bool
}

// Identity is the same for the same remark on both sides, and under unrelated changes.
func (r *Remark) Identity() string { return r.identity(r.Object.Key()) }

func (r *Remark) identity(key string) string { return r.Rule + " " + key + " " + r.about }

// At is where the remark's part stands.
func (r *Remark) At() manifest.Origin { return r.Object.At(r.Part) }

// IsWarning tells the rules about what is read otherwise than it is written.
func IsWarning(rule string) bool {
	return rule == orderRule || rule == inertRule || rule == unmaskedRule
}

// Stray tells of a policy that is most likely meant for other pods than those it selects, and that the change made so.
func (r *Remark) Stray() bool {
	return !r.Standing && (r.Rule == misspeltRule || r.Rule == misplacedRule)
}

// A Change is what remarks are found in: the model of two states, what is known of head, and the policies that lost their
// workloads, which are told as such.
type Change struct {
	Model      *reach.Model
	Base, Head *cluster.State
	Backends   *cluster.Backends
	Orphans    []Orphan
	// Left says what was not looked for, once the change is checked, because there is too much of it.
	Left []manifest.Diagnostic
}

// Check finds the remarks on head. Those that base has, too, are left out, and so is what is most often meant as it is,
// unless all are asked for.
func (c *Change) Check(all bool) []Remark {
	if all {
		return c.check(true, nil)
	}
	return c.check(false, newTouched(c.Model, c.Base, c.Head))
}

// check looks at what is touched only.
func (c *Change) check(all bool, t *touched) []Remark {
	after := newSide(c.Model, reach.Head, c.Head)
	after.backends, after.touched = c.Backends, t
	found := after.check(nil)
	c.Left = after.left
	regrouped := joined(c.Base, c.Head)
	found = slices.DeleteFunc(found, func(r Remark) bool {
		return r.Rule == joinedRule && slices.ContainsFunc(regrouped, func(q Remark) bool { return q.Object == r.Object })
	})
	found = append(found, regrouped...)
	if !all {
		found = slices.DeleteFunc(found, func(r Remark) bool { return r.faint })
	}
	if len(found) == 0 {
		return nil
	}
	c.compare(found, all, t)
	if all {
		return found
	}
	elsewhere := map[string]map[string]bool{unisolatedRule: toldElsewhere(c.Model)}
	lost := make(map[string]bool)
	for _, o := range c.Orphans {
		lost[o.Policy.Object.Key()] = true
	}
	for _, rule := range []string{misspeltRule, misplacedRule, emptyRule} {
		elsewhere[rule] = lost
	}
	return slices.DeleteFunc(found, func(r Remark) bool { return r.Standing || elsewhere[r.Rule][r.Object.Key()] })
}

// compare finds out which remarks base has, too.
func (c *Change) compare(found []Remark, all bool, t *touched) {
	objects, before := make(map[string]bool), make(map[string]bool)
	former := formerKeys(c.Model)
	for _, r := range found {
		objects[r.Object.Key()], objects[former[r.Object.Key()]] = true, true
	}
	side := newSide(c.Model, reach.Base, c.Base)
	side.touched = t
	for _, r := range side.check(objects) {
		if all || !r.faint {
			before[r.Identity()] = true
		}
		if r.Rule == misspeltRule || r.Rule == misplacedRule {
			r.Rule = emptyRule // it selected nothing before, whatever was meant
			before[r.Identity()] = true
		}
	}
	for i := range found {
		r := &found[i]
		r.Standing = before[r.Identity()] || before[r.identity(former[r.Object.Key()])]
	}
}

// side is one state with what was found out about it. It is not safe for use by several goroutines.
type side struct {
	model    *reach.Model
	which    reach.Side
	state    *cluster.State
	backends *cluster.Backends
	crowds   map[crowdKey]*crowd
	index    *index
	// inhabited are the namespaces with workloads that policies can select.
	inhabited map[string]bool
	// touched is what the change can give new remarks to; nil for everything.
	touched *touched
	// namespaceless remembers which selectors of namespaces select none, and what was meant.
	namespaceless map[string]struct {
		none  bool
		meant string
	}
	found []Remark
	// left says what was not looked for.
	left []manifest.Diagnostic
}

func newSide(m *reach.Model, which reach.Side, s *cluster.State) *side {
	out := &side{model: m, which: which, state: s, crowds: make(map[crowdKey]*crowd), inhabited: make(map[string]bool)}
	out.namespaceless = make(map[string]struct {
		none  bool
		meant string
	})
	for _, w := range s.Workloads {
		if !w.HostNetwork {
			out.inhabited[w.Namespace] = true
		}
	}
	return out
}

// check finds the remarks about some objects, by their keys; about all where there are none.
func (s *side) check(only map[string]bool) []Remark {
	for _, p := range s.state.Policies {
		if only != nil && !only[p.Object.Key()] {
			continue
		}
		if !s.touched.around(p) {
			if s.touched.anywhere() { // what it asks for may have come to another namespace
				s.subject(p)
			}
			continue
		}
		s.subject(p)
		s.peers(p)
		s.ports(p)
		if !s.touched.itself(p) {
			continue
		}
		s.redundant(p)
		s.bounded(p)
		s.breadth(p)
		s.inert(p)
		s.exceptions(p)
		s.unmasked(p)
		s.serviceBlocks(p)
	}
	s.duplicates(only)
	s.services(only)
	s.unisolated(only)
	s.orders(only)
	// That a policy's port is no pod's is told with the Service that leads to another one.
	useless := make(map[*manifest.Object]bool)
	for _, r := range s.found {
		useless[r.Object] = useless[r.Object] || r.Rule == serviceRule
	}
	return slices.DeleteFunc(s.found, func(r Remark) bool { return r.Rule == portRule && useless[r.Object] })
}

func (s *side) add(r Remark) { s.found = append(s.found, r) }

// leave says what was not looked for.
func (s *side) leave(o *manifest.Object, at *manifest.Node, format string, args ...any) {
	s.left = append(s.left, manifest.Problem(manifest.Warning, o, at, format, args...))
}

// isIsolated tells whether any policy isolates an endpoint, in either direction.
func isIsolated(m *reach.Model, which reach.Side, endpoint int32) bool {
	return m.Isolated(policy.Ingress, which, endpoint) || m.Isolated(policy.Egress, which, endpoint)
}
