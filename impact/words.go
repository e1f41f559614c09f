package impact

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
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

// census counts endpoints by what they are, and names the first of each kind.
type census struct {
	count int
	first []Peer   // as many as a title names
	named []string // workloads, as many as a title names

	workloads, namespaces, selectors int

	selected   []string // pods that are not rendered, as many as a title names and one more
	others     []string // outside addresses, names and the like
	anyPod     bool
	anyAddress string // how to say that any address is among them, "" if it is not
}

// summarise names endpoints for a title: a few of them by name, many by their number and kind.
func (a *analysis) summarise(endpoints []int32) summary {
	c := a.census(endpoints)
	s := summary{endpoints: endpoints, many: c.count > 1 || c.count == 1 && c.first[0].Potential != nil}
	if s.everyone = c.anyPod && c.anyAddress != ""; s.everyone {
		s.text = c.everyone()
		return s
	}
	all := c.anyPod && c.workloads > 0 && c.workloads == a.rendered()
	s.text, s.named = c.some(all), all || c.count <= namedInTitle
	return s
}

func (a *analysis) census(endpoints []int32) *census {
	c := new(census)
	var last *WorkloadID
	a.eachPeer(endpoints, func(i int32, p Peer) {
		if c.count++; c.count <= namedInTitle {
			c.first = append(c.first, p)
		}
		switch {
		case p.Workload != nil:
			if last == nil || p.Workload.Namespace != last.Namespace {
				c.namespaces++ // workloads come first, by namespace
			}
			last = p.Workload
			if c.workloads++; c.workloads <= namedInTitle {
				c.named = append(c.named, a.workloadName(*p.Workload))
			}
		case p.Potential != nil && *p.Potential == anyPod:
			c.anyPod = true
		case p.Potential != nil:
			c.selectors++
			switch {
			case len(c.selected) > namedInTitle: // so many are counted only
			case !a.nameServers.has(i):
				c.selected = append(c.selected, p.Potential.short())
			case !slices.Contains(c.selected, nameServiceText):
				c.selected = append(c.selected, nameServiceText)
			}
		case p.External != nil && p.External.All():
			c.anyAddress = "any outside address"
		case p.External != nil && p.External.all4():
			c.anyAddress = "any IPv4 address"
		case p.External != nil && isMetadata(p.External.CIDRs):
			c.others = append(c.others, "the cloud metadata address ("+p.String()+")")
		case p.External != nil && len(p.External.CIDRs) > namedInTitle:
			c.others = append(c.others, blocksInWords(p.External.CIDRs))
		default:
			c.others = append(c.others, p.String())
		}
	})
	return c
}

// everyone says that any pod and any address are among the endpoints, and a few workloads that are named all the same.
func (c *census) everyone() string {
	if c.workloads == 0 || c.workloads > namedInTitle {
		return joinAnd([]string{"any pod", c.anyAddress})
	}
	return joinAnd(append(withKinds(c.named, c.first), "any other pod", c.anyAddress))
}

// some says which endpoints there are, where not everyone is among them. All tells that every workload is.
func (c *census) some(all bool) string {
	var parts []string
	switch {
	case all:
		parts = append([]string{"all pods"}, c.beside(nil)...)
	default:
		parts = append(c.workloadsInWords(), c.beside(c.selected)...)
	}
	switch {
	case c.anyPod && len(parts) == 0:
		parts = append(parts, "any pod")
	case c.anyPod && !all:
		parts = append(parts, "any other pod")
	}
	if c.anyAddress != "" {
		parts = append(parts, c.anyAddress)
	}
	return joinAnd(parts)
}

func (c *census) workloadsInWords() []string {
	switch {
	case c.workloads <= namedInTitle:
		return withKinds(c.named, c.first)
	case c.namespaces == 1:
		return []string{plural(c.workloads, "workload") + " in " + c.first[0].Workload.Namespace}
	}
	return []string{plural(c.workloads, "workload") + " in " + plural(c.namespaces, "namespace")}
}

// beside says what there is beside workloads: the pods selected that are not rendered, and what is outside the cluster.
func (c *census) beside(selected []string) []string {
	pods := plural(c.selectors, "selector") + " of pods not in these manifests"
	switch {
	case len(selected)+len(c.others) <= namedInTitle:
		return slices.Concat(selected, c.others)
	case len(selected) == 0:
		return []string{plural(len(c.others), "name") + " outside the cluster"}
	case len(c.others) > 0:
		return []string{pods, "outside addresses"}
	}
	return []string{pods}
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

// workloadsAmong counts the workloads in sorted lists of endpoints, each once.
func (a *analysis) workloadsAmong(lists ...[]int32) int {
	all := slices.Concat(lists...)
	slices.Sort(all)
	n := 0
	for _, i := range slices.Compact(all) {
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

// thousands writes a number with commas: 1,673.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
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
	return fmt.Sprintf("%s %ss", thousands(n), noun)
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
