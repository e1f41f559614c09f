package admin

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1alpha2 "sigs.k8s.io/network-policy-api/apis/v1alpha2"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Cilium looks for a namespace's labels on whatever has an identity, and asks for a namespace only where the selector is
// empty (processNamespaceSelector): a selector that only excludes is met by all that is in no namespace, too.

// onlyExcludes tells whether a selector has conditions, and all of them are met where the label is absent.
func onlyExcludes(s *metav1.LabelSelector) bool {
	for _, r := range s.MatchExpressions {
		if r.Operator != metav1.LabelSelectorOpNotIn && r.Operator != metav1.LabelSelectorOpDoesNotExist {
			return false
		}
	}
	return len(s.MatchLabels) == 0 && len(s.MatchExpressions) > 0
}

// besides is everybody but the pods of the namespaces that a selector excludes.
func besides(excluding policy.Selector) policy.Peer {
	var out policy.Peer
	for _, r := range excluding.Requirements {
		switch r.Operator {
		case metav1.LabelSelectorOpNotIn:
			r.Operator = metav1.LabelSelectorOpIn
		default:
			r.Operator = metav1.LabelSelectorOpExists
		}
		excluded := policy.Namespaces{Selector: policy.Canonical([]policy.Requirement{r})}
		out.Not = append(out.Not, policy.Peer{Pods: &policy.Pods{Namespaces: excluded}})
	}
	return out
}

// namesDomains tells whether a rule accepts connections to domain names.
func namesDomains(r v1alpha2.ClusterNetworkPolicyEgressRule) bool {
	return r.Action == v1alpha2.ClusterNetworkPolicyRuleActionAccept &&
		slices.ContainsFunc(r.To, func(p v1alpha2.ClusterNetworkPolicyEgressPeer) bool { return len(p.DomainNames) > 0 })
}

// toNameService is the rule that Cilium adds to one that names domains, at its priority, so that they can be asked for: to
// the pods of the cluster's DNS in any namespace, by their ports' names (ParseClusterNetworkPolicy).
func toNameService(part *manifest.Node) policy.Rule {
	label := policy.Requirement{Key: "k8s-app", Operator: metav1.LabelSelectorOpIn, Values: []string{"kube-dns"}}
	pods := policy.Pods{Pods: policy.Canonical([]policy.Requirement{label})}
	return policy.Rule{Verdict: policy.Allow, Peers: []policy.Peer{{Pods: &pods}}, Ports: []policy.Port{{Name: "dns"}, {Name: "dns-tcp"}}, Part: part, Implied: true}
}
