// Package oracle holds the engine to evaluators that other people wrote: kube-network-policies, which enforces policies
// in clusters, and the matcher of cyclonus, which tests those that do. It is a module of its own, so that what they
// depend on stays out of the program.
//
// Where a judge is known to be wrong, what it is wrong about is masked: taken out of the clusters before both are asked, or
// not asked at all. Every mask is a function that is named by the defect.
package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// probe is a port that is asked for.
type probe struct {
	protocol corev1.Protocol
	port     int
}

// probes are both sides of every boundary that generated policies can draw.
var probes = func() []probe {
	var all []probe
	for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP} {
		for _, port := range []int{1, 53, 54, 79, 80, 81, 82, 443, 444, 1023, 1024, 8080, 8081, 65535} {
			all = append(all, probe{protocol, port})
		}
	}
	return all
}()

// peer is one end of a connection: a pod or an address outside.
type peer struct {
	pod *corev1.Pod
	ip  string
}

func (p peer) String() string {
	if p.pod != nil {
		return p.pod.Namespace + "/" + p.pod.Name
	}
	return p.ip
}

// judgement is what somebody else says of a connection; nil where the question is masked.
type judgement func(source, destination peer, q probe) *bool

// check compares the engine with a judge on every pair of peers of a cluster, and returns how many verdicts were compared.
func check(t *testing.T, c *generate.Cluster, judge judgement) int {
	t.Helper()
	m := model(t, c)
	var peers []peer
	for _, w := range c.Workloads {
		peers = append(peers, peer{w.Pod, w.Pod.Status.PodIP})
	}
	for i := range m.Endpoints {
		if e := m.Endpoints[i].External; len(e) > 0 {
			ip := e[0].Addr().String()
			// An address that a pod has is no outside one to judges that know pods by their addresses.
			if !slices.ContainsFunc(c.Workloads, func(w generate.Workload) bool { return w.Pod.Status.PodIP == ip }) {
				peers = append(peers, peer{ip: ip})
			}
		}
	}
	verdicts := 0
	for _, source := range peers {
		for _, destination := range peers {
			if source == destination || source.pod == nil && destination.pod == nil {
				continue
			}
			got := m.Verdict(reach.Head, find(t, m, source), find(t, m, destination))
			for _, q := range probes {
				want := judge(source, destination, q)
				if want == nil {
					continue
				}
				verdicts++
				if got.Has(policy.Protocol(q.protocol), q.port) != *want {
					t.Fatalf("%s → %s %s/%d: the engine says %t, the judge %t\n%s", source, destination, q.protocol, q.port, !*want, *want, documents(c))
				}
			}
		}
	}
	return verdicts
}

// model gives a cluster to the engine, through its documents.
func model(t *testing.T, c *generate.Cluster) *reach.Model {
	t.Helper()
	var objects []*manifest.Object
	for _, text := range c.Documents() {
		found, problems := manifest.Read("cluster.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems, text)
		}
		objects = append(objects, found...)
	}
	state := cluster.Build(objects, config.Config{})
	for _, d := range state.Diagnostics {
		if d.Severity == manifest.Error {
			t.Fatal(d)
		}
	}
	return reach.New(state, state, reach.Options{})
}

func documents(c *generate.Cluster) string {
	text := ""
	for _, d := range c.Documents() {
		text += d + "---\n"
	}
	return text
}

func find(t *testing.T, m *reach.Model, p peer) int32 {
	t.Helper()
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		if w := e.Workload[reach.Head]; w != nil && p.pod != nil && w.Namespace == p.pod.Namespace && w.Name == p.pod.Name {
			return int32(i)
		}
		if p.pod == nil && slices.ContainsFunc(e.External, func(block netip.Prefix) bool { return block.Contains(netip.MustParseAddr(p.ip)) }) {
			return int32(i)
		}
	}
	t.Fatalf("the engine has no %s", p)
	return 0
}

// onlyPods turns a random cluster into what both judges can be asked about: pods on the pod network, each with one address
// of its own, which is how they know pods.
func onlyPods(c *generate.Cluster) *generate.Cluster {
	out := c.Clone()
	out.Workloads, out.Nodes, out.Admin, out.BaselineAdmin = nil, nil, nil, nil
	for i, w := range c.Workloads {
		pod := w.Pod.DeepCopy()
		if pod.Spec.HostNetwork || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		pod.Spec.NodeName = ""
		ip := fmt.Sprintf("10.0.0.%d", 1+i)
		pod.Status = corev1.PodStatus{PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
		out.Workloads = append(out.Workloads, generate.Workload{Kind: "Pod", Pod: pod})
	}
	return out
}

// defaulted are the policies as the API server stores them: with protocols and policy types.
func defaulted(policies []*networkingv1.NetworkPolicy) []*networkingv1.NetworkPolicy {
	var out []*networkingv1.NetworkPolicy
	tcp := corev1.ProtocolTCP
	for _, p := range policies {
		p = p.DeepCopy()
		if len(p.Spec.PolicyTypes) == 0 {
			p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(p.Spec.Egress) > 0 {
				p.Spec.PolicyTypes = append(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
			}
		}
		for _, r := range p.Spec.Ingress {
			for i := range r.Ports {
				if r.Ports[i].Protocol == nil {
					r.Ports[i].Protocol = &tcp
				}
			}
		}
		for _, r := range p.Spec.Egress {
			for i := range r.Ports {
				if r.Ports[i].Protocol == nil {
					r.Ports[i].Protocol = &tcp
				}
			}
		}
		out = append(out, p)
	}
	return out
}

// namespaceLabels are all labels of a namespace, the API server's included.
func namespaceLabels(c *generate.Cluster) map[string]map[string]string {
	out := make(map[string]map[string]string)
	for _, n := range c.Namespaces {
		labels := make(map[string]string)
		for k, v := range n.Labels {
			labels[k] = v
		}
		labels[corev1.LabelMetadataName] = n.Name
		out[n.Name] = labels
	}
	return out
}

// containerPorts are the ports of a pod's containers, with their protocols.
func containerPorts(pod *corev1.Pod) []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Protocol == "" {
				p.Protocol = corev1.ProtocolTCP
			}
			out = append(out, p)
		}
	}
	return out
}

// withoutSidecars masks a defect of both judges: they do not know that sidecars' ports have names.
func withoutSidecars(c *generate.Cluster) *generate.Cluster {
	for _, w := range c.Workloads {
		w.Pod.Spec.InitContainers = nil
	}
	return c
}
