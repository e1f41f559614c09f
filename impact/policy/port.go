package policy

import (
	"cmp"
	"math"
	"slices"
)

// Protocol is a transport protocol, as policies write it.
type Protocol string

// The protocols that have ports.
const (
	TCP  Protocol = "TCP"
	UDP  Protocol = "UDP"
	SCTP Protocol = "SCTP"
)

// Protocols without ports, which take part only where some policy names them. A message of ICMP stands where ports do:
// type·256 + code. IP is any other protocol, its number standing where ports do.
const (
	ICMP   Protocol = "ICMP"
	ICMPv6 Protocol = "ICMPv6"
	IP     Protocol = "IP"
)

// protocols gives each protocol its place on the axis of ports. Message 0 of ICMP exists (an echo's reply), unlike port 0,
// so that a gap is needed to keep it from what is before it.
var protocols = [...]Protocol{TCP, UDP, SCTP, "", ICMP, "", ICMPv6, "", IP}

// HasPorts tells whether a protocol is none of those without ports.
func (p Protocol) HasPorts() bool { return p != ICMP && p != ICMPv6 && p != IP }

// PortRange is a range of ports of one protocol, both ends included; of ICMP's messages or of protocols' numbers for those
// without ports.
type PortRange struct {
	Protocol Protocol
	From, To int
}

// PortSet is a set of (protocol, port) pairs: disjoint spans in ascending order that do not touch, on an axis where
// protocol p's port n stands at index(p)·2¹⁶ + n. The zero value is empty. Values are immutable.
type PortSet []span

// span is a closed interval of the axis.
type span struct{ lo, hi uint32 }

// maxPort is the greatest port; port 0 is none.
const maxPort = 65535

// AllPorts is every port of every protocol that has ports.
func AllPorts() PortSet {
	return PortSet{{1, maxPort}, {1<<16 | 1, 1<<16 | maxPort}, {2<<16 | 1, 2<<16 | maxPort}}
}

// Whole is all that there is of a protocol: its ports, messages or numbers.
func Whole(p Protocol) PortSet {
	switch p {
	case ICMP, ICMPv6:
		i := uint32(slices.Index(protocols[:], p))
		return PortSet{{i << 16, i<<16 | maxPort}}
	case IP:
		return Range(p, 1, 255)
	}
	return Range(p, 1, maxPort)
}

// Range is the set of a protocol's ports from…to; 0, 0 means all of them where the protocol has ports. An unknown protocol
// has none.
func Range(p Protocol, from, to int) PortSet {
	i := slices.Index(protocols[:], p)
	if i < 0 || p == "" {
		return nil
	}
	if from == 0 && to == 0 && p.HasPorts() {
		from, to = 1, maxPort
	}
	return PortSet{{uint32(i)<<16 | uint32(from), uint32(i)<<16 | uint32(to)}}
}

// Ranges is the set as ranges, for output.
func (s PortSet) Ranges() []PortRange {
	out := make([]PortRange, len(s))
	for i, r := range s {
		out[i] = PortRange{Protocol: protocols[r.lo>>16], From: int(r.lo & maxPort), To: int(r.hi & maxPort)}
	}
	return out
}

