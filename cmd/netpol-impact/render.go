package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) render() *cobra.Command {
	var o review.Options
	var origins bool
	c := &cobra.Command{
		Use:   "render TARGET [--at REV]",
		Short: "Print the manifests as they are analysed",
		Long: `Render a target and print its objects as they are analysed: a stream of YAML
documents. With --origins, the annotation ` + manifest.OriginAnnotation + ` tells each
object's file and line.`,
		Example: `  netpol-impact render overlays/prod
  netpol-impact render overlays/prod --at v1.2.0 --origins`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Progress = p.progress()
			rendered, err := review.Render(c.Context(), o, args[0])
			p.endProgress()
			if err != nil {
				return err
			}
			var text bytes.Buffer
			if err := manifest.Write(&text, rendered.Objects, origins); err != nil {
				return &failure{fmt.Errorf("writing %s as YAML: %w", args[0], err)}
			}
			if _, err := p.stdout.Write(text.Bytes()); err != nil {
				return &failure{fmt.Errorf("writing to standard output: %w", err)}
			}
			return p.diagnose(rendered.Diagnostics)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Head, "at", "", "a git revision or a folder (default: the working tree)")
	f.BoolVar(&origins, "origins", false, "tell each object's file and line in an annotation")
	f.StringVar(&o.Config, "config", "", "the configuration's path")
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	return c
}
