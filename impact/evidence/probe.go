package evidence

import (
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Probed are the ports on which the kubelet's probes expect a workload to answer: something listens there, whether or not
// a container declares it. The probes themselves are no connections that a policy could block (NetworkPolicy API: what
// comes from a pod's own node is always allowed).
func Probed(w *cluster.Workload) policy.PortSet {
	var out policy.PortSet
	for _, list := range []string{"initContainers", "containers"} {
		containers := w.Pod.Get(list).Elements()
		for i := range containers {
			for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
				asks := containers[i].Get(probe)
				if asks == nil {
					continue
				}
				for _, kind := range []string{"httpGet", "tcpSocket", "grpc"} {
					if ask := asks.Get(kind); isOwn(ask) {
						out = out.Union(portOf(w, ask.Get("port")))
					}
				}
			}
		}
	}
	return out
}

// isOwn tells that a probe asks the pod itself, and no other host.
func isOwn(ask *manifest.Node) bool { return ask != nil && ask.Get("host").Str() == "" }
