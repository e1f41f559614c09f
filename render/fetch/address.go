package fetch

import (
	"fmt"
	"net/netip"
)

// shared are the addresses behind a provider's translation (RFC 6598), which netip does not count as private; benchmark
// those of RFC 2544, and nat64 those that stand for others (RFC 6052).
var (
	shared    = netip.MustParsePrefix("100.64.0.0/10")
	benchmark = netip.MustParsePrefix("198.18.0.0/15")
	thisHost  = netip.MustParsePrefix("0.0.0.0/8")
	reserved  = netip.MustParsePrefix("240.0.0.0/4")
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	nat64own  = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// reachable tells why an address may not be asked; nil if it may. inside says that addresses of the inside are allowed.
// Those of the link never are: a cloud's metadata, which hands out credentials, is among them.
func reachable(ip netip.Addr, inside bool) error {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) || nat64own.Contains(ip) || sixToFour.Contains(ip) {
		return fmt.Errorf("%s stands for another address", ip)
	}
	switch {
	case !ip.IsValid() || ip.IsUnspecified() || thisHost.Contains(ip) || reserved.Contains(ip) || ip.IsMulticast():
		return fmt.Errorf("%s is no address of a host", ip)
	case ip.IsLinkLocalUnicast() || ip == metadataIPv6:
		return fmt.Errorf("%s is an address of the link or of a cloud's metadata", ip)
	case inside:
		return nil
	case ip.IsLoopback() || ip.IsPrivate() || shared.Contains(ip) || benchmark.Contains(ip):
		return fmt.Errorf("%s is an address of the inside; an entry of fetch.allow with its port, such as https://charts.example.com:443/, would allow it", ip)
	}
	return nil
}

// metadataIPv6 is where Amazon's machines ask for their metadata by IPv6, an address that is otherwise private.
var metadataIPv6 = netip.MustParseAddr("fd00:ec2::254")
