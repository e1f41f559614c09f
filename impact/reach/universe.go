package reach

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// class is endpoints that nothing in the policies of either side can tell apart.
type class struct {
	// endpoints are their numbers, ascending. The first stands for all of them where labels or addresses are asked for.
	endpoints []int32
	// namespace is the number of the namespace on each side; -1 for what has none.
	namespace [2]int32
	// pod tells whether it is pods on their own network, which selectors can match and policies govern.
	pod [2]bool
	// ports is the meaning of the port names that policies use; pods on the host's network have none.
	ports [2]*namedPorts
	// changed tells whether the sides differ in anything that a selector can see.
	changed bool
}

// namedPorts maps the port names that policies use to what they are on a workload.
type namedPorts struct {
	id    int32
	ports []cluster.ContainerPort // sorted; of used names only
	// unknown tells that the pods are not in the manifests: any name may be on any port of theirs.
	unknown bool
}

// resolve is the meaning of a port's name; protocol "" asks for any.
func (n *namedPorts) resolve(protocol policy.Protocol, name string) policy.PortSet {
	var out policy.PortSet
	for _, p := range n.ports {
		if p.Name == name && (protocol == "" || p.Protocol == protocol) {
			out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
		}
	}
	return out
}

// namespace is a namespace on both sides.
type namespace struct {
	name   string
	labels [2]map[string]string
	known  [2]bool
	// lacks are labels that it is taken not to have though not all of its labels are known: it stands for what some selector
	// that excludes them selects.
	lacks map[string]bool
	// classes are its pods' classes, one run, and more of potential workloads after it.
	classes runs
}

// mentions is what the selectors of both sides ask of pods' labels: all else cannot tell pods apart.
type mentions struct {
	values map[string]map[string]bool // key → the values asked for
	texts  map[string]bool            // keys of whose values more is asked than whether they are one of those
	ports  map[string]bool            // names of ports
	// accounts tells that selectors ask for pods' ServiceAccounts.
	accounts bool
	// given tells that selectors ask for labels that controllers give to their pods.
	given bool
}

func newMentions() *mentions {
	return &mentions{values: make(map[string]map[string]bool), texts: make(map[string]bool), ports: make(map[string]bool)}
}

func (m *mentions) selector(s policy.Selector) {
	for _, r := range s.Requirements {
		m.texts[r.Key] = m.texts[r.Key] || r.ReadsText()
		m.accounts = m.accounts || r.OfAccount()
		m.given = m.given || cluster.IsGiven(r.Key)
		values := m.values[r.Key]
		if values == nil {
			values = make(map[string]bool)
			m.values[r.Key] = values
		}
		for _, v := range r.Values {
			values[v] = true
		}
	}
}

