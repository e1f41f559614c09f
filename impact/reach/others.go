package reach

import (
	"slices"
)

// addOthers adds any other pod of a namespace, without labels, where a policy that differs selects such pods of a namespace
// by its name. Where all rendered pods of the namespace have a label, nothing else would show that a selector asks for the
// label on one side only.
//
// What policies do to such pods matters less than whom they let in: that a new policy isolates pods that nobody knows is
// no news. As a subject it counts only where a policy's own selector differs.
func (p *potentials) addOthers() {
	m := p.model
	at := make(map[string]int)
	add := func(ids []setID, asSubject bool) {
		for _, id := range ids {
			pods := m.sets.sets[id].pods
			if pods == nil || pods.Namespaces.Name == "" || !pods.Pods.Matches(nil) {
				continue
			}
			name := pods.Namespaces.Name
			q := Potential{Namespaces: name, Pods: "*", namespace: name, other: true}
			if key := q.namespace + "\x00" + q.Pods; !p.seen[key] {
				p.named(name, nil, nil)
				p.seen[key] = true
				at[name] = len(p.found)
				p.found = append(p.found, q)
			}
			if i, added := at[name]; added && asSubject {
				p.found[i].subject = true
			}
		}
	}
	for s := Base; s <= Head; s++ {
		for i := range m.policies[s] {
			c := &m.policies[s][i]
			other := m.counterpart(1-s, c)
			if other != nil && !slices.Equal(other.subject, c.subject) {
				add(c.subject, true)
			}
			for d, body := range c.body {
				if body < 0 || other != nil && other.body[d] == body && slices.Equal(other.subject, c.subject) {
					continue
				}
				for _, r := range m.bodies.bodies[body].rules {
					add(r.sets, false)
				}
			}
		}
	}
}

// counterpart is the same policy on the other side, nil if it is not there.
func (m *Model) counterpart(s Side, c *compiled) *compiled {
	for _, i := range m.policyIndex[s][c.key] {
		if other := &m.policies[s][i]; other.policy.Number == c.policy.Number {
			return other
		}
	}
	return nil
}

// Other tells whether the pods are any other ones of their namespace.
func (p *Potential) Other() bool { return p.other }

// concerned takes any other pods of a namespace out of the subjects of effects, but for what is opened to them where a policy
// ceases to select them.
func (m *Model) concerned(effects []Effect) []Effect {
	ignored := func(e *Effect, i int32) bool {
		q := m.Endpoints[i].Potential
		return q != nil && q.other && !(q.subject && e.Opened)
	}
	var out []Effect
	for _, e := range effects {
		if slices.ContainsFunc(e.Subjects, func(i int32) bool { return ignored(&e, i) }) {
			e.Subjects = slices.DeleteFunc(slices.Clone(e.Subjects), func(i int32) bool { return ignored(&e, i) })
		}
		if len(e.Subjects) > 0 {
			out = append(out, e)
		}
	}
	return out
}

// withoutEchoes takes out of some blocks what any other pod of a namespace only repeats: the same end has a change of the
// same kind with a pod of the namespace that is known.
func (m *Model) withoutEchoes(blocks []block) []block {
	for c := range m.classes {
		q := m.Endpoints[m.classes[c].endpoints[0]].Potential
		if q == nil || !q.other {
			continue
		}
		x := int32(c)
		known := m.namespaces[m.classes[c].namespace[Head]].classes.minus(runs{{x, x + 1}})
		blocks = m.withoutEcho(blocks, x, known, func(b *block) (*runs, *runs) { return &b.sources, &b.destinations })
		blocks = m.withoutEcho(blocks, x, known, func(b *block) (*runs, *runs) { return &b.destinations, &b.sources })
	}
	return blocks
}

// withoutEcho does so for one pod at one end; ends gives the end and the one across from it.
func (m *Model) withoutEcho(blocks []block, x int32, known runs, ends func(*block) (end, across *runs)) []block {
	in := false
	for i := range blocks {
		end, _ := ends(&blocks[i])
		in = in || end.has(x)
	}
	if !in {
		return blocks
	}
	var opened, blocked runs // whom known pods have a change with
	for i := range blocks {
		end, across := ends(&blocks[i])
		seen := m.across(end.intersect(known), *across)
		if len(blocks[i].opened) > 0 {
			opened = opened.union(seen)
		}
		if len(blocks[i].blocked) > 0 {
			blocked = blocked.union(seen)
		}
	}
	var out []block
	for _, b := range blocks {
		end, across := ends(&b)
		if !end.has(x) {
			out = append(out, b)
			continue
		}
		left := *across
		if len(b.opened) > 0 && len(b.blocked) > 0 {
			left = left.minus(opened.intersect(blocked))
		} else if len(b.opened) > 0 {
			left = left.minus(opened)
		} else {
			left = left.minus(blocked)
		}
		rest, alone := b, b
		if end, _ := ends(&rest); true {
			*end = end.minus(runs{{x, x + 1}})
		}
		end, across = ends(&alone)
		*end, *across = runs{{x, x + 1}}, left
		for _, b := range []block{rest, alone} {
			if len(b.sources) > 0 && len(b.destinations) > 0 {
				out = append(out, b)
			}
		}
	}
	return out
}

// across are those that some pods have connections with. A lone pod has none with itself.
func (m *Model) across(pods, peers runs) runs {
	if pods.len() == 0 {
		return nil
	}
	if c := pods[0].lo; pods.len() == 1 && m.isLonePod(c) {
		return peers.minus(runs{{c, c + 1}})
	}
	return peers
}

func (m *Model) isLonePod(c int32) bool {
	w := m.Endpoints[m.classes[c].endpoints[0]].Workload[Head]
	return len(m.classes[c].endpoints) == 1 && w != nil && w.Kind == "Pod"
}
