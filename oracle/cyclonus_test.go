package oracle

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/mattfenwick/cyclonus/pkg/generator"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

func TestEngineAgreesWithCyclonusOnRandomClusters(t *testing.T) {
	verdicts := 0
	for seed := uint64(0); verdicts < wantedVerdicts; seed++ {
		base, _ := generate.Random(seed)
		c := withoutNotIn(withoutSidecars(onlyPods(base)))
		c.ClusterPolicies = nil
		verdicts += check(t, c, cyclonus(c))
	}
	t.Logf("%d verdicts compared", verdicts)
}

// withoutNotIn masks a defect: NotIn is not met where the key is missing.
func withoutNotIn(c *generate.Cluster) *generate.Cluster {
	cut := func(s *metav1.LabelSelector) {
		if s != nil {
			s.MatchExpressions = slices.DeleteFunc(s.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool {
				return r.Operator == metav1.LabelSelectorOpNotIn
			})
		}
	}
	for i, p := range c.NetworkPolicies {
		p = p.DeepCopy()
		cut(&p.Spec.PodSelector)
		for _, r := range p.Spec.Ingress {
			for _, from := range r.From {
				cut(from.PodSelector)
				cut(from.NamespaceSelector)
			}
		}
		for _, r := range p.Spec.Egress {
			for _, to := range r.To {
				cut(to.PodSelector)
				cut(to.NamespaceSelector)
			}
		}
		c.NetworkPolicies[i] = p
	}
	return c
}

// cyclonus asks the matcher, which panics on policies without types: it gets them as the API server stores them.
func cyclonus(c *generate.Cluster) judgement {
	policies := matcher.BuildNetworkPolicies(true, defaulted(c.NetworkPolicies))
	labelsOf := namespaceLabels(c)
	side := func(p peer) *matcher.TrafficPeer {
		if p.pod == nil {
			return &matcher.TrafficPeer{IP: p.ip}
		}
		return &matcher.TrafficPeer{IP: p.ip, Internal: &matcher.InternalPeer{
			PodLabels: p.pod.Labels, Namespace: p.pod.Namespace, NamespaceLabels: labelsOf[p.pod.Namespace],
		}}
	}
	return func(source, destination peer, q probe) *bool {
		traffic := &matcher.Traffic{Source: side(source), Destination: side(destination), ResolvedPort: q.port, Protocol: q.protocol}
		allowed := true
		for _, isIngress := range []bool{true, false} {
			// The matcher knows one name a port; where a pod gives it several, each is asked for.
			some := false
			for _, name := range names(destination, q) {
				traffic.ResolvedPortName = name
				some = some || policies.IsIngressOrEgressAllowed(traffic, isIngress).IsAllowed()
			}
			allowed = allowed && some
		}
		return &allowed
	}
}

// names are what a destination calls a port of a protocol: the matcher looks names up without the protocol, so it is given
// only those that are of it.
func names(p peer, q probe) []string {
	out := []string{""}
	if p.pod == nil {
		return out
	}
	for _, declared := range containerPorts(p.pod) {
		if declared.Protocol == q.protocol && int(declared.ContainerPort) == q.port && declared.Name != "" {
			out = append(out, declared.Name)
		}
	}
	return out
}

// generatedCases is how many test cases cyclonus generates.
const generatedCases = 230

func TestEngineAgreesWithCyclonusOnItsOwnCases(t *testing.T) {
	cases := generator.NewTestCaseGenerator(true, "10.0.0.5", []string{"x", "y", "z"}, nil, nil).GenerateTestCases()
	if len(cases) != generatedCases {
		t.Errorf("cyclonus generates %d cases, not %d", len(cases), generatedCases)
	}
	verdicts := 0
	for _, testCase := range cases {
		t.Run(testCase.Description, func(t *testing.T) {
			c := playground()
			for _, step := range testCase.Steps {
				for _, a := range step.Actions {
					act(c, a)
				}
				verdicts += check(t, c, cyclonus(c))
			}
		})
	}
	t.Logf("%d verdicts compared", verdicts)
}

// playground is the cluster that cyclonus' cases begin with.
func playground() *generate.Cluster {
	c := &generate.Cluster{}
	address := byte(1)
	for _, n := range []string{"x", "y", "z"} {
		addNamespace(c, n, map[string]string{"ns": n})
		for _, p := range []string{"a", "b", "c"} {
			addPod(c, n, p, map[string]string{"pod": p}, address)
			address++
		}
	}
	return c
}

