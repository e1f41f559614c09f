package review

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// A Target is a target of one state, and the cluster that it belongs to.
type Target struct {
	discover.Found
	Cluster, ClusterBy string
}

// List lists what the state that Options.Head names allows, in one of its clusters: the one named, or the only one. The
// error is a [*UsageError]; whatever else goes wrong is a diagnostic.
func List(ctx context.Context, o Options, cluster string) (*impact.Listing, error) {
	return ofState(ctx, o, cluster, "listing", func(all []*manifest.Object, conf config.Config) (impact.Listing, error) {
		return impact.List(ctx, all, conf, o.Expand)
	}, func(l *impact.Listing) *[]manifest.Diagnostic { return &l.Diagnostics })
}

// Policies tells every policy of the state that Options.Head names, in one of its clusters, in plain words. The error is a
// [*UsageError]; whatever else goes wrong is a diagnostic.
func Policies(ctx context.Context, o Options, cluster string) (*impact.Handbook, error) {
	return ofState(ctx, o, cluster, "reading policies", impact.Policies,
		func(h *impact.Handbook) *[]manifest.Diagnostic { return &h.Diagnostics })
}

// ofState renders the state that Options.Head names and has one of its clusters analysed. What went wrong on the way
// becomes part of the answer's diagnostics.
func ofState[T any](ctx context.Context, o Options, cluster, doing string,
	analyse func([]*manifest.Object, config.Config) (T, error), diagnostics func(*T) *[]manifest.Diagnostic) (*T, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, conf, err := p.state(ctx)
	if err != nil {
		return nil, err
	}
	p.render(ctx, s)
	all, conf, err := p.only(ctx, s, conf, cluster)
	if err != nil {
		return nil, err
	}
	o.progress("%s", doing)
	out, err := guardUntil(ctx, func() (T, error) { return analyse(all, conf) })
	if err != nil {
		s.fail(manifest.Diagnostic{Object: s.name, Message: fmt.Sprintf("this state could not be analysed: %v", err)})
	}
	own := diagnostics(&out)
	*own = tidy(slices.Concat(s.failures, s.diagnostics, *own))
	return &out, nil
}

// Targets returns what can be rendered in the state that Options.Head names. The error is a [*UsageError].
func Targets(ctx context.Context, o Options) ([]Target, []manifest.Diagnostic, error) {
	p := &opener{o: o, alone: true}
	defer p.close()
	s, _, err := p.state(ctx)
	if err != nil {
		return nil, nil, err
	}
	p.render(ctx, s)
	groups, notes := groupUnits(nowhere(), s)
	var targets []Target
	for _, g := range groups {
		for _, u := range g.head {
			targets = append(targets, Target{Found: u.Found, Cluster: g.name, ClusterBy: cmp.Or(g.why[u.id()], g.by)})
		}
	}
	return targets, tidy(slices.Concat(s.failures, s.diagnostics, notes)), nil
}

// Render renders one target of the state that Options.Head names. The error is a [*UsageError].
func Render(ctx context.Context, o Options, target string) (render.Output, error) {
	o.Targets = []string{target}
	p := &opener{o: o, alone: true}
	defer p.close()
	s, _, err := p.state(ctx)
	if err != nil {
		return render.Output{}, err
	}
	p.render(ctx, s)
	var out render.Output
	out.Objects = objects(s.units)
	out.Diagnostics = tidy(slices.Concat(s.failures, s.diagnostics))
	return out, nil
}

// state opens the one state that Options.Head names, with its targets and configuration. Without a name it is the
// working tree, or outside a repository the folder itself.
func (p *opener) state(ctx context.Context) (*state, config.Config, error) {
	s, err := p.openState()
	if err != nil {
		return nil, config.Config{}, err
	}
	p.o.TrustHead = true // there is no other side
	conf, _, _, err := p.configure(s.side, s.side)
	if err != nil {
		return nil, config.Config{}, err
	}
	p.o.renderer = &render.Renderer{Limits: p.o.Limits}
	if p.closeCache, err = p.openCache(s.side); err != nil {
		return nil, config.Config{}, err
	}
	if p.o.FetchAllowed {
		p.allowFetching(conf)
	}
	if s.chosen {
		s.config = conf
		s.units[0].Target.Settings = discover.SettingsOf(conf.Render)
	} else {
		s.find(ctx, p.o, conf)
	}
	if err := p.narrow(s.state); err != nil {
		return nil, config.Config{}, err
	}
	if len(s.units)+len(s.failures) == 0 {
		s.fail(manifest.Diagnostic{Message: fmt.Sprintf("no kustomization, no Helm chart and no manifests were found in %s", s.name)})
	}
	return s.state, conf, nil
}

