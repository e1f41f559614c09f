package policy

import (
	"slices"
	"strconv"
	"strings"
)

// PortsText words ports: "TCP 80, 443 and UDP 53", "TCP and UDP 53", "all ports", "all TCP ports", "TCP 80 and ICMP".
func PortsText(ranges []PortRange) string {
	full := 0
	ports, others := WithPorts(ranges)
	var order []Protocol
	byProtocol := make(map[Protocol][]string)
	for _, p := range ports {
		if byProtocol[p.Protocol] == nil {
			order = append(order, p.Protocol)
		}
		switch {
		case p.From == 1 && p.To == 65535:
			full++
			byProtocol[p.Protocol] = []string{""}
		case p.From == p.To:
			byProtocol[p.Protocol] = append(byProtocol[p.Protocol], strconv.Itoa(p.From))
		default:
			byProtocol[p.Protocol] = append(byProtocol[p.Protocol], strconv.Itoa(p.From)+"–"+strconv.Itoa(p.To))
		}
	}
	var parts []string
	if full == 3 {
		parts, order = []string{"all ports"}, nil
	}
	for len(order) > 0 {
		list := byProtocol[order[0]]
		var same []string // the protocols with these ports
		order = slices.DeleteFunc(order, func(p Protocol) bool {
			if !slices.Equal(byProtocol[p], list) {
				return false
			}
			same = append(same, string(p))
			return true
		})
		names := same[len(same)-1]
		if len(same) > 1 {
			names = strings.Join(same[:len(same)-1], ", ") + " and " + names
		}
		if list[0] == "" {
			parts = append(parts, "all "+names+" ports")
		} else {
			parts = append(parts, names+" "+strings.Join(list, ", "))
		}
	}
	for _, other := range others {
		parts = append(parts, MessagesText(other[0].Protocol, other))
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}
