// Package cilium holds the engine to Cilium's own: the code with which its agent computes what an endpoint may do
// (pkg/policy). It is a module of its own, because Cilium is large and needs older versions of what Kubernetes' modules
// are made of.
//
// Both are given the same documents. Where they are known to differ, what they differ about is masked: taken out of the
// clusters before both are asked, or not asked at all. Every mask has its reason beside it.
package cilium

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// probes are both sides of every boundary that the policies here draw.
var probes = func() []policy.PortRange {
	var all []policy.PortRange
	for _, protocol := range []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP} {
		for _, port := range []int{1, 53, 54, 79, 80, 81, 82, 443, 444, 1023, 1024, 5432, 6379, 8080, 8081, 9092, 65535} {
			all = append(all, policy.PortRange{Protocol: protocol, From: port})
		}
	}
	return append(all,
		policy.PortRange{Protocol: policy.ICMP, From: 8 << 8}, policy.PortRange{Protocol: policy.ICMP, From: 3 << 8},
		policy.PortRange{Protocol: policy.ICMPv6, From: 128 << 8}, policy.PortRange{Protocol: policy.ICMPv6, From: 133 << 8})
}()

// end is one end of a connection to both: a pod, an address outside, or what Cilium has a name for.
type end struct {
	endpoint int32
	// pod is namespace/name.
	pod     string
	address netip.Addr
	entity  string
}

func (e end) String() string {
	switch {
	case e.pod != "":
		return e.pod
	case e.entity != "":
		return e.entity
	}
	return e.address.String()
}

// ends are those of the engine that Cilium knows, too.
func ends(m *reach.Model) []end {
	var out []end
	for i := range m.Endpoints {
		e, at := &m.Endpoints[i], int32(i)
		switch {
		case e.Workload[reach.Head] != nil:
			out = append(out, end{endpoint: at, pod: e.Workload[reach.Head].Namespace + "/" + e.Workload[reach.Head].Name})
		case len(e.External) > 0:
			first, last := inside(e.External[0]), inside(e.External[len(e.External)-1])
			out = append(out, end{endpoint: at, address: first})
			if last != first {
				out = append(out, end{endpoint: at, address: last})
			}
		case e.Entity != "":
			out = append(out, end{endpoint: at, entity: e.Entity})
		case e.Nodes != nil && e.Nodes.Everything():
			out = append(out, end{endpoint: at, entity: "remote-node"})
		}
	}
	return out
}

// inside is an address of a prefix, but not one that nobody has.
func inside(p netip.Prefix) netip.Addr {
	if a := p.Addr(); a.IsUnspecified() {
		return a.Next()
	}
	return p.Addr()
}

// check compares the engine with Cilium on every pair of ends of a cluster, and returns how many verdicts were compared.
// Where they disagree it tells the least part of the cluster about which they do.
func check(t *testing.T, documents []string) (verdicts int, agree bool) {
	t.Helper()
	verdicts, disagreement, err := compare(documents)
	if err != nil {
		t.Fatal(err)
	}
	if disagreement != "" {
		documents = shrunk(documents, func(documents []string) bool {
			_, is, err := compare(documents)
			if err == nil && is != "" {
				disagreement = is
			}
			return err == nil && is != ""
		})
		t.Errorf("%s\n%s", disagreement, strings.Join(documents, "---\n"))
	}
	return verdicts, disagreement == ""
}

func compare(documents []string) (verdicts int, disagreement string, err error) {
	m, err := model(documents)
	if err != nil {
		return 0, "", err
	}
	all := ends(m)
	network, err := newNetwork(documents, all)
	if err != nil {
		return 0, "", err
	}
	// The engine has ICMP of a family only where some policy names it.
	text := strings.Join(documents, "")
	ipv6 := strings.Count(text, "family: IPv6")
	named := map[policy.Protocol]bool{policy.ICMP: strings.Count(text, "fields:") > ipv6, policy.ICMPv6: ipv6 > 0}
	for _, source := range all {
		for _, destination := range all {
			if source == destination || source.pod == "" && destination.pod == "" || isMasked(source, destination, text) {
				continue
			}
			got := m.Verdict(reach.Head, source.endpoint, destination.endpoint)
			for _, q := range probes {
				if !q.Protocol.HasPorts() && !named[q.Protocol] {
					continue
				}
				verdicts++
				if want := network.allows(source, destination, q); got.Has(q.Protocol, q.From) != want {
					return verdicts, fmt.Sprintf("%s → %s %s/%d: the engine says %t, Cilium %t", source, destination, q.Protocol, q.From, !want, want), nil
				}
			}
		}
	}
	return verdicts, "", nil
}

// isMasked tells whether the engine means something else than Cilium by an end.
func isMasked(source, destination end, text string) bool {
	for _, e := range []end{source, destination} {
		switch e.entity {
		// Cilium gives an API server on a node labels of a node, and one outside those of an address. Manifests do not tell which
		// it is; the engine takes it for an end of its own whose address may be any.
		case "kube-apiserver":
			return true
		// With labels of their own, nodes have identities of their own, which are not made here.
		case "remote-node":
			if strings.Contains(text, "nodes:") {
				return true
			}
		}
	}
	// Cilium lets a pod's own node in whatever its policies say (AlwaysAllowLocalhost); which node is a pod's own is not in
	// manifests, so that the engine has no such source. "host" is an end for egress only.
	return source.entity == "host"
}

// model gives documents to the engine.
func model(documents []string) (*reach.Model, error) {
	var objects []*manifest.Object
	for _, text := range documents {
		found, problems := manifest.Read("cluster.yaml", []byte(text))
		if len(problems) > 0 {
			return nil, fmt.Errorf("%v\n%s", problems, text)
		}
		objects = append(objects, found...)
	}
	state := cluster.Build(objects, config.Config{CNI: config.Cilium})
	for _, d := range state.Diagnostics {
		if d.Severity == manifest.Error {
			return nil, fmt.Errorf("%v\n%s", d, strings.Join(documents, "---\n"))
		}
	}
	return reach.New(state, state, reach.Options{BlocksMissPods: true, IsolatesLast: true}), nil
}
