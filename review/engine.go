package review

import (
	"context"
	"errors"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// These stand for impact.Compare and impact.List while package impact is being built. They fail closed.
type (
	input struct {
		Name       string
		Targets    []string
		Base, Head []*manifest.Object
		Config     config.Config
		Expand     bool
	}
	output struct {
		Cluster    impact.Cluster
		Base, Head []manifest.Diagnostic
	}
)

var errNoEngine = errors.New("the engine is not built yet")

func compareCluster(context.Context, input) (output, error) { return output{}, errNoEngine }

func listCluster(context.Context, []*manifest.Object, config.Config, bool) (impact.Listing, error) {
	return impact.Listing{}, errNoEngine
}
