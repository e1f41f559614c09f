package calico

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Staged is what a staged policy stands for.
type Staged struct {
	// Enforced is the policy that it would be; nil if it would take one away.
	Enforced *manifest.Object
	// Instead is the key of the policy that it would stand in for, or take away.
	Instead string
}

// Stage tells what a staged policy stands for; it is not ok if it would do nothing (its stagedAction is Learn or Ignore).
func Stage(o *manifest.Object) (s Staged, ok bool) {
	e := o.As(o.Group, o.Version, enforcedKinds[o.Kind])
	if o.Kind == "StagedKubernetesNetworkPolicy" {
		e = o.As("networking.k8s.io", "v1", "NetworkPolicy")
		e.Body = withoutAction(o.Body)
	}
	s = Staged{Enforced: e, Instead: e.Key()}
	switch o.Body.Get("spec", "stagedAction").Str() {
	case "", "Set":
	case "Delete":
		s.Enforced = nil
	default:
		return s, false
	}
	return s, true
}

var enforcedKinds = map[string]string{"StagedNetworkPolicy": "NetworkPolicy", "StagedGlobalNetworkPolicy": "GlobalNetworkPolicy"}

// withoutAction is a body without the field that Kubernetes' own policies do not have.
func withoutAction(body *manifest.Node) *manifest.Node {
	out := *body
	out.Items = slices.Clone(body.Items)
	for i := 1; i < len(out.Items); i += 2 {
		if spec := &out.Items[i]; out.Items[i-1].Text == "spec" && spec.Kind == manifest.Map {
			var fields []manifest.Node
			for key, value := range spec.Fields {
				if key.Text != "stagedAction" {
					fields = append(fields, *key, *value)
				}
			}
			spec.Items = fields
		}
	}
	return &out
}
