package review

import (
	"context"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Explain explains a connection in the state that Options.Head names and, if Options.Base names one, in that before it,
// with the difference between the two. Each must form one cluster, or cluster names it. The error is a [*UsageError].
func Explain(ctx context.Context, o Options, cluster string, q impact.Question) (*impact.Explained, error) {
	names := []string{o.Head}
	if o.Base != "" {
		names = []string{o.Base, o.Head}
	}
	var states []asked
	for n, name := range names {
		one := o
		one.Base, one.Head = "", name
		var before []*manifest.Object
		if n > 0 {
			before = states[0].objects
		}
		s, err := askOne(ctx, one, before, cluster)
		if err != nil {
			return nil, err
		}
		states = append(states, s)
	}
	last := states[len(states)-1]
	out, err := guardUntil(ctx, func() (*impact.Explained, error) {
		if len(states) == 2 {
			return impact.ExplainChange(states[0].objects, last.objects, last.config, q)
		}
		return impact.Explain(last.objects, last.config, q)
	})
	switch {
	case err != nil && len(states) == 2:
		return nil, usagef("%s and %s: %v", states[0].name, last.name, err)
	case err != nil:
		return nil, usagef("%s: %v", last.name, err)
	}
	for i, s := range states {
		e := &out.States[i]
		e.State, e.Diagnostics = s.name, tidy(slices.Concat(s.diagnostics, e.Diagnostics))
	}
	return out, nil
}

// asked is one state that something is asked of.
type asked struct {
	name        string
	objects     []*manifest.Object
	config      config.Config
	diagnostics []manifest.Diagnostic
}

// askOne renders one state, which came after the objects before.
func askOne(ctx context.Context, o Options, before []*manifest.Object, cluster string) (asked, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return asked{}, err
	}
	p.render(ctx, s)
	all, conf, err := p.only(ctx, s, conf, cluster)
	if err != nil {
		return asked{}, err
	}
	return asked{s.name, slices.Concat(all, impact.Inherited(before, all)), conf, slices.Concat(s.failures, s.diagnostics)}, nil
}
