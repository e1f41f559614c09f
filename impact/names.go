package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// NameServers are where the name service of one state of a cluster answers, as the configuration would say it: what it does
// say, or what the objects suggest.
func NameServers(objects []*manifest.Object, cfg config.Config) []config.NameServer {
	var out []config.NameServer
	for _, n := range cluster.Build(objects, cfg).NameService {
		c := config.NameServer{Port: n.Port}
		if n.Pods != nil {
			c.Namespace, c.Selector = n.Pods.Namespaces.Name, n.Pods.Pods.Key()
		}
		c.Addresses = n.Written()
		out = append(out, c)
	}
	return out
}

// namesAmong are the name servers that some destinations are.
func (a *analysis) namesAmong(destinations []int32) []*cluster.NameServer {
	all := a.model.NameService(reach.Head)
	var out []*cluster.NameServer
	for i := range all {
		n := &all[i]
		if slices.ContainsFunc(destinations, func(d int32) bool { return a.isNameServer(n, d) }) {
			out = append(out, n)
		}
	}
	return out
}

func (a *analysis) isNameServer(n *cluster.NameServer, endpoint int32) bool {
	switch e := a.endpoint(endpoint); {
	case e.External != nil:
		return n.HasSome(e.External)
	case e.Potential != nil:
		return n.Pods != nil && len(e.Potential.Ports()) > 0 && n.Pods.Namespaces.Name == e.Potential.Namespace() && n.Pods.Pods.Matches(e.Potential.Labels())
	default:
		w := e.Workload[reach.Head]
		return w != nil && n.Is(w)
	}
}

// nameEvidence says what shows that it is a name server, unless that is known of every cluster.
func nameEvidence(n *cluster.NameServer) []Evidence {
	out := Evidence{Kind: "name service"}
	switch {
	case n.Cache != nil:
		out.Text = fmt.Sprintf("%s answers for the cluster's DNS at %s", n.Cache.Object, n.Addresses[0].Addr())
		out.File, out.Line = n.Cache.Object.Origin.File, n.Cache.Object.Origin.Line
	case n.Configured && n.Pods != nil:
		out.Text = fmt.Sprintf("the configuration says that pods %s in %s are the cluster's DNS, on port %d", n.Pods.Pods, n.Pods.Namespaces.Name, n.Port)
	case n.Configured:
		out.Text = fmt.Sprintf("the configuration says that the cluster's DNS answers at %s, on port %d", joinAnd(n.Written()), n.Port)
	default:
		return nil
	}
	return []Evidence{out}
}

// namesAdvice says how to allow name servers again.
func namesAdvice(list []*cluster.NameServer) string {
	var pods, addresses []string
	caches := true
	for _, n := range list {
		ports := fmt.Sprintf(" on UDP and TCP %d", n.Port)
		if n.Pods != nil {
			pods = append(pods, fmt.Sprintf("pods %s in %s%s", n.Pods.Pods, n.Pods.Namespaces.Name, ports))
			continue
		}
		addresses = append(addresses, "an ipBlock of "+addressText(n.Addresses)+ports)
		caches = caches && n.Cache != nil
	}
	switch {
	case len(addresses) == 0:
		return fmt.Sprintf("Allow egress to %s, for all pods that a default-deny isolates.", strings.Join(pods, " and to "))
	case caches:
		return fmt.Sprintf("Allow egress to the address of the nodes' caches, too: %s.", strings.Join(addresses, "; "))
	}
	return fmt.Sprintf("Allow egress to the addresses of the cluster's DNS, too: %s.", strings.Join(addresses, "; "))
}
