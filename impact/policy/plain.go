package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Words say in plain sentences what the policy does to whom it selects, direction by direction.
func (p *Policy) Words() []string {
	var out []string
	if words := p.place(); words != "" {
		out = append(out, words)
	}
	for _, d := range Directions {
		rules := p.Rules[d]
		switch {
		case p.Isolates[d] && len(rules) == 0:
			out = append(out, "Isolates "+d.String()+", and allows nothing "+d.way()+" by itself.")
		case p.Isolates[d]:
			out = append(out, "Isolates "+d.String()+": what no rule allows is denied.")
		case len(rules) == 0 && p.Number == 0:
			out = append(out, "Leaves "+d.String()+" as it is.")
		}
		for i := range rules {
			if !rules[i].Implied {
				out = append(out, rules[i].words(d))
			}
		}
	}
	return out
}

// place says where the policy stands among others, if that matters.
func (p *Policy) place() string {
	where := ""
	switch p.Tier.Layer {
	case Exit:
		where = "At the cluster's way out"
	case Mesh:
		where = "In the service mesh"
	}
	order := strconv.FormatFloat(p.Order, 'g', -1, 64)
	if math.IsInf(p.Order, 1) {
		order = "none, so last"
	}
	switch {
	case p.Tier.Layer == PodNetwork && p.Tier == Default && p.Order == NetworkPolicyOrder:
		return ""
	case where != "":
		return where + ", beside the pod network's policies: both have to allow a connection."
	case p.Tier.Name != "":
		return "In the tier " + p.Tier.Name + ", at order " + order + ": the first rule that matches decides."
	case p.Tier.Order < Default.Order:
		return "Asked before NetworkPolicies, at priority " + order + ": the first rule that matches decides."
	case p.Tier.Order > Default.Order:
		return "Asked after NetworkPolicies, about what they leave undecided: the first rule that matches decides."
	}
	if math.IsInf(p.Order, 1) {
		return "Last among NetworkPolicies: it has no order."
	}
	return "At order " + order + " among NetworkPolicies."
}

// way is the direction of what comes or goes.
func (d Direction) way() string { return [...]string{"in", "out"}[d] }

func (r *Rule) words(d Direction) string {
	verb := [...]string{"Allows", "Denies", "Leaves to the policies that are asked later"}[r.Verdict]
	toward := [...]string{" in from ", " out to "}[d]
	if r.Verdict == Pass {
		toward = [...]string{", in: from ", ", out: to "}[d]
	}
	who := r.PeerWords()
	if r.Any && d == Egress {
		who = "anything"
	}
	return verb + toward + who + " on " + r.PortWords() + beyondWords(r.Beyond) + "."
}

// PeerWords say who the rule's peers are.
func (r *Rule) PeerWords() string {
	if r.Any {
		return "anyone"
	}
	return peersWords(r.Peers)
}

func peersWords(peers []Peer) string {
	if len(peers) == 0 {
		return "nobody"
	}
	words := make([]string, len(peers))
	for i, p := range peers {
		words[i] = p.Words()
	}
	return strings.Join(words, "; ")
}

// Words say who the peer is.
func (p Peer) Words() string {
	switch {
	case p.Pods != nil:
		return p.Pods.Words()
	case p.Block != nil:
		return p.Block.words()
	case p.Nodes != nil && p.Nodes.Everything():
		return "any node"
	case p.Nodes != nil:
		return "nodes " + p.Nodes.Plain()
	case strings.HasPrefix(p.Domain, "*."):
		return "any subdomain of " + p.Domain[len("*."):]
	case p.Domain != "":
		return p.Domain
	case p.Entity != "":
		return "the entity " + p.Entity
	case p.Inside:
		return "any other entity of the cluster"
	case p.Perhaps != nil:
		return p.Perhaps.Words() + " (uncertain)"
	}
	words := "anyone"
	if len(p.All) > 0 {
		all := make([]string, len(p.All))
		for i, q := range p.All {
			all[i] = q.Words()
		}
		words = strings.Join(all, " that is also ")
	}
	if len(p.Not) > 0 {
		words += " except (" + peersWords(p.Not) + ")"
	}
	return words
}

// Words say which pods are selected: "any pod in shop", "pods app=web in namespaces team=a".
func (p Pods) Words() string {
	pods := "any pod"
	if !p.Pods.Everything() {
		pods = "pods " + p.Pods.Plain()
	}
	switch {
	case p.Namespaces.Name != "":
		return pods + " in " + p.Namespaces.Name
	case p.Namespaces.Selector.Everything():
		return pods + " in any namespace"
	}
	return pods + " in namespaces " + p.Namespaces.Selector.Plain()
}

// Plain is the selector with what stands for a ServiceAccount in words.
func (s Selector) Plain() string {
	words := strings.ReplaceAll(s.String(), AccountLabel, "serviceaccount's ")
	return strings.ReplaceAll(words, Account, "serviceaccount")
}

func (b Block) words() string {
	words := b.CIDR.String()
	if b.CIDR.Bits() == 0 {
		words = "any IPv6 address"
		if b.CIDR.Addr().Is4() {
			words = "any IPv4 address"
		}
	}
	if len(b.Except) == 0 {
		return words
	}
	except := make([]string, len(b.Except))
	for i, e := range b.Except {
		except[i] = e.String()
	}
	return words + " except " + strings.Join(except, ", ")
}

// PortWords say on which ports.
func (r *Rule) PortWords() string {
	if r.AllPorts {
		return "all ports"
	}
	var numbers PortSet
	var names []string
	for _, p := range r.Ports {
		if p.Name == "" {
			numbers = numbers.Union(p.Set())
			continue
		}
		name := "the port named " + p.Name
		if p.Protocol != "" {
			name += " (" + string(p.Protocol) + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(numbers) > 0 {
		names = append([]string{PortsText(numbers.Ranges())}, names...)
	}
	if len(names) == 0 {
		return "no port"
	}
	return strings.Join(names, "; ")
}
