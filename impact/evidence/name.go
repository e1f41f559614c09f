package evidence

import (
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// place is what a host's name stands for: a Service and, where the name is a pod's of a StatefulSet, that pod.
type place struct {
	service *cluster.Service
	pod     string
}

// resolve finds what a name stands for in a namespace, as the cluster's name service does with the search path of a pod
// (DNS for Services and Pods: first ns.svc.cluster.local, then svc.cluster.local).
func (f *Finder) resolve(host, namespace string) (place, bool) {
	p, ok := f.lookup(host, namespace)
	if ok && p.service.ExternalName != "" {
		p, ok = f.lookup(strings.TrimSuffix(p.service.ExternalName, "."), p.service.Namespace)
		ok = ok && p.service.ExternalName == ""
	}
	return p, ok
}

func (f *Finder) lookup(host, namespace string) (place, bool) {
	labels := strings.Split(host, ".")
	for i := 2; i < len(labels) && i <= 3; i++ {
		if labels[i] == "svc" { // what follows is the cluster's domain
			return f.find(labels[:i])
		}
	}
	switch len(labels) {
	case 1, 2:
		if p, ok := f.find(append(labels[:len(labels):len(labels)], namespace)); ok {
			return p, true
		}
	case 3:
	default:
		return place{}, false
	}
	return f.find(labels)
}

// find finds svc.ns or pod.svc.ns.
func (f *Finder) find(labels []string) (place, bool) {
	n := len(labels)
	if n < 2 || n > 3 {
		return place{}, false
	}
	p := place{service: f.backends.Service(cluster.Name{Namespace: labels[n-1], Name: labels[n-2]})}
	if n == 3 {
		p.pod = labels[0]
	}
	return p, p.service != nil && (p.pod == "" || f.hasPod(p))
}

func (f *Finder) hasPod(p place) bool {
	for _, w := range f.backends.Of(p.service) {
		if isPodOf(p.pod, w) {
			return true
		}
	}
	return false
}

// isPodOf tells whether a pod's name in the name service is one of a workload's: a StatefulSet's with its number, or a
// Pod's hostname.
func isPodOf(pod string, w *cluster.Workload) bool {
	if w.Kind == "Pod" && w.Object.Kind == "StatefulSet" { // one of its pods, told apart from the others
		return w.Name == pod
	}
	if w.Kind == "StatefulSet" {
		number, ok := strings.CutPrefix(pod, w.Name+"-")
		_, err := strconv.ParseUint(number, 10, 32)
		return ok && err == nil
	}
	return w.Kind == "Pod" && w.Pod.Get("hostname").Str() == pod
}

// ports are the ports of a workload that a place's port leads to, all of the Service's where none is given. A Service
// refuses a port that it does not have; to a headless Service and to a pod the port is the pod's own.
func (p place) ports(w *cluster.Workload, port int) policy.PortSet {
	if p.pod != "" && !isPodOf(p.pod, w) {
		return nil
	}
	if port == 0 {
		return p.service.On(w)
	}
	if p.pod != "" || p.service.Headless {
		var out policy.PortSet
		for _, c := range w.Ports {
			if c.Port == port {
				out = out.Union(policy.Range(c.Protocol, port, port))
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	var out policy.PortSet
	for _, s := range p.service.Ports {
		if s.Port == port {
			out = out.Union(s.On(w))
		}
	}
	return out
}
