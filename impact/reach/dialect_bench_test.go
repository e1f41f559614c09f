//go:build unix

package reach_test

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// BenchmarkDialects measures the engine on one cluster whose policies are written in each dialect, rule by rule.
func BenchmarkDialects(b *testing.B) {
	size := generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10, Plain: true}
	for _, dialect := range []struct {
		name      string
		translate func(p *networkingv1.NetworkPolicy) any
		options   reach.Options
	}{
		{"networkpolicy", nil, reach.Options{}},
		{"cilium", ciliumPolicy, reach.Options{BlocksMissPods: true, IsolatesLast: true}},
		{"calico", calicoPolicy, reach.Options{}},
	} {
		b.Run(dialect.name, func(b *testing.B) {
			sides := [2]*generate.Side{}
			sides[reach.Base], sides[reach.Head] = generate.Large(size)
			read, written := make(reader), make(map[string]string)
			var states [2]*cluster.State
			for s, side := range sides {
				documents := side.All()
				for i, text := range documents {
					if dialect.translate != nil && strings.Contains(text, "kind: NetworkPolicy") {
						if written[text] == "" {
							written[text] = translated(b, text, dialect.translate)
						}
						documents[i] = written[text]
					}
				}
				var err error
				if states[s], err = read.state(documents); err != nil {
					b.Fatal(err)
				}
			}
			debug.FreeOSMemory()
			resident := memory("VmRSS")
			resetPeak()
			blocks := 0
			cpu := processTime(b)
			for b.Loop() {
				found, err := reach.New(states[reach.Base], states[reach.Head], dialect.options).Delta(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				blocks = len(found)
			}
			b.ReportMetric((processTime(b)-cpu).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(blocks), "blocks")
			b.ReportMetric(memory("VmHWM")-resident, "peak-MB")
		})
	}
}

func translated(b *testing.B, text string, translate func(p *networkingv1.NetworkPolicy) any) string {
	b.Helper()
	var p networkingv1.NetworkPolicy
	if err := yaml.Unmarshal([]byte(text), &p); err != nil {
		b.Fatal(err)
	}
	out, err := yaml.Marshal(translate(&p))
	if err != nil {
		b.Fatal(err)
	}
	return string(out)
}

type object = map[string]any

// isolates tells whether a policy lists a direction.
func isolates(p *networkingv1.NetworkPolicy, t networkingv1.PolicyType) bool {
	return slices.Contains(p.Spec.PolicyTypes, t)
}

func ciliumPolicy(p *networkingv1.NetworkPolicy) any {
	spec := object{"endpointSelector": p.Spec.PodSelector}
	if isolates(p, networkingv1.PolicyTypeIngress) {
		rules := []any{object{}}
		for _, r := range p.Spec.Ingress {
			rules = append(rules, ciliumRules("from", r.From, r.Ports)...)
		}
		spec["ingress"] = rules
	}
	if isolates(p, networkingv1.PolicyTypeEgress) {
		rules := []any{object{}}
		for _, r := range p.Spec.Egress {
			rules = append(rules, ciliumRules("to", r.To, r.Ports)...)
		}
		spec["egress"] = rules
	}
	return object{"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": object{"name": p.Name, "namespace": p.Namespace}, "spec": spec}
}

func ciliumRules(direction string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) []any {
	var out []any
	add := func(r object) {
		if len(ports) > 0 {
			var list []any
			for _, p := range ports {
				list = append(list, object{"port": p.Port.String(), "protocol": "TCP"})
			}
			r["toPorts"] = []any{object{"ports": list}}
		}
		out = append(out, r)
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			set := object{"cidr": peer.IPBlock.CIDR}
			if len(peer.IPBlock.Except) > 0 {
				set["except"] = peer.IPBlock.Except
			}
			add(object{direction + "CIDRSet": []any{set}})
			continue
		}
		s := metav1.LabelSelector{MatchLabels: make(map[string]string)}
		if peer.PodSelector != nil {
			for k, v := range peer.PodSelector.MatchLabels {
				s.MatchLabels[k] = v
			}
		}
		if n := peer.NamespaceSelector; n != nil {
			for k, v := range n.MatchLabels {
				if k == cluster.NameLabel {
					s.MatchLabels["k8s:io.kubernetes.pod.namespace"] = v
				} else {
					s.MatchLabels["k8s:io.cilium.k8s.namespace.labels."+k] = v
				}
			}
			if len(n.MatchLabels) == 0 {
				s.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "k8s:io.kubernetes.pod.namespace", Operator: metav1.LabelSelectorOpExists}}
			}
		}
		add(object{direction + "Endpoints": []any{s}})
	}
	if len(peers) == 0 {
		add(object{direction + "Entities": []any{"all"}})
	}
	return out
}

func calicoPolicy(p *networkingv1.NetworkPolicy) any {
	spec := object{"selector": calicoSelector(&p.Spec.PodSelector), "types": p.Spec.PolicyTypes}
	var in, out []any
	for _, r := range p.Spec.Ingress {
		in = append(in, calicoRules("source", r.From, r.Ports)...)
	}
	for _, r := range p.Spec.Egress {
		out = append(out, calicoRules("destination", r.To, r.Ports)...)
	}
	spec["ingress"], spec["egress"] = in, out
	return object{"apiVersion": "projectcalico.org/v3", "kind": "NetworkPolicy", "metadata": object{"name": p.Name, "namespace": p.Namespace}, "spec": spec}
}

func calicoSelector(s *metav1.LabelSelector) string {
	var parts []string
	for k, v := range s.MatchLabels {
		if k == cluster.NameLabel {
			k = "projectcalico.org/name"
		}
		parts = append(parts, fmt.Sprintf("%s == '%s'", k, v))
	}
	for _, e := range s.MatchExpressions {
		parts = append(parts, fmt.Sprintf("%s in {'%s'}", e.Key, strings.Join(e.Values, "', '")))
	}
	if len(parts) == 0 {
		return "all()"
	}
	slices.Sort(parts)
	return strings.Join(parts, " && ")
}

func calicoRules(end string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) []any {
	if len(peers) == 0 {
		peers = []networkingv1.NetworkPolicyPeer{{}}
	}
	var out []any
	for _, peer := range peers {
		r, e := object{"action": "Allow"}, object{}
		if peer.IPBlock != nil {
			e["nets"] = []string{peer.IPBlock.CIDR}
			if len(peer.IPBlock.Except) > 0 {
				e["notNets"] = peer.IPBlock.Except
			}
		}
		if peer.PodSelector != nil {
			e["selector"] = calicoSelector(peer.PodSelector)
		}
		if peer.NamespaceSelector != nil {
			e["namespaceSelector"] = calicoSelector(peer.NamespaceSelector)
		}
		r[end] = e
		if len(ports) > 0 {
			var list []any
			for _, p := range ports {
				list = append(list, p.Port)
			}
			to := e
			if end == "source" {
				to = object{}
				r["destination"] = to
			}
			r["protocol"], to["ports"] = "TCP", list
		}
		out = append(out, r)
	}
	return out
}
