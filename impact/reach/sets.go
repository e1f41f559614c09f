package reach

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// setID numbers an interned set of endpoints.
type setID int32

// anySet is the set of all endpoints.
const anySet setID = 0

// set is what a rule's peer or a policy's subject selects, interned by content: names never enter its key. Its members
// are numbers of classes, on each side.
type set struct {
	pods   *policy.Pods
	block  *blockSet
	nodes  *policy.Selector
	domain *policy.Peer
	entity string
	inside bool // of an entity: it is in the cluster; alone: all of these
	// all and not make a set of others: what is in all of the former and none of the latter. They come before it.
	all, not []setID
	// perhaps tells that whatever is in within may be in this one.
	perhaps bool
	// within and resolves make a part of another set: those of its members whose named port is these ports.
	within   setID
	resolves *namedPort

	members [2]runs
	// unknown are the classes of which it cannot be known whether they are members; they count as none.
	unknown [2]runs
}

// namedPort is a port's name with the meaning that it has on some destinations.
type namedPort struct {
	protocol policy.Protocol // "" for any
	name     string
	ports    string // PortSet.Key of the meaning, or one of the unknown ones
}

// What a port's name means is unknown where the destination is not in the manifests: the members of the part of a set then
// are all uncertain. In a rule of egress these are the destinations, in one of ingress the subject is the destination and
// the part is whom the rule lets in.
const (
	unknownThere = "?there"
	unknownHere  = "?here"
)

// setTable interns sets.
type setTable struct {
	sets  []set
	byKey map[setKey]setID
}

// setKey identifies a set by content.
type setKey struct {
	kind             byte
	namespaces, pods string // or, for other kinds, their own key in pods
	within           setID
}

func newSetTable() *setTable {
	return &setTable{sets: make([]set, 1), byKey: make(map[setKey]setID)}
}

func (t *setTable) intern(key setKey, make func() set) setID {
	if id, ok := t.byKey[key]; ok {
		return id
	}
	id := setID(len(t.sets))
	t.sets = append(t.sets, make())
	t.byKey[key] = id
	return id
}

func (t *setTable) pods(p policy.Pods) setID {
	key := setKey{kind: 'p', namespaces: p.Namespaces.Key(), pods: p.Pods.Key()}
	if id, ok := t.byKey[key]; ok {
		return id
	}
	return t.intern(key, func() set { return set{pods: &p} })
}

// peer interns what a rule's peer selects.
func (t *setTable) peer(p policy.Peer) setID {
	switch {
	case p.Pods != nil:
		return t.pods(*p.Pods)
	case p.Block != nil:
		return t.intern(setKey{kind: 'b', pods: p.Block.Key()}, func() set { return set{block: newBlockSet(*p.Block)} })
	case p.Nodes != nil:
		return t.intern(setKey{kind: 'n', pods: p.Nodes.Key()}, func() set { return set{nodes: p.Nodes} })
	case p.Domain != "":
		key := setKey{kind: 'd', pods: p.Domain}
		if p.OneLabel && strings.Contains(p.Domain, "*") {
			key.kind = 'l'
		}
		return t.intern(key, func() set { return set{domain: &policy.Peer{Domain: p.Domain, OneLabel: p.OneLabel}} })
	case p.Perhaps != nil:
		within := t.peer(*p.Perhaps)
		return t.intern(setKey{kind: 'u', within: within}, func() set { return set{perhaps: true, within: within} })
	case p.Inside && p.Entity == "":
		return t.intern(setKey{kind: 'i'}, func() set { return set{inside: true} })
	case p.Entity != "":
		return t.intern(setKey{kind: 'e', pods: p.Entity}, func() set { return set{entity: p.Entity, inside: p.Inside} })
	}
	return t.composed(p)
}

// composed interns a set that is made of others.
func (t *setTable) composed(p policy.Peer) setID {
	all, allKey := t.list(p.All)
	not, notKey := t.list(p.Not)
	switch {
	case len(all)+len(not) == 0:
		return anySet
	case len(all) == 0:
		all = []setID{anySet}
	case len(all) == 1 && len(not) == 0:
		return all[0]
	}
	return t.intern(setKey{kind: 'c', namespaces: allKey, pods: notKey}, func() set { return set{all: all, not: not} })
}

// list interns peers; their order and repetitions mean nothing.
func (t *setTable) list(peers []policy.Peer) (ids []setID, key string) {
	for _, p := range peers {
		ids = append(ids, t.peer(p))
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var b []byte
	for _, id := range ids {
		b = appendInt32(b, int32(id))
	}
	return ids, string(b)
}

// part interns the members of a set on which a port's name has a meaning.
func (t *setTable) part(within setID, n namedPort) setID {
	key := setKey{kind: 'r', namespaces: string(n.protocol) + "/" + n.name, pods: n.ports, within: within}
	return t.intern(key, func() set { return set{within: within, resolves: &n} })
}

// truth is what is known of a fact.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// and is the truth of both facts.
func (a truth) and(b truth) truth {
	switch {
	case a == no || b == no:
		return no
	case a == yes && b == yes:
		return yes
	}
	return unknown
}

// not is the truth of the opposite.
func (a truth) not() truth {
	switch a {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}
