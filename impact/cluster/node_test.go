package cluster_test

import (
	"fmt"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 192.168.0.1}, {type: Hostname, address: n1}]}\n---\n"

func pod(spec, status string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {%s}\nstatus: {%s}\n", spec, status)
}

func TestPodsOnTheHostsNetworkHaveTheirNodesAddresses(t *testing.T) {
	for _, test := range []struct{ name, pod, node, ips string }{
		{"by the node's name", pod("hostNetwork: true, nodeName: n1, containers: []", ""), "n1", "[192.168.0.1]"},
		{"by the node's address", pod("hostNetwork: true, containers: []", "hostIP: 192.168.0.1"), "n1", "[192.168.0.1]"},
		{"what the pod says comes first", pod("hostNetwork: true, nodeName: n1, containers: []", "hostIP: 192.168.0.9"), "n1", "[192.168.0.9]"},
		{"a node that is not here", pod("hostNetwork: true, nodeName: n2, containers: []", ""), "n2", "[]"},
		{"a pod on its own network", pod("nodeName: n1, containers: []", "hostIP: 192.168.0.1, podIP: 10.0.0.1"), "n1", "[10.0.0.1]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, problems := manifest.Read("file.yaml", []byte(node+test.pod))
			state := cluster.Build(objects, config.Config{})
			if len(problems)+len(state.Diagnostics) > 0 || len(state.Workloads) != 1 {
				t.Fatal(problems, state.Diagnostics, len(state.Workloads))
			}
			if w := state.Workloads[0]; w.Node != test.node || fmt.Sprint(w.IPs) != test.ips {
				t.Errorf("node %s, addresses %v; must be %s, %s", w.Node, w.IPs, test.node, test.ips)
			}
		})
	}
}
