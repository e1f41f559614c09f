package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) policies() *cobra.Command {
	var s oneState
	c := &cobra.Command{
		Use:   "policies [PATH]",
		Short: "Tell every policy in plain words",
		Long: `Tell every policy of one state in plain words: whom it selects, what it isolates
and allows, and which other policies govern the same workloads. As markdown or HTML it
can be published as the repository's network documentation. PATH is a folder, a file
of YAML, - for standard input, or a git revision. Without PATH, the working tree.`,
		Example: `  netpol-impact policies
  netpol-impact policies overlays/prod --output docs/network.md --output network.html`,
		RunE: func(c *cobra.Command, args []string) error {
			return tell(c.Context(), p, &s, args, review.Policies,
				func(to sink, h *impact.Handbook) error { return to.format.WritePolicies(to.to, h, to.options) },
				func(h *impact.Handbook) []manifest.Diagnostic { return h.Diagnostics })
		},
	}
	s.flags(c, report.ForPolicies)
	return c
}
