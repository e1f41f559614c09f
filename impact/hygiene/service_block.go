package hygiene

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// serviceBlockRule is about blocks of addresses of Services.
const serviceBlockRule = "H19"

// serviceBlocks tells of peers that are addresses of Services alone: no policy ever meets one.
func (s *side) serviceBlocks(p *policy.Policy) {
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			r := &p.Rules[d][i]
			for j := range r.Peers {
				if b := blockOf(&r.Peers[j]); b != nil {
					s.serviceBlock(p, d, i, j, b)
				}
			}
		}
	}
}

// blockOf is the block of addresses that a peer is in; nil if none.
func blockOf(p *policy.Peer) *policy.Block {
	if p.Block != nil {
		return p.Block
	}
	for i := range p.All {
		if b := blockOf(&p.All[i]); b != nil {
			return b
		}
	}
	return nil
}

func (s *side) serviceBlock(p *policy.Policy, d policy.Direction, i, j int, b *policy.Block) {
	one, is := s.state.ServicesAt(b.CIDR)
	if !is {
		return
	}
	at, path := peerNode(p, d, i, j)
	whose := "addresses of Services"
	if one != nil {
		whose = fmt.Sprintf("the address of the Service %s", one.ID())
	}
	none := map[policy.Verdict]string{policy.Allow: "lets nobody in or out", policy.Deny: "denies nothing", policy.Pass: "passes nothing on"}[p.Rules[d][i].Verdict]
	r := Remark{Rule: serviceBlockRule, Object: p.Object, Part: at, about: d.String() + " " + b.Key(),
		Note:        fmt.Sprintf("%s is %s, and %s", b.CIDR, whose, none),
		Title:       fmt.Sprintf("%s: %s is %s, which policies never see", p.Object, b.CIDR, whose),
		Explanation: fmt.Sprintf("The network puts a pod's address in the place of a Service's before it asks policies, so that %s %s by it.", path, none),
		Advice:      adviceFor(one, d)}
	if d == policy.Ingress {
		r.Explanation = fmt.Sprintf("Nothing connects from the address of a Service, so that %s %s by it.", path, none)
	}
	s.add(r)
}

// adviceFor says what to write in the place of a Service's address.
func adviceFor(one *cluster.Service, d policy.Direction) string {
	switch {
	case d == policy.Ingress:
		return "Select the pods that connect, or name their own addresses."
	case one != nil && len(one.Selector) > 0:
		return fmt.Sprintf("Select the pods behind it: %s in %s.", policy.WithLabels(one.Selector), one.Namespace)
	case one != nil:
		return "Select the pods behind it, or name their own addresses."
	}
	return "Select the pods behind the Services."
}