func addNamespace(c *generate.Cluster, name string, labels map[string]string) {
	c.Namespaces = append(c.Namespaces, &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
	})
}

func addPod(c *generate.Cluster, namespace, name string, labels map[string]string, address byte) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}}
	container := corev1.Container{Name: "c"}
	container.Ports = []corev1.ContainerPort{
		{Name: "serve-80-tcp", ContainerPort: 80, Protocol: corev1.ProtocolTCP}, {Name: "serve-81-tcp", ContainerPort: 81, Protocol: corev1.ProtocolTCP},
		{Name: "serve-80-udp", ContainerPort: 80, Protocol: corev1.ProtocolUDP}, {Name: "serve-81-udp", ContainerPort: 81, Protocol: corev1.ProtocolUDP},
		{Name: "serve-80-sctp", ContainerPort: 80, Protocol: corev1.ProtocolSCTP}, {Name: "serve-81-sctp", ContainerPort: 81, Protocol: corev1.ProtocolSCTP},
	}
	pod.Spec.Containers = []corev1.Container{container}
	ip := netip.AddrFrom4([4]byte{10, 0, 0, address}).String()
	pod.Status = corev1.PodStatus{PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
	c.Workloads = append(c.Workloads, generate.Workload{Kind: "Pod", Pod: pod})
}

// act does to the cluster what a step of a case does.
func act(c *generate.Cluster, a *generator.Action) {
	samePolicy := func(namespace, name string) func(*networkingv1.NetworkPolicy) bool {
		return func(p *networkingv1.NetworkPolicy) bool { return p.Namespace == namespace && p.Name == name }
	}
	samePod := func(namespace, name string) func(generate.Workload) bool {
		return func(w generate.Workload) bool { return w.Pod.Namespace == namespace && w.Pod.Name == name }
	}
	put := func(p *networkingv1.NetworkPolicy) {
		p = p.DeepCopy()
		p.TypeMeta = metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}
		c.NetworkPolicies = append(slices.DeleteFunc(c.NetworkPolicies, samePolicy(p.Namespace, p.Name)), p)
	}
	switch {
	case a.CreatePolicy != nil:
		put(a.CreatePolicy.Policy)
	case a.UpdatePolicy != nil:
		put(a.UpdatePolicy.Policy)
	case a.DeletePolicy != nil:
		c.NetworkPolicies = slices.DeleteFunc(c.NetworkPolicies, samePolicy(a.DeletePolicy.Namespace, a.DeletePolicy.Name))
	case a.CreateNamespace != nil:
		addNamespace(c, a.CreateNamespace.Namespace, a.CreateNamespace.Labels)
	case a.SetNamespaceLabels != nil:
		for i, n := range c.Namespaces {
			if n.Name == a.SetNamespaceLabels.Namespace {
				n = n.DeepCopy()
				n.Labels = a.SetNamespaceLabels.Labels
				c.Namespaces[i] = n
			}
		}
	case a.DeleteNamespace != nil:
		gone := a.DeleteNamespace.Namespace
		c.Namespaces = slices.DeleteFunc(c.Namespaces, func(n *corev1.Namespace) bool { return n.Name == gone })
		c.Workloads = slices.DeleteFunc(c.Workloads, func(w generate.Workload) bool { return w.Pod.Namespace == gone })
		c.NetworkPolicies = slices.DeleteFunc(c.NetworkPolicies, func(p *networkingv1.NetworkPolicy) bool { return p.Namespace == gone })
	case a.CreatePod != nil:
		addPod(c, a.CreatePod.Namespace, a.CreatePod.Pod, a.CreatePod.Labels, byte(20+len(c.Workloads)))
	case a.SetPodLabels != nil:
		for i, w := range c.Workloads {
			if samePod(a.SetPodLabels.Namespace, a.SetPodLabels.Pod)(w) {
				pod := w.Pod.DeepCopy()
				pod.Labels = a.SetPodLabels.Labels
				c.Workloads[i].Pod = pod
			}
		}
	case a.DeletePod != nil:
		c.Workloads = slices.DeleteFunc(c.Workloads, samePod(a.DeletePod.Namespace, a.DeletePod.Pod))
	}
}
