package cluster_test

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestWhatDecidesBesidePoliciesIsNamed(t *testing.T) {
	for kind, named := range map[string]bool{
		"projectcalico.org/v3 HostEndpoint":            true,
		"crd.projectcalico.org/v1 HostEndpoint":        true,
		"k8s.ovn.org/v1 UserDefinedNetwork":            true,
		"k8s.ovn.org/v1 ClusterUserDefinedNetwork":     true,
		"projectcalico.org/v3 IPPool":                  false,
		"crd.antrea.io/v1beta1 ClusterNetworkPolicy":   true,
		"crd.antrea.io/v1beta1 NetworkPolicy":          true,
		"crd.antrea.io/v1beta1 Group":                  true,
		"crd.antrea.io/v1beta1 Tier":                   true,
		"networking.gke.io/v1alpha1 FQDNNetworkPolicy": true,
		"networking.gke.io/v1 GCPBackendPolicy":        false,
		"k8s.cni.cncf.io/v1beta1 MultiNetworkPolicy":   true,
		"cilium.io/v2 CiliumLocalRedirectPolicy":       true,
		"cilium.io/v1alpha1 TracingPolicy":             false,
		"security.istio.io/v1 PeerAuthentication":      true,
		"networking.istio.io/v1 Sidecar":               false,
		"policy.linkerd.io/v1beta1 Server":             true,
		"kubeovn.io/v1 SecurityGroup":                  true,
		"example.org/v1 MyNetworkPolicy":               true,
	} {
		apiVersion, kind, _ := strings.Cut(kind, " ")
		objects, _ := manifest.Read("file.yaml", []byte("apiVersion: "+apiVersion+"\nkind: "+kind+"\nmetadata: {name: x}\nspec: {}\n"))
		problems := cluster.Build(objects, config.Config{}).Diagnostics
		if got := len(problems) == 1 && strings.Contains(problems[0].Message, "not analysed"); got != named {
			t.Errorf("%s %s: named is %t, %v", apiVersion, kind, got, problems)
		}
	}
}
