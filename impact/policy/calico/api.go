package calico

import "k8s.io/apimachinery/pkg/util/intstr"

// spec is that of a NetworkPolicy or a GlobalNetworkPolicy.
type spec struct {
	Tier                   string   `json:"tier"`
	Order                  *float64 `json:"order"`
	Selector               string   `json:"selector"`
	NamespaceSelector      string   `json:"namespaceSelector"`
	ServiceAccountSelector string   `json:"serviceAccountSelector"`
	Types                  []string `json:"types"`
	Ingress                []rule   `json:"ingress"`
	Egress                 []rule   `json:"egress"`
	DoNotTrack             bool     `json:"doNotTrack"`
	PreDNAT                bool     `json:"preDNAT"`
	ApplyOnForward         bool     `json:"applyOnForward"`
	PerformanceHints       any      `json:"performanceHints"`
	StagedAction           string   `json:"stagedAction"`
}

type rule struct {
	Action      string              `json:"action"`
	IPVersion   *int                `json:"ipVersion"`
	Protocol    *intstr.IntOrString `json:"protocol"`
	NotProtocol *intstr.IntOrString `json:"notProtocol"`
	ICMP        *icmp               `json:"icmp"`
	NotICMP     *icmp               `json:"notICMP"`
	Source      entity              `json:"source"`
	Destination entity              `json:"destination"`
	HTTP        any                 `json:"http"`
	Metadata    any                 `json:"metadata"`
}

type icmp struct {
	Type *int `json:"type"`
	Code *int `json:"code"`
}

// entity is one end of what a rule matches; all that it says has to be met.
type entity struct {
	Nets              []string             `json:"nets"`
	NotNets           []string             `json:"notNets"`
	Selector          string               `json:"selector"`
	NotSelector       string               `json:"notSelector"`
	NamespaceSelector string               `json:"namespaceSelector"`
	Ports             []intstr.IntOrString `json:"ports"`
	NotPorts          []intstr.IntOrString `json:"notPorts"`
	ServiceAccounts   *struct {
		Names    []string `json:"names"`
		Selector string   `json:"selector"`
	} `json:"serviceAccounts"`
	Services *struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"services"`
	Domains []string `json:"domains"`
}
