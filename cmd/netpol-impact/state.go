package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// oneState is what the commands that tell something of one state of one cluster have in common.
type oneState struct {
	options review.Options
	output  output
	cluster string
}

func (s *oneState) flags(c *cobra.Command, set report.Set) {
	f := c.Flags()
	f.StringVar(&s.cluster, "cluster", "", "which cluster, where the targets form several")
	f.StringVar(&s.options.Config, "config", "", "the configuration's path within PATH")
	addCNI(c, &s.options, nil)
	addLimits(c, &s.options.Limits)
	addFetching(c, &s.options)
	addCache(c, &s.options)
	s.output.flags(c, set)
	c.Args = cobra.MaximumNArgs(1)
}

// tell has the state analysed that the arguments name, and what is learned written to each sink.
func tell[T any](ctx context.Context, p *program, s *oneState, args []string,
	analyse func(context.Context, review.Options, string) (T, error),
	write func(sink, T) error, diagnostics func(T) []manifest.Diagnostic) error {
	s.options.Head = first(args)
	s.options.Stdin, s.options.Progress = p.stdin, p.progress()
	sinks, err := s.output.open(p)
	if err != nil {
		return err
	}
	learned, err := analyse(ctx, s.options, s.cluster)
	p.endProgress()
	if err != nil {
		return err
	}
	if err := sinks.write(func(to sink) error { return write(to, learned) }); err != nil {
		return err
	}
	if review.Incomplete(diagnostics(learned)) {
		return end(review.ExitIncomplete)
	}
	return nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
