package cluster

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/impact/policy/cilium"
	"github.com/netpol-impact/netpol-impact/impact/policy/istio"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/impact/policy/openshift"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// OwnsPods tells whether an object is of a kind that owns pods, Kubernetes' own or one of the configuration's.
func OwnsPods(o *manifest.Object, cfg config.Config) bool {
	key := o.Group + "/" + o.Kind
	_, own := templates[key]
	return own || slices.ContainsFunc(cfg.Workloads, func(w config.Workload) bool { return w.Kind == strings.TrimPrefix(key, "/") })
}

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
			p, problems := networking.Compile(o, namespaceOf(o), b.reading())
			b.addPolicy(p, problems)
			if o.Group == "extensions" {
				b.report(manifest.Problem(manifest.Warning, o, o.Body.Get("apiVersion"), "extensions/v1beta1 is served by no Kubernetes since 1.16; write networking.k8s.io/v1"))
			}
		}
	case cilium.Is(o):
		return (*builder).addCilium
	case o.Group == "cilium.io" && o.Kind == "CiliumCIDRGroup":
		return (*builder).addCIDRGroup
	case calico.IsGroup(o.Group):
		return calicoKind(o)
	case istio.Is(o):
		return (*builder).addIstio
	case openshift.Is(o):
		return (*builder).addEgressFirewall
	case admin.Is(o):
		return (*builder).addAdmin
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
	case vendorRoutes[o.Group+"/"+o.Kind] != nil:
		vendorRoutes[o.Group+"/"+o.Kind](b, o)
	case o.Group == "" && o.Kind == "Endpoints", o.Group == "discovery.k8s.io" && o.Kind == "EndpointSlice":
		b.addEndpoints(o)
	case o.Group == "" && o.Kind == "ConfigMap":
		if id := (Name{namespaceOf(o), o.Name}); b.state.ConfigMaps[id] == nil {
			b.state.ConfigMaps[id] = o
			b.reportWritten(o)
		}
	case o.Group == "" && o.Kind == "ServiceAccount":
		labels, problems := stringMap(o, o.Body.Get("metadata", "labels"), "metadata.labels")
		b.report(problems...)
		b.accounts[Name{namespaceOf(o), o.Name}] = labels
	case callers[o.Group+"/"+o.Kind]:
		b.state.Callers = append(b.state.Callers, o)
	default:
		return false
	}
	return true
}

// unsupported are the policy dialects that are not analysed, by API group, with whose they are.
var unsupported = map[string]string{
	"cilium.io":                 "Cilium",
	"projectcalico.org":         "Calico",
	"crd.projectcalico.org":     "Calico",
	"crd.antrea.io":             "Antrea",
	"security.istio.io":         "Istio",
	"k8s.ovn.org":               "OVN-Kubernetes",
	"k8s.cni.cncf.io":           "the multi-network working group",
	"networking.gke.io":         "GKE",
	"networking.k8s.aws":        "AWS",
	"vpcresources.k8s.aws":      "AWS",
	"network.openshift.io":      "OpenShift",
	"policy.networking.k8s.io":  "the network policy API",
	"linkerd.io":                "Linkerd",
	"policy.linkerd.io":         "Linkerd",
	"kuma.io":                   "Kuma",
	"access.smi-spec.io":        "the Service Mesh Interface",
	"consul.hashicorp.com":      "Consul",
	"auth.consul.hashicorp.com": "Consul",
	"networking.istio.io":       "Istio",
	"crd.nsx.vmware.com":        "NSX",
	"nsx.vmware.com":            "NSX",
	"kubeovn.io":                "Kube-OVN",
	"k8s.otterize.com":          "Otterize",
	"neuvector.com":             "NeuVector",
}

