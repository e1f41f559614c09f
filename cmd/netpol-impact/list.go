package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) list() *cobra.Command {
	var s oneState
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
		RunE: func(c *cobra.Command, args []string) error {
			return tell(c.Context(), p, &s, args, review.List,
				func(to sink, l *impact.Listing) error {
					return to.format.WriteList(to.to, l, s.options.Expand, to.options)
				},
				func(l *impact.Listing) []manifest.Diagnostic { return l.Diagnostics })
		},
	}
	s.flags(c, report.ForListing)
	f := c.Flags()
	f.BoolVar(&s.options.Expand, "expand", false, "one row for every pair of workloads")
	f.StringVar(&s.output.by, "by", "", "what a row of a matrix and a node of a graph is: workloads or namespaces (default: workloads while they are few)")
	complete(c, "by", string(report.ByWorkloads), string(report.ByNamespaces))
	return c
}
