package policy

// Selectors goes through all selectors of pods in a policy: those of its subject and of its rules' peers.
func (p *Policy) Selectors(yield func(*Pods) bool) {
	for i := range p.Subject {
		if !yield(&p.Subject[i]) {
			return
		}
	}
	for _, rules := range p.Rules {
		for i := range rules {
			if !selectorsOf(rules[i].Peers, yield) {
				return
			}
		}
	}
}

func selectorsOf(peers []Peer, yield func(*Pods) bool) bool {
	for i := range peers {
		p := &peers[i]
		if p.Pods != nil && !yield(p.Pods) || !selectorsOf(p.All, yield) || !selectorsOf(p.Not, yield) ||
			p.Perhaps != nil && !selectorsOf([]Peer{*p.Perhaps}, yield) {
			return false
		}
	}
	return true
}
