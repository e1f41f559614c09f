package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// words are what a finding is told with.
type words struct {
	key                   groupKey
	ends                  [2]bool
	sources, destinations summary
	ports                 string
	causes                []Cause
	undo                  cause.Undo
	// pairs counts the connections; whole tells that every source and every destination are a pair.
	pairs int
	whole bool
	// clauses say each of a few groups of connections for itself; nil if they are many.
	clauses []string
	// dependencies counts the evidence of connections that configurations show to be used.
	dependencies int
	// reasons counts all evidence.
	reasons int
	// internet tells that sources are on the internet; silent that no destination declares a port.
	internet, silent bool
	// alike tells that all connections differ in the same ports.
	alike bool
	// nodes tells that all destinations are machines of the cluster.
	nodes bool
	// rendered, potential and outside tell of sources and of destinations whether some are workloads in the manifests, pods of
	// which only a selector is known, or outside the cluster.
	rendered, potential, outside [2]bool
	// domains tells that all destinations are domain names, metadata that they are the cloud's metadata service, credentials that
	// this is among them, and no node.
	domains, metadata, credentials bool
	// everybody tells of what is narrowed that each workload is a source or a destination.
	everybody bool
	// names are the name servers among the destinations.
	names []*cluster.NameServer
	// left is what the only subject may still connect with any pod on, or let any pod in on; "" for nothing.
	left string
	// cutOff tells that nothing at all is left to those that are cut off from everyone.
	cutOff bool
}

func (a *analysis) words(g *group, rectangles []rectangle, f *Finding) words {
	w := words{key: g.key, ends: g.ends, causes: g.causes, undo: g.undo, pairs: f.volume(), silent: true, nodes: true, alike: len(rectangles) == 1}
	sources, destinations := ends(rectangles)
	w.sources, w.destinations = a.summarise(sources), a.summarise(destinations)
	w.whole = w.pairs >= a.countPeers(sources)*a.countPeers(destinations)
	var ports policy.PortSet
	for _, r := range rectangles {
		ports = ports.Union(a.telling(g.key, r))
	}
	if g.key.kept {
		ports, _ = a.declaredAmong(destinations)
	}
	w.ports = w.portWords(ports)
	if !w.whole && len(rectangles) <= maxClauses {
		w.clauses = a.clauses(&w, rectangles)
	}
	w.reasons = len(f.Evidence)
	for _, e := range f.Evidence {
		if e.Kind == dependencyEvidence {
			w.dependencies++
		}
	}
	for _, s := range sources {
		w.internet = w.internet || a.traits[s].end.Internet
	}
	for _, d := range destinations {
		w.silent = w.silent && len(a.traits[d].declared) == 0
		w.nodes = w.nodes && a.traits[d].end.Node
	}
	w.places(a, sources, destinations)
	w.everybody = g.key.kept && w.sources.everyone && a.workloadsAmong(sources, destinations) == a.rendered()
	w.names = a.namesAmong(destinations)
	w.left = a.left(g.key, sources, destinations)
	w.cutOff = w.everyone() && w.left == "" && a.cutOff(g.key, sources, destinations)
	return w
}

// maxClauses is how many groups of connections a title tells one by one, maxClause how many characters that may take.
const maxClauses, maxClause = 2, 140

// clauses tell each group of connections for itself; nil if that takes too many words.
func (a *analysis) clauses(w *words, rectangles []rectangle) []string {
	var out []string
	length, named := 0, true
	for _, r := range rectangles {
		from, to := a.summarise(r.sources), a.summarise(r.destinations)
		clause := w.reach(from, to, w.portWords(a.telling(w.key, r)))
		out, length, named = append(out, clause), length+len(clause), named && from.named && to.named
	}
	if len(out) > 1 && (length > maxClause || !named) {
		return nil
	}
	return out
}

// telling are the ports of a rectangle that matter to a reader: of what is blocked, those that the destinations declare.
func (a *analysis) telling(key groupKey, r rectangle) policy.PortSet {
	if key.opened || key.rule == narrowed {
		return r.ports
	}
	declared, whole := a.declaredAmong(r.destinations)
	if used := declared.Intersect(r.ports); whole && len(used) > 0 {
		return used
	}
	return r.ports
}

