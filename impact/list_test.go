package impact

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestABlockMatchesPodsAsTheNetworkHasIt(t *testing.T) {
	const text = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: []}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {hostNetwork: true, containers: []}
status: {hostIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}
`
	for _, test := range []struct{ cni, name, reaches string }{
		{"", config.Generic, "default/client default/host any pod in any namespace pods k8s-app=kube-dns in kube-system 0.0.0.0/0 "},
		{config.Calico, config.Calico, "default/client default/host any pod in any namespace pods k8s-app=kube-dns in kube-system 0.0.0.0/0 "},
		{config.Cilium, config.Cilium, "0.0.0.0/0 "},
	} {
		objects, _ := manifest.Read("file.yaml", []byte(text))
		list, err := List(t.Context(), objects, config.Config{CNI: test.cni}, true)
		if err != nil || list.CNI != test.name {
			t.Errorf("cni %q is called %q, %v", test.cni, list.CNI, err)
		}
		reaches := ""
		for _, c := range list.Connections {
			if to := c.Destinations[0]; to.String() == "default/db" {
				reaches += c.Sources[0].String() + " "
			}
		}
		if reaches != test.reaches {
			t.Errorf("cni %q: db is reached by\n%s\nmust be reached by\n%s", test.cni, reaches, test.reaches)
		}
	}
}
