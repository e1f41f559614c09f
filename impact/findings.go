package impact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// groupKey is what the connections of one finding share.
type groupKey struct {
	rule      string
	level     severity.Level
	opened    bool
	doubtful  bool
	direction policy.Direction
	// cause is the widest cause.
	cause string
}

// group collects the connections of one finding.
type group struct {
	key        groupKey
	rule       severity.Rule
	rectangles []rectangle
	causes     []Cause
	// at finds the rectangle of a list of peers, by its first element: subjects that share peers share the list.
	at       map[*int32]int
	seen     map[string]bool
	evidence []Evidence
}

// rectangle is every source to every destination, by endpoint.
type rectangle struct {
	subjects, peers []int32
	ports           policy.PortSet
}

// connectionFindings turns effects into findings: one for each cause and rule.
func (a *analysis) connectionFindings(effects []reach.Effect) []Finding {
	finder := cause.New(a.model, a.base, a.head)
	effects, orphans := a.setAside(effects)
	a.uses = a.findUses(effects)
	groups := make(map[groupKey]*group)
	var order []*group
	for i := range effects {
		e := &effects[i]
		byNamespace := make(map[string][]peerGroup)
		for _, subject := range e.Subjects {
			causes := finder.Of(e, subject)
			namespace := a.traits[subject].namespace
			if byNamespace[namespace] == nil {
				byNamespace[namespace] = a.peersByTraits(e, namespace)
			}
			for _, p := range a.split(e, subject, byNamespace[namespace]) {
				rule, level := severity.Of(a.change(e, subject, &p))
				key := groupKey{rule: rule.ID, level: level, opened: e.Opened, doubtful: e.Doubtful, direction: e.Direction}
				if len(causes) > 0 {
					key.cause = causes[0].Object
				}
				g := groups[key]
				if g == nil {
					g = &group{key: key, rule: rule, at: make(map[*int32]int), seen: make(map[string]bool)}
					groups[key] = g
					order = append(order, g)
				}
				g.add(causes, subject, p.endpoints, e.Ports)
				g.evidence = append(g.evidence, a.reasons(rule.ID, e, subject, &p)...)
			}
		}
	}
	var out []Finding
	for _, g := range order {
		out = append(out, a.finding(g))
	}
	out = slices.DeleteFunc(out, func(f Finding) bool { return len(f.Connections) == 0 })
	for _, o := range orphans {
		out = append(out, a.orphanFinding(o, a.orphanCauses(o, finder.Of)))
	}
	return out
}

// peerGroup is peers of an effect that severity cannot tell apart.
type peerGroup struct {
	traits    peerTraits
	endpoints []int32
	// facts are what is known of the connections themselves, from what shows that they are used.
	facts facts
	shown []Evidence
}

type peerTraits struct {
	end severity.End
	// sameNamespace tells that the peers are pods of the subjects' namespace.
	sameNamespace bool
	// listens and silent tell of a destination whether it declares one of the ports, or ports but none of these.
	listens, silent bool
	// widened tells that all ports are allowed now, some before; lost, of a destination, that a Service before it loses
	// every client.
	widened, lost bool
}

// peersByTraits divides the peers of an effect by what severity asks of them, for subjects of one namespace.
func (a *analysis) peersByTraits(e *reach.Effect, namespace string) []peerGroup {
	var out []peerGroup
	at := make(map[peerTraits]int)
	widened := make(map[int32]bool) // by class
	for _, i := range e.Peers {
		t := &a.traits[i]
		key := peerTraits{end: t.end, sameNamespace: t.namespace == namespace && !t.end.Outside}
		if e.Direction == policy.Egress {
			key.listens, key.silent = t.listens(e.Ports)
			key.lost = !e.Opened && a.lostService(i, e.Ports) != nil
		} else {
			key.end.Sensitive = false // it matters of a destination only
		}
		if e.Opened {
			class := a.model.Class(i)
			known, ok := widened[class]
			if !ok {
				known = a.widened(e, i)
				widened[class] = known
			}
			key.widened = known
		}
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out = append(out, peerGroup{traits: key})
		}
		out[n].endpoints = append(out[n].endpoints, i)
	}
	return out
}

// listens tells whether a destination declares one of the ports, or declares ports and none of these.
func (t *traits) listens(ports policy.PortSet) (listens, silent bool) {
	listens = t.declared.Intersects(ports)
	return listens, len(t.declared) > 0 && !listens
}

// change is what severity asks of the connections between a subject of an effect and peers that are alike.
func (a *analysis) change(e *reach.Effect, subject int32, p *peerGroup) severity.Change {
	own, peer, f := &a.traits[subject], p.traits, p.facts
	c := severity.Change{
		Opened:        e.Opened,
		SameNamespace: peer.sameNamespace && !own.end.Outside,
		WidenedToAll:  peer.widened,
		Exposed:       f.exposed, Routed: f.routed, Depended: f.depended, APIServer: f.apiServer, Scraped: f.scraped,
		LastClients: f.lastClients || peer.lost,
	}
	if e.Direction == policy.Ingress {
		c.Source, c.Destination = peer.end, own.end
		c.Listens, c.NoListener = own.listens(e.Ports)
		c.LastClients = c.LastClients || !e.Opened && a.lostService(subject, e.Ports) != nil
	} else {
		c.Source, c.Destination = own.end, peer.end
		c.Listens, c.NoListener = peer.listens, peer.silent
	}
	// Resolvers ask by UDP; without TCP they lose the rare long answer.
	c.Destination.DNS = c.Destination.DNS && e.Ports.Has(policy.UDP, 53)
	if e.Opened {
		c.Freed = a.model.Isolated(e.Direction, reach.Base, subject) && !a.model.Isolated(e.Direction, reach.Head, subject)
	}
	return c
}

