package report

import (
	"math"
	"net/netip"
	"strings"

	"go4.org/netipx"
)

// blocksShown is how many blocks of addresses are named before the rest is counted.
const blocksShown = 4

// addressWords says addresses outside the cluster in few words: "the internet (any address)", "the internet (any IPv4
// address except 10.0.0.0/8)", "10.0.0.0/8, 192.168.0.0/16 and 7 more blocks".
func addressWords(blocks []netip.Prefix) string { return addressesUpTo(blocks, blocksShown) }

// addressesUpTo is addressWords that names up to so many blocks.
func addressesUpTo(blocks []netip.Prefix, most int) string {
	v4, v6 := family(blocks, "0.0.0.0/0"), family(blocks, "::/0")
	var except []string
	var rest []netip.Prefix
	var families []string
	for _, f := range []addressFamily{v4, v6} {
		if f.most() {
			families = append(families, f.name)
			except = append(except, words(f.out)...)
		} else {
			rest = append(rest, f.in...)
		}
	}
	var parts []string
	if len(families) > 0 {
		which := "any " + families[0] + " address"
		if len(families) == 2 {
			which = "any address"
		}
		if len(except) > 0 {
			which += " except " + few(except, most)
		}
		parts = append(parts, "the internet ("+which+")")
	}
	if len(rest) > 0 {
		parts = append(parts, few(words(rest), most))
	}
	return strings.Join(parts, "; ")
}

// addressFamily is what a list of blocks holds of IPv4 or of IPv6, and what it leaves out.
type addressFamily struct {
	name    string
	in, out []netip.Prefix
	whole   netip.Prefix
}

func family(blocks []netip.Prefix, whole string) addressFamily {
	f := addressFamily{name: "IPv4", whole: netip.MustParsePrefix(whole)}
	if f.whole.Addr().Is6() {
		f.name = "IPv6"
	}
	var in, out netipx.IPSetBuilder
	out.AddPrefix(f.whole)
	for _, b := range blocks {
		if b.IsValid() && b.Addr().Is4() == f.whole.Addr().Is4() {
			in.AddPrefix(b)
			out.RemovePrefix(b)
		}
	}
	f.in, f.out = prefixes(&in), prefixes(&out)
	return f
}

func prefixes(b *netipx.IPSetBuilder) []netip.Prefix {
	set, err := b.IPSet()
	if err != nil {
		return nil
	}
	return set.Prefixes()
}

// most tells whether the family is best said by what it leaves out: more than half of its addresses are in, and what is
// out takes no more blocks to say.
func (f addressFamily) most() bool {
	in := 0.0
	for _, b := range f.in {
		in += math.Ldexp(1, -b.Bits())
	}
	return in > 0.5 && len(f.out) <= len(f.in)
}

func words(blocks []netip.Prefix) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = b.String()
		if b.IsSingleIP() {
			out[i] = b.Addr().String()
		}
	}
	return out
}

func few(words []string, most int) string {
	if left := len(words) - most; left > 1 {
		return strings.Join(words[:most], ", ") + " and " + number(left) + " more blocks"
	}
	return and(words)
}

// manyBlocks tells whether addressWords counts blocks instead of naming them.
func manyBlocks(blocks []netip.Prefix) bool {
	return addressWords(blocks) != addressesUpTo(blocks, len(blocks))
}
