package cluster

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// kindOf returns what is to be done with an object, or nil if it has no part in what the network does.
func (b *builder) kindOf(o *manifest.Object) func(*builder, *manifest.Object) {
	path, ok := templates[o.Group+"/"+o.Kind]
	if !ok {
		path, ok = b.templates[o.Group+"/"+o.Kind]
	}
	if ok {
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

// customTemplates are the kinds of workloads that a configuration adds.
func customTemplates(cfg config.Config) map[string]template {
	out := make(map[string]template, len(cfg.Workloads))
	for _, w := range cfg.Workloads {
		path := template{}
		if w.Template != "" {
			path = strings.Split(w.Template, ".")
		}
		out[w.Kind] = path
	}
	return out
}

// countKinds tells how many groups have a kind of a name, Kubernetes' own and the configuration's together.
func countKinds(custom map[string]template) map[string]int {
	out := make(map[string]int)
	count := func(key string) {
		_, kind, _ := strings.Cut(key, "/")
		out[kind]++
	}
	for key := range templates {
		count(key)
	}
	for key := range custom {
		if _, known := templates[key]; !known {
			count(key)
		}
	}
	return out
}

// callers are the kinds of State.Callers, by group and kind.
var callers = map[string]bool{
	"admissionregistration.k8s.io/ValidatingWebhookConfiguration": true,
	"admissionregistration.k8s.io/MutatingWebhookConfiguration":   true,
	"apiregistration.k8s.io/APIService":                           true,
	"monitoring.coreos.com/ServiceMonitor":                        true,
	"monitoring.coreos.com/PodMonitor":                            true,
	"rbac.authorization.k8s.io/Role":                              true,
	"rbac.authorization.k8s.io/ClusterRole":                       true,
	"rbac.authorization.k8s.io/RoleBinding":                       true,
	"rbac.authorization.k8s.io/ClusterRoleBinding":                true,
}

// addContext keeps an object that takes no part in what the network does but says who needs what, and tells whether it
// is one. Such objects may come twice, since what they say is only ever added up; of two ConfigMaps the first one counts.
func (b *builder) addContext(o *manifest.Object) bool {
	switch {
	case isIngress(o):
		b.addIngress(o)
	case isGatewayRoute(o):
		b.addGatewayRoute(o)
	case isOpenShiftRoute(o):
		b.addOpenShiftRoute(o)
	case o.Group == "" && o.Kind == "Endpoints", o.Group == "discovery.k8s.io" && o.Kind == "EndpointSlice":
		b.addEndpoints(o)
	case o.Group == "" && o.Kind == "ConfigMap":
		if id := (Name{namespaceOf(o), o.Name}); b.state.ConfigMaps[id] == nil {
			b.state.ConfigMaps[id] = o
		}
	case callers[o.Group+"/"+o.Kind]:
		b.state.Callers = append(b.state.Callers, o)
	default:
		return false
	}
	return true
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
