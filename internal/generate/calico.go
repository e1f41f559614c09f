package generate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// RandomCalico makes a small cluster with policies of Calico's beside those of Kubernetes, and the same cluster after a few
// edits. Pods have one known IPv4 address each, so that every verdict is certain.
func RandomCalico(seed uint64) (base, head *Cluster) {
	g := &calicoGenerator{generator: generator{dice: &dice{random: rand.New(rand.NewPCG(seed, 7))}}}
	base, _ = random(g.dice)
	g.count, g.priorities = 1000, make(map[int32]bool) // names of its own
	base.BaselineAdmin = nil
	addressed(base)
	for _, w := range base.Workloads {
		w.Pod.Spec.ServiceAccountName = pick(g.dice, "", "reader", "robot")
	}
	for _, n := range base.Namespaces {
		for _, name := range []string{"reader", "robot"} {
			base.Calico.Accounts = append(base.Calico.Accounts, &corev1.ServiceAccount{
				TypeMeta: typed("v1", "ServiceAccount"), ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: n.Name, Labels: g.labels()},
			})
		}
	}
	g.ownEnds = g.oneIn(2)
	for range g.below(4) {
		base.Calico.NetworkSets = append(base.Calico.NetworkSets, g.networkSet(base))
	}
	for _, order := range []*float64{pointer(100.0), pointer(5000.0), pointer(2e6), nil} {
		if g.oneIn(2) {
			base.Calico.Tiers = append(base.Calico.Tiers, g.tier(order))
		}
	}
	for range 1 + g.below(6) {
		base.Calico.Policies = append(base.Calico.Policies, g.policy(base))
	}
	head = base.Clone()
	for range 1 + g.below(3) {
		g.editCalico(head)
	}
	return base, head
}

// addressed turns the workloads into pods with an address each, the host's for those on its network.
func addressed(c *Cluster) {
	var kept []Workload
	for i, w := range c.Workloads {
		pod := w.Pod.DeepCopy()
		if w.completed() || pod.Spec.HostNetwork && len(c.Nodes) == 0 {
			continue
		}
		ip, node := fmt.Sprintf("10.0.%d.%d", i%2, 1+i), ""
		pod.Status = corev1.PodStatus{}
		if pod.Spec.HostNetwork {
			node = c.Nodes[i%len(c.Nodes)].Name
			ip = c.Nodes[i%len(c.Nodes)].Status.Addresses[0].Address
			pod.Status.HostIP, pod.Status.HostIPs = ip, []corev1.HostIP{{IP: ip}}
		}
		pod.Spec.NodeName = node
		pod.Status.PodIP, pod.Status.PodIPs = ip, []corev1.PodIP{{IP: ip}}
		kept = append(kept, Workload{Kind: "Pod", Pod: pod})
	}
	c.Workloads = kept
}

type calicoGenerator struct {
	generator
	// ownEnds tells that rules may choose among the pods that their policy governs. No network set has a pod's address then:
	// whom a policy governs is followed by labels, and not by what else has its pods' addresses.
	ownEnds bool
}

const calicoVersion = "projectcalico.org/v3"

// calicoNets are addresses of pods, of nodes and of nobody.
var calicoNets = []string{"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.1.0/29", "10.0.0.1", "10.0.1.2/32", "192.168.0.0/24", "1.2.0.0/16", "1.2.3.4", "169.254.169.254/32", "::/0", "2001:db8::/32"}

func (g *calicoGenerator) nets() []string {
	list := some(g.dice, calicoNets, 1+g.below(2))
	slices.Sort(list)
	return slices.Compact(list)
}

func (g *calicoGenerator) networkSet(c *Cluster) *naive.CalicoNetworkSet {
	s := &naive.CalicoNetworkSet{TypeMeta: typed(calicoVersion, "GlobalNetworkSet"), ObjectMeta: metav1.ObjectMeta{Name: g.name("set"), Labels: g.labels()}}
	if g.oneIn(2) {
		s.Kind, s.Namespace = "NetworkSet", pick(g.dice, c.Namespaces...).Name
	}
	s.Spec.Nets = g.setNets()
	return s
}

func (g *calicoGenerator) setNets() []string {
	if g.ownEnds {
		return []string{pick(g.dice, "1.2.0.0/16", "1.2.3.4", "169.254.169.254/32", "2001:db8::/32")}
	}
	return g.nets()
}

func (g *calicoGenerator) tier(order *float64) *naive.CalicoTier {
	t := &naive.CalicoTier{TypeMeta: typed(calicoVersion, "Tier"), ObjectMeta: metav1.ObjectMeta{Name: g.name("tier")}}
	t.Spec.Order, t.Spec.DefaultAction = order, pick(g.dice, "", "Pass", "Deny")
	return t
}

