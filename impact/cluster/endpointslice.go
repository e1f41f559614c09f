package cluster

import (
	"net/netip"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// address is where a Service without selector leads to: an address, and the pod behind it where the object names it.
type address struct {
	ip  netip.Addr
	pod string
}

// addEndpoints reads Endpoints (which bear their Service's name) and EndpointSlices (which name it by a label).
func (b *builder) addEndpoints(o *manifest.Object) {
	service := Name{namespaceOf(o), o.Name}
	lists := []*manifest.Node{o.Body.Get("endpoints")}
	if o.Kind == "EndpointSlice" {
		service.Name = o.Body.Get("metadata", "labels", "kubernetes.io/service-name").Str()
	} else {
		lists = nil
		subsets := o.Body.Get("subsets").Elements()
		for i := range subsets {
			lists = append(lists, subsets[i].Get("addresses"))
		}
	}
	for _, list := range lists {
		endpoints := list.Elements()
		for i := range endpoints {
			b.addEndpoint(service, &endpoints[i])
		}
	}
}

func (b *builder) addEndpoint(service Name, n *manifest.Node) {
	var pod string
	if ref := n.Get("targetRef"); ref.Get("kind").Str() == "Pod" {
		pod = ref.Get("name").Str()
	}
	texts := []string{n.Get("ip").Str()}
	many := n.Get("addresses").Elements()
	for i := range many {
		texts = append(texts, many[i].Str())
	}
	for _, text := range texts {
		if ip, err := netip.ParseAddr(text); err == nil {
			b.state.endpoints[service] = append(b.state.endpoints[service], address{ip.Unmap(), pod})
		}
	}
}
