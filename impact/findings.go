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

// connectionFindings turns effects into findings: one for each rule and change.
func (a *analysis) connectionFindings(effects []reach.Effect) []Finding {
	finder := cause.New(a.model, a.base, a.head)
	effects, orphans := a.setAside(effects)
	a.uses = a.findUses(effects)
	all := newGroups()
	for i := range effects {
		e := &effects[i]
		peersOf := a.peersByTraits(e)
		byNamespace := make(map[string][]peerGroup)
		listens := a.newListening(e)
		for _, subject := range e.Subjects {
			ofAll := finder.Of(e, subject, nil)
			namespace := a.traits[subject].namespace
			if byNamespace[namespace] == nil {
				byNamespace[namespace] = peersOf.in(namespace)
			}
			for _, p := range a.split(e, subject, byNamespace[namespace]) {
				rule, level := severity.Of(a.change(e, subject, &listens, &p))
				kept, others := []int32(nil), p.endpoints
				if rule.ID == narrowed {
					kept, others = a.partKept(e, subject, p.endpoints)
				}
				for _, peers := range [][]int32{others, kept} {
					if len(peers) == 0 {
						continue
					}
					found := ofAll
					if len(found.Causes) > 1 && len(peers) < len(e.Peers) {
						found = finder.Of(e, subject, peers)
					}
					isKept := len(kept) > 0 && &peers[0] == &kept[0]
					key := keyOf(rule, level, e, found.Causes, isKept)
					if p.facts.broken > 0 && (rule.ID == "O3" || rule.ID == "B2") {
						key.promise = a.promises.held[p.facts.broken-1].promise.Name
					}
					g := all.of(key, rule)
					g.add(e, found, subject, a.homes[subject], peers)
					g.evidence = append(g.evidence, a.reasons(rule.ID, e, subject, &p)...)
				}
			}
		}
	}
	var out []Finding
	for _, g := range all.joined() {
		out = append(out, a.finding(g))
	}
	out = slices.DeleteFunc(out, func(f Finding) bool { return len(f.Connections) == 0 })
	for _, o := range orphans {
		out = append(out, a.orphanFinding(o, finder.OfLoss(o.Policy, o.Lost)))
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

// alikePeers are the peers of an effect with what severity asks of them, whoever the subject is.
type alikePeers struct {
	a *analysis
	e *reach.Effect
	// kinds are what tells peers apart but for the namespace, kind is the number of each peer's.
	kinds []peerTraits
	kind  []int32
}

// peersByTraits divides the peers of an effect by what severity asks of them. Most is asked once of all that have the same
// traits.
func (a *analysis) peersByTraits(e *reach.Effect) alikePeers {
	out := alikePeers{a: a, e: e, kind: make([]int32, len(e.Peers))}
	at := make(map[peerTraits]int32)
	known := make([]int32, a.likenesses)                     // the kind of each likeness, from 1
	widening, widened := wideningOf(e), make(map[int32]bool) // by class
	listens := a.newListening(e)
	for n, i := range e.Peers {
		like := a.likeness[i]
		if known[like] > 0 {
			out.kind[n] = known[like] - 1
			continue
		}
		t := &a.traits[i]
		key, alike := peerTraits{end: t.on(e.Ports)}, len(widening) == 0
		if e.Direction == policy.Egress {
			key.listens, key.silent = listens.on(i)
			key.lost = !e.Opened && a.lostService(i, e.Ports) != nil
			// What it declared before, and who else is left to its Service, are its own.
			alike = alike && !(e.Opened && len(t.declared) > 0 && !key.listens) && !(!e.Opened && t.served)
		} else {
			key.end.Sensitive = false // it matters of a destination only
		}
		if len(widening) > 0 {
			class := a.model.Class(i)
			is, asked := widened[class]
			if !asked {
				is = a.widened(e, widening, i)
				widened[class] = is
			}
			key.widened = is
		}
		kind, ok := at[key]
		if !ok {
			kind = int32(len(out.kinds))
			at[key] = kind
			out.kinds = append(out.kinds, key)
		}
		if out.kind[n] = kind; alike {
			known[like] = kind + 1
		}
	}
	return out
}

// in are the peers for subjects of one namespace.
func (p *alikePeers) in(namespace string) []peerGroup {
	home := p.a.home(namespace)
	count := make([]int, 2*len(p.kinds)) // of each kind, elsewhere and in the namespace
	of := func(n int, i int32) int {
		if p.a.homes[i] == home {
			return 2*int(p.kind[n]) + 1
		}
		return 2 * int(p.kind[n])
	}
	for n, i := range p.e.Peers {
		count[of(n, i)]++
	}
	var out []peerGroup
	at := make([]int, len(count)) // the group of each kind, from 1
	for n, i := range p.e.Peers {
		k := of(n, i)
		if at[k] == 0 {
			traits := p.kinds[p.kind[n]]
			traits.sameNamespace = k%2 == 1
			if count[k] == len(p.e.Peers) {
				return []peerGroup{{traits: traits, endpoints: p.e.Peers}}
			}
			out = append(out, peerGroup{traits: traits, endpoints: make([]int32, 0, count[k])})
			at[k] = len(out)
		}
		g := &out[at[k]-1]
		g.endpoints = append(g.endpoints, i)
	}
	return out
}

// listening tells of destinations whether they listen on an effect's ports. Most declare what others do.
type listening struct {
	a     *analysis
	e     *reach.Effect
	known []truth // by what is declared
}

type truth uint8

const (
	unasked truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (a *analysis) newListening(e *reach.Effect) listening {
	return listening{a, e, make([]truth, a.declarations)}
}

// on tells whether a destination declares one of the ports, or declares ports and none of these. What opens a port and takes
// its declaration away does not make the port one that nobody listens on.
func (l *listening) on(destination int32) (listens, silent bool) {
	t := &l.a.traits[destination]
	known := &l.known[t.declaredID]
	if *known == unasked {
		*known = truthOf(t.declared.Intersects(l.e.Ports))
	}
	listens = *known == yes
	silent = len(t.declared) > 0 && !listens
	if silent && l.e.Opened {
		silent = !l.a.declaredBefore(destination).Intersects(l.e.Ports)
	}
	return listens, silent
}

// change is what severity asks of the connections between a subject of an effect and peers that are alike.
func (a *analysis) change(e *reach.Effect, subject int32, listens *listening, p *peerGroup) severity.Change {
	own, peer, f := &a.traits[subject], p.traits, p.facts
	c := severity.Change{
		Opened:        e.Opened,
		SameNamespace: peer.sameNamespace && !own.end.Outside,
		WidenedToAll:  peer.widened,
		Exposed:       f.exposed, Routed: f.routed, Depended: f.depended, APIServer: f.apiServer, Scraped: f.scraped,
		LastClients: f.lastClients || peer.lost, BreaksPromise: f.broken > 0, Promised: f.promised,
	}
	if e.Direction == policy.Ingress {
		c.Source, c.Destination = peer.end, own.on(e.Ports)
		c.Listens, c.NoListener = listens.on(subject)
		c.LastClients = c.LastClients || !e.Opened && a.lostService(subject, e.Ports) != nil
	} else {
		c.Source, c.Destination = own.end, peer.end
		c.Listens, c.NoListener = peer.listens, peer.silent
	}
	if e.Opened {
		other := a.endpoint(subject).Potential // of any other pod of a namespace it is no loss that anyone has
		c.Freed = (other == nil || !other.Other()) && a.model.Isolated(e.Direction, reach.Base, subject) && !a.model.Isolated(e.Direction, reach.Head, subject)
	}
	return c
}

// fingerprint identifies a finding by what it says, not by where it says it: rule, cause, who and ports. Every peer counts:
// a waiver must not accept a connection that its author has not seen.
func (a *analysis) fingerprint(g *group, rectangles []rectangle) string {
	words := []string{g.key.rule, fmt.Sprint(g.key.opened, g.key.kept, g.key.doubtful), g.key.change}
	var rows []string
	for _, r := range rectangles {
		rows = append(rows, a.row(r))
	}
	if g.key.promise != "" {
		words = append(words, g.key.promise)
	}
	slices.Sort(rows)
	return fingerprintOf(append(words, slices.Compact(rows)...)...)
}

// row is connections as fingerprints have them.
func (a *analysis) row(r rectangle) string {
	var row strings.Builder
	a.writeIdentities(&row, r.sources)
	row.WriteString(" → ")
	a.writeIdentities(&row, r.destinations)
	fmt.Fprint(&row, " ", r.ports.Ranges())
	return row.String()
}

func fingerprintOf(words ...string) string {
	n := 0
	for _, w := range words {
		n += len(w) + 1
	}
	text := make([]byte, 0, n)
	for i, w := range words {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(text, w...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
