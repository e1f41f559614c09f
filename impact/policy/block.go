package policy

import (
	"fmt"
	"net/netip"
	"strings"
)

// ParseCIDR reads a prefix as the API server does. An unmasked one (10.1.2.3/24) is evaluated as its network: unmasked
// is then true.
func ParseCIDR(s string) (prefix netip.Prefix, unmasked bool, err error) {
	prefix, err = netip.ParsePrefix(s)
	if err != nil {
		if addr, addrErr := netip.ParseAddr(s); addrErr == nil {
			return prefix, false, fmt.Errorf("%q has no prefix length; write %s/%d", s, addr, addr.BitLen())
		}
		return prefix, false, fmt.Errorf("%q is no CIDR (%s)", s, strings.TrimPrefix(err.Error(), fmt.Sprintf("netip.ParsePrefix(%q): ", s)))
	}
	if prefix.Addr().Is4In6() {
		return prefix, false, fmt.Errorf("%q is an IPv4 address written as IPv6", s)
	}
	return prefix.Masked(), prefix != prefix.Masked(), nil
}

// ParseAddresses reads a prefix as ParseCIDR does or, as some dialects take it, an address alone.
func ParseAddresses(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" && !addr.Is4In6() {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, _, err := ParseCIDR(s)
	return prefix, err
}

// Key identifies the addresses, by content.
func (b Block) Key() string {
	words := []string{b.CIDR.String()}
	for _, e := range b.Except {
		words = append(words, e.String())
	}
	if b.ByAddress {
		words = append(words, "@")
	}
	return strings.Join(words, "-")
}
