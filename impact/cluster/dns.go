package cluster

import (
	"net/netip"
	"strings"
)

// cacheAddress is where NodeLocal DNSCache listens unless it is told otherwise (kubernetes/dns, cmd/node-cache).
var cacheAddress = netip.MustParseAddr("169.254.20.10")

// NodeLocalDNS returns the workload of the nodes' own caches of the cluster's name service, and the addresses at which they
// answer; nil where none is rendered. Pods ask these, so that to allow the name service's pods alone is not enough.
func (s *State) NodeLocalDNS() (*Workload, []netip.Addr) {
	for _, w := range s.Workloads {
		if w.Labels["k8s-app"] != "node-local-dns" || !w.HostNetwork {
			continue
		}
		var out []netip.Addr
		containers := w.Pod.Get("containers").Elements()
		for i := range containers {
			args := containers[i].Get("args").Elements()
			for j := range args {
				list, ok := strings.CutPrefix(strings.TrimLeft(args[j].Str(), "-"), "localip=")
				if !ok && strings.TrimLeft(args[j].Str(), "-") == "localip" && j+1 < len(args) {
					list, ok = args[j+1].Str(), true
				}
				if !ok {
					continue
				}
				for text := range strings.SplitSeq(list, ",") {
					if address, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil && address.IsLinkLocalUnicast() {
						out = append(out, address)
					}
				}
			}
		}
		if out == nil {
			out = []netip.Addr{cacheAddress}
		}
		return w, out
	}
	return nil, nil
}
