package reach

import (
	"net/netip"

	"go4.org/netipx"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// blockSet is a block of addresses and what it means for addresses that are not known.
type blockSet struct {
	ips *netipx.IPSet
	// private tells whether the block holds an address of which it is only known that it is private.
	private truth
	// byAddress tells that it matches pods though blocks of addresses else do not.
	byAddress bool
}

// privateSpace is where pods' and nodes' addresses are when nothing more is known (RFC 1918, RFC 4193).
var privateSpace = mustSet("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

func mustSet(prefixes ...string) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(netip.MustParsePrefix(p))
	}
	return built(&b)
}

// built returns the builder's set. A builder fails on invalid prefixes only, which the dialects have refused before.
func built(b *netipx.IPSetBuilder) *netipx.IPSet {
	s, err := b.IPSet()
	if err != nil {
		return new(netipx.IPSet)
	}
	return s
}

func newBlockSet(block policy.Block) *blockSet {
	var b netipx.IPSetBuilder
	b.AddPrefix(block.CIDR)
	for _, e := range block.Except {
		b.RemovePrefix(e)
	}
	s := &blockSet{ips: built(&b), byAddress: block.ByAddress}
	s.private = covers(s.ips, privateSpace, block.CIDR.Addr().Is4())
	return s
}

// covers tells whether a block holds all of a space's addresses of one family, none, or (unknown) some.
func covers(block, space *netipx.IPSet, v4 bool) truth {
	inside, touched := true, false
	for _, p := range space.Prefixes() {
		if p.Addr().Is4() != v4 {
			continue
		}
		inside = inside && block.ContainsPrefix(p)
		touched = touched || block.OverlapsPrefix(p)
	}
	switch {
	case !touched:
		return no
	case inside:
		return yes
	}
	return unknown
}
