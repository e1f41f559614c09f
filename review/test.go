package review

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// TestOptions say what is tested.
type TestOptions struct {
	// Cluster is the only cluster that is tested; all if empty.
	Cluster string
	// Files are files of promises that are tested instead of those of the state, from [Options.Dir].
	Files []string
}

// Test holds the promises of the state that Options.Head names to it. The error is a [*UsageError]; whatever else goes
// wrong is a diagnostic.
func Test(ctx context.Context, o Options, t TestOptions) (*impact.Checked, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return nil, err
	}
	var held promised
	for _, name := range t.Files {
		if err := held.readGiven(p.path(name), name); err != nil {
			return nil, err
		}
	}
	if len(t.Files) == 0 {
		held = readPromises(s.side, conf.Promises)
	}
	s.failures = append(s.failures, held.problems...)
	if len(held.Promises)+len(held.Probes)+len(held.problems) == 0 {
		return nil, usagef("there are no promises in %s: write them in files *%s, or below promises in the configuration; netpol-impact test --generate writes a beginning", s.name, config.PromiseFile)
	}
	out := &impact.Checked{State: s.name}
	names, err := p.eachCluster(ctx, s, conf, t.Cluster, func(cluster string, objects []*manifest.Object) {
		o.progress("testing cluster %s", cluster)
		s.check(out, cluster, objects, o.override(conf.For(cluster)), held)
	})
	if err != nil {
		return nil, err
	}
	promises := held.Promises
	if t.Cluster != "" { // those for another cluster that is there are not asked for; those for none are nobody's
		promises = slices.DeleteFunc(slices.Clone(promises), func(p config.Promise) bool {
			return slices.ContainsFunc(names, p.In)
		})
	}
	out.Clusters = append(out.Clusters, nowhereTested(promises, names)...)
	if t.Cluster != "" && isUntested(out) && len(s.failures) == 0 {
		return nil, usagef("no promise in %s is about the cluster %q", s.name, t.Cluster)
	}
	out.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics))
	return out, nil
}

// eachCluster renders a state and calls visit with what each cluster has, context included, or only the one named. It
// returns the names of all.
func (p *opener) eachCluster(ctx context.Context, s *state, conf config.Config, only string, visit func(cluster string, objects []*manifest.Object)) ([]string, error) {
	p.render(ctx, s)
	groups, notes := groupUnits(nowhere(), s)
	s.config = conf
	context, both, more := p.readContext(ctx, s, nil)
	s.diagnostics = slices.Concat(s.diagnostics, notes, both, more)
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	if only != "" && !slices.Contains(names, only) {
		return nil, usagef("there is no cluster %q here, but %s", only, strings.Join(names, ", "))
	}
	for _, g := range groups {
		if only == "" || g.name == only {
			_, all := withContext(context, nil, objects(g.head))
			visit(g.name, all)
		}
	}
	return names, nil
}

// Drafted are promises that what a state declares suggests.
type Drafted struct {
	Clusters []string
	// Drafts are those of each cluster.
	Drafts      [][]impact.Draft
	Diagnostics []manifest.Diagnostic
}

// Draft suggests promises from what the state that Options.Head names declares, in all clusters or the one named. The error
// is a [*UsageError]; whatever else goes wrong is a diagnostic.
func Draft(ctx context.Context, o Options, cluster string) (*Drafted, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return nil, err
	}
	var out Drafted
	_, err = p.eachCluster(ctx, s, conf, cluster, func(name string, objects []*manifest.Object) {
		drafts, err := guard(func() (drafts []impact.Draft, err error) {
			var problems []manifest.Diagnostic
			drafts, problems, err = impact.Drafts(objects, o.override(conf.For(name)))
			s.diagnostics = append(s.diagnostics, problems...)
			return drafts, err
		})
		if err != nil {
			s.fail(manifest.Diagnostic{Object: "cluster " + name, Message: fmt.Sprintf("promises for this cluster could not be written: %v", err)})
		}
		out.Clusters, out.Drafts = append(out.Clusters, name), append(out.Drafts, drafts)
	})
	if err != nil {
		return nil, err
	}
	out.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics))
	return &out, nil
}

// check holds promises to one cluster.
func (s *state) check(out *impact.Checked, cluster string, objects []*manifest.Object, conf config.Config, held promised) {
	one := impact.CheckedCluster{Name: cluster}
	promises := slices.DeleteFunc(slices.Clone(held.Promises), func(p config.Promise) bool { return !p.In(cluster) })
	found, err := guard(func() (out []impact.CheckedPromise, err error) {
		var problems []manifest.Diagnostic
		out, problems, err = impact.Check(objects, conf, promises)
		s.diagnostics = append(s.diagnostics, problems...)
		return out, err
	})
	if err != nil {
		s.fail(manifest.Diagnostic{Object: "cluster " + cluster, Message: fmt.Sprintf("this cluster could not be tested: %v", err)})
	}
	one.Promises = found
	for i := range held.Probes {
		probe := &held.Probes[i]
		if len(probe.Clusters) > 0 && !slices.Contains(probe.Clusters, cluster) {
			continue
		}
		answered, err := guard(func() (impact.AnsweredProbe, error) { return impact.Ask(objects, conf, probe) })
		if err != nil {
			s.fail(manifest.Diagnostic{File: probe.Origin, Line: probe.Line, Message: fmt.Sprintf("this probe could not be answered: %v", err)})
			continue
		}
		one.Probes = append(one.Probes, answered)
	}
	out.Clusters = append(out.Clusters, one)
}

// isUntested tells whether there was nothing to test.
func isUntested(c *impact.Checked) bool {
	return !slices.ContainsFunc(c.Clusters, func(c impact.CheckedCluster) bool { return len(c.Promises)+len(c.Probes) > 0 })
}

// nowhereTested are the promises that are about clusters which are not there: they promise nothing.
func nowhereTested(promises []config.Promise, clusters []string) []impact.CheckedCluster {
	var out []impact.CheckedCluster
	for _, p := range promises {
		for _, name := range p.Clusters {
			if slices.Contains(clusters, name) {
				continue
			}
			at := slices.IndexFunc(out, func(c impact.CheckedCluster) bool { return c.Name == name })
			if at < 0 {
				at = len(out)
				out = append(out, impact.CheckedCluster{Name: name})
			}
			out[at].Promises = append(out[at].Promises, impact.CheckedPromise{
				Name: p.Name, Expect: p.Expect, File: p.Origin, Line: p.Line, Status: promise.Empty, Confidence: impact.Exact,
				Reason: fmt.Sprintf("there is no cluster %s here; there are %s", name, strings.Join(clusters, ", ")),
			})
		}
	}
	return out
}

// TestCode is the exit code that tested promises ask for: what could not be analysed weighs more than a promise that is not
// kept.
func TestCode(c *impact.Checked) int {
	if Incomplete(c.Diagnostics) {
		return ExitIncomplete
	}
	for i := range c.Clusters {
		for j := range c.Clusters[i].Promises {
			if c.Clusters[i].Promises[j].Failed() {
				return ExitGate
			}
		}
	}
	return ExitClean
}
