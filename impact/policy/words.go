package policy

import (
	"strconv"
	"strings"
)

// PortsText words ports: "TCP 80, 443 and UDP 53", "all ports", "all TCP ports".
func PortsText(ports []PortRange) string {
	full := 0
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
	if full == 3 {
		return "all ports"
	}
	var parts []string
	for _, protocol := range order {
		if list := byProtocol[protocol]; list[0] == "" {
			parts = append(parts, "all "+string(protocol)+" ports")
		} else {
			parts = append(parts, string(protocol)+" "+strings.Join(list, ", "))
		}
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}
