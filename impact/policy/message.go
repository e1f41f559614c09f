package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// Message is what a range of a protocol without ports stands for: a type of ICMP's messages with a code, or a protocol of
// which only the number is known. -1 is any.
type Message struct{ Type, Code int }

// Messages divides a range of ICMP into whole protocols, whole types and single messages.
func (r PortRange) Messages() []Message {
	if r.From == 0 && r.To == maxPort {
		return []Message{{-1, -1}}
	}
	var out []Message
	for at := r.From; at <= r.To; {
		if at&255 == 0 && at+255 <= r.To {
			out = append(out, Message{at >> 8, -1})
			at += 256
			continue
		}
		out = append(out, Message{at >> 8, at & 255})
		at++
	}
	return out
}

// Names of what protocols without ports are known by (RFC 792, RFC 4443, IANA's protocol numbers).
var (
	messageNames = map[Protocol]map[int]string{
		ICMP:   {0: "echo reply", 3: "destination unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded"},
		ICMPv6: {1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 128: "echo request", 129: "echo reply", 135: "neighbor solicitation", 136: "neighbor advertisement"},
	}
	protocolNames = map[int]string{2: "IGMP", 4: "IPIP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", 112: "VRRP", 136: "UDPLite"}
)

// MessagesText words the ranges of one protocol without ports: "ICMP", "ICMP type 8 (echo request)", "IP protocol 47 (GRE)".
func MessagesText(protocol Protocol, ranges []PortRange) string {
	var words []string
	for _, r := range ranges {
		if protocol == IP {
			words = append(words, rangeText(r.From, r.To, protocolNames))
			continue
		}
		if r.From == 0 && r.To == maxPort {
			return string(protocol)
		}
		words = append(words, typeWords(r, messageNames[protocol])...)
	}
	if protocol == IP {
		if len(ranges) == 1 && ranges[0].From == 1 && ranges[0].To == 255 {
			return "other IP protocols"
		}
		return "IP protocol " + strings.Join(words, ", ")
	}
	return string(protocol) + " " + strings.Join(words, ", ")
}

// typeWords words a range of ICMP: the codes of a type that is cut, and whole types together.
func typeWords(r PortRange, names map[int]string) []string {
	var words []string
	for at := r.From; at <= r.To; {
		if last := (r.To+1)>>8 - 1; at&255 == 0 && last >= at>>8 {
			words = append(words, "type "+rangeText(at>>8, last, names))
			at = (last + 1) << 8
			continue
		}
		end := min(r.To, at|255)
		words = append(words, "type "+rangeText(at>>8, at>>8, names)+" code "+rangeText(at&255, end&255, nil))
		at = end + 1
	}
	return words
}

func rangeText(from, to int, names map[int]string) string {
	if from != to {
		return strconv.Itoa(from) + "–" + strconv.Itoa(to)
	}
	if name := names[from]; name != "" {
		return fmt.Sprintf("%d (%s)", from, name)
	}
	return strconv.Itoa(from)
}

// WithPorts divides ranges into those of protocols with ports and those without, by protocol in order.
func WithPorts(ranges []PortRange) (ports []PortRange, others [][]PortRange) {
	for _, r := range ranges {
		switch n := len(others); {
		case r.Protocol.HasPorts():
			ports = append(ports, r)
		case n > 0 && others[n-1][0].Protocol == r.Protocol:
			others[n-1] = append(others[n-1], r)
		default:
			others = append(others, []PortRange{r})
		}
	}
	return ports, others
}
