package reach

import (
	"math"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// lastTier is where pods are isolated if that comes after all tiers of the pods' network. No policy is in it.
var lastTier = policy.Tier{Layer: policy.PodNetwork, Order: math.Inf(1), Name: "\U0010FFFF"}

// withIsolationLast moves what a tier of the pods' network denies at its end behind the last of them. It stays where it is if
// no other tier follows.
func (m *Model) withIsolationLast(seq sequence) sequence {
	n, isolated := 0, false
	for ; n < len(seq) && m.layer(seq[n].tier) == policy.PodNetwork; n++ {
		if n > 0 && seq[n-1].deny {
			seq[n-1].deny, isolated = false, true
		}
	}
	if !isolated {
		return seq
	}
	out := append(seq[:n:n], stage{tier: m.tier(lastTier), deny: true})
	return append(out, seq[n:]...)
}
