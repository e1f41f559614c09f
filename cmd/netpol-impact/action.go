package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/pullrequest"
)

func (p *program) action() *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Run as a step of a GitHub workflow",
		Long: `Run as a step of a GitHub workflow: what action.yml starts.

The event, the inputs and where to write come from the runner's environment;
docs/action.md tells the inputs and outputs. The exit code is the gate.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			environ := os.Environ()
			// Renders get an empty environment; so that no other child, such as git, inherits the token, this process has none.
			for _, name := range []string{"INPUT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"} {
				if err := os.Unsetenv(name); err != nil {
					return &failure{err}
				}
			}
			return end(pullrequest.Run(c.Context(), pullrequest.Options{Environ: environ, Log: p.stdout}))
		},
	}
}
