package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Diff compares two sides. The error is a [*UsageError]; whatever else goes wrong is a diagnostic of the result, which
// then does not pass.
func Diff(ctx context.Context, o Options) (*impact.Result, error) {
	p := &opener{ctx: ctx, o: o}
	defer p.close()
	base, head, err := p.sides()
	if err != nil {
		return nil, err
	}
	conf, notes, err := p.configure(base, head)
	if err != nil {
		return nil, err
	}
	c := &comparison{o: o, config: conf, base: &state{side: base}, head: &state{side: head}, notes: notes}
	c.base.find(ctx, o, conf)
	c.head.find(ctx, o, conf)
	if err := p.narrow(c.base, c.head); err != nil {
		return nil, err
	}
	if len(c.base.units)+len(c.head.units) == 0 && len(c.base.failures)+len(c.head.failures) == 0 {
		c.head.fail(manifest.Diagnostic{Message: "there is nothing to compare: no kustomization, no Helm chart and no manifests were found on either side"})
	}
	c.setAside()
	renderAll(ctx, o, c.byTrust()...)
	c.checkTargets()
	c.compare(ctx)
	return c.result(), nil
}

// A comparison is one run of Diff.
type comparison struct {
	o          Options
	config     config.Config
	base, head *state
	clusters   []impact.Cluster
	notes      []manifest.Diagnostic
}

// byTrust is the order in which the sides of a target render in one process: what head leaves behind there must not
// reach base.
func (c *comparison) byTrust() []*state { return []*state{c.base, c.head} }

// compare compares what both sides have of each cluster.
func (c *comparison) compare(ctx context.Context) {
	groups, notes := groupUnits(c.base, c.head)
	c.notes = append(c.notes, notes...)
	for _, g := range groups {
		c.o.progress("comparing cluster %s", g.name)
		if !c.checkCluster(g) {
			continue
		}
		out, err := guard(func() (impact.Output, error) {
			return impact.Compare(ctx, impact.Input{
				Name: g.name, Targets: g.targets(), Base: objects(g.base), Head: objects(g.head),
				Config: c.config, Expand: c.o.Expand, Hygiene: c.o.Hygiene,
			})
		})
		if err != nil {
			c.head.fail(manifest.Diagnostic{Object: "cluster " + g.name, Message: fmt.Sprintf("this cluster could not be compared: %v", err)})
			continue
		}
		c.clusters = append(c.clusters, out.Cluster)
		c.base.diagnostics = append(c.base.diagnostics, out.Base...)
		c.head.diagnostics = append(c.head.diagnostics, out.Head...)
	}
	slices.SortStableFunc(c.clusters, func(a, b impact.Cluster) int { return cmp.Compare(a.Name, b.Name) })
}

// result numbers the findings, asks the gate and settles the diagnostics.
func (c *comparison) result() *impact.Result {
	r := &impact.Result{Base: c.base.name, Head: c.head.name, Clusters: c.clusters}
	number := 0
	for i := range r.Clusters {
		for j := range r.Clusters[i].Findings {
			number++
			r.Clusters[i].Findings[j].ID = fmt.Sprintf("F%d", number)
		}
	}
	r.Diagnostics = settle(c.base.diagnostics, c.head.diagnostics)
	r.Diagnostics = append(r.Diagnostics, c.notes...)
	r.Diagnostics = append(r.Diagnostics, c.base.failures...)
	r.Diagnostics = tidy(append(r.Diagnostics, c.head.failures...))
	r.Gate = gate.Decide(r.Clusters, c.config.Gate)
	if Incomplete(r.Diagnostics) {
		r.Gate.Pass = false
		r.Gate.Reasons = append(r.Gate.Reasons, "not everything could be analysed")
	}
	return r
}
