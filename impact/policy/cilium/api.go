package cilium

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// rule is a policy's spec, one of specs: the fields of Cilium's api.Rule.
type rule struct {
	EndpointSelector  *metav1.LabelSelector `json:"endpointSelector"`
	NodeSelector      *metav1.LabelSelector `json:"nodeSelector"`
	Ingress           []ingressRule         `json:"ingress"`
	IngressDeny       []ingressRule         `json:"ingressDeny"`
	Egress            []egressRule          `json:"egress"`
	EgressDeny        []egressRule          `json:"egressDeny"`
	EnableDefaultDeny defaultDeny           `json:"enableDefaultDeny"`
	Labels            any                   `json:"labels"`
	Description       string                `json:"description"`
	Log               any                   `json:"log"`
}

type defaultDeny struct {
	Ingress *bool `json:"ingress"`
	Egress  *bool `json:"egress"`
}

// ingressRule is a rule of either section; a denial has no authentication.
type ingressRule struct {
	FromEndpoints  []metav1.LabelSelector `json:"fromEndpoints"`
	FromRequires   []metav1.LabelSelector `json:"fromRequires"`
	FromCIDR       []string               `json:"fromCIDR"`
	FromCIDRSet    []cidrRule             `json:"fromCIDRSet"`
	FromEntities   []string               `json:"fromEntities"`
	FromGroups     []any                  `json:"fromGroups"`
	FromNodes      []metav1.LabelSelector `json:"fromNodes"`
	ToPorts        []portRule             `json:"toPorts"`
	ICMPs          []icmpRule             `json:"icmps"`
	Authentication any                    `json:"authentication"`
}

type egressRule struct {
	ToEndpoints    []metav1.LabelSelector `json:"toEndpoints"`
	ToRequires     []metav1.LabelSelector `json:"toRequires"`
	ToCIDR         []string               `json:"toCIDR"`
	ToCIDRSet      []cidrRule             `json:"toCIDRSet"`
	ToEntities     []string               `json:"toEntities"`
	ToServices     []serviceRule          `json:"toServices"`
	ToFQDNs        []fqdnRule             `json:"toFQDNs"`
	ToGroups       []any                  `json:"toGroups"`
	ToNodes        []metav1.LabelSelector `json:"toNodes"`
	ToPorts        []portRule             `json:"toPorts"`
	ICMPs          []icmpRule             `json:"icmps"`
	Authentication any                    `json:"authentication"`
}

type cidrRule struct {
	CIDR              string                `json:"cidr"`
	CIDRGroupRef      string                `json:"cidrGroupRef"`
	CIDRGroupSelector *metav1.LabelSelector `json:"cidrGroupSelector"`
	Except            []string              `json:"except"`
}

type serviceRule struct {
	K8sService *struct {
		ServiceName string `json:"serviceName"`
		Namespace   string `json:"namespace"`
	} `json:"k8sService"`
	K8sServiceSelector *struct {
		Selector  metav1.LabelSelector `json:"selector"`
		Namespace string               `json:"namespace"`
	} `json:"k8sServiceSelector"`
}

type fqdnRule struct {
	MatchName    string `json:"matchName"`
	MatchPattern string `json:"matchPattern"`
}

type portRule struct {
	Ports          []port `json:"ports"`
	TerminatingTLS any    `json:"terminatingTLS"`
	OriginatingTLS any    `json:"originatingTLS"`
	ServerNames    any    `json:"serverNames"`
	Listener       any    `json:"listener"`
	Rules          any    `json:"rules"`
}

type port struct {
	Port     string `json:"port"`
	EndPort  int    `json:"endPort"`
	Protocol string `json:"protocol"`
}

type icmpRule struct {
	Fields []struct {
		Family string              `json:"family"`
		Type   *intstr.IntOrString `json:"type"`
	} `json:"fields"`
}
