package impact

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// useKind is what shows that a connection is used.
type useKind uint8

const (
	// configured: the source's configuration names the destination.
	configured useKind = iota
	// called: the API server calls the destination, a webhook or an API service.
	called
	// asking: the source uses the API server, which is somewhere among the outside addresses.
	asking
	// routed: a route from outside leads to the destination by way of its controller.
	routed
	// served: the destination is exposed to outside addresses without anything between.
	served
	// scraped: a monitor collects the destination's metrics.
	scraped
)

// use is connections for one purpose that the manifests show to be used. Of a purpose with several sources (whichever of
// these endpoints the API server or a controller may be) nothing is lost while one of them still gets there.
type use struct {
	kind                  useKind
	sources, destinations []int32
	// others may serve the same purpose, but nothing is told of them.
	others   []int32
	ports    policy.PortSet
	evidence Evidence
	// private tells that what is served or routed is so to private addresses only.
	private bool
	// relayed tells that what comes from any address outside may come from the internet.
	relayed bool
	// decided and gone remember whether nothing is left.
	decided, gone bool
}

// facts are what uses tell of connections.
type facts struct {
	exposed, routed, depended, apiServer, lastClients, scraped bool
	// broken is the number of a promise that is broken, from 1; promised tells that one wants what is now.
	broken   int32
	promised bool
}

// uses are those of the connections that some effects are about, by the endpoint that is an effect's subject.
type uses struct {
	by      [2]map[int32][]*use
	clients *reach.Clients
	lost    map[lostKey]*Evidence
}

type lostKey struct {
	destination int32
	ports       string
}

// useFinder collects uses.
type useFinder struct {
	a  *analysis
	in *uses
	// wanted are the endpoints of the effects, as sources and as destinations.
	wanted [2]marks
	at     map[*cluster.Workload]int32
	// addresses are the outside addresses and the nodes.
	addresses []int32
}

const asSource, asDestination = 0, 1

// findUses finds what uses the connections of effects; it reads the configuration of no other workload.
func (a *analysis) findUses(effects []reach.Effect) *uses {
	f := useFinder{
		a:  a,
		in: &uses{by: [2]map[int32][]*use{{}, {}}, clients: a.model.Clients(reach.Head), lost: make(map[lostKey]*Evidence)},
		at: make(map[*cluster.Workload]int32),
	}
	if len(effects) == 0 {
		return f.in
	}
	blocked := false
	for i := range effects {
		e := &effects[i]
		blocked = blocked || !e.Opened
		f.wanted[asDestination].add(e.Destinations())
		if !e.Opened { // what opens a connection needs no reason
			f.wanted[asSource].add(e.Sources())
		}
	}
	for i := range a.model.Endpoints {
		e := a.endpoint(int32(i))
		if w := e.Workload[reach.Head]; w != nil {
			f.at[w] = int32(i)
		}
		if e.External != nil || e.Nodes != nil {
			f.addresses = append(f.addresses, int32(i))
		}
	}
	f.exposures()
	if blocked {
		f.needs()
	}
	return f.in
}

// add files a use under its ends that an effect can have as a subject.
func (f *useFinder) add(u use) {
	for _, d := range u.destinations {
		if f.wanted[asDestination].has(d) {
			f.in.by[policy.Ingress][d] = append(f.in.by[policy.Ingress][d], &u)
		}
	}
	for _, s := range u.sources {
		if f.wanted[asSource].has(s) {
			f.in.by[policy.Egress][s] = append(f.in.by[policy.Egress][s], &u)
		}
	}
}

// exposures adds the ways in from outside.
func (f *useFinder) exposures() {
	exposures := cluster.Exposures(f.a.head, f.a.backends)
	if len(exposures) == 0 {
		return
	}
	controllers := f.crowd(f.a.isController)
	for _, w := range f.a.head.Workloads {
		for _, x := range exposures[w] {
			d := f.at[w]
			at := x.Object.At(x.Part)
			u := use{kind: served, destinations: []int32{d}, ports: x.Ports, evidence: Evidence{
				Kind: "exposure", Text: fmt.Sprintf("%s exposes %s/%s on %s", x.By, w.Namespace, w.Name, PortsText(x.Ports.Ranges())), File: at.File, Line: at.Line}}
			switch {
			case x.Routed:
				u.kind, u.sources, u.others = routed, controllers.certain, controllers.others
				u.private = !x.Public()
			case len(x.Sources) > 0:
				u.sources = f.within(x.Sources)
				u.evidence.Text += ", to " + addressText(x.Sources) + " only"
				u.private = !x.Public()
			default:
				u.sources, u.relayed = f.addresses, x.Relayed
			}
			f.add(u)
		}
	}
}

