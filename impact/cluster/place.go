package cluster

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Place is where something runs that the configuration names: pods, addresses or both.
type Place struct {
	Pods      *policy.Pods
	Addresses []netip.Prefix
}

// NewPlace reads a place of the configuration.
func NewPlace(c config.Place) (Place, error) {
	var out Place
	for _, text := range c.Addresses {
		block, err := config.ParseCIDR(text)
		if err != nil {
			return Place{}, fmt.Errorf("reading the configuration: %w", err)
		}
		out.Addresses = append(out.Addresses, block)
	}
	if c.Namespace == "" && c.Selector == "" {
		return out, nil
	}
	selector, err := policy.ParseSelector(c.Selector)
	if err != nil {
		return Place{}, fmt.Errorf("reading the configuration: %q is no label selector: %w", c.Selector, err)
	}
	out.Pods = &policy.Pods{Namespaces: policy.InNamespace(c.Namespace), Pods: selector}
	return out, nil
}

// placeControllers reads where the controllers of routes run.
func (b *builder) placeControllers(configured []config.Place) {
	for _, c := range configured {
		place, err := NewPlace(c)
		if err != nil { // a configuration that was read has none such
			b.reportConfig(fmt.Errorf("ingress-controllers: %w", err))
			continue
		}
		b.state.Controllers = append(b.state.Controllers, place)
	}
}

// Has tells whether pods of a namespace and with some labels run there.
func (p *Place) Has(namespace string, labels map[string]string) bool {
	return p.Pods != nil && p.Pods.Namespaces.Name == namespace && p.Pods.Pods.Matches(labels)
}

// HasSome tells whether some of the addresses are there.
func (p *Place) HasSome(addresses []netip.Prefix) bool { return overlap(p.Addresses, addresses) }

func overlap(own, addresses []netip.Prefix) bool {
	return slices.ContainsFunc(own, func(block netip.Prefix) bool { return slices.ContainsFunc(addresses, block.Overlaps) })
}
