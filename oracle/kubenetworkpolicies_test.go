package oracle

import (
	"context"
	"net"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/network"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	clusterpolicy "sigs.k8s.io/kube-network-policies/plugins/npa-v1alpha2"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
	npafake "sigs.k8s.io/network-policy-api/pkg/client/clientset/versioned/fake"
	npainformers "sigs.k8s.io/network-policy-api/pkg/client/informers/externalversions"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// wantedVerdicts is how many verdicts a run compares with each judge at least.
const wantedVerdicts = 200_000

func TestEngineAgreesWithKubeNetworkPolicies(t *testing.T) {
	verdicts := 0
	for seed := uint64(0); verdicts < wantedVerdicts; seed++ {
		base, _ := generate.Random(seed)
		c := withoutSidecars(withoutUnknownPeers(onlyPods(base)))
		verdicts += check(t, c, kubeNetworkPolicies(t, c))
	}
	t.Logf("%d verdicts compared", verdicts)
}

// withoutUnknownPeers masks a defect: a rule with a peer of an unknown kind does not fail closed.
func withoutUnknownPeers(c *generate.Cluster) *generate.Cluster {
	for i, p := range c.ClusterPolicies {
		p = p.DeepCopy()
		p.Spec.Ingress = slices.DeleteFunc(p.Spec.Ingress, func(r v1alpha2.ClusterNetworkPolicyIngressRule) bool {
			return slices.ContainsFunc(r.From, func(f v1alpha2.ClusterNetworkPolicyIngressPeer) bool { return f.Namespaces == nil && f.Pods == nil })
		})
		p.Spec.Egress = slices.DeleteFunc(p.Spec.Egress, func(r v1alpha2.ClusterNetworkPolicyEgressRule) bool {
			return slices.ContainsFunc(r.To, func(f v1alpha2.ClusterNetworkPolicyEgressPeer) bool {
				return f.Namespaces == nil && f.Pods == nil && f.Nodes == nil && len(f.Networks) == 0 && len(f.DomainNames) == 0
			})
		})
		c.ClusterPolicies[i] = p
	}
	return c
}

// skipsBaseline masks a defect: a pod that a NetworkPolicy of the other direction alone selects is taken for isolated by
// none and yet its Baseline rules are not asked.
func skipsBaseline(c *generate.Cluster, policies []*networkingv1.NetworkPolicy, pod *corev1.Pod, direction networkingv1.PolicyType) bool {
	if pod == nil || !slices.ContainsFunc(c.ClusterPolicies, func(p *v1alpha2.ClusterNetworkPolicy) bool { return p.Spec.Tier == v1alpha2.BaselineTier }) {
		return false
	}
	selected := false
	for _, p := range policies {
		s, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil || p.Namespace != pod.Namespace || !s.Matches(labels.Set(pod.Labels)) {
			continue
		}
		if slices.Contains(p.Spec.PolicyTypes, direction) {
			return false
		}
		selected = true
	}
	return selected
}

type podsByAddress map[string]*api.PodInfo

func (p podsByAddress) GetPodInfoByIP(ip string) (*api.PodInfo, bool) {
	info, ok := p[ip]
	return info, ok
}

func kubeNetworkPolicies(t *testing.T, c *generate.Cluster) judgement {
	t.Helper()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	namespaces, pods, policies := factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), factory.Networking().V1().NetworkPolicies()
	npaFactory := npainformers.NewSharedInformerFactory(npafake.NewSimpleClientset(), 0)
	clusterPolicies := npaFactory.Policy().V1alpha2().ClusterNetworkPolicies()
	nodes := factory.Core().V1().Nodes().Lister()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	byAddress := make(podsByAddress)
	labelsOf := namespaceLabels(c)
	for _, n := range c.Namespaces {
		must(namespaces.Informer().GetIndexer().Add(n))
	}
	for _, w := range c.Workloads {
		pod := w.Pod.DeepCopy()
		pod.Spec.Containers[0].Ports = containerPorts(pod)
		must(pods.Informer().GetIndexer().Add(pod))
		byAddress[pod.Status.PodIP] = api.NewPodInfo(pod, labelsOf[pod.Namespace], nil, "")
	}
	stored := defaulted(c.NetworkPolicies)
	for _, p := range stored {
		must(policies.Informer().GetIndexer().Add(p))
	}
	for _, p := range c.ClusterPolicies {
		must(clusterPolicies.Informer().GetIndexer().Add(p))
	}
	engine := networkpolicy.NewPolicyEngine(byAddress, []api.PolicyEvaluator{
		clusterpolicy.NewClusterNetworkPolicy(v1alpha2.AdminTier, clusterPolicies, nil, nodes),
		networkpolicy.NewStandardNetworkPolicy("", namespaces, pods, policies),
		clusterpolicy.NewClusterNetworkPolicy(v1alpha2.BaselineTier, clusterPolicies, nil, nodes),
	})
	return func(source, destination peer, q probe) *bool {
		if skipsBaseline(c, stored, source.pod, networkingv1.PolicyTypeEgress) || skipsBaseline(c, stored, destination.pod, networkingv1.PolicyTypeIngress) {
			return nil
		}
		allowed, err := engine.EvaluatePacket(context.Background(), &network.Packet{
			SrcIP: net.ParseIP(source.ip), DstIP: net.ParseIP(destination.ip), Proto: q.protocol, SrcPort: 40000, DstPort: q.port,
		})
		must(err)
		return &allowed
	}
}
