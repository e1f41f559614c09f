package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) list() *cobra.Command {
	var o review.Options
	var out output
	var cluster string
	c := &cobra.Command{
		Use:   "list [PATH]",
		Short: "List what is allowed in one state",
		Long: `List the connections that one state of the manifests allows: a folder, a file of
YAML, - for standard input, or a git revision. Without PATH, the working tree.`,
		Example: `  netpol-impact list
  netpol-impact list overlays/prod
  netpol-impact list --format matrix --by namespaces
  netpol-impact list overlays/prod --output connections.csv --output connections.dot
  netpol-impact list v1.2.0 --cluster prod --format json --expand
  kubectl get pods,networkpolicies,namespaces -A -o yaml | netpol-impact list -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Head = first(args)
			o.Stdin, o.Progress = p.stdin, p.progress()
			sinks, err := out.open(p)
			if err != nil {
				return err
			}
			listing, err := review.List(c.Context(), o, cluster)
			p.endProgress()
			if err != nil {
				return err
			}
			err = sinks.write(func(s sink) error { return s.format.WriteList(s.to, listing, o.Expand, s.options) })
			if err != nil {
				return err
			}
			if review.Incomplete(listing.Diagnostics) {
				return end(review.ExitIncomplete)
			}
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&o.Expand, "expand", false, "one row for every pair of workloads")
	f.StringVar(&cluster, "cluster", "", "which cluster, where the targets form several")
	f.StringVar(&o.Config, "config", "", "the configuration's path within PATH")
	addLimits(c, &o.Limits)
	out.flags(c, report.ForListing)
	f.StringVar(&out.by, "by", "", "what a row of a matrix and a node of a graph is: workloads or namespaces (default: workloads while they are few)")
	complete(c, "by", string(report.ByWorkloads), string(report.ByNamespaces))
	return c
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
