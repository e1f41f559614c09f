package impact

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// traits are what severity asks of an endpoint.
type traits struct {
	end       severity.End
	namespace string
	// sensitive says why the workload is worth protecting.
	sensitive string
	// declared are the ports that the workload's containers or Services declare; nil if it declares none.
	declared policy.PortSet
	// declaredID is the same for endpoints that declare the same.
	declaredID int32
	// served tells that a Service leads to it.
	served bool
	// names are the ports on which it is asked as the cluster's name service.
	names policy.PortSet
}

func portText(n int) string { return strconv.Itoa(n) }

func (a *analysis) findTraits() []traits {
	names := a.model.NameService(reach.Head)
	// Pods with the name service's labels, wherever a policy means them to be, are asked like it.
	asked := map[string]policy.PortSet{cluster.CacheSelector: policy.Range(policy.UDP, 53, 53).Union(policy.Range(policy.TCP, 53, 53))}
	for _, n := range names {
		if n.Pods != nil && !n.Pods.Pods.Everything() {
			text := n.Pods.Pods.String()
			asked[text] = asked[text].Union(n.Ports())
		}
	}
	ids, servers := make(map[string]int32), make(map[Potential]bool)
	out := make([]traits, len(a.model.Endpoints))
	for i := range out {
		e := a.endpoint(int32(i))
		t := &out[i]
		switch {
		case e.External != nil:
			t.end = outside(e.External)
			t.names = names.PortsAt(e.External)
			t.declared = t.names
		case e.Domain != "", e.Entity != "":
			t.end = severity.End{Outside: true, Domain: true, Internet: policy.IsManyDomains(e.Domain)}
		case e.Nodes != nil:
			t.end = severity.End{Outside: true, Node: true}
		case e.Potential != nil:
			t.namespace = e.Potential.Namespaces
			t.end.Unrendered = true
			for _, p := range e.Potential.Ports() {
				servers[*a.directory.peers[i].Potential] = true
				t.names = t.names.Union(policy.Range(p.Protocol, p.Port, p.Port))
			}
			t.declared = t.names.Union(asked[e.Potential.Pods])
		default:
			t.names = names.PortsOf(cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base]))
			a.workloadTraits(t, cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base]), e.Workload[reach.Base])
		}
		t.end.DNS = len(t.names) > 0
		key := t.declared.Key()
		id, known := ids[key]
		if !known {
			id = int32(len(ids))
			ids[key] = id
		}
		t.declaredID = id
	}
	for i, p := range a.directory.peers {
		if p.Potential != nil && servers[*p.Potential] {
			a.nameServers.add([]int32{int32(i)})
		}
	}
	a.declarations = len(ids)
	return out
}

// findLikenesses numbers the endpoints' traits and their namespaces.
func (a *analysis) findLikenesses() {
	type like struct {
		end      severity.End
		declared int32
		served   bool
		names    string
	}
	ids := make(map[like]int32)
	a.likeness, a.homes, a.homeOf = make([]int32, len(a.traits)), make([]int32, len(a.traits)), make(map[string]int32)
	for i := range a.traits {
		t := &a.traits[i]
		key := like{t.end, t.declaredID, t.served, t.names.Key()}
		id, known := ids[key]
		if !known {
			id = int32(len(ids))
			ids[key] = id
		}
		a.likeness[i], a.homes[i] = id, -1
		if !t.end.Outside {
			home, known := a.homeOf[t.namespace]
			if !known {
				home = int32(len(a.homeOf))
				a.homeOf[t.namespace] = home
			}
			a.homes[i] = home
		}
	}
	a.likenesses = len(ids)
}

// home is the number of a namespace; that of none if nothing is in it.
func (a *analysis) home(namespace string) int32 {
	if home, known := a.homeOf[namespace]; known {
		return home
	}
	return -2
}

// on is the end where it is about some ports: a name server is one on those on which resolvers ask it, by UDP. Without TCP
// they lose the rare long answer.
func (t *traits) on(ports policy.PortSet) severity.End {
	end := t.end
	end.DNS = end.DNS && ports.Intersects(t.names.Intersect(policy.Whole(policy.UDP)))
	return end
}

// workloadTraits tells those of a workload. Who takes away what makes it sensitive does not lower what the same change opens
// of it.
func (a *analysis) workloadTraits(t *traits, w, before *cluster.Workload) {
	t.namespace = w.Namespace
	t.declared = declaredBy(w, a.backends)
	t.served = len(a.backends.Before(w)) > 0
	t.sensitive = a.sensitivity.Of(w)
	if t.sensitive == "" && before != nil && before != w {
		if t.sensitive = a.sensitivity.Of(before); t.sensitive != "" {
			t.sensitive += ", before this change"
		}
	}
	t.end.Sensitive = t.sensitive != ""
}

// declaredBefore are the ports that an endpoint declared on base; on head if it was not there.
func (a *analysis) declaredBefore(endpoint int32) policy.PortSet {
	a.before.Do(func() { a.backendsBefore = a.baseBackends() })
	if a.formerly == nil {
		a.formerly = make([]policy.PortSet, len(a.traits))
		for i := range a.formerly {
			a.formerly[i] = a.traits[i].declared
			sides := a.endpoint(int32(i)).Workload
			switch w := sides[reach.Base]; {
			case w == nil:
			case sides[reach.Head] != nil && w.Object.Body == sides[reach.Head].Object.Body && !a.traits[i].served && len(a.backendsBefore.Before(w)) == 0:
				// Its containers and probes are the same, and no Service leads to it on either side.
			default:
				a.formerly[i] = declaredBy(w, a.backendsBefore)
			}
		}
	}
	return a.formerly[endpoint]
}

// declaredBy are the ports that a workload's containers, their probes, or the Services before it declare.
func declaredBy(w *cluster.Workload, backends *cluster.Backends) policy.PortSet {
	out := evidence.Probed(w)
	for _, p := range w.Ports {
		out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
	}
	for _, s := range backends.Before(w) {
		out = out.Union(s.On(w))
	}
	return out
}

var metadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

func outside(prefixes []netip.Prefix) severity.End {
	end := severity.End{Outside: true}
	for _, p := range prefixes {
		end.Metadata = end.Metadata || slices.ContainsFunc(metadata, p.Contains)
		end.Internet = end.Internet || policy.IsPublic(p)
	}
	return end
}

// isMetadata tells whether addresses are the cloud's metadata service and nothing else.
func isMetadata(prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if !p.IsSingleIP() || !slices.Contains(metadata, p.Addr()) {
			return false
		}
	}
	return len(prefixes) > 0
}
