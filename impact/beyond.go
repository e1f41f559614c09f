package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// restriction is something that a rule asks for beyond what a connection shows.
type restriction struct {
	policy.Beyond
	rule *policy.Rule
	// what says for whom it holds, so that the same for others is another one.
	what string
}

// beyondFindings tells which policies ask for something else beyond ports (methods of HTTP, names, tokens) than before.
// Connections do not show it: the ports stay as open as they are.
func (a *analysis) beyondFindings() []Finding {
	before := byKey(a.base.Policies)
	var out []Finding
	tell := func(base, head []*policy.Policy) {
		if base != nil && head != nil && base[0].Object.Digest() == head[0].Object.Digest() {
			return
		}
		if f, ok := beyondFinding(base, head); ok {
			out = append(out, f)
		}
	}
	for _, parts := range byObject(a.head.Policies) {
		key := parts[0].Object.Key()
		tell(before[key], parts)
		delete(before, key)
	}
	for _, parts := range byObject(a.base.Policies) {
		if key := parts[0].Object.Key(); before[key] != nil {
			tell(parts, nil)
		}
	}
	return out
}

func byKey(policies []*policy.Policy) map[string][]*policy.Policy {
	out := make(map[string][]*policy.Policy)
	for _, parts := range byObject(policies) {
		out[parts[0].Object.Key()] = parts
	}
	return out
}

// restrictionsOf lists what an object asks for beyond ports.
func restrictionsOf(parts []*policy.Policy) []restriction {
	var out []restriction
	for _, p := range parts {
		for _, d := range policy.Directions {
			for i := range p.Rules[d] {
				r := &p.Rules[d][i]
				for _, b := range r.Beyond {
					out = append(out, restriction{b, r, d.String() + " " + r.Verdict.String() + " " + r.PeerWords() + " " + r.PortWords()})
				}
			}
		}
	}
	return out
}

// beyondFinding compares an object's restrictions; either side may be missing.
func beyondFinding(base, head []*policy.Policy) (Finding, bool) {
	gone, added := restrictionsOf(base), restrictionsOf(head)
	same := func(x, y restriction) bool { return x.what == y.what && x.Words() == y.Words() }
	without := func(list, others []restriction) []restriction {
		return slices.DeleteFunc(slices.Clone(list), func(x restriction) bool {
			return slices.ContainsFunc(others, func(y restriction) bool { return same(x, y) })
		})
	}
	gone, added = without(gone, added), without(added, gone)
	if len(gone)+len(added) == 0 || wordsOf(gone) == wordsOf(added) && !swapped(gone, added) {
		return Finding{}, false // the same for others is a matter of connections
	}
	side, parts := "head", head
	if head == nil {
		side, parts = "base", base
	}
	object := parts[0].Object
	id, did := "L1", "asks for something else beyond ports"
	switch denies := slices.ContainsFunc(append(slices.Clone(gone), added...), func(r restriction) bool { return r.rule.Verdict == policy.Deny }); {
	case len(added) == 0:
		did = "no longer asks for more than ports"
		if denies {
			id = "L2" // what was denied in part is denied as a whole
		}
	case len(gone) == 0:
		did = "asks for more than ports now"
		if !denies {
			id = "L2"
		}
	}
	rule, _ := severity.ByID(id)
	f := Finding{
		Rule: id, Severity: rule.Level, Confidence: Exact, Kind: Hygiene,
		Title:       fmt.Sprintf("%s %s: %s", object, did, changeWords(gone, added)),
		Explanation: "Which requests get through is not judged here: connections are. The ports are counted as open, with and without this.",
		Advice:      "Read what the rule asks for before and after; netpol-impact tells that it changed, not what it lets through.",
		Fingerprint: fingerprintOf(id, object.Key(), changeWords(gone, added)),
	}
	for _, list := range []struct {
		restrictions []restriction
		side, change string
	}{{gone, "base", "no longer asked for: "}, {added, "head", "asked for: "}} {
		for _, r := range list.restrictions {
			if list.side == "base" && side == "head" {
				continue // told by what comes instead, or by the object
			}
			at := object.At(r.Part)
			f.Causes = append(f.Causes, Cause{Object: object.String(), File: at.File, Line: at.Line, Side: list.side, Change: list.change + r.Words()})
		}
	}
	if len(f.Causes) == 0 {
		at := object.At(nil)
		f.Causes = []Cause{{Object: object.String(), File: at.File, Line: at.Line, Side: side, Change: "no longer asked for: " + wordsOf(gone)}}
	}
	return f, true
}

// swapped tells whether the same rules ask for something else.
func swapped(gone, added []restriction) bool {
	return slices.ContainsFunc(gone, func(x restriction) bool {
		return slices.ContainsFunc(added, func(y restriction) bool { return x.what == y.what })
	})
}

func changeWords(gone, added []restriction) string {
	switch {
	case len(added) == 0:
		return wordsOf(gone)
	case len(gone) == 0:
		return wordsOf(added)
	}
	return wordsOf(gone) + " → " + wordsOf(added)
}

// toldRestrictions bounds how many are told in a title.
const toldRestrictions = 3

func wordsOf(list []restriction) string {
	var out []string
	for _, r := range list {
		if w := r.Words(); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) > toldRestrictions {
		out = append(out[:toldRestrictions], fmt.Sprintf("%d more", len(out)-toldRestrictions))
	}
	return strings.Join(out, "; ")
}

// beyondNotes say of one state where more than connections decides.
func beyondNotes(policies []*policy.Policy) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, parts := range byObject(policies) {
		if list := restrictionsOf(parts); len(list) > 0 {
			out = append(out, manifest.Problem(manifest.Info, parts[0].Object, list[0].Part, "L7-restricted: the ports count as open, as far as %s lets them", wordsOf(list)))
		}
	}
	return out
}
