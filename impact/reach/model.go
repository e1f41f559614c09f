package reach

import (
	"net/netip"
	"slices"

	"go4.org/netipx"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Options are the facts about a cluster that its manifests do not tell.
type Options struct {
	// Renamed pairs workloads of base with those of head that they became; workloads of the same kind, namespace and
	// name are paired anyway.
	Renamed map[*cluster.Workload]*cluster.Workload
	// PodCIDRs are the pods' addresses; none if not known.
	PodCIDRs []netip.Prefix
	// BlocksMissPods tells that blocks of addresses never match pods or nodes, whatever their addresses (Cilium).
	BlocksMissPods bool
	// IsolatesLast tells that what no rule decides is denied only after all tiers of a layer have been asked, not at the end
	// of the tier whose policy isolates (Cilium).
	IsolatesLast bool
	// Named are selectors of pods that are asked about and that no manifest has; each is a potential workload, as if a policy
	// named it.
	Named []policy.Pods
	// Asked are blocks of addresses that are asked about: outside addresses in one and others are told apart, as if a policy
	// named it.
	Asked []netip.Prefix
}

// Model is two states of a cluster, compiled. It is not safe for use by several goroutines: questions may intern sets of
// ports.
type Model struct {
	// Endpoints are all ends of connections: workloads by namespace, then those on the host's network, potential
	// workloads, outside addresses, names.
	Endpoints []Endpoint

	classes []class
	classOf []int32 // by endpoint
	// changed are the classes that look different to selectors on the two sides.
	changed []int32

	namespaces     []namespace
	namespaceIndex map[string]int32
	nodes          [2]map[string]map[string]string // labels, by name

	mentions  *mentions
	index     index
	places    places
	sets      *setTable
	ports     *portTable
	bodies    *bodyTable
	sequences *sequenceTable
	meanings  map[portName][]meaning
	// unnamed are the classes of which it is not known how they name their ports.
	unnamed runs
	// policies are each side's, in order, with their bodies.
	policies    [2][]compiled
	policyIndex [2]map[string][]int // by the object's key
	// everything is all ports of all protocols, of those without ports where some policy names them.
	everything policy.PortSet
	// tiers are those of both sides, in the order in which they are asked.
	tiers []policy.Tier
	// policyChanged are the keys of policies that do not mean the same on both sides; nil until asked for.
	policyChanged map[string]bool
	changes       changeTable
	// cuts are where the ports of sequences' rules begin and end.
	cuts map[seqID]policy.Cuts
	// candidates are the policies that may govern a class, with any of the changes put back, by direction and class.
	candidates map[[2]int32][]candidate
	// objects are those of the policies; see objectsOfPolicies.
	objects objectTable
	// ruleSets are the sets of peers in rules; see setsOfRules.
	ruleSets map[ruleKey][][]setID
	// rulePaths are where rules stand; see pathOf.
	rulePaths map[ruleKey][]string
	// seq is what acts on each class, by direction and side, and acting the policies that it is made of.
	seq    [2][2][]seqID
	acting [2][2]acting

	// allLabels are the labels of workloads with those that selectors ask for and their manifests' templates do not have.
	allLabels map[*cluster.Workload]map[string]string
	// controllers are where the controllers of routes run, if the configuration says so.
	controllers []cluster.Place
	// names are the cluster's name service as each side sees it.
	names          [2]cluster.NameService
	podCIDRs       *netipx.IPSet
	blocksMissPods bool
	isolatesLast   bool
	hasBlocks      bool
	// hasUnknown tells that some set has uncertain members.
	hasUnknown bool
}

// compiled is a policy whose parts are interned. A body is -1 where the policy says nothing in that direction.
type compiled struct {
	policy  *policy.Policy
	key     string // its object's
	subject []setID
	body    [2]int32
}

// New compiles two states. A single state is compared with itself.
func New(base, head *cluster.State, o Options) *Model {
	m := &Model{
		namespaceIndex: make(map[string]int32),
		mentions:       newMentions(),
		sets:           newSetTable(),
		bodies:         &bodyTable{byKey: make(map[string]int32)},
		sequences:      newSequenceTable(),
		allLabels:      make(map[*cluster.Workload]map[string]string),
		blocksMissPods: o.BlocksMissPods,
		isolatesLast:   o.IsolatesLast,
		podCIDRs:       prefixSet(o.PodCIDRs),
	}
	states := [2]*cluster.State{base, head}
	m.controllers = head.Controllers
	m.names = [2]cluster.NameService{base.NameService.Joined(head.NameService), head.NameService.Joined(base.NameService)}
	m.addNamespaces(states)
	m.addTiers(states)
	m.everything = everything(states)
	m.ports = newPortTable(m.everything)
	m.addPolicies(states)
	m.addWorkloads(states, o.Renamed)
	m.classify(o)
	m.findPlaces()
	m.fillSets()
	m.addMeanings()
	m.addSequences(states)
	return m
}

// NameService is the cluster's name service as a side of the comparison sees it.
func (m *Model) NameService(s Side) cluster.NameService { return m.names[s] }

// tier is a tier's number.
func (m *Model) tier(t policy.Tier) tierID { return tierID(slices.Index(m.tiers, t)) }

func (m *Model) layer(t tierID) policy.Layer { return m.tiers[t].Layer }

// addPolicies interns what the policies of both sides say.
func (m *Model) addPolicies(states [2]*cluster.State) {
	type part struct {
		object *manifest.Object
		number int
	}
	done := make(map[part]compiled) // what has to be the same on both sides is interned once
	for s, state := range states {
		m.policies[s] = make([]compiled, len(state.Policies))
		m.policyIndex[s] = make(map[string][]int, len(state.Policies))
		for i, p := range state.Policies {
			c, ok := done[part{p.Object, p.Number}]
			if !ok || !p.Alone {
				c = m.compile(p)
				done[part{p.Object, p.Number}] = c
			}
			c.policy = p
			m.policies[s][i] = c
			m.policyIndex[s][c.key] = append(m.policyIndex[s][c.key], i)
		}
	}
	for i := range m.sets.sets {
		if p := m.sets.sets[i].pods; p != nil {
			m.mentions.selector(p.Pods)
		}
		m.hasBlocks = m.hasBlocks || m.sets.sets[i].block != nil
	}
}

func (m *Model) compile(p *policy.Policy) compiled {
	c := compiled{policy: p, key: p.Object.Key(), body: [2]int32{-1, -1}}
	for _, subject := range p.Subject {
		c.subject = append(c.subject, m.sets.pods(subject))
	}
	for _, d := range policy.Directions {
		if b := m.newBody(p, d); b != nil {
			c.body[d] = m.bodies.id(b)
		}
	}
	return c
}

// addTiers numbers the tiers of both sides in the order in which they are asked.
func (m *Model) addTiers(states [2]*cluster.State) {
	seen := make(map[policy.Tier]bool)
	if m.isolatesLast {
		seen[lastTier] = true
		m.tiers = append(m.tiers, lastTier)
	}
	for _, state := range states {
		for _, p := range state.Policies {
			if !seen[p.Tier] {
				seen[p.Tier] = true
				m.tiers = append(m.tiers, p.Tier)
			}
		}
	}
	slices.SortFunc(m.tiers, policy.Tier.Compare)
}

// everything is every port, and all of the protocols without ports that some policy names.
func everything(states [2]*cluster.State) policy.PortSet {
	all := policy.AllPorts()
	named := make(map[policy.Protocol]bool)
	for _, state := range states {
		for _, p := range state.Policies {
			if p.Tier.Layer != policy.PodNetwork { // they name such protocols only to let them pass
				continue
			}
			for _, rules := range p.Rules {
				for i := range rules {
					for _, port := range rules[i].Ports {
						if !port.Protocol.HasPorts() && port.Name == "" && !named[port.Protocol] {
							named[port.Protocol] = true
							all = all.Union(policy.Whole(port.Protocol))
						}
					}
				}
			}
		}
	}
	return all
}
