package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
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
	// internet tells that sources are on the internet; silent that no destination declares a port.
	internet, silent bool
	// alike tells that all connections differ in the same ports.
	alike bool
	// nodes tells that all destinations are machines of the cluster.
	nodes bool
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
	var ports, declared policy.PortSet
	for _, r := range rectangles {
		ports = ports.Union(a.telling(g.key, r))
		for _, d := range r.destinations {
			declared = declared.Union(a.traits[d].declared)
		}
	}
	if g.key.kept {
		ports = declared
	}
	w.ports = shortPorts(ports)
	if !w.whole && len(rectangles) <= maxClauses {
		for _, r := range rectangles {
			from, to := a.summarise(r.sources), a.summarise(r.destinations)
			w.clauses = append(w.clauses, w.reach(from.text, to.text, shortPorts(a.telling(g.key, r))))
		}
	}
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
	w.names = a.namesAmong(destinations)
	w.left = a.left(g.key, sources, destinations)
	w.cutOff = w.everyone() && w.left == "" && a.cutOff(g.key, sources, destinations)
	return w
}

// maxClauses is how many groups of connections a title tells one by one.
const maxClauses = 2

// telling are the ports of a rectangle that matter to a reader: of what is blocked, those that the destinations declare.
func (a *analysis) telling(key groupKey, r rectangle) policy.PortSet {
	if key.opened || key.rule == narrowed {
		return r.ports
	}
	var declared policy.PortSet
	for _, d := range r.destinations {
		if len(a.traits[d].declared) == 0 {
			return r.ports
		}
		declared = declared.Union(a.traits[d].declared)
	}
	if used := declared.Intersect(r.ports); len(used) > 0 {
		return used
	}
	return r.ports
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
		return w.destinations.text + " can now be reached only by what a policy allows"
	case everyone:
		return w.sources.text + " can now reach only what a policy allows"
	}
	switch {
	case len(w.clauses) > 0:
		return strings.Join(w.clauses, "; ")
	case w.whole:
		return w.reach(w.sources.text, w.destinations.text, w.ports)
	}
	switch {
	case w.key.opened:
		return fmt.Sprintf("%d connections from %s to %s are new", w.pairs, w.sources.text, w.destinations.text)
	case w.key.rule == "B5":
		return fmt.Sprintf("%d dependencies of %s on %s are lost", w.pairs, w.sources.text, w.destinations.text)
	}
	return fmt.Sprintf("%d connections from %s to %s are lost", w.pairs, w.sources.text, w.destinations.text)
}

// everyone tells whether any pod and any outside address are among those at the other end.
func (w *words) everyone() bool {
	if w.key.direction == policy.Egress {
		return w.destinations.everyone
	}
	return w.sources.everyone
}

func (w *words) reach(from, to, ports string) string {
	verb := "can no longer reach"
	if w.key.opened {
		verb = "can now reach"
	}
	return fmt.Sprintf("%s %s %s on %s", from, verb, to, ports)
}

func (w *words) keptTitle() string {
	if w.whole && w.alike && w.sources.named && w.destinations.named {
		return fmt.Sprintf("%s %s %s on %s only", w.sources.text, either(w.sources, "still reaches", "still reach"), w.destinations.text, w.ports)
	}
	which := ""
	switch {
	case w.dependencies >= w.pairs:
		return fmt.Sprintf("%d declared dependencies stay open on their ports; all other ports are closed", w.pairs)
	case w.dependencies > 0:
		which = fmt.Sprintf(" (%s)", plural(w.dependencies, "declared dependency"))
	}
	return fmt.Sprintf("%d connections%s stay open on the ports that their destinations declare; all other ports are closed", w.pairs, which)
}

// either is one of two words, by number.
func either(s summary, one, many string) string {
	if s.many {
		return many
	}
	return one
}

