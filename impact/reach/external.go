package reach

import (
	"cmp"
	"net/netip"
	"slices"

	"go4.org/netipx"
)

// externals divides all addresses, but those of pods, into the parts that the given blocks cannot tell apart further.
func externals(blocks []*blockSet, without *netipx.IPSet) []Endpoint {
	bounds := bounds(blocks, without)
	group := newPartition(len(bounds))
	split := func(s *netipx.IPSet) {
		var members runs
		for _, r := range s.Ranges() {
			lo, _ := slices.BinarySearchFunc(bounds, r.From(), netip.Addr.Compare)
			hi, found := slices.BinarySearchFunc(bounds, r.To().Next(), netip.Addr.Compare)
			if !found { // the block ends with the last address of its family
				hi = familyEnd(bounds, r.To())
			}
			members = members.append(int32(lo), int32(hi))
		}
		group.split(members)
	}
	// The families are apart from the start: no address is in a block of the other one.
	group.split(runs{{0, int32(familyEnd(bounds, bounds[0]))}})
	for _, b := range blocks {
		split(b.ips)
	}
	if without != nil {
		split(without)
	}
	return group.endpoints(bounds, without)
}

// bounds are the first addresses of the parts that no end of a block cuts, ascending, v4 before v6.
func bounds(blocks []*blockSet, without *netipx.IPSet) []netip.Addr {
	all := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	add := func(s *netipx.IPSet) {
		for _, r := range s.Ranges() {
			all = append(all, r.From())
			if next := r.To().Next(); next.IsValid() {
				all = append(all, next)
			}
		}
	}
	for _, b := range blocks {
		add(b.ips)
	}
	if without != nil {
		add(without)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}

// familyEnd is the index after the last bound of an address's family.
func familyEnd(bounds []netip.Addr, like netip.Addr) int {
	if like.Is4() {
		i, _ := slices.BinarySearchFunc(bounds, netip.IPv6Unspecified(), netip.Addr.Compare)
		return i
	}
	return len(bounds)
}

// endpoints makes an endpoint of each group of parts.
func (p *partition) endpoints(bounds []netip.Addr, without *netipx.IPSet) []Endpoint {
	builders := make([]netipx.IPSetBuilder, p.count())
	for i, from := range bounds {
		to := lastAddress(from)
		if i+1 < familyEnd(bounds, from) {
			to = bounds[i+1].Prev()
		}
		builders[p.group[i]].AddRange(netipx.IPRangeFrom(from, to))
	}
	var out []Endpoint
	for i := range builders {
		prefixes := built(&builders[i]).Prefixes()
		if len(prefixes) == 0 || without != nil && without.ContainsPrefix(prefixes[0]) {
			continue
		}
		out = append(out, Endpoint{External: prefixes})
	}
	slices.SortFunc(out, func(a, b Endpoint) int {
		return cmp.Or(a.External[0].Addr().Compare(b.External[0].Addr()), cmp.Compare(a.External[0].Bits(), b.External[0].Bits()))
	})
	return out
}

// lastAddress is the greatest address of a family.
func lastAddress(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	var all [16]byte
	for i := range all {
		all[i] = 255
	}
	return netip.AddrFrom16(all)
}
