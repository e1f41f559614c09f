package report

import (
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact"
)

// pageData is what the HTML page is given. Everything that it shows in words is worded here.
type (
	pageData struct {
		Headline    string           `json:"headline"`
		Compared    string           `json:"compared"`
		Pass        bool             `json:"pass"`
		Reasons     []string         `json:"reasons"`
		Clusters    []pageCluster    `json:"clusters"`
		Diagnostics []pageDiagnostic `json:"diagnostics"`
	}
	pageCluster struct {
		Name     string        `json:"name"`
		Peers    []pagePeer    `json:"peers"`
		Groups   []pageGroup   `json:"groups"`
		Before   []pageAllowed `json:"before"`
		After    []pageAllowed `json:"after"`
		Findings []pageFinding `json:"findings"`
		// Radius has a line for each change of blast radius.
		Radius []string `json:"radius"`
		// Supposed tells what would be under other assumptions, such as staged policies in force.
		Supposed []pageSupposed `json:"supposed"`
	}
	// pageSupposed is one assumption with a line for each finding that would be, or would not.
	pageSupposed struct {
		Head  string   `json:"head"`
		Lines []string `json:"lines"`
	}
	// pagePeer is a node. Its group is the namespace of a workload.
	pagePeer struct {
		Label string `json:"label"`
		Short string `json:"short"`
		Group string `json:"group"`
		Kind  string `json:"kind"`
	}
	// pageGroup is a list of peers as it is told, and their numbers as runs: first, last, first, last, …
	pageGroup struct {
		Words string `json:"words"`
		Runs  []int  `json:"runs"`
	}
	// pageAllowed is a rectangle: its ends are numbers of groups.
	pageAllowed struct {
		Source      int    `json:"s"`
		Destination int    `json:"d"`
		Ports       string `json:"ports"`
		Approximate bool   `json:"approximate,omitempty"`
	}
	// pageFinding, pageCause, pageEvidence and pageDiagnostic are those of the JSON, with rectangles of the page's groups and
	// with links. What is declared here stands in the place of what is embedded.
	pageFinding struct {
		jsonFinding
		Connections []pageAllowed  `json:"connections"`
		Causes      []pageCause    `json:"causes"`
		Evidence    []pageEvidence `json:"evidence"`
	}
	pageCause struct {
		jsonCause
		URL string `json:"url,omitempty"`
	}
	pageEvidence struct {
		jsonEvidence
		URL string `json:"url,omitempty"`
	}
	pageDiagnostic struct {
		jsonDiagnostic
		URL string `json:"url,omitempty"`
	}
)

func newPageData(r *impact.Result, o Options) pageData {
	all := summarise(r)
	out := pageData{
		Headline: Headline(r, o), Compared: "Compared: " + all.scope(), Pass: r.Gate.Pass && len(all.broken) == 0,
		Reasons: []string{}, Clusters: []pageCluster{}, Diagnostics: []pageDiagnostic{},
	}
	if r.Base != "" || r.Head != "" {
		out.Compared = fmt.Sprintf("Compared %s with %s: %s", clean(r.Base), clean(r.Head), all.scope())
	}
	for _, reason := range r.Gate.Reasons {
		out.Reasons = append(out.Reasons, clean(reason))
	}
	for i := range r.Clusters {
		out.Clusters = append(out.Clusters, newPageCluster(&r.Clusters[i], o))
	}
	for _, d := range r.Diagnostics {
		url := o.link("", d.File, d.Line)
		d.Object, d.File, d.Message = clean(d.Object), clean(d.File), clean(d.Message)
		out.Diagnostics = append(out.Diagnostics, pageDiagnostic{diagnosticJSON(d), url})
	}
	return out
}

// pageCast numbers the peers and the lists of peers of one cluster: the same list stands in many rectangles.
type pageCast struct {
	cluster *pageCluster
	book    phrasebook
	numbers map[impact.Peer]int // by identity
	peers   map[string]int      // by name
	groups  map[string]int
}

