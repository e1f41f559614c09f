package report

import (
	"net/netip"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact"
)

// sorted is a list of peers, each sort by itself.
type sorted struct {
	workloads []impact.WorkloadID
	// everywhere: all pods of any namespace are among the potential peers; anyIn: all pods of these namespaces are.
	everywhere bool
	anyIn      []string
	// potentials and names are in words already.
	potentials, names []string
	addresses         []netip.Prefix
}

func (p phrasebook) sort(list []impact.Peer) sorted {
	var s sorted
	for _, peer := range list {
		switch v := peer.Potential; {
		case v == nil || v.Pods != anything:
		case v.Namespaces == anything:
			s.everywhere = true
		case !isSelector(v.Namespaces) && !slices.Contains(s.anyIn, v.Namespaces):
			s.anyIn = append(s.anyIn, v.Namespaces)
		}
	}
	for _, peer := range list {
		switch {
		case peer.Workload != nil:
			s.workloads = append(s.workloads, *peer.Workload)
		case peer.External != nil:
			s.addresses = append(s.addresses, peer.External.CIDRs...)
		case peer.Potential != nil:
			if v := *peer.Potential; v.Pods != anything || !slices.Contains(s.anyIn, v.Namespaces) {
				s.potentials = append(s.potentials, p.potential(v))
			}
		default:
			s.names = append(s.names, p.name(peer.Name))
		}
	}
	return s
}
