package generate

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
)

// edit changes one thing about a cluster, replacing what it changes and leaving the objects of the other side alone.
func (g *generator) edit(c *Cluster) {
	switch g.below(12) {
	case 0:
		g.relabelWorkload(c)
	case 1:
		i := g.below(len(c.Namespaces))
		n := c.Namespaces[i].DeepCopy()
		n.Labels = g.labels()
		c.Namespaces[i] = n
	case 2:
		c.Workloads = append(c.Workloads, g.workload(c))
	case 3:
		if len(c.Workloads) > 1 {
			i := g.below(len(c.Workloads))
			c.Workloads = slices.Delete(c.Workloads, i, i+1)
		}
	case 4:
		g.changePort(c)
	case 5:
		c.NetworkPolicies = append(c.NetworkPolicies, g.networkPolicy())
	case 6:
		if n := len(c.NetworkPolicies); n > 0 {
			i := g.below(n)
			c.NetworkPolicies = slices.Delete(c.NetworkPolicies, i, i+1)
		}
	case 7, 8:
		if n := len(c.NetworkPolicies); n > 0 {
			i := g.below(n)
			c.NetworkPolicies[i] = g.changePolicy(c.NetworkPolicies[i])
		}
	case 9, 10:
		g.editClusterPolicy(c)
	case 11:
		g.changePlace(c)
	}
}

func (g *generator) relabelWorkload(c *Cluster) {
	i := g.below(len(c.Workloads))
	pod := c.Workloads[i].Pod.DeepCopy()
	pod.Labels = g.labels()
	c.Workloads[i].Pod = pod
}

// changePort changes ports, mostly a number under the same name.
func (g *generator) changePort(c *Cluster) {
	i := g.below(len(c.Workloads))
	pod := c.Workloads[i].Pod.DeepCopy()
	ports := pod.Spec.Containers[0].Ports
	if len(ports) == 0 || g.oneIn(4) {
		pod.Spec.Containers[0].Ports = g.containerPorts()
	} else {
		ports[g.below(len(ports))].ContainerPort = pick(g.dice, numbers...)
	}
	c.Workloads[i].Pod = pod
}

// changePlace moves a workload onto the host's network or off it.
func (g *generator) changePlace(c *Cluster) {
	i := g.below(len(c.Workloads))
	pod := c.Workloads[i].Pod.DeepCopy()
	pod.Spec.HostNetwork = !pod.Spec.HostNetwork
	pod.Spec.NodeName = ""
	pod.Status.HostIP, pod.Status.HostIPs, pod.Status.PodIP, pod.Status.PodIPs = "", nil, "", nil
	c.Workloads[i].Pod = pod
}

// changePolicy edits one part of a policy.
func (g *generator) changePolicy(old *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	p := old.DeepCopy()
	other := g.networkPolicy()
	switch g.below(5) {
	case 0:
		p.Spec.PodSelector = other.Spec.PodSelector
	case 1:
		p.Spec.PolicyTypes = other.Spec.PolicyTypes
	case 2:
		p.Spec.Egress = other.Spec.Egress
	case 3:
		p.Spec.Ingress = other.Spec.Ingress
	case 4:
		if n := len(p.Spec.Ingress); n > 0 {
			i := g.below(n)
			p.Spec.Ingress[i].Ports = g.ports()
		}
	}
	return p
}

func (g *generator) editClusterPolicy(c *Cluster) {
	admin, policies, baseline := len(c.Admin), len(c.ClusterPolicies), len(c.BaselineAdmin)
	if admin+policies+baseline == 0 {
		c.ClusterPolicies = append(c.ClusterPolicies, g.clusterPolicy(v1alpha2.AdminTier))
		return
	}
	i := g.below(admin + policies + baseline)
	switch {
	case i < admin:
		p := c.Admin[i].DeepCopy()
		other := g.admin()
		switch g.below(4) {
		case 0:
			c.Admin = slices.Delete(c.Admin, i, i+1)
			return
		case 1:
			p.Spec.Priority = other.Spec.Priority
		case 2:
			p.Spec.Ingress = other.Spec.Ingress
		case 3:
			p.Spec.Egress = other.Spec.Egress
		}
		c.Admin[i] = p
	case i < admin+policies:
		i -= admin
		p := c.ClusterPolicies[i].DeepCopy()
		other := g.clusterPolicy(p.Spec.Tier)
		switch g.below(4) {
		case 0:
			c.ClusterPolicies = slices.Delete(c.ClusterPolicies, i, i+1)
			return
		case 1:
			p.Spec.Priority = other.Spec.Priority
		case 2:
			p.Spec.Ingress = other.Spec.Ingress
		case 3:
			p.Spec.Egress = other.Spec.Egress
		}
		c.ClusterPolicies[i] = p
	default:
		c.BaselineAdmin[0] = g.baselineAdmin()
	}
}
