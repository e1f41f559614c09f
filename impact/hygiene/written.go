package hygiene

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The rules about what a policy says by itself.
const (
	breadthRule   = "H11"
	inertRule     = "H14"
	exceptionRule = "H15"
	unmaskedRule  = "H17"
)

// breadth tells of rules that open a direction to everyone on every port.
func (s *side) breadth(p *policy.Policy) {
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			r := &p.Rules[d][i]
			if r.Verdict != policy.Allow || !r.AllPorts {
				continue
			}
			path, at, who := rulePath(p, d, i), r.Part, ""
			if r.Any {
				who = "everyone"
			}
			for j := range r.Peers {
				if b := r.Peers[j].Block; b != nil && b.CIDR.Bits() == 0 && len(b.Except) == 0 {
					at, path = peerNode(p, d, i, j)
					if before := who; before != "" && before != "every "+family(b.CIDR)+" address" {
						who = "every address"
						break
					}
					who = "every " + family(b.CIDR) + " address"
				}
			}
			if who == "" {
				continue
			}
			allows := map[policy.Direction]string{policy.Ingress: "lets in " + who, policy.Egress: "lets out to " + who}[d]
			none := strings.Replace(who, "every ", "no ", 1)
			if r.Any {
				none = "nobody"
			}
			keeps := map[policy.Direction]string{policy.Ingress: "keeps " + none + " out", policy.Egress: "keeps its pods from " + none}[d]
			// Where egress is left open it most often is on purpose: only ingress is to be isolated.
			s.add(Remark{Rule: breadthRule, Object: p.Object, Part: at, about: d.String() + " " + who, faint: d == policy.Egress,
				Note:        fmt.Sprintf("%s %s on all ports", path, allows),
				Title:       fmt.Sprintf("%s %s on all ports", p.Object, allows),
				Explanation: fmt.Sprintf("With %s the policy %s.", path, keeps),
				Advice:      "Name the peers or the ports that are needed."})
		}
	}
}

func family(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// typeOf are the directions' names in policyTypes.
var typeOf = [...]string{policy.Ingress: "Ingress", policy.Egress: "Egress"}

// names tells whether policyTypes name a direction, which they do by default where they are left out.
func names(policyTypes *manifest.Node, d policy.Direction) bool {
	return len(policyTypes.Elements()) == 0 || slices.ContainsFunc(policyTypes.Items, func(n manifest.Node) bool { return n.Str() == typeOf[d] })
}

// inert tells of rules that policyTypes leaves out.
func (s *side) inert(p *policy.Policy) {
	if !networking.Is(p.Object) {
		return // other dialects have no policyTypes, or another meaning of them
	}
	for _, d := range policy.Directions {
		section := p.Object.Body.Get("spec", d.String())
		if len(section.Elements()) == 0 {
			continue
		}
		if p.Isolates[d] && !names(p.Object.Body.Get("spec", "policyTypes"), d) {
			s.add(Remark{Rule: inertRule, Object: p.Object, Part: section, about: d.String(),
				Note:        fmt.Sprintf("spec.%s has an effect under Cilium only: policyTypes leaves it out", d),
				Title:       fmt.Sprintf("%s: its %s rules have an effect under Cilium only, because policyTypes does not name the direction", p.Object, d),
				Explanation: "Cilium takes a section that policyTypes leaves out, and isolates; by the API reference it neither allows nor denies anything.",
				Advice:      fmt.Sprintf("Add %s to policyTypes, or remove the rules: then every network means the same by the policy.", typeOf[d])})
		}
		if !p.Isolates[d] {
			s.add(Remark{Rule: inertRule, Object: p.Object, Part: section, about: d.String(),
				Note:        fmt.Sprintf("spec.%s has no effect: policyTypes leaves it out", d),
				Title:       fmt.Sprintf("%s: its %s rules have no effect, because policyTypes does not name the direction", p.Object, d),
				Explanation: "A section that policyTypes leaves out neither allows nor denies anything (API reference of NetworkPolicySpec).",
				Advice:      fmt.Sprintf("Add %s to policyTypes, which isolates the pods in this direction, or remove the rules.", typeOf[d])})
		}
	}
}

// exceptions tells of addresses that a rule excepts and another peer or rule of the policy allows all the same.
func (s *side) exceptions(p *policy.Policy) {
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			r := &p.Rules[d][i]
			for j := range r.Peers {
				b := r.Peers[j].Block
				if b == nil || r.Verdict != policy.Allow {
					continue
				}
				for _, e := range b.Except {
					if by := allowing(p, d, i, j, e); by != "" {
						at, path := peerNode(p, d, i, j)
						s.add(Remark{Rule: exceptionRule, Object: p.Object, Part: exceptNode(at, e), about: d.String() + " " + e.String() + " " + peerKey(&r.Peers[j]),
							Note:        fmt.Sprintf("%s excepts %s, %s allows it", path, e, by),
							Title:       fmt.Sprintf("%s: the exception %s has no effect, because %s allows it", p.Object, e, by),
							Explanation: "An exception narrows its own block only: what another peer or rule allows is allowed.",
							Advice:      "Write the same exception there, too."})
					}
				}
			}
		}
	}
}

