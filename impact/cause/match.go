package cause

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// ruleWords begin what a change of a peer does to the rules of policies that stay as they are.
const ruleWords = "; a rule of "

// maxTraced bounds for how many connections rules are looked up one by one.
const maxTraced = 100_000

// matching words which policies of a subject, there on both sides, have a rule that matches a peer no longer, or newly. It is
// for people, and no part of what the cause is: another subject has other policies. It is not whole if too many were asked.
func (f *Finder) matching(e *reach.Effect, subject, peer int32) (words string, whole bool) {
	if f.traced++; f.traced > maxTraced {
		return "", false
	}
	rules := func(s reach.Side) []string {
		var out []string
		steps, _ := f.model.Trace(e.Direction, s, subject, peer, e.Ports)
		for _, step := range steps {
			if name := step.Policy.Object.Name; step.Rule >= 0 && f.change(step.Policy, anyDirection) == nil && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		return out
	}
	before, after := rules(reach.Base), rules(reach.Head)
	for _, c := range []struct {
		among, beside []string
		words         string
	}{{before, after, " no longer matches it"}, {after, before, " now matches it"}} {
		for _, name := range c.among {
			if !slices.Contains(c.beside, name) {
				return ruleWords + name + c.words, true
			}
		}
	}
	return "", true
}

// Matter is the change without the words on rules.
func (c Cause) Matter() string {
	matter, _, _ := strings.Cut(c.Change, ruleWords)
	return matter
}

// What is what changed about the object itself, without what that does to policies: "label tier: backend → be".
func (c Cause) What() string {
	what, _, _ := strings.Cut(c.Change, ";")
	return what
}
