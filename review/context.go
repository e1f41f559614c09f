package review

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/spelling"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// readContext renders what the configuration names as present on both sides. It is read from the side that the
// configuration is from; what another side has there is only compared with it. What rendering it says stands on both
// sides.
func (p *opener) readContext(ctx context.Context, s *state, other *side) (all []*manifest.Object, rendered, notes []manifest.Diagnostic) {
	from := &state{side: s.side, config: s.config}
	if s.file != "" {
		if len(s.config.Context) > 0 {
			from.fail(manifest.Diagnostic{Message: "the configuration names context, and there is no folder to read it from: this side is one file"})
		}
		return nil, nil, from.failures
	}
	for _, name := range s.config.Context {
		ok, err := from.take(nil, name)
		switch {
		case err != nil:
			from.fail(manifest.Diagnostic{Object: name, Message: fmt.Sprintf("the configuration's context cannot be read: %v", err)})
		case !ok:
			from.fail(manifest.Diagnostic{Object: name, Message: "the configuration names this context, and there is nothing at this path" + s.where()})
		}
		if other != nil && other.file == "" && !tree.Same(s.tree, other.tree, name) {
			notes = append(notes, manifest.Diagnostic{Severity: manifest.Warning, File: name,
				Message: fmt.Sprintf("the change edits this context; %s's is in force until it is merged. If it is deployed from this repository, make it a target", s.label)})
		}
	}
	renderAll(ctx, p.o, from)
	return objects(from.units), from.diagnostics, append(notes, from.failures...)
}

// withContext adds context to what the sides of a cluster have. An object that base renders itself is base's to keep or
// to delete: context must not hide that head lacks it.
func withContext(context, base, head []*manifest.Object) (baseAll, headAll []*manifest.Object) {
	onBase, onHead := make(map[string]bool), make(map[string]bool)
	for _, o := range base {
		onBase[o.Key()] = true
	}
	for _, o := range head {
		onHead[o.Key()] = true
	}
	baseAll, headAll = slices.Clip(base), slices.Clip(head)
	for _, o := range context {
		if onBase[o.Key()] {
			continue
		}
		baseAll = append(baseAll, o)
		if !onHead[o.Key()] {
			headAll = append(headAll, o)
		}
	}
	return baseAll, headAll
}

// checkClusterNames warns of settings for clusters that are not there: nobody else would notice a misspelt name.
func (c *comparison) checkClusterNames(groups []*group) {
	if c.filesOnly() || len(c.o.Targets) > 0 { // not all clusters are looked at
		return
	}
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	for _, aside := range c.clusters {
		names = append(names, aside.Name)
	}
	slices.Sort(names)
	c.checkPromisedClusters(names)
	c.notes = append(c.notes, unknownClusters(c.config, c.configFile, names)...)
}

// unknownClusters warns of what a configuration, in a file, says of clusters that are none of those there are.
func unknownClusters(conf config.Config, file string, names []string) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, name := range namedClusters(conf) {
		if !slices.Contains(names, name) {
			out = append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: "cluster " + name,
				Message: "the configuration has settings for this cluster, and no target belongs to it; " + clusterHint(name, names)})
		}
	}
	for _, w := range conf.Waivers {
		if w.Cluster != "" && !slices.Contains(names, w.Cluster) {
			out = append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: "waiver", File: file, Line: w.Line,
				Message: fmt.Sprintf("this waiver is for the cluster %s, and no target belongs to it; %s", w.Cluster, clusterHint(w.Cluster, names))})
		}
	}
	return out
}

// namedClusters are those that a configuration has settings for, and those that it tells first, sorted.
func namedClusters(c config.Config) []string {
	names := append(slices.Collect(maps.Keys(c.Clusters)), c.Report.First...)
	slices.Sort(names)
	return slices.Compact(names)
}

// clusterHint says which cluster was probably meant by a name that none has, or which there are.
func clusterHint(name string, names []string) string {
	hint := "there are " + strings.Join(names, ", ")
	for _, other := range names {
		if spelling.Distance(name, other) <= 2 {
			hint = fmt.Sprintf("did you mean %s?", other)
		}
	}
	return hint
}
