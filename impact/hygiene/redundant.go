package hygiene

import (
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const redundantRule = "H10"

// A Redundancy is a rule, or a peer of one, without which the policy means the same, whatever pods there are: another rule
// or peer of the policy covers it.
type Redundancy struct {
	Direction policy.Direction
	// Rule and Peer are their numbers; Peer is -1 for the whole rule. CoverRule and CoverPeer are what covers them.
	Rule, Peer, CoverRule, CoverPeer int
}

// maxRules bounds how many rules of a direction, and how many peers of a rule, are held against each other.
const maxRules = 1000

// Redundancies finds what a policy says twice. It compares meanings, not texts, and needs no pods for it.
func Redundancies(p *policy.Policy) []Redundancy {
	var out []Redundancy
	for _, d := range policy.Directions {
		rules := p.Rules[d]
		for i := range rules[:min(len(rules), maxRules)] {
			if rules[i].Implied {
				continue // nobody has written it
			}
			if cover := coverOf(p, rules, i); cover >= 0 {
				out = append(out, Redundancy{d, i, -1, cover, -1})
				continue
			}
			peers := rules[i].Peers
			for j := range peers[:min(len(peers), maxRules)] {
				for k := range peers[:min(len(peers), maxRules)] {
					if k != j && peers[k].Covers(peers[j]) && (k < j || !peers[j].Covers(peers[k])) {
						out = append(out, Redundancy{d, i, j, i, k})
						break
					}
				}
			}
		}
	}
	return out
}

// coverOf is the rule that covers another one, -1 if there is none: of NetworkPolicies any rule, since all of them allow;
// where the first rule that matches decides, one before it. Of two that mean the same the first one stays.
func coverOf(p *policy.Policy, rules []policy.Rule, i int) int {
	r := &rules[i]
	if !r.Any && len(r.Peers) == 0 || !r.AllPorts && len(r.Ports) == 0 {
		return -1 // it matches nothing, which its compiler has told
	}
	for k := range rules[:min(len(rules), maxRules)] {
		if k != i && !rules[k].Implied && rules[k].Covers(r) && (k < i || p.Tier == policy.Default && !r.Covers(&rules[k])) {
			return k
		}
	}
	return -1
}

// bounded says of a policy what was not looked for because it says too much.
func (s *side) bounded(p *policy.Policy) {
	for _, d := range policy.Directions {
		rules := p.Rules[d]
		if n := len(rules) - maxRules; n > 0 {
			s.leave(p.Object, rules[maxRules].Part, "of %d %s rules only the first %d were held against each other (rules %s and %s): %d were not", len(rules), d, maxRules, redundantRule, exceptionRule, n)
		}
		for i := range rules {
			if n := len(rules[i].Peers) - maxRules; n > 0 {
				s.leave(p.Object, rules[i].Part, "%s: of %d peers only the first %d were held against each other (rule %s): %d were not", rulePath(p, d, i), len(rules[i].Peers), maxRules, redundantRule, n)
			}
		}
	}
}

// redundant tells of what a policy says twice.
func (s *side) redundant(p *policy.Policy) {
	for _, r := range Redundancies(p) {
		rule := &p.Rules[r.Direction][r.Rule]
		at, path := rule.Part, rulePath(p, r.Direction, r.Rule)
		cover := rulePath(p, r.Direction, r.CoverRule)
		what := "rule"
		about := ruleKey(rule)
		if r.Peer >= 0 {
			at, path = peerNode(p, r.Direction, r.Rule, r.Peer)
			_, cover = peerNode(p, r.Direction, r.Rule, r.CoverPeer)
			what, about = "peer", about+" "+peerKey(&rule.Peers[r.Peer])
			if cover == path {
				continue // one list of addresses
			}
		}
		remark := Remark{Rule: redundantRule, Object: p.Object, Part: at, about: r.Direction.String() + " " + about,
			Note:        fmt.Sprintf("%s is covered by %s", path, cover),
			Title:       fmt.Sprintf("%s: the %s %s is covered by %s", p.Object, what, path, cover),
			Explanation: "Whatever it allows, the other one allows, too: without it the policy means the same.",
			Advice:      "Remove it, or narrow the other one if that was meant to allow less."}
		if p.Tier != policy.Default && r.Peer < 0 {
			remark.Title = fmt.Sprintf("%s: the rule %s never decides, because %s matches the same before it", p.Object, path, cover)
			remark.Note = fmt.Sprintf("%s never decides after %s", path, cover)
			remark.Explanation = "The first rule that matches a connection decides it."
			remark.Advice = "Remove it, or move it before the other one."
		}
		s.add(remark)
	}
}

func ruleKey(r *policy.Rule) string {
	key := fmt.Sprint(r.Verdict, r.Any, r.AllPorts, r.Ports)
	for i := range r.Peers {
		key += " " + peerKey(&r.Peers[i])
	}
	return key
}

func peerKey(p *policy.Peer) string {
	switch {
	case p.Pods != nil:
		return p.Pods.Namespaces.Key() + "/" + p.Pods.Pods.Key()
	case p.Block != nil:
		return p.Block.Key()
	case p.Nodes != nil:
		return "nodes " + p.Nodes.Key()
	}
	return p.Domain
}

// maxAlike bounds how many policies of one subject are held against each other.
const maxAlike = 300

// duplicates tells of policies that add nothing to another one of the same subject. One without rules is left alone: that
// it denies all is worth saying by itself.
func (s *side) duplicates(only map[string]bool) {
	parts := make(map[*manifest.Object]int) // an object that compiles to several policies is none of them
	for _, p := range s.state.Policies {
		parts[p.Object]++
	}
	alike, told := make(map[crowdKey][]*policy.Policy), make(map[crowdKey]bool)
	for _, p := range s.state.Policies {
		if p.Tier == policy.Default && len(p.Subject) == 1 && parts[p.Object] == 1 && s.touched.beside(p.Subject[0].Namespaces.Name) {
			key := crowdKey{p.Subject[0].Namespaces.Key(), p.Subject[0].Pods.Key()}
			alike[key] = append(alike[key], p)
		}
	}
	for _, p := range s.state.Policies {
		if p.Tier != policy.Default || len(p.Subject) != 1 || parts[p.Object] > 1 || !s.touched.beside(p.Subject[0].Namespaces.Name) ||
			only != nil && !only[p.Object.Key()] {
			continue
		}
		key := crowdKey{p.Subject[0].Namespaces.Key(), p.Subject[0].Pods.Key()}
		all := alike[key]
		if n := len(all) - maxAlike; n > 0 && !told[key] {
			told[key] = true
			s.leave(all[0].Object, nil, "of %d policies that select the same pods, this one among them, others were held against %d only (rule %s): against %d they were not", len(all), maxAlike, redundantRule, n)
		}
		if i := slices.IndexFunc(all[:min(len(all), maxAlike)], func(q *policy.Policy) bool { return addsNothing(p, q) }); i >= 0 {
			s.add(Remark{Rule: redundantRule, Object: p.Object, about: "policy",
				Note:        "adds nothing to " + all[i].Object.String(),
				Title:       fmt.Sprintf("%s adds nothing to %s", p.Object, all[i].Object),
				Explanation: "Both select the same pods, and every rule of the one is covered by a rule of the other.",
				Advice:      "Remove one of the two."})
		}
	}
}

// addsNothing tells whether a policy means nothing beside another one of the same subject, asked at the same place; of two that
// mean the same, the first by name stays.
func addsNothing(p, q *policy.Policy) bool {
	return p != q && p.Order == q.Order && contains(q, p) && (q.Object.Name < p.Object.Name || !contains(p, q))
}

// contains tells whether a policy has rules, and another one all of them. Rules that do not allow are left alone: what they
// add depends on what is asked before them.
func contains(whole, part *policy.Policy) bool {
	rules := 0
	for _, d := range policy.Directions {
		if part.Isolates[d] && !whole.Isolates[d] {
			return false
		}
		for i := range part.Rules[d] {
			rules++
			r := &part.Rules[d][i]
			if rules > maxRules || r.Verdict != policy.Allow || !slices.ContainsFunc(whole.Rules[d], func(w policy.Rule) bool { return w.Covers(r) }) {
				return false
			}
		}
		if slices.ContainsFunc(whole.Rules[d], func(w policy.Rule) bool { return w.Verdict != policy.Allow }) {
			return false
		}
	}
	return rules > 0
}
