package impact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// ciliumConfig is the ConfigMap that Cilium's agents read, and enforcement its key that says whether policies are enforced.
const (
	ciliumConfig = "cilium-config"
	enforcement  = "enable-policy"
)

// enforcementNotes tell of changes to what enforces policies: all that policies deny may be open then.
func (a *analysis) enforcementNotes() []manifest.Diagnostic {
	var out []manifest.Diagnostic
	mode := func(s *cluster.State, id cluster.Name) (*manifest.Object, string) {
		o := s.ConfigMaps[id]
		if o == nil {
			return nil, "default"
		}
		return o, cmp.Or(o.Body.Get("data", enforcement).Str(), "default")
	}
	for id := range a.head.ConfigMaps {
		if id.Name != ciliumConfig {
			continue
		}
		_, was := mode(a.base, id)
		if o, is := mode(a.head, id); is != was {
			out = append(out, manifest.Problem(manifest.Error, o, o.Body.Get("data", enforcement),
				"%s: %s → %s: by it Cilium enforces policies nowhere, everywhere, or where some policy selects; both sides are compared as if it were default", enforcement, was, is))
		}
	}
	return out
}

// admissionNotes warn of new and edited objects that have policies changed as they come into the cluster.
func admissionNotes(base, head []*manifest.Object) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, o := range head {
		at := mutatesPolicies(o)
		if at == nil {
			continue
		}
		if i := slices.IndexFunc(base, func(b *manifest.Object) bool { return b.Kind == o.Kind && b.Key() == o.Key() }); i < 0 || base[i].Digest() != o.Digest() {
			out = append(out, manifest.Problem(manifest.Warning, o, at, "it may change policies as they are admitted to the cluster: what becomes of them by it is not in this report"))
		}
	}
	return out
}

// mutatesPolicies is where an object says that it changes policies on their way into the cluster; nil if it does not.
func mutatesPolicies(o *manifest.Object) *manifest.Node {
	switch o.Group + "/" + o.Kind {
	case "admissionregistration.k8s.io/MutatingAdmissionPolicy":
		return resourceRule(o.Body.Get("spec", "matchConstraints", "resourceRules").Elements())
	case "admissionregistration.k8s.io/MutatingWebhookConfiguration":
		hooks := o.Body.Get("webhooks").Elements()
		for i := range hooks {
			if at := resourceRule(hooks[i].Get("rules").Elements()); at != nil {
				return at
			}
		}
	case "kyverno.io/ClusterPolicy", "kyverno.io/Policy":
		rules := o.Body.Get("spec", "rules").Elements()
		for i := range rules {
			if rules[i].Get("mutate") != nil && namesPolicies(rules[i].Get("match"), 0) {
				return &rules[i]
			}
		}
	}
	return nil
}

// resourceRule is the first rule of admission that is about policies.
func resourceRule(rules []manifest.Node) *manifest.Node {
	for i := range rules {
		groups, resources := rules[i].Get("apiGroups"), rules[i].Get("resources")
		every := func(n *manifest.Node) bool {
			return slices.ContainsFunc(n.Elements(), func(e manifest.Node) bool { return strings.HasPrefix(e.Str(), "*") })
		}
		networking := slices.ContainsFunc(groups.Elements(), func(e manifest.Node) bool { return e.Str() == "networking.k8s.io" || e.Str() == "cilium.io" })
		if namesPolicies(resources, 0) || every(resources) && (every(groups) || networking) {
			return &rules[i]
		}
	}
	return nil
}

// maxNaming is how deep words are looked for.
const maxNaming = 10

// namesPolicies tells whether any word within a node is a kind or a resource of policies.
func namesPolicies(n *manifest.Node, depth int) bool {
	if n == nil || depth > maxNaming {
		return false
	}
	if strings.Contains(strings.ToLower(n.Str()), "networkpolic") {
		return true
	}
	found := false
	n.Fields(func(_, value *manifest.Node) bool {
		found = found || namesPolicies(value, depth+1)
		return !found
	})
	for i := range n.Elements() {
		found = found || namesPolicies(&n.Items[i], depth+1)
	}
	return found
}