// allowing is what else of a policy allows addresses on all ports of a rule, "" if nothing does.
func allowing(p *policy.Policy, d policy.Direction, i, j int, e netip.Prefix) string {
	excepted := policy.Peer{Block: &policy.Block{CIDR: e}}
	rules := p.Rules[d]
	for k := range rules[:min(len(rules), maxRules)] {
		q := rules[k]
		if q.Verdict != policy.Allow {
			continue
		}
		if k == i {
			for l := range q.Peers {
				if l != j && q.Peers[l].Covers(excepted) {
					_, path := peerNode(p, d, k, l)
					return path
				}
			}
			continue
		}
		same := policy.Rule{Peers: []policy.Peer{excepted}, AllPorts: rules[i].AllPorts, Ports: rules[i].Ports}
		if q.Covers(&same) {
			return rulePath(p, d, k)
		}
	}
	return ""
}

// exceptNode is where a block excepts addresses.
func exceptNode(peer *manifest.Node, e netip.Prefix) *manifest.Node {
	list := peer.Get("ipBlock", "except").Elements()
	for i := range list {
		if p, _, err := policy.ParseCIDR(list[i].Str()); err == nil && p == e {
			return &list[i]
		}
	}
	return peer
}

// unmasked tells of prefixes with bits beyond their length.
func (s *side) unmasked(p *policy.Policy) {
	for _, d := range policy.Directions {
		rules := p.Object.Body.Get("spec", d.String()).Elements()
		for i := range rules {
			for _, field := range []string{"from", "to"} {
				peers := rules[i].Get(field).Elements()
				for j := range peers {
					block := peers[j].Get("ipBlock")
					s.prefix(p, block.Get("cidr"))
					for _, list := range []*manifest.Node{block.Get("except"), peers[j].Get("networks")} {
						for k := range list.Elements() {
							s.prefix(p, list.Element(k))
						}
					}
				}
			}
		}
	}
}

func (s *side) prefix(p *policy.Policy, n *manifest.Node) {
	if n.Str() == "" {
		return
	}
	prefix, unmasked, err := policy.ParseCIDR(n.Str())
	if err != nil || !unmasked {
		return
	}
	s.add(Remark{Rule: unmaskedRule, Object: p.Object, Part: n, about: n.Str(),
		Note:        fmt.Sprintf("%s is evaluated as %s", n.Str(), prefix),
		Title:       fmt.Sprintf("%s: %s is evaluated as %s", p.Object, n.Str(), prefix),
		Explanation: "The bits beyond the prefix's length do not count; API servers from 1.36 on refuse to create such a policy.",
		Advice:      fmt.Sprintf("Write %s, or /%d for the one address.", prefix, prefix.Addr().BitLen())})
}
