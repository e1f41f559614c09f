package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// Found is a target, and why it is one.
type Found struct {
	Target render.Target
	// By says for people why the target was found: "a chart".
	By string
	// Cluster is what the target is deployed into as far as its path or the configuration tells; else "".
	Cluster string
	// ClusterBy says for people where Cluster comes from: "the folder overlays/prod".
	ClusterBy string
	// Parent names what deploys the object that deploys the target; "" if that one is found by itself. Loose tells that it, or the
	// first of those above it, is in the folder of a kustomization that does not name its file.
	Parent string
	Loose  bool

	mark mark
	// clusterBy is where Target.Cluster comes from if not from the configuration.
	clusterBy string
	// uses are the folders of the kustomizations that the target builds on.
	uses []string
	// reads answers Reads; nil if that is not known.
	reads func() ([]string, bool)
}

// Why a target was found.
const (
	byRoot   = "a kustomization that no other one uses"
	byChart  = "a chart"
	byValues = "a chart with an environment's value file"
	byFolder = "a folder of manifests"
	byFile   = "a file of manifests"
	byName   = "named on the command line"
	byConfig = "the configuration"
)

// Targets returns what the configuration names, or else what it finds itself, sorted. The diagnostics name what the tree
// lacks or hides. r renders what discovery itself needs. An error means that the tree cannot be read at
// all, or that the context is done.
func Targets(ctx context.Context, fsys fs.FS, cfg config.Config, r *render.Renderer) ([]Found, []manifest.Diagnostic, error) {
	if len(cfg.Targets) > 0 {
		return configured(fsys, cfg)
	}
	limits := r.Limits.Or(sandbox.Defaults)
	s, err := look(ctx, fsys, ".", limits.Time)
	if err != nil {
		return nil, nil, err
	}
	s.settings = SettingsOf(cfg.Render)
	found := append(s.deployed(ctx, r), s.released(ctx, r)...)
	if err := ctx.Err(); err != nil {
		return nil, nil, err // what was found by then is not all
	}
	found = append(found, s.roots()...)
	found = append(found, s.chartTargets()...)
	found = append(found, s.plainTargets()...)
	if err := s.tooLate(); err != nil {
		return nil, nil, err
	}
	for i := range found {
		found[i].Target.Settings = found[i].Target.Settings.Or(s.settings)
	}
	nameClusters(found, nil)
	found = intoNumbered(found)
	sortFound(found)
	s.giveReads(found)
	return found, s.problems, nil
}

// configured returns the configuration's targets. One that is on the other side only is no mistake.
func configured(fsys fs.FS, cfg config.Config) ([]Found, []manifest.Diagnostic, error) {
	var found []Found
	var problems []manifest.Diagnostic
	for _, c := range cfg.Targets {
		f, err := named(fsys, c.Path, c.Values)
		if errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, manifest.Diagnostic{Severity: manifest.Warning, Object: c.Path,
				Message: "the configuration names this target, and there is none at this path"})
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		f.By = byConfig
		f.Target.Release, f.Target.Namespace, f.Target.Cluster = c.Release, c.Namespace, c.Cluster
		f.Target.Settings = SettingsOf(c.Rendering.Or(cfg.Render))
		if err := giveValues(&f.Target, c.ChartValues); err != nil {
			return nil, nil, fmt.Errorf("reading the configuration's target %s: %w", c.Path, err)
		}
		found = append(found, f)
	}
	nameClusters(found, nil)
	return found, problems, nil
}

// Named returns the target that a user names by its path from the tree's root: a folder with a kustomization, a chart, a
// chart with value files ("charts/app:values-prod.yaml,extra.yaml", each from the chart's folder or from the root), a
// folder or a file of manifests. The error is an [fs.ErrNotExist] if the tree has nothing there.
func Named(fsys fs.FS, name string) (Found, error) {
	at, list, hasValues := strings.Cut(name, ":")
	var values []string
	if hasValues {
		values = strings.Split(list, ",")
	}
	f, err := named(fsys, at, values)
	if err != nil {
		return Found{}, err
	}
	f.By = byName
	one := []Found{f}
	nameClusters(one, nil)
	return one[0], nil
}

func named(fsys fs.FS, name string, values []string) (Found, error) {
	f, err := identify(fsys, path.Clean(name))
	if err == nil && len(values) > 0 {
		f.Target.Values, err = valueFiles(fsys, f.Target, values)
	}
	if err != nil {
		return Found{}, fmt.Errorf("finding the target %s: %w", name, err)
	}
	f.mark = markOf(f.Target)
	return f, nil
}

// identify tells what kind of target is at a path.
func identify(fsys fs.FS, at string) (Found, error) {
	about, err := fs.Stat(fsys, at)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return Found{}, fmt.Errorf("there is no such file or folder: %w", fs.ErrNotExist)
	}
	if err != nil {
		return Found{}, err
	}
	if !about.IsDir() {
		if base := path.Base(at); base != chartFile && !isKustomizationFile(base) {
			return Found{Target: render.Target{Kind: render.Plain, Path: at}, By: byFile}, nil
		}
		at = path.Dir(at)
	}
	entries, err := fs.ReadDir(fsys, at)
	if err != nil {
		return Found{}, err
	}
	has := func(is func(string) bool) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return is(e.Name()) })
	}
	switch {
	case has(isKustomizationFile):
		return Found{Target: render.Target{Kind: render.Kustomize, Path: at}, By: byRoot}, nil
	case has(func(name string) bool { return name == chartFile }):
		return Found{Target: render.Target{Kind: render.Helm, Path: at}, By: byChart}, nil
	}
	f := Found{Target: render.Target{Kind: render.Plain, Path: at}, By: byFolder}
	return f, onlyPlain(fsys, at)
}

// onlyPlain refuses a folder above kustomizations or charts: read as plain manifests, their patches would pass for
// objects.
func onlyPlain(fsys fs.FS, at string) error {
	s, err := look(context.Background(), fsys, at, sandbox.Defaults.Time)
	if err != nil {
		return err
	}
	var below []string
	for _, f := range append(s.roots(), s.chartTargets()...) {
		below = append(below, f.Target.Path)
	}
	slices.Sort(below)
	below = slices.Compact(below)
	if len(below) == 0 {
		return s.tooLate()
	}
	more := ""
	if len(below) > 5 {
		below, more = below[:5], ", …"
	}
	return fmt.Errorf("it is no target itself but holds others; name these: %s%s", strings.Join(below, ", "), more)
}

// valueFiles finds value files from the chart's folder or from the root.
func valueFiles(fsys fs.FS, t render.Target, names []string) ([]string, error) {
	if t.Kind != render.Helm {
		return nil, errors.New("it has value files, but is no chart")
	}
	var files []string
	for _, name := range names {
		inChart, inRoot := path.Join(t.Path, name), path.Clean(name)
		switch {
		case isFile(fsys, inChart):
			files = append(files, inChart)
		case isFile(fsys, inRoot):
			files = append(files, inRoot)
		default:
			return nil, fmt.Errorf("there is neither a value file %s nor %s: %w", inChart, inRoot, fs.ErrNotExist)
		}
	}
	return files, nil
}

func isFile(fsys fs.FS, name string) bool {
	about, err := fs.Stat(fsys, name)
	return err == nil && about.Mode().IsRegular()
}

func sortFound(found []Found) {
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Target.String(), b.Target.String()), cmp.Compare(a.Target.Kind, b.Target.Kind))
	})
}
