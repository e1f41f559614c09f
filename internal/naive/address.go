package naive

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
)

// block is a prefix without its exceptions.
type block struct {
	cidr   netip.Prefix
	except []netip.Prefix
}

// newBlock takes an unmasked prefix for its network, as every implementation does.
func newBlock(cidr string, except []string) (*block, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return nil, err
	}
	b := &block{cidr: p.Masked()}
	for _, s := range except {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		b.except = append(b.except, p.Masked())
	}
	return b, nil
}

func (b *block) contains(a netip.Addr) bool {
	if !b.cidr.Contains(a) {
		return false
	}
	for _, e := range b.except {
		if e.Contains(a) {
			return false
		}
	}
	return true
}

// covers tells whether every address of a prefix is in the block.
func (b *block) covers(p netip.Prefix) bool {
	if b.cidr.Bits() > p.Bits() || !b.cidr.Contains(p.Addr()) {
		return false
	}
	for _, e := range b.except {
		if e.Overlaps(p) {
			return false
		}
	}
	return true
}

// Where pods' addresses are not known they are some private ones, of either family (RFC 1918, RFC 4193).
var (
	private4 = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
	private6 = []netip.Prefix{netip.MustParsePrefix("fc00::/7")}
)

// inBlock tells whether a peer is certainly in a block: by its address, or, where that is not known, whatever it may be.
func (e *Evaluator) inBlock(b *block, peer Peer) bool {
	if peer.Pod == nil {
		return b.contains(peer.Address)
	}
	if known := e.addresses(peer.Pod); len(known) > 0 {
		for _, a := range known {
			if b.contains(a) {
				return true
			}
		}
		return false
	}
	if len(e.podBlocks) > 0 {
		return coversFamily(b, e.podBlocks)
	}
	return coversFamily(b, private4) || coversFamily(b, private6)
}

// coversFamily tells whether a block covers those prefixes that are of its family, and there are any.
func coversFamily(b *block, prefixes []netip.Prefix) bool {
	some := false
	for _, p := range prefixes {
		if p.Addr().Is4() != b.cidr.Addr().Is4() {
			continue
		}
		if some = true; !b.covers(p) {
			return false
		}
	}
	return some
}

// addresses are what the network knows a pod by: on the host's network, its node's.
func (e *Evaluator) addresses(pod *corev1.Pod) []netip.Addr {
	var texts []string
	switch {
	case !pod.Spec.HostNetwork:
		for _, ip := range pod.Status.PodIPs {
			texts = append(texts, ip.IP)
		}
	case len(pod.Status.HostIPs) > 0:
		for _, ip := range pod.Status.HostIPs {
			texts = append(texts, ip.IP)
		}
	case e.nodes[pod.Spec.NodeName] != nil:
		texts = nodeAddresses(e.nodes[pod.Spec.NodeName])
	}
	addresses := make([]netip.Addr, 0, len(texts))
	for _, t := range texts {
		addresses = append(addresses, netip.MustParseAddr(t))
	}
	return addresses
}

func nodeAddresses(n *corev1.Node) []string {
	var texts []string
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP || a.Type == corev1.NodeExternalIP {
			texts = append(texts, a.Address)
		}
	}
	return texts
}
