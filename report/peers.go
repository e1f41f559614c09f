package report

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

const (
	// workloadsShown is how many workloads of a namespace are named before the rest is counted.
	workloadsShown = 3
	// namespacesShown is how many namespaces of a list are told one by one.
	namespacesShown = 3
	// potentialsShown is how many potential workloads and names are told before the rest is counted.
	potentialsShown = 3
	// nameLength is how many characters of a name are shown.
	nameLength = 80
	// anything is the selector that selects everything.
	anything = "*"
	// elsewhere are potential workloads that any selector selects, beside workloads that are told by name.
	elsewhere = "pods not in these manifests"
)

// phrasebook puts the peers of one cluster into words.
type phrasebook struct {
	markup markup
	// known are the cluster's workloads by namespace; nil if unknown, and then "all" is never said.
	known map[string][]impact.WorkloadID
	total int
}

func newPhrasebook(m markup, workloads []impact.WorkloadID) phrasebook {
	p := phrasebook{markup: m, total: len(workloads)}
	if p.total > 0 {
		p.known = map[string][]impact.WorkloadID{}
	}
	for _, w := range workloads {
		p.known[w.Namespace] = append(p.known[w.Namespace], w)
	}
	return p
}

// peers shortens a list of peers for people: "cart, frontend and 10 more in shop", "any pod in shop except cart (11
// workloads)", "the internet (any address)".
func (p phrasebook) peers(list []impact.Peer) string {
	s := p.sort(list)
	var parts []string
	if s.everywhere {
		parts = append(parts, p.anyPod(s.workloads, "")...)
	} else {
		var rest []impact.WorkloadID
		for _, namespace := range s.anyIn {
			parts = append(parts, p.anyPod(within(s.workloads, namespace), namespace)...)
		}
		for _, w := range s.workloads {
			if !slices.Contains(s.anyIn, w.Namespace) {
				rest = append(rest, w)
			}
		}
		if len(rest) > 0 {
			parts = append(parts, p.workloads(rest))
		}
		parts = append(parts, p.some(s.potentials)...)
	}
	if len(s.addresses) > 0 {
		parts = append(parts, addressWords(s.addresses))
	}
	parts = append(parts, p.some(s.names)...)
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

// shortens tells whether peers leaves a workload or a block of addresses unnamed.
func (p phrasebook) shortens(list []impact.Peer) bool {
	s := p.sort(list)
	n := len(s.workloads)
	return n > workloadsShown+1 || n > 0 && (s.everywhere || len(s.anyIn) > 0) || len(s.potentials) > potentialsShown+1 || len(s.names) > potentialsShown+1 || manyBlocks(s.addresses)
}

// whole names every workload of a list one by one, up to a bound.
func (p phrasebook) whole(list []impact.Peer, most int) string {
	s := p.sort(list)
	var parts []string
	all := 0
	if out := p.absent(s.workloads, ""); p.total > 0 && len(s.workloads)+len(out) == p.total && len(out) < len(s.workloads)/2 && len(out) <= most {
		words := "all " + number(p.total) + " workloads"
		if len(out) > 0 {
			words = "all workloads except " + and(p.each(out, p.workload)) + " (" + number(len(s.workloads)) + ")"
		}
		parts = append(parts, words)
		all, s.workloads = len(s.workloads), nil
	}
	if len(s.workloads) > most+1 {
		s.workloads = s.workloads[:most]
	}
	for _, namespace := range namespacesOf(s.workloads) {
		here := within(s.workloads, namespace)
		names := p.each(here, p.bare)
		for i, w := range here {
			if ambiguous(here, w) {
				names[i] += " (" + p.markup.text(w.Kind) + ")"
			}
		}
		if namespace != "" {
			names[len(names)-1] += " in " + p.name(namespace)
		}
		parts = append(parts, strings.Join(names, ", "))
	}
	left := 0
	for _, peer := range list {
		if peer.Workload != nil {
			left++
			continue
		}
		switch {
		case len(parts) >= most:
		case peer.External != nil:
			parts = append(parts, addressesUpTo(peer.External.CIDRs, most))
		default:
			parts = append(parts, p.peer(peer))
		}
	}
	if left -= len(s.workloads) + all; left > 0 {
		parts = append(parts, count(left, "more workload"))
	}
	return strings.Join(parts, "; ")
}

// peer is one peer, told exactly as far as a line can.
func (p phrasebook) peer(peer impact.Peer) string {
	switch {
	case peer.Workload != nil:
		return p.workload(*peer.Workload)
	case peer.External != nil:
		return addressWords(peer.External.CIDRs)
	case peer.Potential != nil:
		return p.potential(*peer.Potential)
	}
	return p.name(peer.Name)
}

func (p phrasebook) name(s string) string { return p.markup.name(clip(s, nameLength)) }

func (p phrasebook) workload(w impact.WorkloadID) string {
	if w.Namespace == "" {
		return p.name(w.Name)
	}
	return p.name(w.Namespace + "/" + w.Name)
}

func (p phrasebook) potential(v impact.Potential) string {
	pods := "any pod"
	if v.Pods != anything {
		pods = "pods " + p.name(v.Pods)
	}
	return pods + " in " + p.namespaces(v.Namespaces)
}

// namespaces says which namespaces a potential peer is in: a name or a selector.
func (p phrasebook) namespaces(selector string) string {
	switch {
	case selector == anything:
		return "any namespace"
	case isSelector(selector):
		return "namespaces " + p.name(selector)
	}
	return p.name(selector)
}

// isSelector tells a selector of labels from a namespace's name.
func isSelector(s string) bool { return strings.ContainsAny(s, "=!(, ") }

// some tells a few parts and counts the rest.
func (p phrasebook) some(parts []string) []string {
	if left := len(parts) - potentialsShown; left > 1 {
		return append(slices.Clip(parts[:potentialsShown]), number(left)+" more")
	}
	return parts
}

// anyPod is the phrase for workloads beside the potential peer of all pods, in one namespace or, if it is "", in any. It
// says "any pod" only where every known workload takes part, or names the few that do not.
func (p phrasebook) anyPod(workloads []impact.WorkloadID, namespace string) []string {
	where, known := "any namespace", p.total
	if namespace != "" {
		where, known = p.name(namespace), len(p.known[namespace])
	}
	if len(workloads) == 0 {
		if known == 0 {
			return []string{"any pod in " + where}
		}
		return []string{elsewhere + ", in " + where}
	}
	var out []impact.WorkloadID
	few := known-len(workloads) <= workloadsShown // else more are absent than would be named
	if few {
		out = p.absent(workloads, namespace)
	}
	switch {
	case !few || known == 0 || len(out) > workloadsShown || 2*len(out) > len(workloads):
		return []string{p.workloads(workloads), elsewhere + ", in " + where}
	case len(out) == 0:
		return []string{"any pod in " + where + " (" + count(len(workloads), "workload") + ")"}
	case namespace == "":
		return []string{"any pod except " + and(p.each(out, p.workload)) + " (" + count(len(workloads), "workload") + ")"}
	}
	return []string{"any pod in " + where + " except " + and(p.each(out, p.bare)) + " (" + count(len(workloads), "workload") + ")"}
}

// absent returns the known workloads, of a namespace or of all if it is "", that are not in the list.
func (p phrasebook) absent(workloads []impact.WorkloadID, namespace string) []impact.WorkloadID {
	in := make(map[impact.WorkloadID]bool, len(workloads))
	for _, w := range workloads {
		in[w] = true
	}
	var out []impact.WorkloadID
	for name, known := range p.known {
		if namespace != "" && name != namespace {
			continue
		}
		for _, w := range known {
			if !in[w] {
				out = append(out, w)
			}
		}
	}
	slices.SortFunc(out, compareWorkloads)
	return out
}

// workloads is the phrase for a list of workloads.
func (p phrasebook) workloads(list []impact.WorkloadID) string {
	namespaces := namespacesOf(list)
	if len(namespaces) > 1 && len(list) > workloadsShown && p.total > 0 && len(list) >= p.total && len(p.absent(list, "")) == 0 {
		return "all " + number(len(list)) + " workloads"
	}
	shown := namespaces
	if len(namespaces) > namespacesShown+1 {
		shown = namespaces[:namespacesShown]
		if len(list) > 2*len(namespaces) {
			return number(len(list)) + " workloads in " + strings.Join(p.names(shown), ", ") + " and " + count(len(namespaces)-namespacesShown, "more namespace")
		}
	}
	var parts []string
	left := len(list)
	for _, namespace := range shown {
		here := within(list, namespace)
		left -= len(here)
		parts = append(parts, p.workloadsOf(here, namespace))
	}
	if left > 0 {
		parts = append(parts, count(left, "workload")+" in "+count(len(namespaces)-namespacesShown, "more namespace"))
	}
	return strings.Join(parts, "; ")
}

// workloadsOf is the phrase for workloads of one namespace.
func (p phrasebook) workloadsOf(list []impact.WorkloadID, namespace string) string {
	if len(list) == 1 {
		return p.workload(list[0])
	}
	in := ""
	if namespace != "" {
		in = " in " + p.name(namespace)
	}
	if len(list) > workloadsShown && len(p.known[namespace]) > 0 {
		switch out := p.absent(list, namespace); {
		case len(out) == 0:
			return "all " + number(len(list)) + " workloads" + in
		case len(out) <= 2 && 2*len(out) < len(list):
			return "all workloads" + in + " except " + and(p.each(out, p.bare)) + " (" + number(len(list)) + ")"
		}
	}
	shown := list
	if len(list) > workloadsShown+1 {
		shown = list[:workloadsShown-1]
	}
	names := p.each(shown, p.bare)
	for i, w := range shown {
		if ambiguous(list, w) {
			names[i] += " (" + p.markup.text(w.Kind) + ")"
		}
	}
	if left := len(list) - len(shown); left > 0 {
		names = append(names, number(left)+" more")
	}
	return and(names) + in
}

func (p phrasebook) names(list []string) []string {
	out := make([]string, len(list))
	for i, name := range list {
		out[i] = p.name(name)
	}
	return out
}

func (p phrasebook) bare(w impact.WorkloadID) string { return p.name(w.Name) }

func (p phrasebook) each(list []impact.WorkloadID, word func(impact.WorkloadID) string) []string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = word(w)
	}
	return words
}

// ambiguous tells whether another workload of the list differs in kind alone.
func ambiguous(list []impact.WorkloadID, w impact.WorkloadID) bool {
	return slices.ContainsFunc(list, func(o impact.WorkloadID) bool {
		return o.Name == w.Name && o.Namespace == w.Namespace && o.Kind != w.Kind
	})
}

func namespacesOf(list []impact.WorkloadID) []string {
	var names []string
	seen := make(map[string]bool)
	for i, w := range list {
		if (i == 0 || list[i-1].Namespace != w.Namespace) && !seen[w.Namespace] {
			seen[w.Namespace] = true
			names = append(names, w.Namespace)
		}
	}
	return names
}

func within(list []impact.WorkloadID, namespace string) []impact.WorkloadID {
	var out []impact.WorkloadID
	for _, w := range list {
		if w.Namespace == namespace {
			out = append(out, w)
		}
	}
	return out
}

func compareWorkloads(a, b impact.WorkloadID) int {
	if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Kind, b.Kind)
}
