package reach

import (
	"net/netip"
	"slices"

	"go4.org/netipx"
)

func prefixSet(prefixes []netip.Prefix) *netipx.IPSet {
	if len(prefixes) == 0 {
		return nil
	}
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(p)
	}
	return built(&b)
}

// matchAddress tells whether a class's address is in a block.
func (m *Model) matchAddress(b *blockSet, c *class, s Side) truth {
	e := &m.Endpoints[c.endpoints[0]]
	switch {
	case e.External != nil:
		return truthOf(b.ips.ContainsPrefix(e.External[0]))
	case e.Domain != "", e.Entity != "" && !e.inside:
		return m.anywhere(b)
	case m.blocksMissPods && !b.byAddress:
		return no
	case e.Entity != "":
		return b.private
	case e.Nodes != nil:
		return b.private
	case e.Potential != nil:
		return m.podAddress(b)
	}
	w := e.on(s)
	if len(w.IPs) > 0 {
		for _, ip := range w.IPs {
			if b.ips.Contains(ip) {
				return yes
			}
		}
		return no
	}
	if w.HostNetwork {
		return b.private
	}
	return m.podAddress(b)
}

// podAddress is what is known of a pod whose address is not: it is one of the configured addresses of pods, or private.
func (m *Model) podAddress(b *blockSet) truth {
	if m.podCIDRs == nil {
		return b.private
	}
	v4, v6 := covers(b.ips, m.podCIDRs, true), covers(b.ips, m.podCIDRs, false)
	switch {
	case v4 == yes || v6 == yes:
		return yes
	case v4 == no && v6 == no:
		return no
	}
	return unknown
}

// anywhere is what is known of an address that may be any: only a block of all addresses holds it for sure.
func (m *Model) anywhere(b *blockSet) truth {
	for _, p := range b.ips.Prefixes() {
		if p.Bits() == 0 {
			return yes
		}
	}
	return unknown
}

// places sorts classes by what is known of their addresses on head.
type places struct {
	// somewhere are pods of whose addresses no more is known than of any pod's.
	somewhere runs
	// addressed are pods with addresses, and what notPods lists but for outside addresses.
	addressed []int32
	// notPods are workloads on the host's network, outside addresses, names and nodes.
	notPods []int32
	// outside are the outside addresses, ascending.
	outside []outsidePlace
}

type outsidePlace struct {
	from  netip.Addr
	class int32
}

func (m *Model) findPlaces() {
	for c := range m.classes {
		cl, n := &m.classes[c], int32(c)
		e := &m.Endpoints[cl.endpoints[0]]
		switch {
		case e.External != nil:
			m.places.notPods = append(m.places.notPods, n)
			m.places.outside = append(m.places.outside, outsidePlace{e.External[0].Addr(), n})
		case !cl.pod[Head]:
			m.places.notPods = append(m.places.notPods, n)
			m.places.addressed = append(m.places.addressed, n)
		case e.Potential == nil && len(e.on(Head).IPs) > 0:
			m.places.addressed = append(m.places.addressed, n)
		default:
			m.places.somewhere = m.places.somewhere.append(n, n+1)
		}
	}
	slices.SortFunc(m.places.outside, func(a, b outsidePlace) int { return a.from.Compare(b.from) })
}

// blockMembers finds the classes with addresses in a block.
func (m *Model) blockMembers(b *blockSet) (members, maybe runs) {
	members, maybe = m.matching(&set{block: b}, m.places.addressed)
	members = members.union(m.outsideIn(b))
	pods := no
	if !m.blocksMissPods || b.byAddress {
		pods = m.podAddress(b)
	}
	switch pods {
	case yes:
		members = members.union(m.places.somewhere)
	case unknown:
		maybe = maybe.union(m.places.somewhere)
	}
	return members, maybe
}

// outsideIn finds the outside addresses in a block among those that begin in it: to ask each would take the square of the
// number of blocks.
func (m *Model) outsideIn(b *blockSet) runs {
	var found []int32
	for _, r := range b.ips.Ranges() {
		at, _ := slices.BinarySearchFunc(m.places.outside, r.From(), func(o outsidePlace, from netip.Addr) int { return o.from.Compare(from) })
		for _, o := range m.places.outside[at:] {
			if r.To().Less(o.from) {
				break
			}
			if b.ips.ContainsPrefix(m.Endpoints[m.classes[o.class].endpoints[0]].External[0]) {
				found = append(found, o.class)
			}
		}
	}
	slices.Sort(found)
	return runsOf(found)
}
