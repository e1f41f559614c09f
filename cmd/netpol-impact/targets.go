package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) targets() *cobra.Command {
	var o review.Options
	c := &cobra.Command{
		Use:   "targets [PATH]",
		Short: "Show what can be rendered, and which clusters it forms",
		Long: `Show the targets of one state, how each was found, and the clusters they form:
targets that are deployed together, so that the policies of one meet the workloads of
another. PATH is a folder, a file of YAML or a git revision; without it, the working
tree.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Head = first(args)
			o.Stdin, o.Progress = p.stdin, p.progress()
			targets, diagnostics, err := review.Targets(c.Context(), o)
			p.endProgress()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "CLUSTER\tTARGET\tKIND\tFOUND BY\tCLUSTER BY")
			for _, t := range targets {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", shown(t.Cluster), shown(t.Target.String()), t.Target.Kind, shown(t.By), shown(t.ClusterBy))
			}
			if err := table.Flush(); err != nil {
				return &failure{fmt.Errorf("writing to standard output: %w", err)}
			}
			return p.diagnose(diagnostics)
		},
	}
	c.Flags().StringVar(&o.Config, "config", "", "the configuration's path within PATH")
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	return c
}

// diagnose prints diagnostics to standard error, and ends the program with 3 where one is an error.
func (p *program) diagnose(diagnostics []manifest.Diagnostic) error {
	for _, d := range diagnostics {
		fmt.Fprintln(p.stderr, shown(d.String()))
	}
	if review.Incomplete(diagnostics) {
		return end(review.ExitIncomplete)
	}
	return nil
}
