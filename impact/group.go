package impact

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// groupKey is what the connections of one finding share.
type groupKey struct {
	rule     string
	level    severity.Level
	opened   bool
	doubtful bool
	// kept tells that the connections keep every port that their destinations declare.
	kept bool
	// direction is the one that the connections are blocked or opened in, where a finding is told by it.
	direction policy.Direction
	// promise is the name of the one that is broken, where that is the rule.
	promise string
	// change is what the first cause is an instance of.
	change string
}

func keyOf(rule severity.Rule, level severity.Level, e *reach.Effect, causes []Cause, kept bool) groupKey {
	k := groupKey{rule: rule.ID, level: level, opened: e.Opened, doubtful: e.Doubtful, kept: kept, direction: e.Direction}
	if k.byPair() {
		k.direction = policy.Ingress
	}
	if len(causes) > 0 {
		k.change = sameChange(causes[0])
	}
	return k
}

// byPair tells that a finding is about who uses whom: at whose end it is blocked is no other finding.
func (k groupKey) byPair() bool { return k.rule == "B5" || k.kept }

// sameChange is what a change has in common with those that are told together with it: the policy of one name that comes
// to ten namespaces, the label that ten workloads lose. Lines and places in lists are left out.
func sameChange(c Cause) string {
	kind, name, _ := strings.Cut(c.Object, " ")
	what := "edited"
	if c.Change == "added" || c.Change == "removed" {
		what = c.Change
	}
	if strings.Contains(kind, "Policy") {
		return kind + " " + name[strings.LastIndexByte(name, '/')+1:] + " " + what
	}
	return kind + " " + c.What()
}

// groups collects connections by what they share, in the order in which they come.
type groups struct {
	at    map[groupKey]*group
	order []*group
}

func newGroups() *groups { return &groups{at: make(map[groupKey]*group)} }

func (all *groups) of(key groupKey, rule severity.Rule) *group {
	g := all.at[key]
	if g == nil {
		g = &group{key: key, rule: rule, at: make(map[listKey]int), seen: make(map[string]bool)}
		all.at[key] = g
		all.order = append(all.order, g)
	}
	return g
}

// joined are the groups in their order, but for what is told of one level down beside the same of its rule's own level: who
// loses all isolation does so on all ports, whether or not anyone listens.
func (all *groups) joined() []*group {
	var out []*group
	for _, g := range all.order {
		key := g.key
		key.level = g.rule.Level
		whole := all.at[key]
		if g.key.rule != "O5" || whole == nil || whole == g {
			out = append(out, g)
			continue
		}
		whole.rectangles = append(whole.rectangles, g.rectangles...)
		whole.evidence = append(whole.evidence, g.evidence...)
		whole.partial, whole.brief = whole.partial || g.partial, whole.brief || g.brief
		if g.undo != whole.undo || !sameCauses(g.causes, whole.causes) {
			whole.undo = ""
		}
		for _, c := range g.causes {
			if !slices.ContainsFunc(whole.causes, func(x Cause) bool { return x.Object == c.Object && x.Matter() == c.Matter() }) {
				whole.causes = append(whole.causes, c)
			}
		}
	}
	return out
}

// group collects the connections of one finding.
type group struct {
	key        groupKey
	rule       severity.Rule
	rectangles []rectangle
	causes     []Cause
	// blamed are the causes of the connections that came first, undo how they act; "" once others have other ones.
	blamed []Cause
	// last are the causes of those that came last.
	last []Cause
	undo cause.Undo
	// partial tells that there may be more causes, brief that of some it is not told what they do to rules.
	partial, brief bool
	// at finds the rectangle of a list of peers: subjects that share peers share the list.
	at       map[listKey]int
	seen     map[string]bool
	evidence []Evidence
	// ends are those at which connections are blocked or opened, by the directions of the effects.
	ends [2]bool
}

// listKey is a list of peers of an effect, by its first element, for subjects of a namespace.
type listKey struct {
	effect *reach.Effect
	first  *int32
	home   int32
}

func (g *group) add(e *reach.Effect, found cause.Found, subject, home int32, peers []int32) {
	if len(g.rectangles) == 0 {
		g.blamed, g.undo = found.Causes, found.Undo
	} else if found.Undo != g.undo || !sameCauses(found.Causes, g.blamed) {
		g.undo = ""
	}
	g.partial, g.brief = g.partial || found.Partial, g.brief || found.Brief
	g.ends[e.Direction] = true
	key := listKey{e, &peers[0], home}
	if i, ok := g.at[key]; ok {
		subjects := &g.rectangles[i].destinations
		if e.Direction == policy.Egress {
			subjects = &g.rectangles[i].sources
		}
		*subjects = append(*subjects, subject)
	} else {
		g.at[key] = len(g.rectangles)
		g.rectangles = append(g.rectangles, newRectangle(e.Direction, []int32{subject}, peers, e.Ports))
	}
	if slices.Equal(found.Causes, g.last) {
		return
	}
	g.last = found.Causes
	for _, c := range found.Causes {
		if key := c.Object + "\x00" + c.Matter(); !g.seen[key] {
			g.seen[key] = true
			g.causes = append(g.causes, c)
		}
	}
}

func sameCauses(x, y []Cause) bool {
	return slices.EqualFunc(x, y, func(a, b Cause) bool { return a == b || a.Object == b.Object && a.Matter() == b.Matter() })
}

// finding words a group.
func (a *analysis) finding(g *group) Finding {
	f := Finding{Rule: g.key.rule, Severity: g.key.level, Confidence: Exact, Kind: Blocked, Narrowed: g.key.kept, Causes: g.causes, Undo: g.undo}
	if g.key.opened {
		f.Kind = Opened
	}
	if g.key.doubtful {
		f.Confidence = Approximate
	}
	merged := mergeRectangles(g.rectangles)
	rectangles := a.withoutSelf(slices.Clone(merged))
	for _, r := range rectangles {
		f.Connections = append(f.Connections, a.connection(r))
	}
	if len(rectangles) == 0 {
		return f
	}
	if g.key.kept {
		g.evidence = append(g.evidence, a.keptDependencies(rectangles)...)
	}
	f.Evidence = tidyEvidence(g.evidence)
	w := a.words(g, rectangles, &f)
	f.Title = w.title()
	f.Explanation = w.explanation(g.rule) + undoWords[g.undo]
	if g.partial {
		f.Explanation += " Not every connection was asked for its causes: there may be more than are told."
	}
	if g.brief {
		f.Explanation += " Of some causes it was not looked up which rules match no longer, or newly."
	}
	f.Advice = w.advice()
	f.Fingerprint = a.fingerprint(g, a.withoutSelf(canonical(merged)))
	return f
}

// undoWords say how several causes act.
var undoWords = map[cause.Undo]string{
	cause.Any: " All of its causes are needed: to take any one of them back undoes it.",
	cause.All: " Each of its causes is enough by itself: only to take all of them back undoes it.",
}
