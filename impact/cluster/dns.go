package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// NameServer is where the cluster's name service answers: pods, or addresses.
type NameServer struct {
	// Pods are those that answer; nil for Addresses.
	Pods *policy.Pods
	// Addresses are where nodes' own caches, or servers outside of the cluster, answer.
	Addresses []netip.Prefix
	// Port is where it listens, by UDP and TCP. Of pods it is their own, not their Service's: that is what policies see.
	Port int
	// Cache is the workload of nodes' own caches that the manifests show; nil for others.
	Cache *Workload
	// Configured tells that the configuration says so.
	Configured bool
}

// Ports are what it is asked on.
func (n *NameServer) Ports() policy.PortSet {
	return policy.Range(policy.UDP, n.Port, n.Port).Union(policy.Range(policy.TCP, n.Port, n.Port))
}

// Is tells whether a workload is one of the pods.
func (n *NameServer) Is(w *Workload) bool {
	return n.Pods != nil && n.Pods.Namespaces.Name == w.Namespace && n.Pods.Pods.Matches(w.Labels)
}

// HasSome tells whether it answers at some of the addresses.
func (n *NameServer) HasSome(addresses []netip.Prefix) bool {
	return overlap(n.Addresses, addresses)
}

// Written are the addresses as one writes them: a single one without its length.
func (n *NameServer) Written() []string {
	var out []string
	for _, a := range n.Addresses {
		text := a.String()
		if a.IsSingleIP() {
			text = a.Addr().String()
		}
		out = append(out, text)
	}
	return out
}

// NameService is all of the cluster's name servers.
type NameService []NameServer

// cacheAddress is where NodeLocal DNSCache listens unless it is told otherwise (kubernetes/dns, cmd/node-cache).
var cacheAddress = netip.MustParseAddr("169.254.20.10")

const dnsPort = 53

// CacheSelector is the label of NodeLocal DNSCache's pods.
const CacheSelector = "k8s-app=node-local-dns"

// kubeDNS is where Kubernetes' own add-ons, CoreDNS and kube-dns, run. openShiftDNS is what OpenShift's DNS operator runs
// instead; its pods listen on 5353 (openshift/cluster-dns-operator, assets/dns/daemonset.yaml).
var (
	kubeDNS      = podServer("kube-system", "k8s-app", "kube-dns", dnsPort)
	openShiftDNS = podServer("openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default", 5353)
)

func podServer(namespace, key, value string, port int) NameServer {
	return NameServer{Pods: &policy.Pods{Namespaces: policy.InNamespace(namespace), Pods: policy.WithLabels(map[string]string{key: value})}, Port: port}
}

// findNameService finds a side's name servers: those that the configuration names, or else those that its objects suggest,
// and the nodes' caches that are rendered.
func (b *builder) findNameService(configured []config.NameServer) {
	s := b.state
	for _, c := range configured {
		named, err := newNameServers(c)
		if err != nil { // a configuration that was read has none such
			b.reportConfig(fmt.Errorf("dns: %w", err))
		}
		s.NameService = append(s.NameService, named...)
	}
	if len(configured) == 0 {
		s.NameService = b.guessNameService()
	}
	if cache, addresses := s.caches(); cache != nil {
		s.NameService = append(s.NameService, NameServer{Addresses: addresses, Port: dnsPort, Cache: cache})
	}
}

// newNameServers are those that an entry of the configuration names.
func newNameServers(c config.NameServer) ([]NameServer, error) {
	var out []NameServer
	port := c.Port
	if port == 0 {
		port = dnsPort
	}
	place, err := NewPlace(c.Place)
	if err != nil {
		return nil, err
	}
	if place.Pods != nil {
		out = append(out, NameServer{Pods: place.Pods, Port: port, Configured: true})
	}
	if len(place.Addresses) > 0 {
		out = append(out, NameServer{Addresses: place.Addresses, Port: port, Configured: true})
	}
	return out, nil
}