// inPolicies are kinds that say what policies allow, or whom they meet, though their names do not tell.
var inPolicies = map[string]bool{
	"crd.antrea.io/ClusterGroup":                   true,
	"crd.antrea.io/Group":                          true,
	"crd.antrea.io/Tier":                           true,
	"security.istio.io/PeerAuthentication":         true,
	"security.istio.io/RequestAuthentication":      true,
	"policy.linkerd.io/NetworkAuthentication":      true,
	"policy.linkerd.io/MeshTLSAuthentication":      true,
	"access.smi-spec.io/TrafficTarget":             true,
	"consul.hashicorp.com/ServiceIntentions":       true,
	"auth.consul.hashicorp.com/TrafficPermissions": true,
	"kubeovn.io/SecurityGroup":                     true,
	"k8s.otterize.com/ClientIntents":               true,
	"k8s.otterize.com/ProtectedService":            true,
	"neuvector.com/NvSecurityRule":                 true,
	"neuvector.com/NvClusterSecurityRule":          true,
	"policy.linkerd.io/Server":                     true,
	"policy.linkerd.io/ServerAuthorization":        true,
	"kuma.io/MeshTrafficPermission":                true,
	"projectcalico.org/HostEndpoint":               true,
	"crd.projectcalico.org/HostEndpoint":           true,
	"k8s.ovn.org/UserDefinedNetwork":               true,
	"k8s.ovn.org/ClusterUserDefinedNetwork":        true,
}

// isUnsupported tells whether an object is a policy, or a part of policies, in a dialect that is not analysed.
func isUnsupported(o *manifest.Object) bool {
	return isUnsupportedKind(o.Group, o.Kind) || closesEgress(o)
}

// closesEgress tells of an Istio Sidecar that lets its pods out to known Services only.
func closesEgress(o *manifest.Object) bool {
	return o.Group == "networking.istio.io" && o.Kind == "Sidecar" && o.Body.Get("spec", "outboundTrafficPolicy", "mode").Str() == "REGISTRY_ONLY"
}

func isUnsupportedKind(group, kind string) bool {
	if unsupported[group] == "" {
		return false
	}
	switch {
	case inPolicies[group+"/"+kind]:
		return true
	case group == "networking.istio.io", kind == "TracingPolicy", kind == "TracingPolicyNamespaced": // they are about other things
		return false
	case group == "networking.gke.io": // most of its policies are about load balancers
		return strings.Contains(kind, "NetworkPolicy")
	}
	return strings.Contains(kind, "Policy") || strings.Contains(kind, "Firewall")
}

// kubernetesNetworking are the kinds of networking.k8s.io beside NetworkPolicy; a cluster knows no others.
var kubernetesNetworking = map[string]bool{"Ingress": true, "IngressClass": true, "IPAddress": true, "ServiceCIDR": true, "ClusterCIDR": true}

// reportUnknown names the kinds that could matter and are not analysed, so that nothing is skipped in silence.
func (b *builder) reportUnknown(o *manifest.Object) {
	switch {
	case isUnsupported(o):
		d := manifest.Problem(manifest.Error, o, nil, "policies of this kind (%s, by %s) are not analysed yet; what it allows or denies is not in this report", o.Kind, unsupported[o.Group])
		d.Unsupported = true
		b.report(d)
	case o.Group == "networking.k8s.io" && !kubernetesNetworking[o.Kind]:
		b.report(manifest.Problem(manifest.Error, o, o.Body.Get("kind"), "networking.k8s.io has no kind %s; is NetworkPolicy meant?", o.Kind))
	case strings.Contains(strings.ToLower(o.Kind), "networkpolicy"):
		d := manifest.Problem(manifest.Error, o, o.Body.Get("apiVersion"), "a %s of the API group %q is not analysed; Kubernetes' own NetworkPolicy has the apiVersion networking.k8s.io/v1", o.Kind, o.Group)
		d.Unsupported = strings.Contains(o.Group, ".") // no cluster has one in another group
		b.report(d)
	default:
		b.reportInside(o)
	}
}
