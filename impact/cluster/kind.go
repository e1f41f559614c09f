package cluster

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// kindOf returns what is to be done with an object, or nil if it has no part in what the network does.
func kindOf(o *manifest.Object) func(*builder, *manifest.Object) {
	if path, ok := templates[o.Group+"/"+o.Kind]; ok {
		return func(b *builder, o *manifest.Object) { b.addWorkload(o, path) }
	}
	switch {
	case o.Group == "" && o.Kind == "Namespace":
		return (*builder).addNamespace
	case o.Group == "" && o.Kind == "Node":
		return (*builder).addNode
	case o.Group == "" && o.Kind == "Service":
		return (*builder).addService
	case networking.Is(o):
		return func(b *builder, o *manifest.Object) {
			p, problems := networking.Compile(o, namespaceOf(o))
			b.addPolicy(p, problems)
			if o.Group == "extensions" {
				b.report(manifest.Problem(manifest.Warning, o, o.Body.Get("apiVersion"), "extensions/v1beta1 is served by no Kubernetes since 1.16; write networking.k8s.io/v1"))
			}
		}
	case admin.Is(o):
		return func(b *builder, o *manifest.Object) { b.addPolicy(admin.Compile(o)) }
	}
	return nil
}

// unsupported are the policy dialects that are not analysed, by API group, with whose they are.
var unsupported = map[string]string{
	"cilium.io":                "Cilium",
	"projectcalico.org":        "Calico",
	"crd.projectcalico.org":    "Calico",
	"crd.antrea.io":            "Antrea",
	"security.istio.io":        "Istio",
	"k8s.ovn.org":              "OVN-Kubernetes",
	"k8s.cni.cncf.io":          "the multi-network working group",
	"networking.gke.io":        "GKE",
	"policy.networking.k8s.io": "the network policy API",
	"networking.k8s.io":        "Kubernetes",
	"linkerd.io":               "Linkerd",
	"policy.linkerd.io":        "Linkerd",
}

// reportUnknown names the kinds that could matter and are not analysed, so that nothing is skipped in silence.
func (b *builder) reportUnknown(o *manifest.Object) {
	whose, ok := unsupported[o.Group]
	switch {
	case ok && (strings.Contains(o.Kind, "Policy") || strings.Contains(o.Kind, "Firewall")):
		b.report(manifest.Problem(manifest.Error, o, nil, "policies of this kind (%s, by %s) are not analysed yet; what it allows or denies is not in this report", o.Kind, whose))
	case !ok && o.Body.Get("spec", "template", "spec", "containers") != nil:
		b.report(manifest.Problem(manifest.Warning, o, nil, "workloads of this kind (%s/%s) are not analysed; its pods are not in this report", o.Group, o.Kind))
	}
}
