package report

import (
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// groupsShown is how many groups of connections of one finding are shown one by one. More of them are covered by one,
// which is quicker to read; the exact ones are named below.
const groupsShown = 2

// cover is one rectangle around all groups of a finding: whoever is a source of one of them, whoever is a destination,
// and the ports of all. It may hold pairs that none of the groups has; its words say so.
func cover(f *impact.Finding) impact.Connection {
	var c impact.Connection
	sources, destinations := make(map[any]bool), make(map[any]bool)
	ports := make(map[policy.PortRange]bool)
	for _, group := range f.Connections {
		c.Count += group.Count
		c.Sources = addPeers(c.Sources, group.Sources, sources)
		c.Destinations = addPeers(c.Destinations, group.Destinations, destinations)
		for _, p := range group.Ports {
			if !ports[p] {
				ports[p] = true
				c.Ports = append(c.Ports, p)
			}
		}
	}
	return c
}

func addPeers(list, more []impact.Peer, seen map[any]bool) []impact.Peer {
	for _, p := range more {
		var key any
		switch {
		case p.Workload != nil:
			key = *p.Workload
		case p.Potential != nil:
			key = *p.Potential
		default:
			key = p.String()
		}
		if !seen[key] {
			seen[key] = true
			list = append(list, p)
		}
	}
	return list
}
