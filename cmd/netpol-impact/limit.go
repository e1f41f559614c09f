package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/review"
)

// limitFlag is one flag for all limits of rendering: --limit time=2m.
type limitFlag struct{ limits *sandbox.Limits }

func (f limitFlag) Set(text string) error { return f.limits.Set(text) }
func (f limitFlag) Type() string          { return "NAME=VALUE" }
func (f limitFlag) String() string        { return "" }

func addLimits(c *cobra.Command, limits *sandbox.Limits) {
	c.Flags().Var(limitFlag{limits}, "limit", "what rendering one target, and all of them together (total), may take: "+sandbox.Defaults.String()+" (repeatable)")
	complete(c, "limit", "time=", "memory=", "files=", "input=", "output=", "total=")
}

// addFetching adds the flag for a state that no other one stands beside: in a pull request it is the author's.
func addFetching(c *cobra.Command, o *review.Options) {
	c.Flags().BoolVar(&o.FetchAllowed, "fetch-allowed", false, "fetch what the state's own configuration allows (fetch.allow); only for a state that you trust")
}

func addCache(c *cobra.Command, o *review.Options) {
	c.Flags().StringVar(&o.Cache, "cache", "", "a folder outside of the repository that keeps what was rendered for later runs")
}
