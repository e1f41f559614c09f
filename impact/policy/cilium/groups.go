package cilium

import (
	"net/netip"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// region is a prefix with the labels of all groups that have it or one around it: the addresses that no prefix within it has
// are labelled so. Without a group an address has no labels.
type region struct {
	prefix netip.Prefix
	labels []map[string]string
	// block is that of the blocks which holds the region, or -1 where the selector is not met.
	block int
}

// groupsMeant are the addresses outside of the cluster whose groups' labels meet a selector. Cilium 1.20 asks not each group but
// the labels that an address has from all its groups (cidrsAndLabelsForCIDRGroup and mergeLabels of its ipcache): a selector
// that only excludes is met by every address that no group has.
func groupsMeant(groups []Group, selector policy.Selector) []policy.Block {
	var blocks []policy.Block
	var around []*region // from the widest to the narrowest
	for _, r := range regions(groups) {
		for len(around) > 0 && !contains(around[len(around)-1].prefix, r.prefix) {
			around = around[:len(around)-1]
		}
		outer := -1
		if len(around) > 0 {
			parent := around[len(around)-1]
			outer = parent.block
			r.labels = slices.Concat(parent.labels, r.labels)
		}
		met := meets(r.labels, selector)
		switch {
		case met && outer >= 0:
			r.block = outer
		case met:
			r.block = len(blocks)
			blocks = append(blocks, policy.Block{CIDR: r.prefix})
		case outer >= 0:
			r.block = -1
			blocks[outer].Except = append(blocks[outer].Except, r.prefix)
		default:
			r.block = -1
		}
		around = append(around, r)
	}
	return blocks
}

// regions are all addresses and the groups' prefixes, each once, the wider first.
func regions(groups []Group) []*region {
	all := []*region{{prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0)}, {prefix: netip.PrefixFrom(netip.IPv6Unspecified(), 0)}}
	for _, g := range groups {
		for _, prefix := range g.CIDRs {
			all = append(all, &region{prefix: prefix.Masked(), labels: []map[string]string{g.Labels}})
		}
	}
	slices.SortStableFunc(all, func(a, b *region) int { return a.prefix.Compare(b.prefix) })
	out := all[:1]
	for _, r := range all[1:] {
		if last := out[len(out)-1]; last.prefix == r.prefix {
			last.labels = append(last.labels, r.labels...)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// meets tells whether labels of several groups together meet a selector: what it asks for, one of them has; what it excludes,
// none has.
func meets(labels []map[string]string, selector policy.Selector) bool {
	for i := range selector.Requirements {
		r := &selector.Requirements[i]
		excludes := r.Operator == metav1.LabelSelectorOpNotIn || r.Operator == metav1.LabelSelectorOpDoesNotExist
		has := slices.ContainsFunc(labels, func(l map[string]string) bool { return r.Matches(l) != excludes })
		if has == excludes {
			return false
		}
	}
	return true
}
