package impact

import (
	"cmp"
	"context"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// List finds what one state of a cluster allows: in groups, or one row a pair of peers if expand is set.
func List(ctx context.Context, objects []*manifest.Object, cfg config.Config, expand bool) (Listing, error) {
	cfg.CNI = cluster.Network(cfg, objects)
	options, err := modelOptions(cfg)
	if err != nil {
		return Listing{}, err
	}
	state := cluster.Build(objects, cfg)
	model := reach.New(state, state, options)
	blocks, err := model.Allowed(ctx, reach.Head)
	if err != nil {
		return Listing{}, err
	}
	a := analysis{model: model, base: state, head: state, directory: newDirectory(model)}
	out := Listing{CNI: orGeneric(cfg.CNI), Connections: a.allowed(blocks, expand), Diagnostics: slices.Concat(state.Diagnostics, warnings((&hygiene.Change{Model: model, Base: state, Head: state}).Check(true)), beyondNotes(state.Policies))}
	return out, nil
}

// allowed turns the blocks of a single state into rows: rectangles, or one row a pair of peers.
func (a *analysis) allowed(blocks []reach.Block, expand bool) []Allowed {
	out := []Allowed{}
	for _, b := range blocks {
		ports := b.Opened.Ranges()
		confidence := Exact
		if b.Doubtful {
			confidence = Approximate
		}
		if !expand {
			out = append(out, Allowed{a.peersOf(b.Sources), a.peersOf(b.Destinations), ports, confidence})
			continue
		}
		a.eachPair(b, func(source, destination Peer) {
			out = append(out, Allowed{[]Peer{source}, []Peer{destination}, ports, confidence})
		})
	}
	slices.SortStableFunc(out, func(x, y Allowed) int {
		return cmp.Or(
			slices.CompareFunc(x.Sources, y.Sources, comparePeers),
			slices.CompareFunc(x.Destinations, y.Destinations, comparePeers),
			comparePorts(x.Ports, y.Ports),
		)
	})
	return out
}

func comparePorts(a, b []reach.PortRange) int {
	return slices.CompareFunc(a, b, func(x, y reach.PortRange) int {
		return cmp.Or(cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
}