// blame names what is behind it in a word: "(blocked by cart-deny-all)".
func (w *words) blame() string {
	if len(w.causes) == 0 {
		return ""
	}
	c := w.causes[0]
	kind, name, _ := strings.Cut(c.Object, " ")
	name = name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case w.key.kept:
		return ""
	case !strings.Contains(kind, "Policy"):
		return fmt.Sprintf(" (%s %s changed)", kind, name)
	case c.Change == "added" && w.key.opened:
		return fmt.Sprintf(" (opened by %s)", name)
	case c.Change == "added":
		return fmt.Sprintf(" (blocked by %s)", name+w.alsoBlocking())
	case c.Change == "removed":
		return fmt.Sprintf(" (policy %s removed)", name)
	}
	return fmt.Sprintf(" (policy %s edited)", name)
}

// alsoBlocking names the other policies that come, if each blocks by itself: to take the first one back is not enough.
func (w *words) alsoBlocking() string {
	others := w.causes[1:]
	if w.undo != cause.All || slices.ContainsFunc(others, func(c Cause) bool { return c.Change != "added" }) {
		return ""
	}
	if len(others) > 1 {
		return fmt.Sprintf(" and %d others", len(others))
	}
	return " and " + others[0].Object[strings.LastIndexAny(others[0].Object, " /")+1:]
}

// meanings say what a rule's matter comes to, for those whose text does not.
var meanings = map[string]string{
	"B3": "Names do not resolve for it any more: every connection that it makes by name fails.",
	"B4": "What comes in from outside by the route gets no answer.",
	"B5": "The dependency is inferred from the manifests; nobody has seen it on a network.",
	"B7": "Neither a workload, nor a pod that a policy names, nor an outside address may still connect to it.",
	"O5": "No policy selects it in this direction any more; what no policy selects is open to all.",
}

// explanation says in plain words why it is so bad.
func (w *words) explanation(rule severity.Rule) string {
	var sentences []string
	switch {
	case w.key.kept:
		sentences = append(sentences, "Nothing is known to listen on the ports that are closed.")
	default:
		sentences = append(sentences, strings.ToUpper(rule.Text[:1])+rule.Text[1:]+".")
		if text := meanings[rule.ID]; text != "" {
			sentences = append(sentences, text)
		}
	}
	switch {
	case rule.ID == narrowed && w.silent:
		sentences = append(sentences, "The destination declares no port at all.")
	case w.key.opened && w.internet && rule.ID != "O1" && rule.ID != "O4":
		sentences = append(sentences, "The policy permits the internet; nothing in these manifests exposes the workload to it.")
	}
	if w.left != "" {
		sentences = append(sentences, "Any pod stays open on "+w.left+".")
		if w.key.direction == policy.Ingress {
			sentences[len(sentences)-1] = "It stays open to any pod on " + w.left + "."
		}
	}
	if w.key.doubtful {
		sentences = append(sentences, "Approximate: it rests on labels or addresses that the manifests do not tell.")
	}
	return strings.Join(sentences, " ")
}

// advice says what to do.
func (w *words) advice() string {
	switch {
	case w.key.promise != "":
		return promiseAdvice
	case w.key.rule == "O12" || w.key.rule == "B10":
		return "Nothing to do: it is as promised."
	case w.key.rule == "B3":
		return namesAdvice(w.names)
	case w.key.rule == narrowed:
		return "Nothing to do if the destination listens on its declared ports only."
	case !w.key.opened && w.ends == [2]bool{true, true}:
		return "If the connections are needed, allow them where they are blocked: in rules of the policies that are told as causes."
	case !w.key.opened && w.ends[policy.Egress]:
		return "If the source needs this connection, allow it in an egress rule of a policy that selects the source."
	case !w.key.opened:
		return "If the destination needs this connection, allow it in an ingress rule of a policy that selects the destination."
	case w.key.rule == "O2" && w.nodes:
		return "Name only the ports of the nodes that are needed: whoever gets to the kubelet or to etcd may rule the cluster."
	case w.key.rule == "O2":
		return "Leave out the metadata addresses: except 169.254.169.254/32 in the rule's ipBlock."
	case w.key.rule == "O5":
		return "If the isolation is meant to end, say so in the pull request; else keep a policy that selects these workloads."
	}
	return "Narrow the rule's peers or ports to what is needed."
}
