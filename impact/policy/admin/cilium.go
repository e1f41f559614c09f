package admin

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
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