// declaredAmong is the ports that any of some destinations declares, and whether each declares some.
func (a *analysis) declaredAmong(destinations []int32) (ports policy.PortSet, whole bool) {
	whole = true
	last := int32(-1)
	var seen marks
	for _, d := range destinations {
		t := &a.traits[d]
		if t.declaredID == last {
			continue // neighbours mostly declare the same
		}
		if last = t.declaredID; !seen.has(last) {
			seen.add([]int32{last})
			ports, whole = ports.Union(t.declared), whole && len(t.declared) > 0
		}
	}
	return ports, whole
}

// left is what any pod may still be reached on by the only source, or may reach the only destination on.
func (a *analysis) left(key groupKey, sources, destinations []int32) string {
	subject, peers := destinations, sources
	if key.direction == policy.Egress {
		subject, peers = sources, destinations
	}
	if key.opened || len(subject) != 1 {
		return ""
	}
	for _, p := range peers {
		if q := a.endpoint(p).Potential; q == nil || q.Namespaces != "*" || q.Pods != "*" {
			continue
		}
		from, to := p, subject[0]
		if key.direction == policy.Egress {
			from, to = to, from
		}
		if open := a.model.Verdict(reach.Head, from, to); len(open) > 0 {
			return PortsText(open.Ranges())
		}
	}
	return ""
}

// maxAsked is up to how many pairs are asked for to say that nothing is left.
const maxAsked = 20_000

// cutOff tells whether nothing is left that the sources may still reach, or that may still reach the destinations.
func (a *analysis) cutOff(key groupKey, sources, destinations []int32) bool {
	subjects := destinations
	if key.direction == policy.Egress {
		subjects = sources
	}
	if key.opened || len(subjects)*len(a.model.Endpoints) > maxAsked {
		return false
	}
	for _, s := range subjects {
		for p := range a.model.Endpoints {
			if int32(p) == s || !a.model.Endpoints[p].Stays() {
				continue
			}
			from, to := int32(p), s
			if key.direction == policy.Egress {
				from, to = to, from
			}
			if len(a.model.Verdict(reach.Head, from, to)) > 0 {
				return false
			}
		}
	}
	return true
}

// maxRanges is how many ranges of ports a title tells.
const maxRanges = 3

// shortPorts words ports for a title: a few of them, or all but a few.
func shortPorts(ports policy.PortSet) string {
	ranges := ports.Ranges()
	if len(ranges) <= maxRanges {
		return PortsText(ranges)
	}
	if others := policy.AllPorts().Minus(ports).Ranges(); len(others) <= maxRanges {
		return "all ports except " + PortsText(others)
	}
	return fmt.Sprintf("%s and more", PortsText(ranges[:maxRanges]))
}

// title says who, what, the consequence and, in brackets, through what.
func (w *words) title() string {
	if w.key.promise != "" {
		return w.consequence() + fmt.Sprintf(", against the promise “%s”", w.key.promise) + w.blame()
	}
	return w.consequence() + w.blame()
}

func (w *words) consequence() string {
	everyone := w.everyone()
	switch {
	case w.key.kept:
		return w.keptTitle()
	case w.key.rule == "O5" && w.key.direction == policy.Ingress:
		return w.destinations.text + either(w.destinations, " loses all isolation: anyone can now reach it", " lose all isolation: anyone can now reach them")
	case w.key.rule == "O5":
		return w.sources.text + either(w.sources, " loses all isolation: it can now reach anything", " lose all isolation: they can now reach anything")
	case (w.key.rule == "O1" || w.key.rule == "O4") && w.sources.everyone:
		return "Anyone, the internet included, can now reach " + w.destinations.text + " on " + w.ports
	case w.key.rule == "O2" && w.credentials && !w.metadata && w.whole:
		return fmt.Sprintf("%s can now reach %s, the cloud metadata address among them, on %s", w.sources.text, w.destinations.text, w.ports)
	case w.key.opened:
	case w.key.rule == "B3":
		return w.sources.text + " can no longer reach the cluster's DNS"
	case w.key.rule == "B4" && !w.sources.named:
		return "The ingress controller can no longer reach " + w.destinations.text + " on " + w.ports
	case w.key.rule == "B6" && w.key.direction == policy.Ingress && !w.sources.named:
		return "The API server can no longer call " + w.destinations.text + " on " + w.ports
	case w.key.rule == "B6" && !w.destinations.named:
		return w.sources.text + " can no longer reach the API server"
	case w.key.rule == "B7" && everyone:
		return w.destinations.text + either(w.destinations, " loses every client", " lose every client")
	case w.cutOff && w.key.direction == policy.Ingress:
		return w.destinations.text + " can no longer be reached by anyone"
	case w.cutOff:
		return w.sources.text + " can no longer reach anything"
	case everyone && w.key.direction == policy.Ingress:
		return w.destinations.text + either(w.destinations, " now accepts", " now accept") + " only what a policy allows"
	case everyone:
		return w.sources.text + " can now reach only what a policy allows"
	}
	switch {
	case len(w.clauses) > 0:
		return strings.Join(w.clauses, "; ")
	case w.whole:
		return w.reach(w.sources, w.destinations, w.ports)
	}
	between, are := "from "+w.sources.text+" to "+w.destinations.text, "are lost"
	switch {
	case w.key.rule == "B5":
		return fmt.Sprintf("%s dependencies of %s on %s are lost", thousands(w.pairs), w.sources.text, w.destinations.text)
	case w.sources.text == w.destinations.text:
		between = "among " + w.sources.text
	}
	if w.key.opened {
		are = "are new"
	}
	return fmt.Sprintf("%s connections %s on %s %s", thousands(w.pairs), between, w.ports, are)
}

