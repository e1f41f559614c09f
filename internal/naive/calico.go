package naive

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Calico is what a cluster has of it. With any policy here, tiers are asked as Calico does, Kubernetes' own included.
//
// Written from the API reference of projectcalico.org/v3 and, where that leaves room, from how Calico makes the selectors
// of its data plane out of it (libcalico-go, updateprocessors): everything that selectors can find — pods and network
// sets — has labels, those of its namespace and of its ServiceAccount among them under prefixes, and one end of a
// rule is one selector over all of them.
type Calico struct {
	Policies    []*CalicoPolicy
	Tiers       []*CalicoTier
	NetworkSets []*CalicoNetworkSet
	Accounts    []*corev1.ServiceAccount
}

// The places of Kubernetes' own policies among the tiers and in the default tier.
const (
	calicoAdminOrder, calicoDefaultOrder, calicoBaselineOrder = 1e3, 1e6, 1e7
	calicoNetworkPolicyOrder                                  = 1000
)

type calicoTier struct {
	name     string
	order    float64
	end      action
	policies []calicoPolicy
}

type calicoPolicy struct {
	name, namespace string
	order           float64
	subject         []calicoSelector // all of them
	types           [2]bool
	rules           [2][]calicoRule
}

type calicoRule struct {
	action              string
	protocol            func(corev1.Protocol) bool
	source, destination calicoEntity
}

type calicoEntity struct {
	// in is nil where nothing is selected: then anything is met.
	in, notIn     calicoSelector
	nets, notNets []*block
	ports         []intstr.IntOrString
	notPorts      []intstr.IntOrString
}