// Union is the ports in either set.
func (s PortSet) Union(t PortSet) PortSet {
	switch {
	case len(s) == 0:
		return t
	case len(t) == 0:
		return s
	}
	all := make(PortSet, 0, len(s)+len(t))
	all = append(append(all, s...), t...)
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	out := all[:1]
	for _, r := range all[1:] {
		last := &out[len(out)-1]
		// Port 0 does not exist, so that spans of neighbouring protocols never touch.
		if r.lo <= last.hi+1 {
			last.hi = max(last.hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Intersect is the ports in both sets.
func (s PortSet) Intersect(t PortSet) PortSet {
	var out PortSet
	for i, j := 0, 0; i < len(s) && j < len(t); {
		if lo, hi := max(s[i].lo, t[j].lo), min(s[i].hi, t[j].hi); lo <= hi {
			out = append(out, span{lo, hi})
		}
		if s[i].hi < t[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// Intersects tells whether the sets have a port in common.
func (s PortSet) Intersects(t PortSet) bool {
	for i, j := 0, 0; i < len(s) && j < len(t); {
		if max(s[i].lo, t[j].lo) <= min(s[i].hi, t[j].hi) {
			return true
		}
		if s[i].hi < t[j].hi {
			i++
		} else {
			j++
		}
	}
	return false
}

// Has tells whether a port is in the set.
func (s PortSet) Has(p Protocol, port int) bool { return s.Intersects(Range(p, port, port)) }

// Key identifies the set by content.
func (s PortSet) Key() string {
	b := make([]byte, 0, 8*len(s))
	for _, r := range s {
		b = append(b, byte(r.lo>>24), byte(r.lo>>16), byte(r.lo>>8), byte(r.lo), byte(r.hi>>24), byte(r.hi>>16), byte(r.hi>>8), byte(r.hi))
	}
	return string(b)
}

// Minus is the ports of s that are not in t.
func (s PortSet) Minus(t PortSet) PortSet {
	var out PortSet
	j := 0
	for _, r := range s {
		lo := r.lo
		for ; j < len(t) && t[j].hi < lo; j++ {
		}
		k := j
		for ; k < len(t) && t[k].lo <= r.hi; k++ {
			if t[k].lo > lo {
				out = append(out, span{lo, t[k].lo - 1})
			}
			lo = t[k].hi + 1
		}
		if lo <= r.hi {
			out = append(out, span{lo, r.hi})
		}
	}
	return out
}

// Equal tells whether the sets hold the same ports.
func (s PortSet) Equal(t PortSet) bool { return slices.Equal(s, t) }

// Parts are the pieces of a set of ports that some other sets do not cut further; each is one span, ascending.
type Parts []span

// Cuts are where some sets begin and end, ascending, each once.
type Cuts []uint32

// CutsOf returns the cuts of some sets.
func CutsOf(by []PortSet) Cuts {
	var cuts Cuts
	for _, t := range by {
		for _, r := range t {
			cuts = append(cuts, r.lo, r.hi+1)
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// within are the cuts inside a span, at most so many.
func (c Cuts) within(r span, most int) Cuts {
	lo, _ := slices.BinarySearch(c, r.lo+1)
	hi, _ := slices.BinarySearch(c[lo:], r.hi+1)
	return c[lo : lo+min(hi, most)]
}

// Divide cuts s wherever one of the sets begins or ends.
func (s PortSet) Divide(by []PortSet) Parts {
	return s.FirstParts(math.MaxInt, CutsOf(by))
}

// FirstParts are the first parts, at least so many if there are, of s cut at all of the cuts.
func (s PortSet) FirstParts(most int, by ...Cuts) Parts {
	var out Parts
	for _, r := range s {
		if len(out) >= most {
			break
		}
		var cuts Cuts
		for _, c := range by {
			cuts = append(cuts, c.within(r, most)...)
		}
		slices.Sort(cuts)
		lo := r.lo
		for _, at := range slices.Compact(cuts) {
			out = append(out, span{lo, at - 1})
			lo = at
		}
		out = append(out, span{lo, r.hi})
	}
	return out
}

// Part is one part as a set.
func (p Parts) Part(i int) PortSet { return PortSet{p[i]} }

// Within calls f with the parts lo…hi-1 that lie in a set, run by run. The set must be one of those divided by, or have
// no end inside a part.
func (p Parts) Within(s PortSet, f func(lo, hi int)) {
	for _, r := range s {
		lo, _ := slices.BinarySearchFunc(p, r.lo, func(x span, at uint32) int { return cmp.Compare(x.lo, at) })
		hi, _ := slices.BinarySearchFunc(p, r.hi+1, func(x span, at uint32) int { return cmp.Compare(x.lo, at) })
		if lo < hi {
			f(lo, hi)
		}
	}
}
