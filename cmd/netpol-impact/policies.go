package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) policies() *cobra.Command {
	var o review.Options
	var out output
	var cluster string
	c := &cobra.Command{
		Use:   "policies [PATH]",
		Short: "Tell every policy in plain words",
		Long: `Tell every policy of one state in plain words: whom it selects, what it isolates
and allows, and which other policies govern the same workloads. As markdown it can
be published as the repository's network documentation. PATH is a folder, a file of
YAML, - for standard input, or a git revision. Without PATH, the working tree.`,
		Example: `  netpol-impact policies
  netpol-impact policies overlays/prod --output docs/network.md`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Head = first(args)
			o.Stdin, o.Progress = p.stdin, p.progress()
			sinks, err := out.open(p)
			if err != nil {
				return err
			}
			handbook, err := review.Policies(c.Context(), o, cluster)
			p.endProgress()
			if err != nil {
				return err
			}
			if err := sinks.write(func(s sink) error { return s.format.WritePolicies(s.to, handbook, s.options) }); err != nil {
				return err
			}
			if review.Incomplete(handbook.Diagnostics) {
				return end(review.ExitIncomplete)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&cluster, "cluster", "", "which cluster, where the targets form several")
	f.StringVar(&o.Config, "config", "", "the configuration's path within PATH")
	addLimits(c, &o.Limits)
	out.flags(c, report.ForPolicies)
	return c
}