// policy makes a policy of either kind. Kinds share no order, because which of two kinds comes first at the same order
// is not written anywhere; two of one kind do share them.
func (g *calicoGenerator) policy(c *Cluster) *naive.CalicoPolicy {
	p := &naive.CalicoPolicy{TypeMeta: typed(calicoVersion, "GlobalNetworkPolicy"), ObjectMeta: metav1.ObjectMeta{Name: g.name("g")}}
	orders := []*float64{pointer(10.0), pointer(500.0), pointer(500.0), pointer(2000.0), nil}
	if g.oneIn(2) {
		p.Kind, p.Name, p.Namespace = "NetworkPolicy", g.name("n"), pick(g.dice, namespaces...)
		orders = []*float64{pointer(-1.5), pointer(499.5), pointer(700.0), pointer(1000.5), pointer(3000.0)}
	}
	p.Spec.Order = pick(g.dice, orders...)
	if n := len(c.Calico.Tiers); n > 0 && g.oneIn(2) {
		p.Spec.Tier = pick(g.dice, c.Calico.Tiers...).Name
	} else if g.oneIn(6) {
		p.Spec.Tier = "default"
	}
	p.Spec.Selector = g.maybe(g.expression(2))
	if p.Namespace == "" && g.oneIn(3) {
		p.Spec.NamespaceSelector = strings.Replace(g.namespaceExpression(), "global()", "all()", 1) // which only a rule's may have
	}
	if g.oneIn(5) {
		p.Spec.ServiceAccountSelector = g.accountExpression()
	}
	p.Spec.Types = [][]string{nil, {"Ingress"}, {"Egress"}, {"Ingress", "Egress"}}[g.below(4)]
	for range g.below(4) {
		p.Spec.Ingress = append(p.Spec.Ingress, g.rule(true))
	}
	for range g.below(4) {
		p.Spec.Egress = append(p.Spec.Egress, g.rule(false))
	}
	if p.Spec.Tier != "" && p.Spec.Tier != "default" {
		p.Name = p.Spec.Tier + "." + p.Name
	}
	return p
}

func (g *calicoGenerator) maybe(text string) string {
	if g.oneIn(3) {
		return ""
	}
	return text
}

func (g *calicoGenerator) rule(ingress bool) naive.CalicoRule {
	r := naive.CalicoRule{Action: pick(g.dice, "Allow", "Allow", "Deny", "Pass", "Log")}
	ports := false
	switch g.below(6) {
	case 0, 1, 2:
		p := pick(g.dice, intstr.FromString("TCP"), intstr.FromString("UDP"), intstr.FromString("SCTP"), intstr.FromInt32(6), intstr.FromInt32(17), intstr.FromString("TCP"))
		r.Protocol, ports = &p, true
	case 3:
		p := pick(g.dice, intstr.FromString("TCP"), intstr.FromString("ICMP"), intstr.FromInt32(17))
		r.NotProtocol = &p
	case 4:
		if g.oneIn(2) {
			r.Protocol = pointer(intstr.FromString("ICMP"))
		}
	}
	peer, own := &r.Source, &r.Destination
	if !ingress {
		peer, own = own, peer
	}
	*peer = g.entity()
	if g.ownEnds && g.oneIn(3) {
		*own = g.ownEntity()
	}
	if ports {
		if r.Destination == nil {
			r.Destination = &naive.CalicoEntity{}
		}
		if g.oneIn(3) { // which are by number alone: names beside them are refused as not analysed
			r.Destination.Ports, r.Destination.NotPorts = g.calicoPorts(false), g.calicoPorts(false)
		} else {
			r.Destination.Ports = g.calicoPorts(true)
		}
	}
	for _, n := range []**naive.CalicoEntity{&r.Source, &r.Destination} {
		if *n != nil && isEmpty(*n) {
			*n = nil
		}
	}
	return r
}

func isEmpty(n *naive.CalicoEntity) bool {
	return len(n.Nets)+len(n.NotNets)+len(n.Ports)+len(n.NotPorts) == 0 && n.ServiceAccounts == nil &&
		n.Selector+n.NotSelector+n.NamespaceSelector == ""
}

func (g *calicoGenerator) entity() *naive.CalicoEntity {
	n := &naive.CalicoEntity{}
	if g.oneIn(6) {
		return n
	}
	if g.oneIn(3) {
		n.Nets = g.nets()
	}
	if g.oneIn(6) {
		n.NotNets = g.nets()
	}
	if g.oneIn(2) {
		n.Selector = g.expression(2)
	}
	if g.oneIn(5) {
		n.NotSelector = g.expression(1)
	}
	if g.oneIn(3) {
		n.NamespaceSelector = g.namespaceExpression()
	}
	if g.oneIn(6) {
		n.ServiceAccounts = g.serviceAccounts()
	}
	return n
}

// ownEntity is about the policy's own end.
func (g *calicoGenerator) ownEntity() *naive.CalicoEntity {
	n := &naive.CalicoEntity{}
	switch g.below(4) {
	case 0:
		n.NotSelector = g.expression(1)
	case 1:
		n.ServiceAccounts = g.serviceAccounts()
	case 2:
		n.NamespaceSelector = g.namespaceExpression()
	default:
		n.Selector = g.expression(1)
	}
	return n
}