// reduce appends the part of labels that selectors can see, in a canonical form.
func (m *mentions) reduce(b []byte, labels map[string]string, scratch *[]string) []byte {
	keys := (*scratch)[:0]
	for key := range labels {
		if m.values[key] != nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	*scratch = keys
	for _, key := range keys {
		b = append(append(b, key...), 0)
		if value := labels[key]; m.values[key][value] || m.texts[key] {
			b = append(append(b, '='), value...)
		}
		b = append(b, 0)
	}
	return append(b, 1)
}

// classifier sorts endpoints into classes.
type classifier struct {
	model    *Model
	mentions *mentions
	byKey    map[string]int32
	envs     map[string]*namedPorts
	key      []byte
	words    []string
}

// addFrom classifies the endpoints from a number on.
func (c *classifier) addFrom(first int) {
	m := c.model
	m.classOf = append(m.classOf, make([]int32, len(m.Endpoints)-first)...)
	for i := first; i < len(m.Endpoints); i++ {
		c.add(int32(i))
	}
}

// add puts endpoint number i into its class, a new one if need be.
func (c *classifier) add(i int32) {
	m := c.model
	e := &m.Endpoints[i]
	var cl class
	c.key = c.key[:0]
	switch {
	case e.isOutside():
		// No two of them are alike: addresses were merged before.
		c.key = appendInt32(append(c.key, 'x'), i)
		cl.namespace = [2]int32{-1, -1}
		cl.ports = [2]*namedPorts{c.env(nil), c.env(nil)}
	case e.Potential != nil:
		p := e.Potential
		ns := m.namespaceNumber(p.namespace)
		cl.namespace, cl.pod = [2]int32{ns, ns}, [2]bool{true, true}
		env := c.env(p.ports)
		if p.ports == nil {
			env = c.unknownEnv()
		}
		cl.ports = [2]*namedPorts{env, env}
		c.key = appendInt32(append(c.key, 'q'), i)
	default:
		c.workload(e, &cl)
	}
	number, ok := c.byKey[string(c.key)]
	if !ok {
		number = int32(len(m.classes))
		c.byKey[string(c.key)] = number
		m.classes = append(m.classes, cl)
	}
	m.classes[number].endpoints = append(m.classes[number].endpoints, i)
	m.classOf[i] = number
}

func (c *classifier) workload(e *Endpoint, cl *class) {
	c.key = c.side(c.key, e, cl, Base)
	before := len(c.key)
	if sameToNetwork(e.on(Base), e.on(Head)) {
		cl.namespace[Head], cl.pod[Head], cl.ports[Head] = cl.namespace[Base], cl.pod[Base], cl.ports[Base]
	} else if c.key = c.side(c.key, e, cl, Head); bytes.Equal(c.key[:before], c.key[before:]) {
		c.key = c.key[:before]
	} else {
		cl.changed = e.Stays()
	}
	exists := byte('0')
	for s := Base; s <= Head; s++ {
		if e.exists(s) {
			exists |= 1 << s
		}
	}
	c.key = append(c.key, exists)
}

// side appends what selectors can see of a workload on one side.
func (c *classifier) side(key []byte, e *Endpoint, cl *class, s Side) []byte {
	w := e.on(s)
	cl.namespace[s] = c.model.namespaceNumber(w.Namespace)
	cl.pod[s] = !w.HostNetwork
	if cl.pod[s] {
		cl.ports[s] = c.env(w.Ports)
	} else {
		cl.ports[s] = c.env(nil) // a node's address has no names for ports
	}
	key = appendInt32(key, cl.namespace[s])
	key = appendInt32(key, cl.ports[s].id)
	if w.HostNetwork {
		key = append(append(append(key, 'h'), w.Node...), 0)
	}
	if c.model.hasBlocks {
		for _, ip := range w.IPs {
			b := ip.As16()
			key = append(append(key, 'i'), b[:]...)
		}
	}
	return c.mentions.reduce(key, c.model.podLabels(w), &c.words)
}

// sameToNetwork tells that two sides of a workload are alike without looking at every field: objects that were read from
// the same text share their bodies. Only what Node objects tell of a pod on the host's network is not in its text.
func sameToNetwork(a, b *cluster.Workload) bool {
	return a == b || a.Object != nil && b.Object != nil && a.Object.Body == b.Object.Body && a.Namespace == b.Namespace &&
		a.Node == b.Node && slices.Equal(a.IPs, b.IPs) && maps.Equal(a.AccountLabels, b.AccountLabels)
}

// env interns what the used port names mean on a workload.
func (c *classifier) env(ports []cluster.ContainerPort) *namedPorts {
	var used []cluster.ContainerPort
	for _, p := range ports {
		if c.mentions.ports[p.Name] {
			used = append(used, p)
		}
	}
	slices.SortFunc(used, func(a, b cluster.ContainerPort) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.Protocol), string(b.Protocol)), cmp.Compare(a.Port, b.Port))
	})
	key := make([]byte, 0, 32*len(used))
	for _, p := range used {
		key = appendInt32(append(append(append(append(key, p.Name...), 0), p.Protocol...), 0), int32(p.Port))
	}
	n := c.envs[string(key)]
	if n == nil {
		n = &namedPorts{id: int32(len(c.envs)), ports: used}
		c.envs[string(key)] = n
	}
	return n
}

// unknownEnv is the meaning of port names on pods that are not in the manifests.
func (c *classifier) unknownEnv() *namedPorts {
	const key = "?"
	if c.envs[key] == nil {
		c.envs[key] = &namedPorts{id: int32(len(c.envs)), unknown: true}
	}
	return c.envs[key]
}

// inValues are the values that a selector's requirement asks for, nil if it does not ask for any.
func inValues(r policy.Requirement) []string {
	if r.Operator == metav1.LabelSelectorOpIn {
		return r.Values
	}
	return nil
}
