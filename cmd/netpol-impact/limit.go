package main

import (
	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// limitFlag is one flag for all limits of rendering: --limit time=2m.
type limitFlag struct{ limits *sandbox.Limits }

func (f limitFlag) Set(text string) error { return f.limits.Set(text) }
func (f limitFlag) Type() string          { return "NAME=VALUE" }
func (f limitFlag) String() string        { return "" }

func addLimits(c *cobra.Command, limits *sandbox.Limits) {
	c.Flags().Var(limitFlag{limits}, "limit", "what rendering one target may take: "+sandbox.Defaults.String()+" (repeatable)")
	complete(c, "limit", "time=", "memory=", "files=", "input=", "output=")
}
