package reach

import (
	"net/netip"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Side is base or head.
type Side int

// The sides. A model of one state has it on both.
const (
	Base Side = iota
	Head
)

// Endpoint is one end of a connection: a workload, a set of outside addresses, a potential workload, a domain
// name, an entity or nodes: exactly one of its fields is set.
type Endpoint struct {
	// Workload is the workload on each side, nil where it does not exist.
	Workload [2]*cluster.Workload
	// External are addresses outside the cluster that no policy tells apart.
	External []netip.Prefix
	// Potential are pods that a selector asks for and no manifest has.
	Potential *Potential
	// Domain is a domain name as a policy writes it.
	Domain string
	// OneLabel is that of policy.Peer: what the stars in Domain stand for.
	OneLabel bool
	// Entity is the name of an end that neither selectors nor addresses describe.
	Entity string
	// inside tells of an entity that it is in the cluster.
	inside bool
	// Nodes are the cluster's machines that a policy selects.
	Nodes *policy.Selector
}

// Potential is pods that a policy names and no manifest has.
type Potential struct {
	// Namespaces and Pods say for people which ones: "monitoring" or "team=a" or "*"; "app=web" or "*".
	Namespaces, Pods string
	// namespace is a real one, or stands for one that is not in the manifests.
	namespace string
	labels    map[string]string
	ports     []cluster.ContainerPort
	// other tells that no selector asks for these pods by themselves: they are any other ones of a namespace. subject tells
	// that a policy selects all of the namespace on one side only.
	other, subject bool
}

// exists tells whether the endpoint is there on a side.
func (e *Endpoint) exists(s Side) bool {
	return e.Workload[Base] == nil && e.Workload[Head] == nil || e.Workload[s] != nil
}

// Stays tells whether the endpoint is there on both sides.
func (e *Endpoint) Stays() bool { return e.exists(Base) && e.exists(Head) }

// on returns the workload of a side or, where it is not there, the other side's, so that a workload that comes or goes
// has the same labels before and after.
func (e *Endpoint) on(s Side) *cluster.Workload {
	if w := e.Workload[s]; w != nil {
		return w
	}
	return e.Workload[1-s]
}

// isOutside tells whether no policy can govern the endpoint because it is no pod.
func (e *Endpoint) isOutside() bool {
	return e.External != nil || e.Domain != "" || e.Entity != "" || e.Nodes != nil
}
