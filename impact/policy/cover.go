package policy

import (
	"net/netip"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NameLabel is the label that the API server gives to every namespace, with its name.
const NameLabel = "kubernetes.io/metadata.name"

// Covers tells whether whatever another rule matches is matched by this one, too, whatever pods there are. It follows from
// what the rules say; where it does not, the answer is no even if it happens to be so.
func (r *Rule) Covers(other *Rule) bool {
	if !slices.EqualFunc(r.Beyond, other.Beyond, Beyond.same) {
		return false
	}
	if !r.Any {
		if other.Any {
			return false
		}
		for _, p := range other.Peers {
			if !slices.ContainsFunc(r.Peers, func(q Peer) bool { return q.Covers(p) }) {
				return false
			}
		}
	}
	return r.AllPorts || !other.AllPorts && r.coversPorts(other)
}

func (r *Rule) coversPorts(other *Rule) bool {
	var numbers PortSet
	for _, p := range r.Ports {
		if p.Name == "" {
			numbers = numbers.Union(p.Set())
		}
	}
	for _, p := range other.Ports {
		wanted := p.Set()
		if p.Name != "" && slices.ContainsFunc(r.Ports, func(q Port) bool { return q.Name == p.Name && (q.Protocol == "" || q.Protocol == p.Protocol) }) {
			continue
		}
		if p.Name != "" && p.Protocol == "" {
			wanted = AllPorts()
		} else if p.Name != "" {
			wanted = Range(p.Protocol, 0, 0)
		}
		if len(wanted.Minus(numbers)) > 0 {
			return false
		}
	}
	return true
}

// Covers tells whether whoever another peer is, is this one, too.
func (p Peer) Covers(other Peer) bool {
	switch {
	case p.Pods != nil && other.Pods != nil:
		return p.Pods.Covers(*other.Pods)
	case p.Block != nil && other.Block != nil:
		return p.Block.Covers(*other.Block)
	case p.Nodes != nil && other.Nodes != nil:
		return p.Nodes.Covers(*other.Nodes)
	case p.Domain != "" && other.Domain != "":
		return p.CoversDomain(other)
	case p.Entity != "" && other.Entity != "":
		return p.Entity == other.Entity
	case p.Inside && p.Entity == "":
		return other.Inside
	}
	return false
}

// Covers tells whether all that another selector selects is selected by this one.
func (p Pods) Covers(other Pods) bool {
	return p.Namespaces.covers(other.Namespaces) && p.Pods.Covers(other.Pods)
}

func (n Namespaces) covers(other Namespaces) bool {
	switch {
	case n.Name != "" && other.Name != "":
		return n.Name == other.Name
	case n.Name != "":
		return slices.ContainsFunc(other.Selector.Requirements, func(r Requirement) bool {
			return r.Key == NameLabel && r.Operator == metav1.LabelSelectorOpIn && len(r.Values) == 1 && r.Values[0] == n.Name
		})
	case other.Name != "":
		for _, r := range n.Selector.Requirements {
			if r.Key != NameLabel || !r.Matches(map[string]string{NameLabel: other.Name}) {
				return false
			}
		}
		return true
	}
	return n.Selector.Covers(other.Selector)
}

// Covers tells whether labels that meet another selector meet this one, too.
func (s Selector) Covers(other Selector) bool {
	for i := range s.Requirements {
		r := &s.Requirements[i]
		if !slices.ContainsFunc(other.Requirements, r.follows) {
			return false
		}
	}
	return true
}

// follows tells whether what meets another requirement meets r.
func (r *Requirement) follows(other Requirement) bool {
	if r.Key != other.Key {
		return false
	}
	within := func(values, others []string) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(others, v) })
	}
	switch r.Operator {
	case metav1.LabelSelectorOpIn:
		return other.Operator == metav1.LabelSelectorOpIn && within(other.Values, r.Values)
	case metav1.LabelSelectorOpNotIn:
		switch other.Operator {
		case metav1.LabelSelectorOpIn:
			return !slices.ContainsFunc(other.Values, func(v string) bool { return slices.Contains(r.Values, v) })
		case metav1.LabelSelectorOpNotIn:
			return within(r.Values, other.Values)
		}
		return other.Operator == metav1.LabelSelectorOpDoesNotExist
	case metav1.LabelSelectorOpExists:
		return other.Operator == metav1.LabelSelectorOpIn || other.Operator == metav1.LabelSelectorOpExists
	case metav1.LabelSelectorOpDoesNotExist:
		return other.Operator == metav1.LabelSelectorOpDoesNotExist
	}
	return r.Operator == other.Operator && slices.Equal(r.Values, other.Values)
}

// Covers tells whether all addresses of another block are in this one.
func (b Block) Covers(other Block) bool {
	if other.CIDR.Bits() < b.CIDR.Bits() || !b.CIDR.Contains(other.CIDR.Addr()) {
		return false
	}
	for _, e := range b.Except {
		if !e.Overlaps(other.CIDR) {
			continue
		}
		if !slices.ContainsFunc(other.Except, func(o netip.Prefix) bool { return o.Bits() <= e.Bits() && o.Contains(e.Addr()) }) {
			return false
		}
	}
	return true
}
