package impact

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// namedInTitle is how many peers a title names one by one.
const namedInTitle = 3

// summary is endpoints in few words.
type summary struct {
	text string
	// many tells that the text is a plural, everyone that any pod and any outside address are among them.
	many, everyone bool
	// named tells that the text names each of them.
	named     bool
	endpoints []int32
}

// summarise names endpoints for a title: a few of them by name, many by their number and kind.
func (a *analysis) summarise(endpoints []int32) summary {
	s := summary{endpoints: endpoints}
	count := 0
	var first []Peer // as many as a title names
	var last Peer
	var parts, others, selected []string
	var named []string // of the workloads, as many as a title names
	workloads, namespaces, selectors := 0, 0, 0
	anyone, anyAddress, address := false, false, ""
	a.eachPeer(endpoints, func(p Peer) {
		if count++; count <= namedInTitle {
			first = append(first, p)
		}
		switch {
		case p.Workload != nil:
			if workloads == 0 || p.Workload.Namespace != last.Workload.Namespace {
				namespaces++ // workloads come first, by namespace
			}
			last = p
			if workloads++; workloads <= namedInTitle {
				named = append(named, a.workloadName(*p.Workload))
			}
		case p.Potential != nil && *p.Potential == anyPod:
			anyone = true
		case p.Potential != nil:
			selectors++
			switch {
			case !a.nameServers[*p.Potential]:
				selected = append(selected, p.Potential.short())
			case !slices.Contains(selected, nameServiceText):
				selected = append(selected, nameServiceText)
			}
		case p.External != nil && p.External.all4():
			anyAddress, address = true, "any IPv4 address"
			if p.External.All() {
				address = "any outside address"
			}
		case p.External != nil && isMetadata(p.External.CIDRs):
			others = append(others, "the cloud metadata address ("+p.String()+")")
		case p.External != nil && len(p.External.CIDRs) > namedInTitle:
			others = append(others, blocksInWords(p.External.CIDRs))
		default:
			others = append(others, p.String())
		}
	})
	s.many, s.named = count > 1 || count == 1 && first[0].Potential != nil, count <= namedInTitle
	if s.everyone = anyone && anyAddress; s.everyone {
		parts = []string{"any pod"}
		if 0 < workloads && workloads <= namedInTitle {
			parts = append(withKinds(named, first), "any other pod")
		}
		s.text, s.named = joinAnd(append(parts, address)), false
		return s
	}
	switch {
	case anyone && workloads > 0 && workloads == a.rendered():
		parts, selected, anyone, s.named = []string{"all pods"}, nil, false, true
	case workloads > namedInTitle:
		where := fmt.Sprintf("%d namespaces", namespaces)
		if namespaces == 1 {
			where = first[0].Workload.Namespace
		}
		parts = append(parts, fmt.Sprintf("%d workloads in %s", workloads, where))
	default:
		parts = append(parts, withKinds(named, first)...)
	}
	switch beside := len(others); {
	case len(selected)+beside <= namedInTitle:
		others = append(selected, others...)
	case len(selected) == 0:
		others = []string{plural(beside, "name") + " outside the cluster"}
	case beside > 0:
		others = []string{plural(selectors, "selector") + " of pods not in these manifests", "outside addresses"}
	default:
		others = []string{plural(selectors, "selector") + " of pods not in these manifests"}
	}
	parts = append(parts, others...)
	switch {
	case anyone && len(parts) == 0:
		parts = append(parts, "any pod")
	case anyone:
		parts = append(parts, "any other pod")
	}
	if anyAddress {
		parts = append(parts, address)
	}
	s.text = joinAnd(parts)
	return s
}

// rendered counts the workloads that are there on some side.
func (a *analysis) rendered() int {
	n := 0
	for i := range a.model.Endpoints {
		if a.directory.peers[i].Workload != nil {
			n++
		}
	}
	return n
}

// blocksInWords says many blocks of addresses by how much they are.
func blocksInWords(blocks []netip.Prefix) string {
	var v4, v6 float64 // the parts of each family that are in
	for _, b := range blocks {
		if b.Addr().Is4() {
			v4 += math.Ldexp(1, -b.Bits())
		} else {
			v6 += math.Ldexp(1, -b.Bits())
		}
	}
	switch {
	case v4 > 0.5 && v6 > 0.5:
		return "most outside addresses"
	case v4 > 0.5 && v6 == 0:
		return "most IPv4 addresses"
	case v6 > 0.5 && v4 == 0:
		return "most IPv6 addresses"
	}
	return fmt.Sprintf("%d blocks of outside addresses", len(blocks))
}

// nameServiceText is what the cluster's name service is called where it is not rendered.
const nameServiceText = "the cluster's DNS"

// workloadName is the shortest name that tells a workload apart from those of other namespaces.
func (a *analysis) workloadName(w WorkloadID) string {
	if a.oneNamespace {
		return w.Name
	}
	return w.Namespace + "/" + w.Name
}

// withKinds adds the kind to names that several workloads have. The workloads are the first of the peers.
func withKinds(names []string, peers []Peer) []string {
	count := make(map[string]int)
	for _, n := range names {
		count[n]++
	}
	for i, n := range names {
		if count[n] > 1 {
			names[i] = n + " (" + peers[i].Workload.Kind + ")"
		}
	}
	return names
}

// tellingLabels are those that people give pods to say what they are, the most telling first.
var tellingLabels = []string{"app.kubernetes.io/name", "app", "k8s-app", "name", "app.kubernetes.io/component", "component"}

// short is a selector in the words of a title: of many labels, the most telling one.
func (p *Potential) short() string {
	requirements := strings.Split(p.Pods, ",")
	if len(requirements) < 3 || strings.ContainsRune(p.Pods, '(') {
		return p.String()
	}
	for _, label := range tellingLabels {
		for _, r := range requirements {
			if strings.HasPrefix(r, label+"=") {
				return (&Potential{Namespaces: p.Namespaces, Pods: r + ",…"}).String()
			}
		}
	}
	return p.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		noun = stem + "ie"
	} else if strings.HasSuffix(noun, "s") {
		noun += "e"
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
