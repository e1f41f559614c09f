package generate

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Random makes a small cluster and the same cluster after a few edits.
func Random(seed uint64) (base, head *Cluster) {
	return random(&dice{random: rand.New(rand.NewPCG(seed, 1))})
}

// FromBytes makes them of a fuzzer's choices.
func FromBytes(choices []byte) (base, head *Cluster) {
	return random(&dice{bytes: choices})
}

func random(d *dice) (base, head *Cluster) {
	g := &generator{dice: d}
	base = &Cluster{}
	for i := range 1 + d.below(4) {
		base.Namespaces = append(base.Namespaces, g.namespace(namespaces[i]))
	}
	for i := range d.below(3) {
		base.Nodes = append(base.Nodes, g.node(i))
	}
	for range 2 + d.below(9) {
		base.Workloads = append(base.Workloads, g.workload(base))
	}
	for range d.below(8) {
		base.NetworkPolicies = append(base.NetworkPolicies, g.networkPolicy())
	}
	g.clusterPolicies(base)
	head = base.Clone()
	for range 1 + d.below(4) {
		g.edit(head)
	}
	return base, head
}

// Small alphabets, so that what is chosen at random often meets.
var (
	namespaces = []string{"east", "north", "south", "west"}
	keys       = []string{"a", "b", "c"}
	values     = []string{"x", "y", "z"}
	portNames  = []string{"web", "dns", "metrics"}
	numbers    = []int32{53, 80, 81, 443, 8080}
	protocols  = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
)

type generator struct {
	*dice
	count int
	// priorities are used once each: the order of equal ones is undefined.
	priorities map[int32]bool
}

// name makes names that nothing else has.
func (g *generator) name(of string) string {
	g.count++
	return fmt.Sprintf("%s%d", of, g.count)
}

func (g *generator) labels() map[string]string {
	labels := make(map[string]string)
	for range g.below(4) {
		labels[pick(g.dice, keys...)] = pick(g.dice, values...)
	}
	if g.oneIn(12) {
		labels[pick(g.dice, keys...)] = "" // an empty value is not a missing key
	}
	return labels
}

func (g *generator) namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{TypeMeta: typed("v1", "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: name, Labels: g.labels()}}
}

func (g *generator) node(i int) *corev1.Node {
	n := &corev1.Node{TypeMeta: typed("v1", "Node"), ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node%d", i), Labels: g.labels()}}
	n.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("192.168.0.%d", 1+i)},
		{Type: corev1.NodeHostName, Address: n.Name},
	}
	return n
}

func (g *generator) workload(c *Cluster) Workload {
	kind := pick(g.dice, "Pod", "Deployment", "Pod", "StatefulSet", "DaemonSet", "CronJob")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: g.name("w"), Namespace: pick(g.dice, c.Namespaces...).Name, Labels: g.labels(),
	}}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Image: "main", Ports: g.containerPorts()}}
	if g.oneIn(6) {
		sidecar := corev1.Container{Name: "sidecar", Image: "sidecar", Ports: g.containerPorts()}
		if g.oneIn(2) {
			sidecar.RestartPolicy = pointer(corev1.ContainerRestartPolicyAlways)
		}
		pod.Spec.InitContainers = []corev1.Container{sidecar}
	}
	if g.oneIn(5) {
		pod.Spec.HostNetwork = true
	}
	if kind == "Pod" {
		g.place(pod, c.Nodes)
	}
	return Workload{Kind: kind, Pod: pod}
}

// place gives a pod what a dump of a live cluster has: its node and its addresses.
func (g *generator) place(pod *corev1.Pod, nodes []*corev1.Node) {
	if g.oneIn(10) {
		pod.Status.Phase = pick(g.dice, corev1.PodSucceeded, corev1.PodFailed)
	}
	if len(nodes) > 0 && g.oneIn(2) {
		node := pick(g.dice, nodes...)
		pod.Spec.NodeName = node.Name
		pod.Status.HostIP = node.Status.Addresses[0].Address
		pod.Status.HostIPs = []corev1.HostIP{{IP: pod.Status.HostIP}}
		switch g.below(4) { // a node can be known by its name or by its address alone
		case 2:
			pod.Spec.NodeName = ""
		case 3:
			pod.Status.HostIP, pod.Status.HostIPs = "", nil
		}
	}
	switch {
	case pod.Spec.HostNetwork:
		pod.Status.PodIP, pod.Status.PodIPs = pod.Status.HostIP, nil
		for _, ip := range pod.Status.HostIPs {
			pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP(ip))
		}
	case g.oneIn(3):
		// Known addresses are rarer than unknown ones: manifests in git have none.
	default:
		for _, prefix := range [][]string{{"10.0.0."}, {"10.0.1."}, {"fd00::"}, {"10.0.0.", "fd00::"}}[g.below(4)] {
			pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: fmt.Sprintf("%s%d", prefix, 1+g.below(9))})
		}
		pod.Status.PodIP = pod.Status.PodIPs[0].IP
	}
}

