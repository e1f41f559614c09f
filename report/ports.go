package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

const (
	firstPort = 1
	lastPort  = 65535
	// rangesShown is how many ranges of one protocol are named before the rest is counted.
	rangesShown = 6
	// exceptionsShown is up to how many missing ranges "all ports except" is said.
	exceptionsShown = 3
)

// portWords says ports in few words: "TCP 80, 443", "TCP and UDP 53", "all TCP ports except 22", "all ports".
func portWords(ranges []policy.PortRange) string {
	if len(ranges) == 0 {
		return "no port"
	}
	ports, others := policy.WithPorts(ranges)
	var words []string
	if groups := byProtocol(ports); len(groups) > 0 {
		text, ok := allPorts(groups)
		if !ok {
			text = joinGroups(groups)
		}
		words = append(words, text)
	}
	for _, other := range others {
		words = append(words, policy.MessagesText(other[0].Protocol, other))
	}
	return strings.Join(words, "; ")
}

// portGroup is the ports that some protocols share.
type portGroup struct {
	protocols []string
	ranges    []span
}

type span struct{ from, to int }

// byProtocol sorts and merges the ranges of each protocol, and joins the protocols that have the same.
func byProtocol(ranges []policy.PortRange) []portGroup {
	var order []string
	spans := map[string][]span{}
	for _, r := range ranges {
		protocol := string(r.Protocol)
		if _, seen := spans[protocol]; !seen {
			order = append(order, protocol)
		}
		spans[protocol] = append(spans[protocol], span{r.From, r.To})
	}
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(protocolRank(a), protocolRank(b)), strings.Compare(a, b))
	})
	var groups []portGroup
next:
	for _, protocol := range order {
		merged := mergeSpans(spans[protocol])
		for i := range groups {
			if slices.Equal(groups[i].ranges, merged) {
				groups[i].protocols = append(groups[i].protocols, protocol)
				continue next
			}
		}
		groups = append(groups, portGroup{[]string{protocol}, merged})
	}
	return groups
}

func protocolRank(protocol string) int {
	rank := slices.Index([]string{string(policy.TCP), string(policy.UDP), string(policy.SCTP)}, protocol)
	if rank < 0 {
		return 3
	}
	return rank
}

func mergeSpans(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var merged []span
	for _, s := range spans {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to+1 {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// missing returns what ranges leave out of all ports.
func missing(ranges []span) []span {
	var out []span
	next := firstPort
	for _, s := range ranges {
		if s.from > next {
			out = append(out, span{next, s.from - 1})
		}
		next = max(next, s.to+1)
	}
	if next <= lastPort {
		out = append(out, span{next, lastPort})
	}
	return out
}

// nearlyAll tells whether ranges are best said by what they leave out.
func nearlyAll(ranges []span) bool {
	out, left := missing(ranges), 0
	for _, s := range out {
		left += s.to - s.from + 1
	}
	return len(out) <= exceptionsShown && left <= lastPort/2
}

// allPorts says the ports of a policy that names (nearly) all of them on every protocol it can.
func allPorts(groups []portGroup) (string, bool) {
	protocols := 0
	var except []portGroup
	for _, g := range groups {
		for _, p := range g.protocols {
			if protocolRank(p) == 3 {
				return "", false
			}
			protocols++
		}
		if !nearlyAll(g.ranges) {
			return "", false
		}
		if out := missing(g.ranges); len(out) > 0 {
			except = append(except, portGroup{g.protocols, out})
		}
	}
	switch {
	case protocols < 3:
		return "", false
	case len(except) == 0:
		return "all ports", true
	}
	return "all ports except " + joinGroups(except), true
}

func joinGroups(groups []portGroup) string {
	words := make([]string, len(groups))
	for i, g := range groups {
		words[i] = g.words()
	}
	return strings.Join(words, "; ")
}

func (g portGroup) words() string {
	protocols := and(g.protocols)
	if !nearlyAll(g.ranges) {
		return protocols + " " + spanWords(g.ranges)
	}
	words := "all " + protocols + " ports"
	if out := missing(g.ranges); len(out) > 0 {
		words += " except " + spanWords(out)
	}
	return words
}

func spanWords(ranges []span) string {
	var words []string
	for i, s := range ranges {
		if i == rangesShown && len(ranges) > rangesShown+1 {
			return strings.Join(words, ", ") + fmt.Sprintf(" and %s more", number(len(ranges)-i))
		}
		word := strconv.Itoa(s.from)
		if s.to != s.from {
			word += "–" + strconv.Itoa(s.to)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