func (g *group) add(causes []Cause, subject int32, peers []int32, ports policy.PortSet) {
	if i, ok := g.at[&peers[0]]; ok {
		g.rectangles[i].subjects = append(g.rectangles[i].subjects, subject)
	} else {
		g.at[&peers[0]] = len(g.rectangles)
		g.rectangles = append(g.rectangles, rectangle{[]int32{subject}, peers, ports})
	}
	for _, c := range causes {
		if key := c.Object + "\x00" + c.Change; !g.seen[key] {
			g.seen[key] = true
			g.causes = append(g.causes, c)
		}
	}
}

// finding words a group.
func (a *analysis) finding(g *group) Finding {
	f := Finding{Rule: g.key.rule, Severity: g.key.level, Confidence: Exact, Kind: Blocked, Causes: g.causes}
	if g.key.opened {
		f.Kind = Opened
	}
	if g.key.doubtful {
		f.Confidence = Approximate
	}
	rectangles := a.withoutSelf(mergeRectangles(g.rectangles))
	w := a.words(g, rectangles)
	f.Title = w.title()
	f.Explanation = w.explanation(g.rule)
	f.Advice = w.advice()
	for _, r := range rectangles {
		f.Connections = append(f.Connections, a.connection(g.key.direction, r))
	}
	f.Evidence = tidyEvidence(g.evidence)
	f.Fingerprint = a.fingerprint(g, rectangles)
	return f
}

// withoutSelf takes a Pod out of the ends of its own connections. Where several Pods are at both ends, each one's traffic
// to itself stays in the rectangle and is not counted.
func (a *analysis) withoutSelf(all []rectangle) []rectangle {
	others := func(of, end []int32) []int32 {
		if len(end) != 1 || !a.isPod(end[0]) || !contains(of, end[0]) {
			return of
		}
		return slices.DeleteFunc(slices.Clone(of), func(i int32) bool { return i == end[0] })
	}
	for i, r := range all {
		all[i].subjects, all[i].peers = others(r.subjects, r.peers), others(r.peers, r.subjects)
	}
	return slices.DeleteFunc(all, func(r rectangle) bool { return len(r.subjects) == 0 || len(r.peers) == 0 })
}

// connection turns a rectangle into peers.
func (a *analysis) connection(d policy.Direction, r rectangle) Connection {
	sources, destinations := r.peers, r.subjects
	if d == policy.Egress {
		sources, destinations = destinations, sources
	}
	c := Connection{Sources: a.peersOf(sources), Destinations: a.peersOf(destinations), Ports: r.ports.Ranges()}
	c.Count = len(c.Sources) * len(c.Destinations)
	for _, i := range r.subjects {
		if a.isPod(i) && contains(r.peers, i) {
			c.Count--
		}
	}
	return c
}

// mergeRectangles joins rectangles with the same ports and the same peers, then those with the same ports and subjects,
// until nothing changes.
func mergeRectangles(all []rectangle) []rectangle {
	for {
		n := len(all)
		all = mergeOn(all, func(r *rectangle) (string, *[]int32) { return keyOf(r.subjects), &r.peers })
		all = mergeOn(all, func(r *rectangle) (string, *[]int32) { return keyOf(r.peers), &r.subjects })
		if len(all) == n {
			break
		}
	}
	return all
}

func mergeOn(all []rectangle, ends func(*rectangle) (same string, united *[]int32)) []rectangle {
	at := make(map[string]int)
	var out []rectangle
	grown := make(map[int]bool)
	for i := range all {
		same, united := ends(&all[i])
		key := all[i].ports.Key() + "|" + same
		j, ok := at[key]
		if !ok {
			at[key] = len(out)
			r := all[i]
			r.subjects, r.peers = slices.Clone(r.subjects), slices.Clone(r.peers)
			out = append(out, r)
			continue
		}
		_, into := ends(&out[j])
		*into = append(*into, *united...)
		grown[j] = true
	}
	for j := range grown {
		_, into := ends(&out[j])
		slices.Sort(*into)
		*into = slices.Compact(*into)
	}
	return out
}

func keyOf(numbers []int32) string {
	b := make([]byte, 0, 4*len(numbers))
	for _, n := range numbers {
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return string(b)
}

// fingerprint identifies a finding by what it says, not by where it says it: rule, cause, who and ports. Of many peers
// only that they are many counts, so that a workload that comes elsewhere does not change it.
func (a *analysis) fingerprint(g *group, rectangles []rectangle) string {
	words := []string{g.key.rule, fmt.Sprint(g.key.opened, g.key.direction, g.key.doubtful), g.key.cause}
	var rows []string
	for _, r := range rectangles {
		rows = append(rows, a.identities(r.subjects)+" ~ "+a.identities(r.peers)+" ~ "+fmt.Sprint(r.ports.Ranges()))
	}
	slices.Sort(rows)
	return fingerprintOf(append(words, rows...)...)
}

func fingerprintOf(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\n")))
	return hex.EncodeToString(sum[:8])
}

// manyPeers is from how many peers on a fingerprint does not name them.
const manyPeers = 10

func (a *analysis) identities(endpoints []int32) string {
	peers := a.peersOf(endpoints)
	if len(peers) > manyPeers {
		return "many"
	}
	words := make([]string, len(peers))
	for i, p := range peers {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}
