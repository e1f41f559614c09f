package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// HygieneMode says which remarks on what looks wrong are told.
type HygieneMode string

// The modes: what the change introduces, all that head has, none. The zero value is HygieneNew.
const (
	HygieneNew HygieneMode = "new"
	HygieneAll HygieneMode = "all"
	HygieneOff HygieneMode = "off"
)

// HygieneModes are all of them.
var HygieneModes = []HygieneMode{HygieneNew, HygieneAll, HygieneOff}

// severalRemarks says what several objects with the same remark have in common.
var severalRemarks = map[string]string{
	"H2":  "select no workload, though one has nearly the labels that each asks for",
	"H3":  "select no workload in their namespace, but would in one other",
	"H4":  "select no workload",
	"H5":  "have peers that no workload answers to",
	"H6":  "have peers in namespaces that are not there",
	"H7":  "allow ports that none of the pods declares",
	"H8":  "let in none of the ports that a Service leads to",
	"H9":  "name ports that none of the pods names",
	"H10": "have rules that others cover",
	"H11": "open a direction to everyone on all ports",
	"H12": "are isolated by no policy, unlike others of their namespace",
	"H13": "have the same priority as another",
	"H14": "have rules without effect, because policyTypes leaves their direction out",
	"H15": "have exceptions that another rule or peer undoes",
	"H16": "have selectors that were meant to be one peer, or two",
	"H17": "have prefixes with bits beyond their length",
	"H19": "have blocks of Services' addresses, which policies never see",
}

// findRemarks finds what looks wrong.
func (a *analysis) findRemarks(mode HygieneMode) {
	if a.hygiene = mode; mode != HygieneOff {
		a.orphans = hygiene.Orphans(a.model, a.base, a.head)
		c := hygiene.Change{Model: a.model, Base: a.base, Head: a.head, Backends: a.backends, Orphans: a.orphans}
		a.remarks = c.Check(mode == HygieneAll)
		a.unremarked = c.Left
	}
}

// remarkFindings tells what looks wrong: one finding for all objects with the same remark.
func (a *analysis) remarkFindings() []Finding {
	type group struct {
		rule     string
		standing bool
	}
	groups := make(map[group][]hygiene.Remark)
	for _, r := range a.remarks {
		g := group{r.Rule, r.Standing}
		groups[g] = append(groups[g], r)
	}
	var out []Finding
	for g, remarks := range groups {
		out = append(out, a.remarkFinding(g.rule, g.standing, remarks))
	}
	return out
}

func (a *analysis) remarkFinding(id string, standing bool, remarks []hygiene.Remark) Finding {
	slices.SortStableFunc(remarks, func(x, y hygiene.Remark) int {
		return cmp.Or(strings.Compare(x.Object.String(), y.Object.String()), cmp.Compare(x.At().Line, y.At().Line), strings.Compare(x.Identity(), y.Identity()))
	})
	rule, _ := severity.ByID(id)
	first := remarks[0]
	f := Finding{Rule: id, Severity: rule.Level, Confidence: Exact, Kind: Hygiene, Title: first.Title, Explanation: first.Explanation, Advice: first.Advice}
	var words, objects []string
	for _, r := range remarks {
		at := r.At()
		f.Causes = append(f.Causes, Cause{Object: r.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: r.Note})
		words = append(words, r.Identity())
		objects = append(objects, r.Object.String())
		if o := a.strays[r.Object.Key()]; o != nil && r.Stray() {
			f.Connections = append(f.Connections, a.connections(o)...)
		}
	}
	objects = slices.Compact(objects)
	switch {
	case len(remarks) == 1:
	case len(objects) == 1:
		f.Title += fmt.Sprintf(" (and %s)", plural(len(remarks)-1, "more remark")+" of the kind")
	default:
		f.Title = objectsInWords(objects) + " " + severalRemarks[id]
	}
	if len(remarks) > 1 {
		f.Explanation = "Rule " + id + ": " + rule.Text + ". Each place is listed with what is wrong there."
	}
	if len(f.Connections) > 0 {
		f.Explanation += notTold
	}
	if standing {
		// What was there before is no fault of the change.
		f.Severity = Info
		f.Title += " (as before)"
	}
	slices.Sort(words) // whatever lines the parts are on
	f.Fingerprint = fingerprintOf(append([]string{id, fmt.Sprint(standing)}, words...)...)
	return f
}

// objectsInWords names a few objects, of one kind as "NetworkPolicies shop/a and shop/b", and counts many.
func objectsInWords(objects []string) string {
	kind, first, _ := strings.Cut(objects[0], " ")
	names := make([]string, len(objects))
	for i, o := range objects {
		own, name, _ := strings.Cut(o, " ")
		if own != kind {
			kind = ""
		}
		names[i] = name
	}
	few := len(objects) <= namedInTitle
	switch {
	case kind == "" && few:
		return joinAnd(objects)
	case kind == "":
		return fmt.Sprintf("%d objects, among them %s,", len(objects), objects[0])
	case few:
		_, kinds, _ := strings.Cut(plural(len(objects), kind), " ")
		return kinds + " " + joinAnd(names)
	}
	return fmt.Sprintf("%s, among them %s,", plural(len(objects), kind), first)
}

// warnings are the remarks that say of one state that it may not mean what its author thinks.
func warnings(remarks []hygiene.Remark) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, r := range remarks {
		if hygiene.IsWarning(r.Rule) {
			out = append(out, manifest.Problem(manifest.Warning, r.Object, r.Part, "%s", r.Note))
		}
	}
	return out
}
