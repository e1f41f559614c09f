package reach

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// changeTable numbers what differs about classes: 0 is nothing.
type changeTable struct {
	of    [2][]int32 // by direction and class; -1 if not known yet
	byKey map[string]int32
	// policies are those that differ, by number; others tells that more does.
	policies [][]string
	others   []bool
	// differing are the classes about which something does, by direction; nil until asked for.
	differing [2]runs
	// across tells whether a policy differs that selects pods of several namespaces.
	across bool
}

// changeOf is equal for classes of which the same differs: policies that govern them in a direction, their namespace's
// labels, and, for one class only, what is seen of it.
func (m *Model) changeOf(d policy.Direction, c int32) int32 {
	t := &m.changes
	if t.byKey == nil {
		t.byKey, t.policies, t.others, t.across = map[string]int32{"": 0}, [][]string{nil}, []bool{false}, m.changesAcross()
		for d := range t.of {
			t.of[d] = slices.Repeat([]int32{-1}, len(m.classes))
		}
	}
	if known := t.of[d][c]; known >= 0 {
		return known
	}
	var key []byte
	var policies []string
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		for _, i := range m.acting[d][s].on(c) {
			if name := m.policies[s][i].key; changed[name] {
				key = appendInt32(append(key, byte('0'+s)), i)
				if !slices.Contains(policies, name) {
					policies = append(policies, name)
				}
			}
		}
	}
	others := m.isChanged(c)
	if m.namespaceChanged(c) {
		key = appendInt32(append(key, 'n'), m.classes[c].namespace[Head])
		if t.across {
			key = appendInt32(key, c) // with one of them put back, other policies may select it
		}
	}
	if m.lookChanged(c) {
		key = appendInt32(append(key, 'w'), c)
	}
	id, ok := t.byKey[string(key)]
	if !ok {
		id = int32(len(t.byKey))
		t.byKey[string(key)] = id
		t.policies, t.others = append(t.policies, policies), append(t.others, others)
	}
	t.of[d][c] = id
	return id
}

// onePolicy is the key of the policy that governs a class in a direction and differs, if nothing else about it does.
func (m *Model) onePolicy(d policy.Direction, c int32) (key string, one bool) {
	id := m.changeOf(d, c)
	if m.changes.others[id] || len(m.changes.policies[id]) != 1 {
		return "", false
	}
	return m.changes.policies[id][0], true
}

// differing are the classes of which anything differs that changeOf numbers.
func (m *Model) differing(d policy.Direction) runs {
	if m.changes.differing[d] == nil {
		found := runs{}
		for c := range m.classes {
			if m.changeOf(d, int32(c)) != 0 {
				found = found.append(int32(c), int32(c)+1)
			}
		}
		m.changes.differing[d] = found
	}
	return m.changes.differing[d]
}

// isChanged tells whether anything differs about the members of a class themselves.
func (m *Model) isChanged(c int32) bool { return m.lookChanged(c) || m.namespaceChanged(c) }

// changesAcross tells whether a policy differs that selects pods of several namespaces.
func (m *Model) changesAcross() bool {
	changed := m.changedPolicies()
	for s := Base; s <= Head; s++ {
		for i := range m.policies[s] {
			if p := &m.policies[s][i]; changed[p.key] && slices.ContainsFunc(p.policy.Subject, func(s policy.Pods) bool { return s.Namespaces.Name == "" }) {
				return true
			}
		}
	}
	return false
}