// guessNameService takes Kubernetes' add-on for the name service unless the objects are OpenShift's: by their group, or by
// policies that name its name service and not the add-on. Where they may be either's, it is both.
func (b *builder) guessNameService() NameService {
	var names, add bool
	for _, w := range b.state.Workloads {
		names = names || openShiftDNS.Is(w)
		add = add || kubeDNS.Is(w)
	}
	for _, p := range b.state.Policies {
		for _, d := range policy.Directions {
			for i := range p.Rules[d] {
				for j := range p.Rules[d][i].Peers {
					eachPods(&p.Rules[d][i].Peers[j], func(pods *policy.Pods) {
						names = names || selectsByName(pods, openShiftDNS.Pods.Namespaces.Name)
						add = add || selectsByName(pods, kubeDNS.Pods.Namespaces.Name) || pods.Pods.Key() == kubeDNS.Pods.Pods.Key()
					})
				}
			}
		}
	}
	var out NameService
	if !names || add {
		out = append(out, kubeDNS)
	}
	if b.openShift || names && !add {
		out = append(out, openShiftDNS)
	}
	return out
}

// eachPods calls f with what a peer says of pods.
func eachPods(p *policy.Peer, f func(*policy.Pods)) {
	if p.Pods != nil {
		f(p.Pods)
	}
	for i := range p.All {
		eachPods(&p.All[i], f)
	}
	if p.Perhaps != nil {
		eachPods(p.Perhaps, f)
	}
}

// selectsByName tells whether a namespace is among those that are asked for by their names.
func selectsByName(p *policy.Pods, namespace string) bool {
	if p.Namespaces.Name != "" {
		return p.Namespaces.Name == namespace
	}
	return slices.ContainsFunc(p.Namespaces.Selector.Requirements, func(r policy.Requirement) bool {
		return r.Key == NameLabel && r.Operator == "In" && slices.Contains(r.Values, namespace)
	})
}

// Joined is a side's name service as a comparison sees it: the other side's pods belong to it as well, so that a change
// cannot lose the name service by having another one guessed. Caches are each side's own.
func (s NameService) Joined(other NameService) NameService {
	out := slices.Clone(s)
	for _, n := range other {
		if n.Pods != nil && !slices.ContainsFunc(s, func(own NameServer) bool {
			return own.Pods != nil && own.Pods.Key() == n.Pods.Key() && own.Port == n.Port
		}) {
			out = append(out, n)
		}
	}
	return out
}

// In tells whether pods of the name service are in a namespace.
func (s NameService) In(namespace string) bool {
	return slices.ContainsFunc(s, func(n NameServer) bool { return n.Pods != nil && n.Pods.Namespaces.Name == namespace })
}

// PortsOf are the ports on which a workload is asked for names; empty if it is no name server.
func (s NameService) PortsOf(w *Workload) policy.PortSet {
	var out policy.PortSet
	for i := range s {
		if s[i].Is(w) {
			out = out.Union(s[i].Ports())
		}
	}
	return out
}

// PortsAt are the ports on which some of the addresses are asked for names; empty if none is.
func (s NameService) PortsAt(addresses []netip.Prefix) policy.PortSet {
	var out policy.PortSet
	for i := range s {
		if s[i].HasSome(addresses) {
			out = out.Union(s[i].Ports())
		}
	}
	return out
}

// caches are the nodes' own caches of the name service that are rendered, and the addresses at which they answer; nil if
// there are none. Pods ask these, so that to allow the name service's pods alone is not enough.
func (s *State) caches() (*Workload, []netip.Prefix) {
	for _, w := range s.Workloads {
		if w.Labels["k8s-app"] != "node-local-dns" || !w.HostNetwork {
			continue
		}
		var out []netip.Prefix
		containers := w.Pod.Get("containers").Elements()
		for i := range containers {
			args := containers[i].Get("args").Elements()
			for j := range args {
				list, ok := strings.CutPrefix(strings.TrimLeft(args[j].Str(), "-"), "localip=")
				if !ok && strings.TrimLeft(args[j].Str(), "-") == "localip" && j+1 < len(args) {
					list, ok = args[j+1].Str(), true
				}
				if !ok {
					continue
				}
				for text := range strings.SplitSeq(list, ",") {
					if address, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil && address.IsLinkLocalUnicast() {
						out = append(out, netip.PrefixFrom(address, address.BitLen()))
					}
				}
			}
		}
		if out == nil {
			out = []netip.Prefix{netip.PrefixFrom(cacheAddress, cacheAddress.BitLen())}
		}
		return w, out
	}
	return nil, nil
}
