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
		"projectcalico.org/v3 HostEndpoint":        true,
		"crd.projectcalico.org/v1 HostEndpoint":    true,
		"k8s.ovn.org/v1 UserDefinedNetwork":        true,
		"k8s.ovn.org/v1 ClusterUserDefinedNetwork": true,
		"projectcalico.org/v3 IPPool":              false,
	} {
		apiVersion, kind, _ := strings.Cut(kind, " ")
		objects, _ := manifest.Read("file.yaml", []byte("apiVersion: "+apiVersion+"\nkind: "+kind+"\nmetadata: {name: x}\nspec: {}\n"))
		problems := cluster.Build(objects, config.Config{}).Diagnostics
		if got := len(problems) == 1 && strings.Contains(problems[0].Message, "not analysed"); got != named {
			t.Errorf("%s %s: named is %t, %v", apiVersion, kind, got, problems)
		}
	}
}
