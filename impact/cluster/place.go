package cluster

import (
	"fmt"
	"net/netip"

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
