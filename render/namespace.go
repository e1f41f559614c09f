package render

import "github.com/netpol-impact/netpol-impact/manifest"

// deployInto gives the deployer's namespace to the objects that name none, as kubectl and helm do with -n. The object's
// body stays as it was written.
func deployInto(namespace string, objects []*manifest.Object) {
	for _, o := range objects {
		if o.Namespace == "" && !clusterScoped[o.Kind] {
			o.Namespace = namespace
		}
	}
}

// clusterScoped are the kinds that live in no namespace: those of Kubernetes itself and of the projects whose policies
// are analysed. A kind that is missing here gets a namespace that nobody looks at.
var clusterScoped = map[string]bool{
	"APIService":                       true,
	"AdminNetworkPolicy":               true,
	"BGPConfiguration":                 true,
	"BaselineAdminNetworkPolicy":       true,
	"CSIDriver":                        true,
	"CSINode":                          true,
	"CertificateSigningRequest":        true,
	"CiliumClusterwideEnvoyConfig":     true,
	"CiliumClusterwideNetworkPolicy":   true,
	"ClusterIssuer":                    true,
	"ClusterNetworkPolicy":             true,
	"ClusterRole":                      true,
	"ClusterRoleBinding":               true,
	"ClusterSecretStore":               true,
	"CustomResourceDefinition":         true,
	"FlowSchema":                       true,
	"GatewayClass":                     true,
	"GlobalNetworkPolicy":              true,
	"GlobalNetworkSet":                 true,
	"HostEndpoint":                     true,
	"IPPool":                           true,
	"IngressClass":                     true,
	"MutatingAdmissionPolicy":          true,
	"MutatingAdmissionPolicyBinding":   true,
	"MutatingWebhookConfiguration":     true,
	"Namespace":                        true,
	"Node":                             true,
	"PersistentVolume":                 true,
	"PriorityClass":                    true,
	"PriorityLevelConfiguration":       true,
	"RuntimeClass":                     true,
	"SecurityContextConstraints":       true,
	"StorageClass":                     true,
	"Tier":                             true,
	"ValidatingAdmissionPolicy":        true,
	"ValidatingAdmissionPolicyBinding": true,
	"ValidatingWebhookConfiguration":   true,
	"VolumeAttachment":                 true,
}
