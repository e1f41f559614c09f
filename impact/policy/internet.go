package policy

import (
	"net/netip"

	"go4.org/netipx"
)

// private is what is not the internet: private, shared, link-local and loopback addresses (RFC 1918, 6598, 3927, 4193, 4291).
var private = func() *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, block := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"} {
		b.AddPrefix(netip.MustParsePrefix(block))
	}
	set, err := b.IPSet()
	if err != nil { // the blocks are constants
		panic(err)
	}
	return set
}()

// PrivateBlocks are the blocks of what is not the internet.
func PrivateBlocks() []netip.Prefix { return private.Prefixes() }

// IsPublic tells whether a block holds addresses of the internet.
func IsPublic(block netip.Prefix) bool { return !private.ContainsPrefix(block) }
