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
	sources, destinations summary
	ports                 string
	causes                []Cause
	// kept counts the connections of a B9 finding that keep every port that their destination declares.
	kept int
}

func (a *analysis) words(g *group, rectangles []rectangle) words {
	var subjects, peers []int32
	var ports policy.PortSet
	w := words{key: g.key, causes: g.causes}
	for _, r := range rectangles {
		subjects, peers = append(subjects, r.subjects...), append(peers, r.peers...)
		ports = ports.Union(r.ports)
		if g.key.rule == "B9" {
			w.kept += a.kept(g.key.direction, r)
		}
	}
	slices.Sort(subjects)
	slices.Sort(peers)
	w.ports = PortsText(ports.Ranges())
	w.destinations, w.sources = a.summarise(slices.Compact(subjects)), a.summarise(slices.Compact(peers))
	if g.key.direction == policy.Egress {
		w.sources, w.destinations = w.destinations, w.sources
	}
	return w
}

// kept counts the pairs of workloads of a rectangle whose destination declares ports, all of them outside the rectangle.
func (a *analysis) kept(d policy.Direction, r rectangle) int {
	sources, destinations := r.peers, r.subjects
	if d == policy.Egress {
		sources, destinations = destinations, sources
	}
	n := 0
	for _, i := range destinations {
		if len(a.traits[i].declared) > 0 && a.endpoint(i).Workload[reach.Head] != nil {
			n += a.pairs(sources, []int32{i})
		}
	}
	return n
}

// title says who, what and the consequence.
func (w *words) title() string {
	switch {
	case w.key.rule == "B3":
		return w.sources.text + " can no longer reach the cluster's DNS"
	case w.key.rule == "B9" && w.kept > 0:
		return fmt.Sprintf("%s: connections narrowed to declared ports", w.destinations.text)
	case !w.key.opened && w.key.direction == policy.Ingress && w.sources.everyone:
		return w.destinations.text + w.destinations.verb(" now lets", " now let") + " in only what a policy allows"
	case !w.key.opened && w.key.direction == policy.Egress && w.destinations.everyone:
		return w.sources.text + " can now reach only what a policy allows"
	case w.key.opened:
		return fmt.Sprintf("%s can now reach %s on %s", w.sources.text, w.destinations.text, w.ports)
	}
	return fmt.Sprintf("%s can no longer reach %s on %s", w.sources.text, w.destinations.text, w.ports)
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
	if w.kept > 0 {
		text += fmt.Sprintf(" %s stay open on every port that the destination declares.", plural(w.kept, "connection"))
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

// summary is endpoints in few words.
type summary struct {
	text string
	// many tells that the text is a plural, everyone that any pod and any outside address are among them.
	many, everyone bool
}

func (s summary) verb(one, many string) string {
	if s.many {
		return many
	}
	return one
}

// summarise names endpoints for a title: a few of them by name, many by their number and kind.
func (a *analysis) summarise(endpoints []int32) summary {
	peers := a.peersOf(endpoints)
	s := summary{many: len(peers) > 1 || len(peers) == 1 && peers[0].Potential != nil}
	var parts, others []string
	var workloads []string
	namespaces := make(map[string]bool)
	selectors := 0
	anyPod, anyAddress := false, false
	for _, p := range peers {
		switch {
		case p.Workload != nil:
			workloads = append(workloads, p.String())
			namespaces[p.Workload.Namespace] = true
		case p.Potential != nil && *p.Potential == Potential{"*", "*"}:
			anyPod = true
		case p.Potential != nil:
			selectors++
			others = append(others, p.String())
		case p.External != nil && p.External.All():
			anyAddress = true
		case p.External != nil && len(p.External.CIDRs) > namedInTitle:
			others = append(others, fmt.Sprintf("%d blocks of outside addresses", len(p.External.CIDRs)))
		default:
			others = append(others, p.String())
		}
	}
	if s.everyone = anyPod && anyAddress; s.everyone {
		return summary{text: "any pod and any outside address", many: true, everyone: true}
	}
	switch {
	case len(workloads) > namedInTitle:
		where := fmt.Sprintf("%d namespaces", len(namespaces))
		if len(namespaces) == 1 {
			where = peers[0].Workload.Namespace
		}
		parts = append(parts, fmt.Sprintf("%d workloads in %s", len(workloads), where))
	default:
		parts = append(parts, workloads...)
	}
	if len(others) > namedInTitle {
		others = []string{plural(selectors, "selector") + " of pods not in these manifests"}
		if selectors < len(others) {
			others = append(others, "outside addresses")
		}
	}
	parts = append(parts, others...)
	if anyPod {
		parts = append(parts, "any other pod")
	}
	if anyAddress {
		parts = append(parts, "any outside address")
	}
	s.text = joinAnd(parts)
	return s
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
func PortsText(ports []reach.PortRange) string { return policy.PortsText(ports) }
