package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Step is a policy that has a say in a connection.
type Step struct {
	Policy *policy.Policy
	// Rule is the number of the rule that matches the connection, -1 if the policy has none and only isolates.
	Rule    int
	Verdict policy.Verdict
	// Decides tells that this step settles the direction.
	Decides bool
}

// Trace is why a subject's policies allow or deny a connection with a peer on one port, in the order in which they are
// asked. It reads the policies themselves, not what the engine makes of them.
func (m *Model) Trace(d policy.Direction, s Side, subject, peer int32, port policy.PortSet) (steps []Step, allowed bool) {
	from, to := m.classOf[subject], m.classOf[peer]
	listener := to
	if d == policy.Ingress {
		listener = from
	}
	acting := m.Acting(d, s, subject)
	for len(acting) > 0 {
		n := 0
		for n < len(acting) && acting[n].Tier.Layer == acting[0].Tier.Layer {
			n++
		}
		layer, allows := m.traceLayer(d, s, acting[:n], to, listener, port)
		steps = append(steps, layer...)
		if !allows {
			return steps, false
		}
		acting = acting[n:]
	}
	return steps, true
}

// traceLayer is Trace for the policies of one layer; peer and listener are classes.
func (m *Model) traceLayer(d policy.Direction, s Side, acting []*policy.Policy, peer, listener int32, port policy.PortSet) (steps []Step, allowed bool) {
	var isolating []int // the steps that deny if nothing is decided
	for len(acting) > 0 {
		tier := acting[0].Tier
		n := 0
		for n < len(acting) && acting[n].Tier == tier {
			n++
		}
		verdict, decided := policy.Pass, false
		for _, p := range acting[:n] {
			matched, sets := false, m.setsOfRules(p, d)
			for i := range p.Rules[d] {
				r := &p.Rules[d][i]
				if !m.ruleMatches(r, sets[i], peer, s, m.classes[listener].ports[s], port) {
					continue
				}
				matched = true
				steps = append(steps, Step{Policy: p, Rule: i, Verdict: r.Verdict, Decides: !decided && r.Verdict != policy.Pass})
				if !decided {
					verdict, decided = r.Verdict, true
				}
			}
			if !matched && p.Isolates[d] {
				isolating = append(isolating, len(steps))
				steps = append(steps, Step{Policy: p, Rule: -1, Verdict: policy.Deny})
			}
		}
		if decided && verdict != policy.Pass {
			return steps, verdict == policy.Allow
		}
		acting = acting[n:]
		late := m.isolatesLast && tier.Layer == policy.PodNetwork
		if late && len(acting) > 0 {
			continue
		}
		if (late || !decided) && len(isolating) > 0 {
			for _, i := range isolating {
				steps[i].Decides = true
			}
			return steps, false
		}
		isolating = nil
	}
	return steps, true
}

// ruleMatches tells whether a rule matches a peer on a port, whose names mean env on the connection's destination.
func (m *Model) ruleMatches(r *policy.Rule, sets []setID, peer int32, s Side, env *namedPorts, port policy.PortSet) bool {
	if !numbersMeet(r, port) && !namesMeet(r, env, port) {
		return false
	}
	return r.Any || slices.ContainsFunc(sets, func(id setID) bool { return m.sets.sets[id].members[s].has(peer) })
}

// numbersMeet tells whether a rule is about any of some ports, whatever names mean.
func numbersMeet(r *policy.Rule, ports policy.PortSet) bool {
	return r.AllPorts || slices.ContainsFunc(r.Ports, func(p policy.Port) bool { return p.Name == "" && p.Set().Intersects(ports) })
}

// namesMeet tells whether a name in a rule stands for any of some ports.
func namesMeet(r *policy.Rule, env *namedPorts, ports policy.PortSet) bool {
	return slices.ContainsFunc(r.Ports, func(p policy.Port) bool { return p.Name != "" && env.resolve(p.Protocol, p.Name).Intersects(ports) })
}

// setsOfRules are the sets of the peers of a policy's rules in a direction, found once.
func (m *Model) setsOfRules(p *policy.Policy, d policy.Direction) [][]setID {
	key := ruleKey{p, d}
	if known, ok := m.ruleSets[key]; ok {
		return known
	}
	out := make([][]setID, len(p.Rules[d]))
	for i := range p.Rules[d] {
		for _, peer := range p.Rules[d][i].Peers {
			out[i] = append(out[i], m.sets.peer(peer))
		}
	}
	if m.ruleSets == nil {
		m.ruleSets = make(map[ruleKey][][]setID)
	}
	m.ruleSets[key] = out
	return out
}

// ruleKey is the rules of a policy for a direction.
type ruleKey struct {
	policy    *policy.Policy
	direction policy.Direction
}