func (g *calicoGenerator) serviceAccounts() *naive.CalicoServiceAccounts {
	a := &naive.CalicoServiceAccounts{}
	if g.oneIn(2) {
		a.Selector = g.accountExpression()
	}
	if a.Selector == "" || g.oneIn(2) {
		a.Names = some(g.dice, []string{"default", "reader", "robot"}, 1+g.below(2))
		slices.Sort(a.Names)
		a.Names = slices.Compact(a.Names) // the API server takes each name once
	}
	return a
}

func (g *calicoGenerator) calicoPorts(named bool) []intstr.IntOrString {
	var list []intstr.IntOrString
	for range g.below(3) {
		switch g.below(4) {
		case 0:
			from, to := g.portRange()
			list = append(list, intstr.FromString(fmt.Sprintf("%d:%d", from, to)))
		case 1:
			if named {
				list = append(list, intstr.FromString(pick(g.dice, portNames...)))
			}
		default:
			list = append(list, intstr.FromInt32(pick(g.dice, numbers...)))
		}
	}
	return list
}

// expression is a selector of Calico's language, of up to 2^depth comparisons.
func (g *calicoGenerator) expression(depth int) string {
	if depth > 0 {
		switch g.below(6) {
		case 0:
			return g.expression(depth-1) + " && " + g.expression(depth-1)
		case 1:
			return g.expression(depth-1) + " || " + g.expression(depth-1)
		case 2:
			return "!(" + g.expression(depth-1) + ")"
		case 3:
			return "(" + g.expression(depth-1) + ") && " + g.comparison(keys)
		}
	}
	switch g.below(9) {
	case 0:
		return "all()"
	case 1:
		return fmt.Sprintf("projectcalico.org/namespace %s '%s'", pick(g.dice, "==", "!="), pick(g.dice, namespaces...))
	case 2:
		return fmt.Sprintf("projectcalico.org/serviceaccount == '%s'", pick(g.dice, "default", "robot"))
	}
	return g.comparison(keys)
}

func (g *calicoGenerator) comparison(keys []string) string {
	key, v := pick(g.dice, keys...), pick(g.dice, values...)
	switch g.below(11) {
	case 0:
		return fmt.Sprintf("has(%s)", key)
	case 1:
		return fmt.Sprintf("!has(%s)", key)
	case 2:
		return fmt.Sprintf("%s != '%s'", key, v)
	case 3:
		return fmt.Sprintf("%s in {'%s', \"%s\"}", key, v, pick(g.dice, values...))
	case 4:
		return fmt.Sprintf("%s not in { '%s' }", key, v)
	case 5:
		return fmt.Sprintf("%s %s '%s'", key, pick(g.dice, "contains", "starts with", "ends with"), v)
	case 6:
		return fmt.Sprintf("%s == ''", key)
	}
	return fmt.Sprintf("%s == '%s'", key, v)
}

func (g *calicoGenerator) namespaceExpression() string {
	switch g.below(8) {
	case 0:
		return "all()"
	case 1:
		return "global()"
	case 2, 3:
		return fmt.Sprintf("projectcalico.org/name %s '%s'", pick(g.dice, "==", "==", "!="), pick(g.dice, namespaces...))
	case 4:
		return fmt.Sprintf("kubernetes.io/metadata.name in {'%s', '%s'}", pick(g.dice, namespaces...), pick(g.dice, namespaces...))
	case 5:
		return g.comparison(keys) + pick(g.dice, " && ", " || ") + g.comparison(keys)
	}
	return g.comparison(keys)
}

func (g *calicoGenerator) accountExpression() string {
	if g.oneIn(4) {
		return "projectcalico.org/name == 'robot'"
	}
	return g.comparison(keys)
}

// editCalico changes one thing, replacing what it changes.
func (g *calicoGenerator) editCalico(c *Cluster) {
	k := &c.Calico
	switch i := g.below(len(k.Policies)); g.below(9) {
	case 0:
		k.Policies = append(k.Policies, g.policy(c))
	case 1:
		if len(k.Policies) > 1 {
			k.Policies = slices.Delete(k.Policies, i, i+1)
		}
	case 2, 3, 4:
		p, other := *k.Policies[i], g.policy(c)
		switch g.below(4) {
		case 0:
			p.Spec.Ingress = other.Spec.Ingress
		case 1:
			p.Spec.Egress = other.Spec.Egress
		case 2:
			p.Spec.Selector = other.Spec.Selector
		case 3:
			p.Spec.Types = other.Spec.Types
		}
		k.Policies[i] = &p
	case 5:
		if n := len(k.Tiers); n > 0 {
			i := g.below(n)
			t := *k.Tiers[i]
			t.Spec.DefaultAction = pick(g.dice, "Pass", "Deny")
			k.Tiers[i] = &t
		}
	case 6:
		if n := len(k.NetworkSets); n > 0 {
			i := g.below(n)
			s := *k.NetworkSets[i]
			s.Spec.Nets = g.setNets()
			k.NetworkSets[i] = &s
		}
	case 7:
		if len(c.Workloads) > 0 {
			g.relabelWorkload(c)
		}
	case 8:
		if n := len(c.NetworkPolicies); n > 0 {
			i := g.below(n)
			c.NetworkPolicies = slices.Delete(c.NetworkPolicies, i, i+1)
		}
	}
}