// everyone tells whether any pod and any outside address are among those at the other end.
func (w *words) everyone() bool {
	if w.key.direction == policy.Egress {
		return w.destinations.everyone
	}
	return w.sources.everyone
}

func (w *words) reach(from, to summary, ports string) string {
	verb := "can no longer reach"
	if w.key.opened {
		verb = "can now reach"
	}
	who, whom := from.text, to.text
	if !w.key.opened {
		who = deniedWords.Replace(who)
	}
	switch {
	case from.text != to.text:
	case slices.Equal(from.endpoints, to.endpoints) && len(from.endpoints) == 1 && !from.many:
		who, whom = "the pods of "+who, "each other"
	case slices.Equal(from.endpoints, to.endpoints) && !from.everyone:
		whom = "each other"
	case !from.named && !slices.ContainsFunc(to.endpoints, func(i int32) bool { return contains(from.endpoints, i) }):
		whom = thousands(len(to.endpoints)) + " others"
	}
	return fmt.Sprintf("%s %s %s on %s", who, verb, whom, ports)
}

// deniedWords say of whom no more can: "pods in ci can no longer reach", not "any pod".
var deniedWords = strings.NewReplacer("any other pod", "other pods", "any pod", "pods", "any outside address", "outside addresses",
	"any IPv4 address", "IPv4 addresses", "any IPv6 address", "IPv6 addresses")

// portWords are ports in few words; where a connection is widened from some ports to all, those that were open before.
func (w *words) portWords(ports policy.PortSet) string {
	if w.key.rule != "O9" {
		return shortPorts(ports)
	}
	var whole policy.PortSet
	for _, protocol := range []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP} {
		all := policy.Range(protocol, 0, 0)
		switch opened := ports.Intersect(all); {
		case mostPorts(opened):
			whole = whole.Union(all)
		case len(opened) > 0:
			return shortPorts(ports)
		}
	}
	before := whole.Minus(ports)
	if len(before) == 0 || len(before.Ranges()) > maxRanges {
		return shortPorts(ports)
	}
	return fmt.Sprintf("%s, not only %s", PortsText(whole.Ranges()), PortsText(before.Ranges()))
}

func (w *words) keptTitle() string {
	if w.whole && w.alike && w.sources.everyone && w.everybody && w.destinations.named {
		return fmt.Sprintf("Anyone still reaches %s on %s only", w.destinations.text, w.ports)
	}
	if w.whole && w.alike && w.sources.named && w.destinations.named {
		return fmt.Sprintf("%s %s %s on %s only", w.sources.text, either(w.sources, "still reaches", "still reach"), w.destinations.text, w.ports)
	}
	which := ""
	switch {
	case w.dependencies >= w.pairs:
		return fmt.Sprintf("%s declared dependencies stay open on their ports; all other ports are closed", thousands(w.pairs))
	case w.dependencies > 0:
		which = fmt.Sprintf(" (%s)", plural(w.dependencies, "declared dependency"))
	}
	return fmt.Sprintf("%s connections%s stay open on the ports that their destinations declare; all other ports are closed", thousands(w.pairs), which)
}

// either is one of two words, by number.
func either(s summary, one, many string) string {
	if s.many {
		return many
	}
	return one
}