// addCalico prepares Calico's objects: tiers in their order, and in each the policies in theirs.
func (e *Evaluator) addCalico(c *Calico) error {
	e.networkSets, e.accounts = c.NetworkSets, c.Accounts
	if len(c.Policies) == 0 {
		return nil
	}
	// Kubernetes' own tiers are always there. The name of each is that of its Tier object.
	tiers := []*calicoTier{
		{name: "kube-admin", order: calicoAdminOrder, end: pass},
		{name: "default", order: calicoDefaultOrder, end: deny},
		{name: "kube-baseline", order: calicoBaselineOrder, end: pass},
	}
	for _, t := range c.Tiers {
		tier := &calicoTier{name: t.Name, order: orderOf(t.Spec.Order), end: deny}
		if t.Spec.DefaultAction == "Pass" {
			tier.end = pass
		}
		tiers = append(tiers, tier)
	}
	for _, p := range c.Policies {
		prepared, err := newCalicoPolicy(p)
		if err != nil {
			return fmt.Errorf("preparing %s %s: %w", p.Kind, p.Name, err)
		}
		name := p.Spec.Tier
		if name == "" {
			name = "default"
		}
		i := slices.IndexFunc(tiers, func(t *calicoTier) bool { return t.name == name })
		if i < 0 {
			return fmt.Errorf("%s %s: there is no tier %s", p.Kind, p.Name, name)
		}
		tiers[i].policies = append(tiers[i].policies, prepared)
	}
	slices.SortFunc(tiers, func(a, b *calicoTier) int {
		return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
	})
	for _, t := range tiers {
		slices.SortFunc(t.policies, func(a, b calicoPolicy) int {
			return cmp.Or(cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
		})
	}
	e.calico = tiers
	return nil
}

// orderOf: "if not specified, infinite".
func orderOf(order *float64) float64 {
	if order == nil {
		return math.Inf(1)
	}
	return *order
}

func newCalicoPolicy(p *CalicoPolicy) (calicoPolicy, error) {
	s := &p.Spec
	out := calicoPolicy{name: p.Name, namespace: p.Namespace, order: orderOf(s.Order)}
	for _, of := range []struct{ text, prefix string }{
		{s.Selector, onEndpoints}, {s.NamespaceSelector, onNamespaces}, {s.ServiceAccountSelector, onAccounts},
	} {
		if of.text == "" {
			continue
		}
		selector, err := parseCalico(of.text, of.prefix)
		if err != nil {
			return out, err
		}
		out.subject = append(out.subject, selector)
	}
	types := s.Types
	if len(types) == 0 {
		// "Ingress, if there are no Egress rules (including the case where there are also no Ingress rules); Egress, if
		// there are Egress rules but no Ingress rules; both, if there are both."
		if len(s.Egress) == 0 || len(s.Ingress) > 0 {
			types = append(types, "Ingress")
		}
		if len(s.Egress) > 0 {
			types = append(types, "Egress")
		}
	}
	out.types = [2]bool{ingress: slices.Contains(types, "Ingress"), egress: slices.Contains(types, "Egress")}
	for d, rules := range [2][]CalicoRule{ingress: s.Ingress, egress: s.Egress} {
		for i := range rules {
			r, err := newCalicoRule(&rules[i], p.Namespace)
			if err != nil {
				return out, err
			}
			out.rules[d] = append(out.rules[d], r)
		}
	}
	return out, nil
}

func newCalicoRule(r *CalicoRule, namespace string) (calicoRule, error) {
	out := calicoRule{action: r.Action}
	out.protocol = func(p corev1.Protocol) bool {
		return (r.Protocol == nil || isProtocol(*r.Protocol, p)) && (r.NotProtocol == nil || !isProtocol(*r.NotProtocol, p))
	}
	var err error
	if out.source, err = newCalicoEntity(r.Source, namespace); err != nil {
		return out, err
	}
	out.destination, err = newCalicoEntity(r.Destination, namespace)
	return out, err
}

// isProtocol compares a protocol's name or number.
func isProtocol(given intstr.IntOrString, p corev1.Protocol) bool {
	if given.Type == intstr.String {
		return given.StrVal == string(p)
	}
	return given.IntVal == map[corev1.Protocol]int32{corev1.ProtocolTCP: 6, corev1.ProtocolUDP: 17, corev1.ProtocolSCTP: 132}[p]
}

func newCalicoEntity(n *CalicoEntity, namespace string) (calicoEntity, error) {
	var out calicoEntity
	if n == nil {
		return out, nil
	}
	out.ports, out.notPorts = n.Ports, n.NotPorts
	var all []calicoSelector
	add := func(text, prefix string) error {
		s, err := parseCalico(text, prefix)
		all = append(all, s)
		return err
	}
	selects := n.Selector != "" || n.NotSelector != "" || n.NamespaceSelector != "" || n.ServiceAccounts != nil
	switch {
	case n.NamespaceSelector != "":
		if err := add(n.NamespaceSelector, onNamespaces); err != nil {
			return out, err
		}
	case namespace != "" && selects:
		// "If not defined then selectors apply to the NetworkPolicy's namespace": "as soon as any of the selector fields
		// are used, including notSelector".
		all = append(all, func(l map[string]string) bool { return l[calicoNamespace] == namespace })
	}
	if n.Selector != "" {
		if err := add(n.Selector, onEndpoints); err != nil {
			return out, err
		}
	}
	if a := n.ServiceAccounts; a != nil {
		if len(a.Names) > 0 {
			all = append(all, func(l map[string]string) bool { return slices.Contains(a.Names, l["projectcalico.org/serviceaccount"]) })
		}
		if a.Selector != "" {
			if err := add(a.Selector, onAccounts); err != nil {
				return out, err
			}
		}
	}
	if len(all) > 0 {
		out.in = func(l map[string]string) bool {
			return !slices.ContainsFunc(all, func(s calicoSelector) bool { return !s(l) })
		}
	}
	var err error
	if n.NotSelector != "" {
		if out.notIn, err = parseCalico(n.NotSelector, onEndpoints); err != nil {
			return out, err
		}
	}
	if out.nets, err = blocksOf(n.Nets); err != nil {
		return out, err
	}
	out.notNets, err = blocksOf(n.NotNets)
	return out, err
}

// blocksOf reads networks, which may be addresses.
func blocksOf(list []string) ([]*block, error) {
	var out []*block
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			text = netip.PrefixFrom(a, a.BitLen()).String()
		}
		b, err := newBlock(text, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// calicoPath is what a connection meets in one direction.
func (e *Evaluator) calicoPath(d direction, subject *corev1.Pod, peer Peer) path {
	destination := peer
	if d == ingress {
		destination = Peer{Pod: subject}
	}
	var p path
	for _, t := range e.calico {
		var s stage
		applies := false
		switch t.name {
		case "kube-admin":
			s.decisions = e.clusterDecisions(e.admin, d, subject, peer, destination)
		case "kube-baseline":
			s.decisions = e.clusterDecisions(e.baseline, d, subject, peer, destination)
		}
		networkPolicies := func() {
			isolated, decisions := e.networkPolicies(d, subject, peer, destination)
			applies, s.decisions = applies || isolated, append(s.decisions, decisions...)
		}
		asked := t.name != "default"
		for i := range t.policies {
			policy := &t.policies[i]
			if !asked && policy.order > calicoNetworkPolicyOrder {
				networkPolicies()
				asked = true
			}
			if !policy.types[d] || !policy.governs(e, subject) {
				continue
			}
			applies = true
			s.decisions = append(s.decisions, policy.decisions(e, d, subject, peer, destination)...)
		}
		if !asked {
			networkPolicies()
		}
		if s.end = pass; applies {
			s.end = t.end
		}
		p = append(p, s)
	}
	return p // and after all tiers profiles, which allow
}

func (p *calicoPolicy) governs(e *Evaluator, pod *corev1.Pod) bool {
	l := e.calicoLabels(pod)
	return (p.namespace == "" || p.namespace == pod.Namespace) &&
		!slices.ContainsFunc(p.subject, func(s calicoSelector) bool { return !s(l) })
}

func (p *calicoPolicy) decisions(e *Evaluator, d direction, subject *corev1.Pod, peer, destination Peer) []decision {
	var out []decision
	source := peer
	if d == egress {
		source = Peer{Pod: subject}
	}
	for i := range p.rules[d] {
		r := &p.rules[d][i]
		if r.action == "Log" || !e.calicoMatches(&r.source, source) || !e.calicoMatches(&r.destination, destination) {
			continue // what is logged goes on
		}
		ports := func(protocol corev1.Protocol, port int) bool {
			to := &r.destination
			return r.protocol(protocol) &&
				(len(to.ports) == 0 || isCalicoPort(to.ports, destination, protocol, port)) &&
				(len(to.notPorts) == 0 || !isCalicoPort(to.notPorts, destination, protocol, port))
		}
		out = append(out, decision{map[string]action{"Allow": accept, "Deny": deny, "Pass": pass}[r.action], ports})
	}
	return out
}

// calicoMatches: "if the rule contains multiple match criteria, then all must match for the rule as a whole to match".
func (e *Evaluator) calicoMatches(n *calicoEntity, peer Peer) bool {
	inAny := func(list []*block) bool {
		return slices.ContainsFunc(list, func(b *block) bool { return e.inBlock(b, peer) })
	}
	return (n.in == nil || e.isSelected(n.in, peer)) && (n.notIn == nil || !e.isSelected(n.notIn, peer)) &&
		(len(n.nets) == 0 || inAny(n.nets)) && (len(n.notNets) == 0 || !inAny(n.notNets))
}

// isSelected tells whether a peer's address is among those of the pods and the network sets that a selector finds.
func (e *Evaluator) isSelected(s calicoSelector, peer Peer) bool {
	if governed(peer) && s(e.calicoLabels(peer.Pod)) {
		return true
	}
	for _, set := range e.networkSets {
		l := make(map[string]string)
		if set.Namespace != "" {
			e.addNamespaceLabels(l, set.Namespace)
		}
		for k, v := range set.Labels {
			l[k] = v
		}
		if !s(l) {
			continue
		}
		nets, err := blocksOf(set.Spec.Nets)
		if err == nil && slices.ContainsFunc(nets, func(b *block) bool { return e.inBlock(b, peer) }) {
			return true
		}
	}
	return false
}

// calicoLabels are a pod's labels to Calico's selectors.
func (e *Evaluator) calicoLabels(pod *corev1.Pod) map[string]string {
	l := make(map[string]string)
	e.addNamespaceLabels(l, pod.Namespace)
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	l["projectcalico.org/serviceaccount"] = account
	l["projectcalico.org/orchestrator"] = "k8s"
	l[onAccounts+"projectcalico.org/name"] = account
	for _, a := range e.accounts {
		if a.Namespace == pod.Namespace && a.Name == account {
			for k, v := range a.Labels {
				l[onAccounts+k] = v
			}
		}
	}
	for k, v := range pod.Labels {
		l[k] = v
	}
	return l
}

func (e *Evaluator) addNamespaceLabels(l map[string]string, namespace string) {
	l[calicoNamespace] = namespace
	l[onNamespaces+"projectcalico.org/name"] = namespace
	for k, v := range e.namespaces[namespace] {
		l[onNamespaces+k] = v
	}
}

// isCalicoPort tells whether a port is among those given as numbers, ranges "from:to" and names of the destination's ports.
func isCalicoPort(list []intstr.IntOrString, destination Peer, protocol corev1.Protocol, port int) bool {
	return slices.ContainsFunc(list, func(p intstr.IntOrString) bool {
		if p.Type == intstr.Int {
			return int(p.IntVal) == port
		}
		if from, to, isRange := strings.Cut(p.StrVal, ":"); isRange {
			low, _ := strconv.Atoi(from)
			high, _ := strconv.Atoi(to)
			return low <= port && port <= high
		}
		return hasNamedPort(destination, p.StrVal, protocol, port)
	})
}
