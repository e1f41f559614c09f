package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is set by the linker for a release.
var release = ""

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(p.stdout, version())
			return err
		},
	}
}

// version names the release, else the module's version, and the commit and the Go release that it was built with.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "netpol-impact " + release
	}
	name := release
	if name == "" {
		name = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			name += " " + s.Value[:min(len(s.Value), 10)]
		}
	}
	return fmt.Sprintf("netpol-impact %s %s", name, info.GoVersion)
}
