package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Matching are the paths of those rules of the policy of an object's key that match connections of a subject with some peers,
// ascending, on a side and in a direction, as Trace tells of each. Peers are those of the effect's that it is about, sorted; nil
// for all.
func (s *Sample) Matching(key string, d policy.Direction, side Side, subject int32, peers []int32) (paths []string) {
	m := s.m
	c := m.classOf[subject]
	subjects, others := runs{{c, c + 1}}, s.classes
	if peers != nil && len(peers) < len(s.e.Peers) {
		others = m.peerClasses(&Effect{Peers: peers})
	}
	if d != s.e.Direction {
		subjects, others = others, subjects
	}
	for _, i := range m.policyIndex[side][key] {
		p := &m.policies[side][i]
		if p.body[d] < 0 {
			continue
		}
		var governed runs
		if d == s.e.Direction {
			if governed = subjects; !m.governs(p, side, c) {
				continue
			}
		} else {
			for _, id := range p.subject {
				governed = governed.union(m.sets.sets[id].members[side].intersect(subjects))
			}
		}
		governed.each(func(c int32) {
			at := asking{m, d, side, c, s.e.Ports}
			reached := others
			if m.tiers[0] != p.policy.Tier {
				reached = at.before(p.policy.Tier, others)
			}
			if len(reached) == 0 {
				return
			}
			sets := m.setsOfRules(p.policy, d)
			for n := range p.policy.Rules[d] {
				if at.matchesSome(&p.policy.Rules[d][n], sets[n], reached) {
					paths = append(paths, m.pathOf(p.policy, d, n))
				}
			}
		})
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// asking is a question to the policies of a class, for a direction and a side: about any of some ports.
type asking struct {
	m       *Model
	d       policy.Direction
	side    Side
	subject int32
	ports   policy.PortSet
}

// before are those of some classes of which a tier is asked because none before it settles the connection.
func (a *asking) before(tier policy.Tier, others runs) runs {
	acting := a.m.acting[a.d][a.side].on(a.subject)
	policyAt := func(i int) *policy.Policy { return a.m.policies[a.side][acting[i]].policy }
	for i := 0; i < len(acting); {
		layer := policyAt(i).Tier.Layer
		late := a.m.isolatesLast && layer == policy.PodNetwork
		open, allowed, isolated := others, runs(nil), runs(nil)
		for i < len(acting) && policyAt(i).Tier.Layer == layer {
			now := policyAt(i).Tier
			if now == tier {
				return open
			}
			settled, decided, waiting := runs(nil), runs(nil), runs(nil)
			for ; i < len(acting) && policyAt(i).Tier == now; i++ {
				p, matched := policyAt(i), runs(nil)
				sets := a.m.setsOfRules(p, a.d)
				for n := range p.Rules[a.d] {
					r := &p.Rules[a.d][n]
					hit := a.matched(r, sets[n], open)
					first := hit.minus(decided)
					matched, decided = matched.union(hit), decided.union(hit)
					if r.Verdict == policy.Allow {
						allowed = allowed.union(first)
					}
					if r.Verdict != policy.Pass {
						settled = settled.union(first)
					}
				}
				if p.Isolates[a.d] {
					waiting = waiting.union(open.minus(matched))
				}
			}
			open = open.minus(settled)
			isLast := i == len(acting) || policyAt(i).Tier.Layer != layer
			switch isolated = isolated.union(waiting); {
			case !late:
				open = open.minus(waiting.minus(decided))
			case isLast:
				open = open.minus(isolated)
			}
		}
		others = allowed.union(open)
	}
	return nil
}

// listening are those of some classes with which a rule of the subject is about any of the ports. What a name stands for is
// the destination's to say.
func (a *asking) listening(r *policy.Rule, others runs) runs {
	switch {
	case numbersMeet(r, a.ports):
		return others
	case a.d == policy.Ingress:
		if namesMeet(r, a.m.classes[a.subject].ports[a.side], a.ports) {
			return others
		}
		return nil
	case !slices.ContainsFunc(r.Ports, func(p policy.Port) bool { return p.Name != "" }):
		return nil
	}
	var out runs
	others.each(func(c int32) {
		if namesMeet(r, a.m.classes[c].ports[a.side], a.ports) {
			out = out.append(c, c+1)
		}
	})
	return out
}

// matched are those of some classes that a rule of the subject matches; sets are those of its peers.
func (a *asking) matched(r *policy.Rule, sets []setID, others runs) runs {
	others = a.listening(r, others)
	if r.Any || len(others) == 0 {
		return others
	}
	var out runs
	for _, id := range sets {
		out = out.union(a.m.sets.sets[id].members[a.side].intersect(others))
	}
	return out
}

// matchesSome tells whether matched is any.
func (a *asking) matchesSome(r *policy.Rule, sets []setID, others runs) bool {
	others = a.listening(r, others)
	return len(others) > 0 && (r.Any || slices.ContainsFunc(sets, func(id setID) bool { return a.m.sets.sets[id].members[a.side].meets(others) }))
}

// pathOf says where a rule of a policy stands, found once.
func (m *Model) pathOf(p *policy.Policy, d policy.Direction, rule int) string {
	key := ruleKey{p, d}
	known := m.rulePaths[key]
	if known == nil {
		known = make([]string, len(p.Rules[d]))
		if m.rulePaths == nil {
			m.rulePaths = make(map[ruleKey][]string)
		}
		m.rulePaths[key] = known
	}
	if known[rule] == "" {
		known[rule] = p.Path(&p.Rules[d][rule])
	}
	return known[rule]
}
