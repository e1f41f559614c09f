package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) diff() *cobra.Command {
	var o review.Options
	var out output
	var trust, hygiene string
	var fetch bool
	c := &cobra.Command{
		Use:   "diff [--base X] [--head X] [TARGET…]",
		Short: "Compare two states: findings and gate",
		Long: `Compare two states of the manifests and print which connections the change blocks
and opens.

Base and head are each a git revision, a folder, a file of YAML, or - for standard
input. Without them, the working tree (with what is not committed) is compared with
the merge base of HEAD and the default branch. A name that is both a revision and a
path is refused: ./name is always a path, refs/heads/name always a revision.

Targets (kustomizations, Helm charts, folders of manifests) are found, unless some
are named.`,
		Example: `  netpol-impact diff
  netpol-impact diff --base v1.2.0 --head HEAD overlays/prod
  netpol-impact diff --base before/ --head after/ --format markdown
  kubectl kustomize . | netpol-impact diff --base live.yaml --head -`,
		RunE: func(c *cobra.Command, targets []string) error {
			var err error
			if o.TrustHead, err = trustsHead(trust); err != nil {
				return err
			}
			if o.Hygiene = impact.HygieneMode(hygiene); !slices.Contains(impact.HygieneModes, o.Hygiene) {
				return &review.UsageError{Err: fmt.Errorf("--hygiene %q is none of new, all, off", hygiene)}
			}
			if fetch {
				o.Fetch = new(review.Fetch)
			}
			o.Targets, o.Stdin, o.Progress = targets, p.stdin, p.progress()
			return p.runDiff(c.Context(), o, out)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Base, "base", "", "the state before: a revision, a folder, a file or - (default: merge base with the default branch)")
	f.StringVar(&o.Head, "head", "", "the state after (default: the working tree)")
	f.BoolVar(&o.All, "all", false, "render also the clusters in which the change touches nothing that a target reads")
	f.BoolVar(&o.Expand, "expand", false, "add every changed pair of workloads to what is written (CSV always has them)")
	f.StringVar(&o.Config, "config", "", "the configuration's path within the trusted side (default: .github/netpol-impact.yaml or .netpol-impact.yaml)")
	addCNI(c, &o, &o.EachCNI)
	addLimits(c, &o.Limits)
	addCache(c, &o)
	f.StringVar(&trust, "trust", "base", "the side whose configuration is in force: base or head")
	f.StringVar(&hygiene, "hygiene", "new", "tell what looks wrong in policies: new (what the change introduces), all or off")
	f.StringVar(&o.Gate.FailOnOpened, "fail-on-opened", "", "fail on opened connections from this severity on, or never (default: the configuration's, else high)")
	f.StringVar(&o.Gate.FailOnBlocked, "fail-on-blocked", "", "fail on blocked connections from this severity on, or never (default: the configuration's, else high)")
	f.BoolVar(&fetch, "fetch", false, "fetch what a shallow or partial clone lacks of both commits from its origin, into memory")
	out.flags(c, report.ForResult)
	complete(c, "trust", "base", "head")
	complete(c, "hygiene", "new", "all", "off")
	complete(c, "fail-on-opened", thresholds...)
	complete(c, "fail-on-blocked", thresholds...)
	return c
}

func (p *program) runDiff(ctx context.Context, o review.Options, out output) error {
	sinks, err := out.open(p)
	if err != nil {
		return err
	}
	expand := o.Expand
	o.Expand = expand || sinks.needPairs()
	o.Graph = slices.ContainsFunc(sinks, func(s sink) bool { return s.format.Graph() })
	result, err := review.Diff(ctx, o)
	p.endProgress()
	if err != nil {
		return err
	}
	brief := result
	if !expand {
		brief = withoutPairs(result)
	}
	err = sinks.write(func(s sink) error {
		if s.format.NeedsPairs() {
			return s.format.Write(s.to, result, s.options)
		}
		return s.format.Write(s.to, brief, s.options)
	})
	if err != nil {
		return err
	}
	return end(review.ExitCode(result))
}

// withoutPairs is a result without its exact pairs, which one sink asked for and the others did not.
func withoutPairs(r *impact.Result) *impact.Result {
	brief := *r
	brief.Clusters = slices.Clone(r.Clusters)
	for i := range brief.Clusters {
		brief.Clusters[i].Changes = nil
	}
	return &brief
}