// render renders the one state's targets.
func (p *opener) render(ctx context.Context, s *state) {
	renderAll(ctx, p.o, s)
	s.diagnostics = append(s.diagnostics, fetchedNotes(p.o.renderer)...)
	if c := p.o.renderer.Kept.Cache; c != nil {
		if err := c.Settle(); err != nil {
			s.diagnostics = append(s.diagnostics, cacheNote(err))
		}
	}
}

type oneState struct {
	*state
	// chosen says that the targets are known already.
	chosen bool
}

func (p *opener) openState() (oneState, error) {
	name := p.o.Head
	if name == "" {
		if _, err := p.repository(); err != nil {
			name = "."
		}
	}
	var s *side
	var err error
	if name == "" {
		s, err = p.workingTree("")
	} else {
		if one, ok := p.inRepository(name); ok {
			return one, nil
		}
		s, err = p.open("", name)
	}
	if err != nil {
		return oneState{}, err
	}
	return oneState{state: &state{side: s}}, nil
}

// inRepository opens a folder that is a target by itself (a kustomization, a chart) within its repository, because it
// may refer to files outside itself.
func (p *opener) inRepository(name string) (oneState, bool) {
	if name == "-" || !p.isPath(name) {
		return oneState{}, false
	}
	if !looksLikePath(name) {
		if _, err := p.revision("", name); err == nil {
			return oneState{}, false // the name is ambiguous; open refuses it
		}
	}
	at, err := filepath.Abs(p.path(name))
	if err != nil || !isTarget(at) {
		return oneState{}, false
	}
	repo, err := tree.OpenRepository(at)
	if err != nil {
		return oneState{}, false
	}
	defer repo.Close()
	inside := (&opener{o: Options{Dir: at}}).within(repo)
	t, err := tree.Folder(repo.Root())
	if err != nil {
		return oneState{}, false
	}
	found, err := discover.Named(t, inside)
	if err != nil {
		return oneState{}, false
	}
	s := &state{side: &side{label: "", name: name, tree: t, dir: inside}, units: []*unit{{Found: found}}}
	return oneState{state: s, chosen: true}, true
}

// isTarget tells whether a folder on disk holds a kustomization or a chart.
func isTarget(dir string) bool {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// nowhere is the other side where there is one side only.
func nowhere() *state { return &state{side: &side{}} }

// only returns what one cluster has, context included, and its configuration: the cluster that is named, or else the
// only one.
func (p *opener) only(ctx context.Context, s *state, conf config.Config, cluster string) ([]*manifest.Object, config.Config, error) {
	groups, notes := groupUnits(nowhere(), s)
	s.diagnostics = append(s.diagnostics, notes...)
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	at := slices.Index(names, cluster)
	switch {
	case at < 0 && cluster != "":
		return nil, conf, usagef("there is no cluster %q here, but %s", cluster, strings.Join(names, ", "))
	case at < 0 && len(groups) > 1:
		return nil, conf, usagef("%s forms %d clusters (%s): choose one with --cluster, or list one target's folder", s.name, len(names), strings.Join(names, ", "))
	case len(groups) == 0:
		return nil, conf, nil
	}
	g := groups[max(at, 0)]
	s.config = conf
	context, both, notes := p.readContext(ctx, s, nil)
	s.diagnostics = append(s.diagnostics, slices.Concat(both, notes)...)
	_, all := withContext(context, nil, objects(g.head))
	return all, p.o.override(conf.For(g.name)), nil
}
