package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/impact/waiver"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
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
	conf, file, notes, err := p.configure(base, head)
	if err != nil {
		return nil, err
	}
	o.renderer = &render.Renderer{Limits: o.Limits}
	p.o.renderer = o.renderer
	closeCache, err := p.openCache(base)
	if err != nil {
		return nil, err
	}
	p.allowFetching(conf)
	defer o.renderer.Fetch.Close()
	c := &comparison{o: o, config: conf, configFile: file, thresholds: p.thresholdsOf(conf), base: &state{side: base}, head: &state{side: head}, notes: notes}
	c.base.find(ctx, o, conf)
	c.head.find(ctx, o, conf)
	if err := p.narrow(c.base, c.head); err != nil {
		return nil, err
	}
	if len(c.base.units)+len(c.head.units) == 0 && len(c.base.failures)+len(c.head.failures) == 0 {
		c.head.fail(manifest.Diagnostic{Message: "there is nothing to compare: no kustomization, no Helm chart and no manifests were found on either side"})
	}
	c.readPledges(p)
	c.keepUndeployed()
	c.adoptDeployed()
	c.tellUnread()
	c.tellPrograms()
	c.tellAsking()
	c.setAside()
	trusted, other := c.base, head
	if o.TrustHead {
		trusted, other = c.head, nil
	}
	var both []manifest.Diagnostic
	c.context, both, notes = p.readContext(ctx, trusted, other)
	c.base.diagnostics, c.head.diagnostics = append(c.base.diagnostics, both...), append(c.head.diagnostics, both...)
	c.notes = append(c.notes, notes...)
	renderAll(ctx, o, c.byTrust()...)
	c.notes = append(c.notes, fetchedNotes(o.renderer)...)
	if err := closeCache(); err != nil {
		c.notes = append(c.notes, cacheNote(err))
	}
	c.checkTaken()
	c.checkReservations()
	c.checkUndeployed()
	c.checkConcealed(ctx)
	c.checkTakenIn(ctx)
	c.checkDropped()
	c.checkNewlyDeployed()
	c.checkTargets()
	c.compare(ctx)
	return c.result(), nil
}

// A comparison is one run of Diff.
type comparison struct {
	o          Options
	config     config.Config
	configFile string
	// thresholds are the gate's for a cluster, with the options applied.
	thresholds func(cluster string) config.Gate
	base, head *state
	clusters   []impact.Cluster
	notes      []manifest.Diagnostic
	// context is present in every cluster, on both sides.
	context []*manifest.Object
	pledges pledges
}

// byTrust is the order in which the sides of a target render in one process: what head leaves behind there must not
// reach base.
func (c *comparison) byTrust() []*state { return []*state{c.base, c.head} }

// compare compares what both sides have of each cluster.
func (c *comparison) compare(ctx context.Context) {
	groups, notes := groupUnits(c.base, c.head)
	c.notes = append(c.notes, notes...)
	c.checkClusterNames(groups)
	c.checkApart(groups)
	untouched := len(c.clusters)
	dependencies := make(map[string]*impact.Dependencies)
	var moves moves
	for _, g := range groups {
		c.o.progress("comparing cluster %s", g.name)
		if !c.checkCluster(g) {
			continue
		}
		base, head := withContext(c.context, objects(g.base), objects(g.head))
		moves.see(g, base, head, c.config)
		conf := c.o.override(c.config.For(g.name))
		out, err := guardUntil(ctx, func() (impact.Output, error) {
			return impact.Compare(ctx, impact.Input{
				Name: g.name, Targets: g.targets(), Base: base, Head: head,
				Config: conf, Networks: c.o.EachCNI, Expand: c.o.Expand, Graph: c.o.Graph, Hygiene: c.o.Hygiene, Several: len(groups)+untouched > 1,
				Promises: c.pledges.inForce.Promises, Proposed: c.pledges.proposed,
			})
		})
		if err != nil {
			c.head.fail(manifest.Diagnostic{Object: "cluster " + g.name, Message: fmt.Sprintf("this cluster could not be compared: %v", err)})
			continue
		}
		c.pointToValues(out.Cluster.Findings, g)
		c.clusters = append(c.clusters, out.Cluster)
		if out.Dependencies != nil {
			dependencies[g.name] = out.Dependencies
		}
		c.notes = append(c.notes, out.Notes...)
		c.base.diagnostics = append(c.base.diagnostics, out.Base...)
		c.head.diagnostics = append(c.head.diagnostics, out.Head...)
	}
	c.checkMoves(&moves)
	impact.Disagreements(c.clusters, dependencies)
	for _, g := range groups {
		if d := dependencies[g.name]; untouched > 0 && d != nil && d.NewlyDenies() {
			c.note("cluster "+g.name, fmt.Sprintf("connections that configurations name are newly denied; whether the clusters that the change does not touch (%d) allow them was not asked (rule H18, --all asks)", untouched))
		}
	}
	c.tellPledges()
	slices.SortStableFunc(c.clusters, func(a, b impact.Cluster) int { return cmp.Compare(a.Name, b.Name) })
}

// result numbers the findings, asks the gate and settles the diagnostics.
func (c *comparison) result() *impact.Result {
	r := &impact.Result{Base: c.base.name, Head: c.head.name, Clusters: c.clusters, Report: c.config.Report}
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
	r.Diagnostics = append(r.Diagnostics, c.head.failures...)
	now := c.o.Now
	if now.IsZero() {
		now = time.Now()
	}
	r.Diagnostics = append(r.Diagnostics, waiver.Apply(r.Clusters, c.config.Waivers, c.configFile, now)...)
	r.Diagnostics = tidy(r.Diagnostics)
	r.Gate = gate.Decide(r.Clusters, c.thresholds)
	if Incomplete(r.Diagnostics) {
		r.Gate.Pass = false
		r.Gate.Reasons = append(r.Gate.Reasons, impact.NotAnalysed)
	}
	return r
}
