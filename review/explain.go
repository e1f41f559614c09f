package review

import (
	"context"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Explain explains a connection in the state that Options.Head names and, if Options.Base names one, in that before it,
// with the difference between the two; else that is nil. Each must form one cluster, or cluster names it. The error is a
// [*UsageError].
func Explain(ctx context.Context, o Options, cluster string, q impact.Question) ([]impact.Explanation, *impact.Difference, error) {
	names := []string{o.Head}
	if o.Base != "" {
		names = []string{o.Base, o.Head}
	}
	var states []explained
	var explanations []impact.Explanation
	var missing []error
	for n, name := range names {
		one := o
		one.Base, one.Head = "", name
		var before []*manifest.Object
		if n > 0 {
			before = states[0].objects
		}
		s, err := explainOne(ctx, one, before, cluster, q)
		if err != nil {
			return nil, nil, err
		}
		if s.missing != nil {
			missing = append(missing, usagef("%s: %v", s.explanation.State, s.missing))
			s.explanation.Missing = s.missing.Error()
		}
		states, explanations = append(states, s), append(explanations, s.explanation)
	}
	if len(missing) == len(states) {
		return nil, nil, missing[0]
	}
	if len(states) < 2 || len(missing) > 0 {
		return explanations, nil, nil
	}
	difference, err := guardUntil(ctx, func() (*impact.Difference, error) {
		return impact.ExplainChange(states[0].objects, states[1].objects, states[1].config, q)
	})
	if err != nil {
		return nil, nil, usagef("%s and %s: %v", explanations[0].State, explanations[1].State, err)
	}
	return explanations, difference, nil
}

// explained is one state with what was asked of it.
type explained struct {
	objects     []*manifest.Object
	config      config.Config
	explanation impact.Explanation
	// missing tells which end is not there.
	missing error
}

// explainOne explains a connection in one state, which came after the objects before.
func explainOne(ctx context.Context, o Options, before []*manifest.Object, cluster string, q impact.Question) (explained, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return explained{}, err
	}
	p.render(ctx, s)
	all, conf, err := p.only(ctx, s, conf, cluster)
	if err != nil {
		return explained{}, err
	}
	all = slices.Concat(all, impact.Inherited(before, all))
	out := explained{objects: all, config: conf}
	out.explanation, out.missing = guardUntil(ctx, func() (impact.Explanation, error) { return impact.Explain(all, conf, q) })
	out.explanation.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics, out.explanation.Diagnostics))
	out.explanation.State = s.name
	return out, nil
}
