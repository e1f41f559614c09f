package reach

import "github.com/netpol-impact/netpol-impact/impact/policy"

// PortRange is a range of ports of one protocol, both ends included.
type PortRange = policy.PortRange
