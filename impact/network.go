package impact

import (
	"context"
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// byHeadsWord looks what comes of it that head's policies alone tell which network there is. They are no proof: a policy of
// Cilium's in a cluster with another network does nothing but have the others read by Cilium's rules. It is an error where
// more is opened by the rules that base was read by.
func (in Input) byHeadsWord(ctx context.Context, network string, found []Finding) ([]manifest.Diagnostic, error) {
	in.Config.CNI = config.Generic
	in.Expand, in.Graph, in.Several, in.Networks, in.Hygiene = false, false, false, false, HygieneOff
	in.Proposed = nil
	other, err := Compare(ctx, in)
	if err != nil {
		return nil, err
	}
	opened := func(f Finding) bool { return f.Kind == Opened && f.Severity.Rank() >= Medium.Rank() }
	for _, f := range other.Cluster.Findings {
		if opened(f) && !slices.ContainsFunc(found, func(g Finding) bool { return g.Fingerprint == f.Fingerprint }) {
			return []manifest.Diagnostic{{Severity: manifest.Error, Object: "cluster " + in.Name, Message: fmt.Sprintf(
				"only policies that the change adds tell that the network is %s; by the rules of others more is opened: %s (%s). Say which network it is with cni in the configuration, by a change that is merged before",
				networkNames[network], f.Title, f.Severity)}}, nil
		}
	}
	return nil, nil
}

// networkNames are the networks' names for people.
var networkNames = map[string]string{config.Cilium: "Cilium", config.Calico: "Calico"}
