package review

import (
	"context"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact"
)

// Explain explains a connection in the state that Options.Head names and, if Options.Base names one, in that before it.
// Each must form one cluster, or cluster names it. The error is a [*UsageError].
func Explain(ctx context.Context, o Options, cluster string, q impact.Question) ([]impact.Explanation, error) {
	states := []string{o.Head}
	if o.Base != "" {
		states = []string{o.Base, o.Head}
	}
	var explanations []impact.Explanation
	for _, name := range states {
		one := o
		one.Base, one.Head = "", name
		e, err := explainOne(ctx, one, cluster, q)
		if err != nil {
			return nil, err
		}
		explanations = append(explanations, e)
	}
	return explanations, nil
}

func explainOne(ctx context.Context, o Options, cluster string, q impact.Question) (impact.Explanation, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return impact.Explanation{}, err
	}
	renderAll(ctx, o, s)
	all, conf, err := p.only(ctx, s, conf, cluster)
	if err != nil {
		return impact.Explanation{}, err
	}
	e, err := guardUntil(ctx, func() (impact.Explanation, error) { return impact.Explain(all, conf, q) })
	if err != nil {
		return impact.Explanation{}, usagef("%s: %v", s.name, err)
	}
	e.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics, e.Diagnostics))
	e.State = s.name
	return e, nil
}