func (g *generator) containerPorts() []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for range g.below(4) {
		p := corev1.ContainerPort{ContainerPort: pick(g.dice, numbers...), Protocol: pick(g.dice, append(protocols, "")...)}
		if !g.oneIn(4) {
			p.Name = pick(g.dice, portNames...)
		}
		ports = append(ports, p)
	}
	return ports
}

// selector chooses one of every form, the empty one included.
func (g *generator) selector() metav1.LabelSelector {
	var s metav1.LabelSelector
	for range g.below(3) {
		key, value := pick(g.dice, keys...), pick(g.dice, values...)
		switch g.below(8) {
		default:
			if s.MatchLabels == nil {
				s.MatchLabels = make(map[string]string)
			}
			s.MatchLabels[key] = value
		case 4:
			s.MatchExpressions = append(s.MatchExpressions, requirement(key, metav1.LabelSelectorOpIn, value, pick(g.dice, values...)))
		case 5:
			s.MatchExpressions = append(s.MatchExpressions, requirement(key, metav1.LabelSelectorOpNotIn, value, pick(g.dice, values...)))
		case 6:
			s.MatchExpressions = append(s.MatchExpressions, requirement(key, metav1.LabelSelectorOpExists))
		case 7:
			s.MatchExpressions = append(s.MatchExpressions, requirement(key, metav1.LabelSelectorOpDoesNotExist))
		}
	}
	return s
}

func requirement(key string, operator metav1.LabelSelectorOperator, values ...string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: values}
}

func (g *generator) namespaceSelector() metav1.LabelSelector {
	if g.oneIn(3) {
		return metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: pick(g.dice, namespaces...)}}
	}
	return g.selector()
}

func (g *generator) networkPolicy() *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{
		TypeMeta:   typed("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: g.name("p"), Namespace: pick(g.dice, namespaces...)},
	}
	p.Spec.PodSelector = g.selector()
	p.Spec.PolicyTypes = [][]networkingv1.PolicyType{
		nil,
		{networkingv1.PolicyTypeIngress},
		{networkingv1.PolicyTypeEgress},
		{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	}[g.below(4)]
	for range g.below(3) {
		p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: g.peers(), Ports: g.ports()})
	}
	for range g.below(3) {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: g.peers(), Ports: g.ports()})
	}
	return p
}

func (g *generator) peers() []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for range g.below(3) {
		var p networkingv1.NetworkPolicyPeer
		switch g.below(5) {
		case 0:
			p.PodSelector = pointer(g.selector())
		case 1:
			p.NamespaceSelector = pointer(g.namespaceSelector())
		case 2:
			p.PodSelector, p.NamespaceSelector = pointer(g.selector()), pointer(g.namespaceSelector())
		default:
			p.IPBlock = g.ipBlock()
		}
		peers = append(peers, p)
	}
	return peers
}

// blocks are prefixes with parts of them, so that exceptions can be chosen that are valid.
var blocks = []struct {
	cidr  string
	parts []string
}{
	{"0.0.0.0/0", []string{"10.0.0.0/8", "169.254.169.254/32", "1.2.3.0/24", "192.168.0.0/16", "172.16.0.0/12"}},
	{"10.0.0.0/8", []string{"10.0.0.0/24", "10.0.1.0/30", "10.0.0.4/30"}},
	{"10.0.0.0/24", []string{"10.0.0.0/29", "10.0.0.5/32"}},
	{"10.0.0.7/29", []string{"10.0.0.3/32"}},
	{"10.0.0.3/32", nil},
	{"1.2.0.0/16", []string{"1.2.3.0/24", "1.2.3.4/32"}},
	{"1.2.3.4/32", nil},
	{"192.168.0.0/24", []string{"192.168.0.1/32"}},
	{"::/0", []string{"fd00::/8", "2001:db8::/32", "fc00::/7"}},
	{"fd00::/64", []string{"fd00::4/126", "fd00::1/128"}},
	{"2001:db8::/32", []string{"2001:db8:1::/48"}},
}

func (g *generator) ipBlock() *networkingv1.IPBlock {
	from := pick(g.dice, blocks...)
	b := &networkingv1.IPBlock{CIDR: from.cidr}
	if len(from.parts) > 0 {
		b.Except = some(g.dice, from.parts, g.below(3))
	}
	return b
}

func (g *generator) ports() []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for range g.below(3) {
		var p networkingv1.NetworkPolicyPort
		if !g.oneIn(2) {
			p.Protocol = pointer(pick(g.dice, protocols...))
		}
		switch g.below(6) {
		case 0, 1:
			p.Port = pointer(intstr.FromInt32(pick(g.dice, numbers...)))
		case 2:
			from, to := g.portRange()
			p.Port, p.EndPort = pointer(intstr.FromInt32(from)), &to
		case 3, 4:
			p.Port = pointer(intstr.FromString(pick(g.dice, portNames...)))
		}
		ports = append(ports, p)
	}
	return ports
}

func (g *generator) portRange() (from, to int32) {
	r := pick(g.dice, [2]int32{80, 81}, [2]int32{80, 443}, [2]int32{1, 1023}, [2]int32{443, 8080}, [2]int32{8080, 65535}, [2]int32{1, 65535})
	return r[0], r[1]
}
