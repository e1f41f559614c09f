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
}

func portText(n int) string { return strconv.Itoa(n) }

// dnsLabels are those of the cluster's name service and of its caches on the nodes.
var dnsLabels = map[string]bool{"k8s-app=kube-dns": true, "k8s-app=node-local-dns": true}

func (a *analysis) findTraits() []traits {
	_, caches := a.head.NodeLocalDNS()
	ids := make(map[string]int32)
	out := make([]traits, len(a.model.Endpoints))
	for i := range out {
		e := a.endpoint(int32(i))
		t := &out[i]
		switch {
		case e.External != nil:
			t.end = outside(e.External)
			if slices.ContainsFunc(e.External, func(p netip.Prefix) bool { return slices.ContainsFunc(caches, p.Contains) }) {
				t.end.DNS = true
				t.declare(policy.UDP, 53)
				t.declare(policy.TCP, 53)
			}
		case e.Domain != "", e.Entity != "":
			t.end = severity.End{Outside: true, Domain: true}
		case e.Nodes != nil:
			t.end = severity.End{Outside: true, Node: true}
		case e.Potential != nil:
			t.namespace = e.Potential.Namespaces
			t.end.Unrendered = true
			for _, p := range e.Potential.Ports() {
				t.declare(p.Protocol, p.Port)
				t.end.DNS = t.end.DNS || p.Port == 53
			}
			if dnsLabels[e.Potential.Pods] {
				t.declare(policy.UDP, 53)
				t.declare(policy.TCP, 53)
			}
		default:
			a.workloadTraits(t, cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base]), e.Workload[reach.Base])
		}
		key := t.declared.Key()
		id, known := ids[key]
		if !known {
			id = int32(len(ids))
			ids[key] = id
		}
		t.declaredID = id
	}
	return out
}

func (t *traits) declare(p policy.Protocol, port int) {
	t.declared = t.declared.Union(policy.Range(p, port, port))
}

// workloadTraits tells those of a workload. Who takes away what makes it sensitive does not lower what the same change opens
// of it.
func (a *analysis) workloadTraits(t *traits, w, before *cluster.Workload) {
	t.namespace = w.Namespace
	t.declared = declaredBy(w, a.backends)
	t.end.DNS = w.Namespace == "kube-system" && w.Labels["k8s-app"] == "kube-dns"
	t.sensitive = a.sensitivity.Of(w)
	if t.sensitive == "" && before != nil && before != w {
		if t.sensitive = a.sensitivity.Of(before); t.sensitive != "" {
			t.sensitive += ", before this change"
		}
	}
	t.end.Sensitive = t.sensitive != ""
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
