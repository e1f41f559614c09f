package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

var errTwoStates = errors.New("PATH and --rev both name a state; give one of them")

func (p *program) test() *cobra.Command {
	var o review.Options
	var t review.TestOptions
	var out output
	var revision string
	var generate bool
	c := &cobra.Command{
		Use:   "test [PATH]",
		Short: "Hold one state to what is promised of its connections",
		Long: `Hold one state of the manifests to what is promised of its connections, in files
*.netpol-test.yaml and in the configuration: a folder, a file of YAML, - for standard
input, or a git revision. Without PATH, the working tree. Files of netassert (version 2)
and of policy-assistant are read as they are.

With --generate, promises are written from what the manifests declare today, to be
edited by hand: that each workload reaches what its configuration names.

Exit codes: 0 all promises are kept · 1 one is broken, or promises nothing ·
2 usage or configuration · 3 something could not be analysed.`,
		Example: `  netpol-impact test
  netpol-impact test overlays/prod --promises tests/netassert.yaml
  netpol-impact test --rev main --cluster prod --format tap
  netpol-impact test --output promises.xml --output promises.json
  netpol-impact test --generate > shop.netpol-test.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Head = first(args)
			if revision != "" {
				if o.Head != "" {
					return &review.UsageError{Err: errTwoStates}
				}
				o.Head = revision
			}
			o.Stdin, o.Progress = p.stdin, p.progress()
			if generate {
				return p.generate(c, o, t.Cluster)
			}
			sinks, err := out.open(p)
			if err != nil {
				return err
			}
			checked, err := review.Test(c.Context(), o, t)
			p.endProgress()
			if err != nil {
				return err
			}
			code := review.TestCode(checked)
			err = sinks.write(func(s sink) error {
				return s.format.WriteChecked(s.to, checked, code == review.ExitClean, s.options)
			})
			if err != nil {
				return err
			}
			return end(code)
		},
	}
	f := c.Flags()
	f.StringVar(&revision, "rev", "", "the state, as a git revision instead of PATH")
	f.BoolVar(&generate, "generate", false, "write promises from what the manifests declare, instead of testing any")
	f.StringVar(&t.Cluster, "cluster", "", "the only cluster that is tested (default: all)")
	f.StringArrayVar(&t.Files, "promises", nil, "a file of promises that is tested instead of those of the state (repeatable)")
	f.StringVar(&o.Config, "config", "", "the configuration's path within PATH")
	addCNI(c, &o, nil)
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	out.flags(c, report.ForChecked)
	return c
}

// generate writes promises to be edited.
func (p *program) generate(c *cobra.Command, o review.Options, cluster string) error {
	drafted, err := review.Draft(c.Context(), o, cluster)
	p.endProgress()
	if err != nil {
		return err
	}
	if err := report.Drafts(p.stdout, drafted.Clusters, drafted.Drafts); err != nil {
		return &failure{fmt.Errorf("writing to standard output: %w", err)}
	}
	return p.diagnose(drafted.Diagnostics)
}
