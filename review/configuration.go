package review

import (
	"context"
	"maps"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// A Configuration is what one state's configuration says, and what there is for it to speak of.
type Configuration struct {
	// File is where it stands, empty if there is none.
	File    string
	Config  config.Config
	Targets []Target
	// Groups are the API groups of the rendered objects.
	Groups []string
	// Elsewhere are namespaces that objects are in and that no rendered Namespace tells the labels of.
	Elsewhere []string
	// NameServers are where each cluster's name service answers, by the configuration or by what is found.
	NameServers map[string][]config.NameServer
	Diagnostics []manifest.Diagnostic
}

// Clusters are the names of the clusters that the targets form, sorted.
func (c *Configuration) Clusters() []string {
	var names []string
	for _, t := range c.Targets {
		names = append(names, t.Cluster)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Configured reads the configuration of the state that Options.Head names, and renders the state. The error is a
// [*UsageError].
func Configured(ctx context.Context, o Options) (*Configuration, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return nil, err
	}
	c := &Configuration{Config: conf, NameServers: make(map[string][]config.NameServer)}
	if s.file == "" {
		if c.File, _, err = p.findConfig(s.side); err != nil {
			return nil, err
		}
	}
	p.render(ctx, s)
	both, rendered, more := p.readContext(ctx, s, nil)
	groups, notes := groupUnits(nowhere(), s)
	notes = slices.Concat(notes, rendered, more)
	apiGroups, used, told := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, g := range groups {
		for _, u := range g.head {
			c.Targets = append(c.Targets, Target{Found: u.Found, Cluster: g.name, ClusterBy: g.by})
		}
		all := objects(g.head)
		_, with := withContext(both, nil, all)
		c.NameServers[g.name] = impact.NameServers(with, conf.For(g.name))
		for _, object := range all {
			apiGroups[object.Group] = true
			if object.Group == "" && object.Kind == "Namespace" {
				told[object.Name] = true
			} else if object.Namespace != "" {
				used[object.Namespace] = true
			}
		}
	}
	maps.DeleteFunc(used, func(name string, _ bool) bool { return told[name] })
	c.Groups, c.Elsewhere = slices.Sorted(maps.Keys(apiGroups)), slices.Sorted(maps.Keys(used))
	names := c.Clusters()
	if s.file == "" {
		notes = append(notes, unknownClusters(conf, c.File, names)...)
	}
	c.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics, notes))
	return c, nil
}
