package reach

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// minimal makes labels that meet a selector and have nothing else, one for each combination of the values it asks for.
// Exists is met by a value that no policy asks for.
func minimal(s policy.Selector) []map[string]string {
	all := []map[string]string{{}}
	for _, r := range s.Requirements {
		var values []string
		switch r.Operator {
		case metav1.LabelSelectorOpIn:
			values = r.Values
		case metav1.LabelSelectorOpExists:
			values = []string{unseen}
		case policy.Contains, policy.StartsWith, policy.EndsWith:
			values = r.Values
		default:
			continue
		}
		var next []map[string]string
		for _, labels := range all {
			for _, v := range values {
				if old, has := labels[r.Key]; has && old != unseen {
					if v == unseen || v == old {
						next = append(next, labels)
					}
					continue
				}
				more := map[string]string{r.Key: v}
				for key, value := range labels {
					if key != r.Key {
						more[key] = value
					}
				}
				next = append(next, more)
			}
		}
		all = next
		if len(all) > maxCombinations {
			all = all[:maxCombinations]
		}
	}
	return slices.DeleteFunc(all, func(labels map[string]string) bool { return !s.Matches(labels) })
}

// maxCombinations bounds how many potential workloads one selector stands for.
const maxCombinations = 64