// within are the outside addresses that have some in common with given ones.
func (f *useFinder) within(prefixes []netip.Prefix) []int32 {
	var out []int32
	for _, i := range f.addresses {
		for _, own := range f.a.endpoint(i).External {
			if slices.ContainsFunc(prefixes, own.Overlaps) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

func addressText(prefixes []netip.Prefix) string {
	words := make([]string, len(prefixes))
	for i, p := range prefixes {
		words[i] = p.String()
	}
	return joinAnd(words)
}

// needs adds what configurations, webhooks, bindings of roles and monitors show to be used.
func (f *useFinder) needs() {
	finder := evidence.New(f.a.head, f.a.backends)
	clients := finder.Clients()
	for _, w := range f.a.head.Workloads {
		s := f.at[w]
		if !f.wanted[asSource].has(s) {
			continue
		}
		for _, d := range finder.Dependencies(w) {
			f.add(use{kind: configured, sources: []int32{s}, destinations: []int32{f.at[d.Destination]}, ports: d.Ports,
				evidence: inferred(d, "%s/%s uses %s/%s (%s)", w.Namespace, w.Name, d.Destination.Namespace, d.Destination.Name, d.Text)})
		}
		if d, ok := clients[cluster.Name{Namespace: w.Namespace, Name: w.ServiceAccount}]; ok && !isFalse(w.Pod.Get("automountServiceAccountToken")) {
			f.add(use{kind: asking, sources: []int32{s}, destinations: f.addresses, ports: d.Ports,
				evidence: inferred(d, "%s/%s: %s", w.Namespace, w.Name, d.Text)})
		}
	}
	for _, d := range finder.Called() {
		f.add(use{kind: called, sources: f.addresses, destinations: []int32{f.at[d.Destination]}, ports: d.Ports,
			evidence: inferred(d, "%s/%s: %s", d.Destination.Namespace, d.Destination.Name, d.Text)})
	}
	list := finder.Scraped()
	if len(list) == 0 {
		return
	}
	monitors := f.crowd(isMonitor)
	for _, d := range list {
		f.add(use{kind: scraped, sources: monitors.certain, others: monitors.others, destinations: []int32{f.at[d.Destination]}, ports: d.Ports,
			evidence: inferred(d, "%s/%s: %s", d.Destination.Namespace, d.Destination.Name, d.Text)})
	}
}

func isFalse(n *manifest.Node) bool { return n != nil && n.Kind == manifest.Bool && !n.IsTrue() }

// dependencyEvidence is the kind of what is inferred from the manifests.
const dependencyEvidence = "dependency"

func inferred(d evidence.Dependency, format string, args ...any) Evidence {
	return Evidence{Kind: dependencyEvidence, Text: "inferred: " + fmt.Sprintf(format, args...), File: d.File, Line: d.Line}
}

// crowd is the endpoints that a controller or a monitor may be.
type crowd struct{ certain, others []int32 }

// crowd finds the endpoints of a purpose by their names. Where none is known, it may be any pod elsewhere and, being on a
// node or outside, any address; pods of other namespaces that a policy names may be it, too.
func (f *useFinder) crowd(is func(e *reach.Endpoint) bool) crowd {
	var c crowd
	var unknown, others []int32
	for i := range f.a.model.Endpoints {
		e := f.a.endpoint(int32(i))
		n := int32(i)
		switch {
		case is(e):
			c.certain = append(c.certain, n)
		case e.Potential != nil && e.Potential.Namespaces == "*" && e.Potential.Pods == "*", f.a.traits[n].end.Internet:
			unknown = append(unknown, n)
		case e.Potential != nil && !f.a.traits[n].end.DNS && !isMonitor(e) && f.a.head.Namespaces[e.Potential.Namespaces] == nil, e.External != nil, e.Nodes != nil:
			others = append(others, n)
		}
	}
	if len(c.certain) == 0 {
		return crowd{unknown, others}
	}
	return c
}

// controllers are parts of the names of namespaces and images that tell the controllers of routes.
var controllers = []string{"ingress", "traefik", "contour", "haproxy-controller", "kong", "envoy-gateway", "nginx-gateway", "istio-system", "apisix", "gateway-system"}

// isController tells whether an endpoint is a controller of routes: by the configuration or, where it does not say, by its
// name.
func (a *analysis) isController(e *reach.Endpoint) bool {
	if len(a.head.Controllers) == 0 {
		return isNamed(e, controllers)
	}
	return slices.ContainsFunc(a.head.Controllers, func(p cluster.Place) bool {
		switch w := e.Workload[reach.Head]; {
		case w != nil:
			return p.Has(w.Namespace, w.Labels)
		case e.Potential != nil:
			return p.Has(e.Potential.Namespace(), e.Potential.Labels())
		}
		return p.HasSome(e.External)
	})
}

// monitors are parts of names that tell what collects metrics.
var monitors = []string{"prometheus", "monitoring", "vmagent", "victoria-metrics"}

func isMonitor(e *reach.Endpoint) bool { return isNamed(e, monitors) }

func isNamed(e *reach.Endpoint, parts []string) bool {
	var names []string
	switch w := e.Workload[reach.Head]; {
	case w != nil:
		names = append([]string{w.Namespace}, w.Images...)
	case e.Potential != nil:
		names = []string{e.Potential.Namespaces, e.Potential.Pods}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
	})
}

// maxDivided is up to how many pairs an effect is divided exactly.
const maxDivided = 100_000

// split divides the peers of an effect on one of its subjects by what shows that they use the connection, and keeps what
// shows it. A connection that keeps the used port is not affected.
//
// Of a very wide effect the pairs that are used are told by themselves and stay among the others, too: were they taken
// out, each subject would have other peers than its neighbours, and the answer would grow with the square of the cluster.
func (a *analysis) split(e *reach.Effect, subject int32, groups []peerGroup) []peerGroup {
	var tags map[int32]facts
	var shown map[int32][]Evidence
	for _, u := range a.uses.by[e.Direction][subject] {
		if !u.ports.Intersects(e.Ports) || !e.Opened && u.kind != configured && !a.gone(u) {
			continue
		}
		ends := u.sources
		if e.Direction == policy.Egress {
			ends = u.destinations
		}
		for _, n := range ends {
			if !contains(e.Peers, n) {
				continue
			}
			has := tags[n]
			if u.tell(&has, e.Opened, a.traits[n].end.Internet || e.Direction == policy.Egress); has == (facts{}) {
				continue
			}
			if tags == nil {
				tags, shown = make(map[int32]facts), make(map[int32][]Evidence)
			}
			tags[n] = has
			shown[n] = append(shown[n], u.evidence)
		}
	}
	if a.promises != nil {
		a.promises.tag(e, subject, func(n int32, f facts, evidence Evidence) {
			if tags == nil {
				tags, shown = make(map[int32]facts), make(map[int32][]Evidence)
			}
			has := tags[n]
			has.promised = has.promised || f.promised
			if has.broken == 0 {
				has.broken = f.broken
			}
			tags[n] = has
			shown[n] = append(shown[n], evidence)
		})
	}
	if tags == nil {
		return groups
	}
	var out []peerGroup
	whole := len(e.Subjects)*len(e.Peers) > maxDivided
	if whole {
		out = slices.Clone(groups)
	}
	for _, g := range groups {
		at := make(map[facts]int)
		for _, n := range g.endpoints {
			f := tags[n]
			if whole && f == (facts{}) {
				continue
			}
			i, ok := at[f]
			if !ok {
				i = len(out)
				at[f] = i
				out = append(out, peerGroup{traits: g.traits, facts: f})
			}
			out[i].shown = append(out[i].shown, shown[n]...)
			out[i].endpoints = append(out[i].endpoints, n)
		}
	}
	return out
}

// tell adds what a use says of a connection that is opened or lost. Only what comes from the internet, or from what
// stands before it, exposes to it.
func (u *use) tell(f *facts, opened, internet bool) {
	switch {
	case opened:
		f.exposed = f.exposed || !u.private && (u.kind == routed || u.kind == served && (internet || u.relayed))
	case u.kind == configured:
		f.depended = true
	case u.kind == called || u.kind == asking:
		f.apiServer = true
	case u.kind == routed:
		f.routed = true
	case u.kind == served:
		f.lastClients = true
	case u.kind == scraped:
		f.scraped = true
	}
}

// gone tells whether nothing that serves a use's purpose is allowed on head.
func (a *analysis) gone(u *use) bool {
	if u.decided {
		return u.gone
	}
	u.decided, u.gone = true, true
	for _, list := range [][]int32{u.sources, u.others} {
		for _, s := range list {
			for _, d := range u.destinations {
				if a.model.Verdict(reach.Head, s, d).Intersects(u.ports) {
					u.gone = false
					return false
				}
			}
		}
	}
	return true
}

// lostService finds a Service before a destination that has no client left on one of some ports, and says so; nil if
// there is none.
func (a *analysis) lostService(destination int32, ports policy.PortSet) *Evidence {
	w := a.endpoint(destination).Workload[reach.Head]
	if w == nil || w.HostNetwork || !a.traits[destination].served {
		return nil
	}
	key := lostKey{destination, ports.Key()}
	if found, ok := a.uses.lost[key]; ok {
		return found
	}
	var found *Evidence
	for _, s := range a.backends.Before(w) {
		for _, r := range s.On(w).Intersect(ports).Ranges() {
			port := policy.Range(r.Protocol, r.From, r.To)
			if found == nil && !a.uses.clients.Any(destination, port) {
				found = &Evidence{Kind: "service", Text: fmt.Sprintf("no client of Service %s is left on %s", s.ID(), PortsText(port.Ranges())), File: s.Object.Origin.File, Line: s.Object.Origin.Line}
			}
		}
	}
	a.uses.lost[key] = found
	return found
}

// wideningOf are the protocols of which an effect opens most ports but not all. To ask for every pair's verdict would cost
// as much as finding the effects, so that it is done only for these.
func wideningOf(e *reach.Effect) []policy.Protocol {
	if !e.Opened || allPorts(e.Ports) {
		return nil
	}
	var out []policy.Protocol
	for _, protocol := range []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP} {
		all := policy.Range(protocol, 0, 0)
		if opened := e.Ports.Intersect(all); mostPorts(opened) && !opened.Equal(all) {
			out = append(out, protocol)
		}
	}
	return out
}

// widened tells whether an effect leaves nothing to open between its subjects and a peer: some ports of a protocol were
// allowed before, and all are now. The first subject stands for all, which have the same policies.
func (a *analysis) widened(e *reach.Effect, widening []policy.Protocol, peer int32) bool {
	source, destination := peer, e.Subjects[0]
	if e.Direction == policy.Egress {
		source, destination = destination, source
	}
	allowed := a.model.Verdict(reach.Head, source, destination)
	return slices.ContainsFunc(widening, func(protocol policy.Protocol) bool {
		all := policy.Range(protocol, 0, 0)
		return allowed.Intersect(all).Equal(all)
	})
}

// mostPorts tells whether a set holds more than half of a protocol's ports.
func mostPorts(s policy.PortSet) bool {
	n := 0
	for _, r := range s.Ranges() {
		n += r.To - r.From + 1
	}
	return n > 1<<15
}

// reasons are the evidence that a rule rests on for the connections between a subject and peers that are alike.
func (a *analysis) reasons(rule string, e *reach.Effect, subject int32, p *peerGroup) []Evidence {
	out := slices.Clone(p.shown)
	destinations, sources := []int32{subject}, p.endpoints
	if e.Direction == policy.Egress {
		destinations, sources = sources, destinations
	}
	sensitive := destinations
	switch rule {
	case "O7":
		sensitive = sources
		fallthrough
	case "O1", "O6":
		for _, n := range sensitive {
			if t := &a.traits[n]; t.sensitive != "" {
				w := a.endpoint(n).Workload[reach.Head]
				out = append(out, Evidence{Kind: "sensitive workload", Text: fmt.Sprintf("%s/%s is sensitive: %s", t.namespace, w.Name, t.sensitive), File: w.Object.Origin.File, Line: w.Object.Origin.Line})
			}
		}
	case "B3":
		for _, n := range a.namesAmong(destinations) {
			out = append(out, nameEvidence(n)...)
		}
	case "B7":
		for _, n := range destinations {
			if found := a.lostService(n, e.Ports); found != nil {
				out = append(out, *found)
			}
		}
	}
	return out
}

// tidyEvidence drops what is said twice and keeps an order.
func tidyEvidence(list []Evidence) []Evidence {
	slices.SortFunc(list, func(x, y Evidence) int {
		return strings.Compare(x.Kind+"\x00"+x.Text+"\x00"+x.File, y.Kind+"\x00"+y.Text+"\x00"+y.File)
	})
	return slices.Compact(list)
}
