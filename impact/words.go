package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// words are what a finding is told with.
type words struct {
	key                   groupKey
	sources, destinations string
	ports                 string
	causes                []Cause
}

func (a *analysis) words(g *group, rectangles []rectangle) words {
	var subjects, peers []int32
	var ports policy.PortSet
	for _, r := range rectangles {
		subjects, peers = append(subjects, r.subjects...), append(peers, r.peers...)
		ports = ports.Union(r.ports)
	}
	slices.Sort(subjects)
	slices.Sort(peers)
	subject, peer := a.summary(slices.Compact(subjects)), a.summary(slices.Compact(peers))
	w := words{key: g.key, sources: peer, destinations: subject, ports: PortsText(ports.Ranges()), causes: g.causes}
	if g.key.direction == policy.Egress {
		w.sources, w.destinations = subject, peer
	}
	return w
}

// title says who, what and the consequence.
func (w *words) title() string {
	verb := "can no longer reach"
	if w.key.opened {
		verb = "can now reach"
	}
	ports := " on " + w.ports
	if w.key.rule == "B3" {
		ports = " (cluster DNS)"
	}
	return fmt.Sprintf("%s %s %s%s", w.sources, verb, w.destinations, ports)
}

func (w *words) explanation(rule severity.Rule) string {
	text := "Rule " + rule.ID + ": " + rule.Text + "."
	if len(w.causes) > 0 {
		c := w.causes[0]
		text += fmt.Sprintf(" Behind it: %s, %s", c.Object, c.Change)
		switch n := len(w.causes) - 1; {
		case n == 1:
			text += fmt.Sprintf(", together with %s, %s", w.causes[1].Object, w.causes[1].Change)
		case n > 1:
			text += fmt.Sprintf(", together with %d more changes", n)
		}
		text += "."
	}
	if w.key.doubtful {
		text += " Approximate: it rests on labels or addresses that the manifests do not tell."
	}
	return text
}

// advice says what to do.
func (w *words) advice() string {
	switch {
	case w.key.rule == "B3":
		return "Allow egress to pods k8s-app=kube-dns in kube-system on UDP and TCP 53, for all pods that a default-deny isolates."
	case w.key.rule == "B9":
		return "Nothing to do if the destination listens on its declared ports only."
	case !w.key.opened && w.key.direction == policy.Egress:
		return "If the source needs this connection, allow it in an egress rule of a policy that selects the source."
	case !w.key.opened:
		return "If the destination needs this connection, allow it in an ingress rule of a policy that selects the destination."
	case w.key.rule == "O2":
		return "Leave out the metadata addresses: except 169.254.169.254/32 in the rule's ipBlock."
	case w.key.rule == "O5":
		return "If the isolation is meant to end, say so in the pull request; else keep a policy that selects these workloads."
	}
	return "Narrow the rule's peers or ports to what is needed."
}

// namedInTitle is how many peers a title names one by one.
const namedInTitle = 3

// summary names endpoints for a title: a few of them by name, many by their number and kind.
func (a *analysis) summary(endpoints []int32) string {
	peers := peersOf(a.model, endpoints)
	if len(peers) <= namedInTitle {
		parts := make([]string, len(peers))
		for i, p := range peers {
			parts[i] = p.String()
		}
		return joinAnd(parts)
	}
	var parts []string
	workloads, potentials := 0, 0
	namespaces := make(map[string]bool)
	var rest []string
	for _, p := range peers {
		switch {
		case p.Workload != nil:
			workloads++
			namespaces[p.Workload.Namespace] = true
		case p.Potential != nil && p.Potential.Pods == "*" && p.Potential.Namespaces == "*":
			rest = append(rest, "any other pod")
		case p.Potential != nil:
			potentials++
		case p.External != nil && p.External.All():
			rest = append(rest, "any outside address")
		case p.External != nil:
			rest = append(rest, "outside addresses")
		default:
			rest = append(rest, p.Name)
		}
	}
	if workloads > 0 {
		where := ""
		if len(namespaces) == 1 {
			for name := range namespaces {
				where = " in " + name
			}
		}
		parts = append(parts, plural(workloads, "workload")+where)
	}
	if potentials > 0 {
		parts = append(parts, plural(potentials, "selector")+" of pods not rendered here")
	}
	return joinAnd(append(parts, rest...))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func joinAnd(parts []string) string {
	switch len(parts) {
	case 0:
		return "nothing"
	case 1:
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// PortsText words ports: "TCP 80, 443 and UDP 53", "all ports", "all TCP ports".
func PortsText(ports []reach.PortRange) string {
	full := 0
	var order []policy.Protocol
	byProtocol := make(map[policy.Protocol][]string)
	for _, p := range ports {
		if byProtocol[p.Protocol] == nil {
			order = append(order, p.Protocol)
		}
		switch {
		case p.From == 1 && p.To == 65535:
			full++
			byProtocol[p.Protocol] = []string{""}
		case p.From == p.To:
			byProtocol[p.Protocol] = append(byProtocol[p.Protocol], portText(p.From))
		default:
			byProtocol[p.Protocol] = append(byProtocol[p.Protocol], portText(p.From)+"–"+portText(p.To))
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
	return joinAnd(parts)
}