func newPageCluster(c *impact.Cluster, o Options) pageCluster {
	out := pageCluster{Name: clusterName(c), Peers: []pagePeer{}, Groups: []pageGroup{}, Findings: []pageFinding{}}
	cast := &pageCast{cluster: &out, book: newPhrasebook(plainMarkup{}, c.Workloads), numbers: map[impact.Peer]int{}, peers: map[string]int{}, groups: map[string]int{}}
	// The workloads come first, in their order: neighbours have neighbouring numbers.
	for i := range c.Workloads {
		cast.peer(impact.Peer{Workload: &c.Workloads[i]})
	}
	for i := range c.Findings {
		out.Findings = append(out.Findings, cast.finding(&c.Findings[i], o))
	}
	out.Radius = cast.radiusLines(c)
	out.Supposed = []pageSupposed{}
	for _, s := range suppositions(c, "") {
		told := pageSupposed{Head: clean(s.head), Lines: []string{}}
		for i := range s.lines {
			told.Lines = append(told.Lines, clean(string(s.lines[i].Severity))+": "+s.title(i, 0))
		}
		out.Supposed = append(out.Supposed, told)
	}
	out.Before, out.After = cast.allowed(c.Before), cast.allowed(c.After)
	return out
}

func (p *pageCast) allowed(list []impact.Allowed) []pageAllowed {
	out := make([]pageAllowed, len(list))
	for i, a := range list {
		out[i] = p.rectangle(a.Sources, a.Destinations, portWords(a.Ports))
		out[i].Approximate = a.Confidence == impact.Approximate
	}
	return out
}

func (p *pageCast) rectangle(sources, destinations []impact.Peer, ports string) pageAllowed {
	return pageAllowed{Source: p.group(sources), Destination: p.group(destinations), Ports: ports}
}

func (p *pageCast) finding(f *impact.Finding, o Options) pageFinding {
	out := pageFinding{Connections: []pageAllowed{}, Causes: []pageCause{}, Evidence: []pageEvidence{}}
	for _, c := range f.Connections {
		out.Connections = append(out.Connections, p.rectangle(c.Sources, c.Destinations, portWords(c.Ports)))
	}
	for _, c := range f.Causes {
		url := o.link(c.Side, c.File, c.Line)
		c.Object, c.File, c.Change = clean(c.Object), clean(c.File), clean(c.Change)
		out.Causes = append(out.Causes, pageCause{causeJSON(c), url})
	}
	for _, e := range f.Evidence {
		url := o.link("", e.File, e.Line)
		e.Kind, e.Text, e.File = clean(e.Kind), clean(e.Text), clean(e.File)
		out.Evidence = append(out.Evidence, pageEvidence{jsonEvidence(e), url})
	}
	told := *f
	told.ID, told.Rule, told.Fingerprint = clean(f.ID), clean(f.Rule), clean(f.Fingerprint)
	told.Title, told.Explanation, told.Advice = clean(f.Title), clean(f.Explanation), clean(f.Advice)
	if f.Accepted != nil {
		told.Accepted = &impact.Acceptance{Reason: clean(f.Accepted.Reason), Author: clean(f.Accepted.Author), Until: clean(f.Accepted.Until)}
	}
	out.jsonFinding = wordsJSON(&told)
	return out
}

// group is the number of a list of peers. Lists of thousands stand in thousands of rectangles: as runs they are short.
func (p *pageCast) group(list []impact.Peer) int {
	members := make([]int, len(list))
	for i, peer := range list {
		members[i] = p.peer(peer)
	}
	slices.Sort(members)
	runs := []int{}
	for _, m := range slices.Compact(members) {
		if end := len(runs) - 1; end > 0 && runs[end] == m-1 {
			runs[end] = m
		} else {
			runs = append(runs, m, m)
		}
	}
	key := fmt.Sprint(runs)
	n, ok := p.groups[key]
	if !ok {
		n = len(p.cluster.Groups)
		p.groups[key] = n
		p.cluster.Groups = append(p.cluster.Groups, pageGroup{p.book.peers(list), runs})
	}
	return n
}

func (p *pageCast) peer(peer impact.Peer) int {
	n, ok := p.numbers[peer]
	if !ok {
		n = p.number(peer)
		p.numbers[peer] = n
	}
	return n
}

func (p *pageCast) number(peer impact.Peer) int {
	node := pagePeer{Group: "outside", Kind: "name"}
	key := peer.String()
	switch {
	case peer.Workload != nil:
		node.Kind, node.Group, node.Short = "workload", clean(peer.Workload.Namespace), clean(peer.Workload.Name)
		key = peer.Workload.Kind + "/" + key
	case peer.External != nil:
		node.Kind = "external"
	case peer.Potential != nil:
		node.Kind, node.Group = "potential", "potential"
	}
	key = node.Kind + " " + key
	n, ok := p.peers[key]
	if !ok {
		node.Label = p.book.peers([]impact.Peer{peer})
		if node.Short == "" {
			node.Short = clip(node.Label, nameLength)
		}
		n = len(p.cluster.Peers)
		p.peers[key] = n
		p.cluster.Peers = append(p.cluster.Peers, node)
	}
	return n
}
