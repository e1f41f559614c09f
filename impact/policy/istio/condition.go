package istio

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// conditions are what a rule's list when asks for; all of it has to be met.
type conditions struct {
	all, not []policy.Peer
	ports    policy.PortSet
	beyond   []policy.Beyond
}

func (c *compiler) conditions(list []condition, at *manifest.Node) conditions {
	out := conditions{ports: policy.Whole(policy.TCP)}
	for i := range list {
		c.condition(&list[i], &out, at.Element(i))
	}
	return out
}

// condition adds one; what a connection does not show is beyond it.
func (c *compiler) condition(w *condition, out *conditions, at *manifest.Node) {
	if len(w.Values)+len(w.NotValues) == 0 {
		c.Error(at, "a condition needs values or notValues")
		return
	}
	readers := map[string]func(string, *manifest.Node) (policy.Peer, bool){
		"source.ip": c.block, "source.namespace": c.inNamespace, "source.principal": c.principal, "source.serviceAccount": c.account,
	}
	read, ofSource := readers[w.Key]
	switch {
	case ofSource:
		if len(w.Values) > 0 {
			out.all = append(out.all, oneOf(c.list(w.Values, at.Get("values"), read)))
		}
		out.not = append(out.not, c.list(w.NotValues, at.Get("notValues"), read)...)
	case w.Key == "destination.port":
		if len(w.Values) > 0 {
			out.ports = out.ports.Intersect(c.ports(w.Values, at.Get("values")))
		}
		out.ports = out.ports.Minus(c.ports(w.NotValues, at.Get("notValues")))
	case isKnownKey(w.Key):
		out.beyond = append(out.beyond, policy.NewBeyond(w.Key, at))
	default:
		c.Error(at.Get("key"), "%q is no attribute that Istio knows", w.Key)
	}
}

// isKnownKey tells whether an attribute is one of those that a connection does not show, or that are not known here.
func isKnownKey(key string) bool {
	switch key {
	case "destination.ip", "connection.sni", "remote.ip":
		return true
	}
	return strings.HasPrefix(key, "request.") || strings.HasPrefix(key, "experimental.")
}
