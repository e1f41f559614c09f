package cilium

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The keys by which Cilium's selectors ask for more than a pod's own labels.
const (
	namespaceKey   = "io.kubernetes.pod.namespace"
	namespaceLabel = "io.cilium.k8s.namespace.labels."
	accountKey     = "io.cilium.k8s.policy.serviceaccount"
	clusterKey     = "io.cilium.k8s.policy.cluster"
)

// selected is what a selector asks for: of namespaces, of pods, or of what is neither (reserved, the names of entities).
type selected struct {
	namespaces, pods []policy.Requirement
	reserved         []string
	// not are the entities that the selector leaves out; no pod is one of them.
	not []string
	// never tells that the selector asks for labels that no pod of the cluster has.
	never bool
	// mesh tells that the selector asks for a cluster of a mesh.
	mesh bool
}

// read divides a selector by what its keys are about. A key may name its label's source: "k8s:app", "any:app", "reserved:host".
func (c *compiler) read(s *metav1.LabelSelector, node *manifest.Node) selected {
	var out selected
	all := slices.Clone(s.MatchExpressions)
	for key, value := range s.MatchLabels {
		all = append(all, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}})
	}
	for _, e := range all {
		source, key, found := strings.Cut(e.Key, ":")
		if !found {
			source, key = "any", e.Key
		}
		switch source {
		case "k8s", "any":
			out.add(c.requirement(key, e, node))
		case "reserved":
			if e.Operator == metav1.LabelSelectorOpNotIn || e.Operator == metav1.LabelSelectorOpDoesNotExist {
				out.not = append(out.not, e.Key)
			} else {
				out.reserved = append(out.reserved, key)
			}
		default:
			c.WarnOnce(node, "labels of the source "+source+" are not those of pods; the selector matches nothing")
			out.never = true
		}
	}
	return out
}

// add sorts a requirement by what its key is about.
func (s *selected) add(r policy.Requirement) {
	switch {
	case r.Key == namespaceKey:
		r.Key = policy.NameLabel
		s.namespaces = append(s.namespaces, r)
	case strings.HasPrefix(r.Key, namespaceLabel):
		r.Key = strings.TrimPrefix(r.Key, namespaceLabel)
		s.namespaces = append(s.namespaces, r)
	case r.Key == accountKey:
		r.Key = policy.Account
		s.pods = append(s.pods, r)
	case r.Key == clusterKey:
		s.mesh = true // clusters of a mesh are not told apart: what is rendered is one
	default:
		s.pods = append(s.pods, r)
	}
}

// requirement checks one condition as the API does.
func (c *compiler) requirement(key string, e metav1.LabelSelectorRequirement, node *manifest.Node) policy.Requirement {
	check := e
	check.Key = key
	s, err := policy.NewSelector(metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{check}})
	if err != nil || len(s.Requirements) != 1 {
		c.Error(node, "%v", err)
		return policy.Requirement{Key: key, Operator: metav1.LabelSelectorOpIn}
	}
	return s.Requirements[0]
}

// hasNamespace tells whether the selector says which namespaces it means.
func (s *selected) hasNamespace() bool { return len(s.namespaces) > 0 }

// inNamespace are the pods that a selector asks for. One that says nothing of namespaces means its policy's, or every one
// in a clusterwide policy.
func (c *compiler) inNamespace(s selected) policy.Pods {
	p := policy.Pods{Pods: policy.Canonical(s.pods)}
	switch {
	case s.hasNamespace():
		p.Namespaces = policy.Namespaces{Selector: policy.Canonical(s.namespaces)}
		if one := s.namespaces; len(one) == 1 && one[0].Key == policy.NameLabel && one[0].Operator == metav1.LabelSelectorOpIn && len(one[0].Values) == 1 {
			p.Namespaces = policy.InNamespace(one[0].Values[0])
		}
	case c.namespace != "":
		p.Namespaces = policy.InNamespace(c.namespace)
	}
	return p
}

// subject are the pods that a rule governs: a namespaced policy's are always in its own namespace. It is not ok if they
// are no pods. What it leaves out of the entities takes no pod away: pods do not have those labels, but for init, which is
// the state of pods whose labels Cilium does not know yet.
func (c *compiler) subject(s *metav1.LabelSelector, node *manifest.Node) (policy.Pods, bool) {
	sel := c.read(s, node)
	if len(sel.reserved) > 0 || sel.never {
		c.WarnOnce(node, "this rule is not for pods, so that it is not analysed")
		return policy.Pods{}, false
	}
	if c.namespace == "" {
		return c.inNamespace(sel), true
	}
	own := map[string]string{policy.NameLabel: c.namespace}
	for _, r := range sel.namespaces {
		if r.Key == policy.NameLabel && !r.Matches(own) {
			c.Warn(node, "endpointSelector asks for another namespace; Cilium applies the policy in its own, %s", c.namespace)
		}
	}
	// Conditions on the namespace's other labels hold beside the policy's own namespace.
	others := slices.DeleteFunc(slices.Clone(sel.namespaces), func(r policy.Requirement) bool { return r.Key == policy.NameLabel })
	p := policy.Pods{Namespaces: policy.InNamespace(c.namespace), Pods: policy.Canonical(sel.pods)}
	if len(others) > 0 {
		others = append(others, policy.Requirement{Key: policy.NameLabel, Operator: metav1.LabelSelectorOpIn, Values: []string{c.namespace}})
		p.Namespaces = policy.Namespaces{Selector: policy.Canonical(others)}
	}
	return p, true
}
