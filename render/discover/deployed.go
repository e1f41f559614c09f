package discover

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/argocd"
	"github.com/netpol-impact/netpol-impact/render/flux"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// A deployment finds what Argo CD's and Flux's objects deploy. Such objects come out of renders: it starts with the
// targets that hold some of them, renders what these deploy, and goes on with the objects that come out of that.
type deployment struct {
	*survey
	renderer *render.Renderer
	// elsewhere is the tree, for what asks for what is not in it.
	elsewhere fs.FS
	argo      *argocd.Series
	rendered  map[string][]*manifest.Object
	// stopped tells which renders reached a limit.
	stopped []manifest.Diagnostic
	// holders are the files with objects of Argo CD or Flux that deploy others, sorted.
	holders []string
	// needsData tells that one of them takes values from a ConfigMap or a Secret, which may come out of any target, and
	// needsSources that what one deploys may be fetched from a source, whose file is then among the holders.
	needsData, needsSources bool
}

// A start is a target with objects that deploy others, and what they deploy in turn.
type start struct {
	Found
	objects  []*manifest.Object
	found    []Found
	problems []manifest.Diagnostic
	// loose tells that nothing names its file.
	loose bool
}

var (
	deployerVersion = regexp.MustCompile(`apiVersion["']?\s*:\s*["']?(?:argoproj\.io|(?:kustomize|helm)\.toolkit\.fluxcd\.io)/`)
	deployerKind    = regexp.MustCompile(`kind["']?\s*:\s*["']?(?:Application|ApplicationSet|Kustomization|HelmRelease)\b`)
	sourceVersion   = regexp.MustCompile(`apiVersion["']?\s*:\s*["']?source\.toolkit\.fluxcd\.io/`)
	sourceReference = regexp.MustCompile(`(?:sourceRef|chartRef)["']?\s*:`)
	dataReference   = regexp.MustCompile(`(?:substituteFrom|valuesFrom)["']?\s*:`)
)

// deployed returns the targets that Argo CD and Flux deploy, and marks what they take as used, so that it is not found
// again. What is left when all is done, its author deploys by other means.
func (s *survey) deployed(ctx context.Context, r *render.Renderer) []Found {
	d := &deployment{survey: s, renderer: r, elsewhere: r.Elsewhere(ctx, s.fsys), argo: argocd.NewSeries(r), rendered: make(map[string][]*manifest.Object)}
	defer d.argo.Close()
	d.findHolders()
	if len(d.holders) == 0 {
		return nil
	}
	var found []Found
	seen := make(map[string]bool)
	take := func(starts []*start) {
		for _, e := range starts {
			s.problems = append(s.problems, e.problems...)
			for _, f := range e.found {
				if !seen[f.key()] {
					seen[f.key()] = true
					found = append(found, f)
					s.cover(f.Target)
				}
			}
			s.dropDeployers(e)
		}
	}
	take(d.starts(ctx))
	// What is in a kustomization's folder, but neither it nor anybody else uses, was applied by hand.
	take(d.orphans(ctx))
	s.problems = append(s.problems, d.stopped...)
	return found
}

// findHolders looks for objects of Argo CD and Flux without reading YAML.
func (d *deployment) findHolders() {
	d.begin()
	var sources []string
	defer func() {
		if d.needsSources {
			d.holders = append(d.holders, sources...)
		}
	}()
	for _, folder := range d.folders {
		for _, base := range d.files[folder] {
			name := path.Join(folder, base)
			if d.isLate() {
				return
			}
			text, err := fs.ReadFile(d.fsys, name)
			if err != nil || !bytes.Contains(text, []byte("argoproj.io/")) && !bytes.Contains(text, []byte(".toolkit.fluxcd.io/")) {
				continue
			}
			if deployerVersion.Match(text) && deployerKind.Match(text) {
				d.holders = append(d.holders, name)
				d.needsData = d.needsData || dataReference.Match(text)
				d.needsSources = d.needsSources || d.renderer.Fetch != nil && sourceReference.Match(text)
			} else if d.renderer.Fetch != nil && sourceVersion.Match(text) {
				sources = append(sources, name)
			}
		}
	}
	slices.Sort(d.holders)
}

// starts follows every target that holds objects which deploy others, but those that another one deploys. Marked paths
// come first: where two deploy each other, as Flux does with itself, the cluster is known from there.
func (d *deployment) starts(ctx context.Context) []*start {
	var all []*start
	for _, f := range slices.Concat(d.roots(), d.chartTargets(), d.plainTargets()) {
		if d.holds(f.Target) {
			all = append(all, &start{Found: f})
		}
	}
	slices.SortFunc(all, func(a, b *start) int {
		return cmp.Or(boolRank(a.mark.by == "")-boolRank(b.mark.by == ""), cmp.Compare(a.Target.String(), b.Target.String()))
	})
	var kept []*start
	at := make(map[string][]*start)
	for _, e := range all {
		at[e.Target.Path] = append(at[e.Target.Path], e)
	}
	paths := slices.Sorted(maps.Keys(at))
	deployed := make(map[*start]bool)
	for _, e := range all {
		if deployed[e] {
			continue
		}
		d.follow(ctx, e)
		kept = append(kept, e)
		for _, f := range e.found {
			for name := range d.taken(f.Target).among(paths) {
				for _, other := range at[name] {
					deployed[other] = deployed[other] || other != e
				}
			}
		}
	}
	return slices.DeleteFunc(kept, func(e *start) bool { return deployed[e] })
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// orphans are files that no target reads.
func (d *deployment) orphans(ctx context.Context) []*start {
	var all []*start
	for _, file := range d.holders {
		if d.used[file] || d.inChart(path.Dir(file)) || !d.inKustomization(path.Dir(file)) {
			continue
		}
		t := render.Target{Kind: render.Plain, Path: file}
		e := &start{Found: Found{Target: t, By: byFile, mark: markOf(t)}, loose: true}
		d.follow(ctx, e)
		all = append(all, e)
	}
	return all
}

// follow renders a start and what comes of it. Objects may take values from others that are rendered later, so it goes
// through all of it again until no more come to light.
func (d *deployment) follow(ctx context.Context, e *start) {
	one := []Found{e.Found}
	nameClusters(one, nil)
	known := make(map[string]*manifest.Object)
	for before, pass := -1, 0; before < len(known) && ctx.Err() == nil; pass++ {
		if pass == maxPasses {
			e.problems = append(e.problems, manifest.Diagnostic{Severity: manifest.Error, Object: e.Target.String(),
				Message: fmt.Sprintf("what comes of it is not followed any further: after %d passes the values that its objects deploy still change what others deploy", maxPasses)})
			return
		}
		before = len(known)
		e.found, e.problems = nil, nil
		e.objects = d.objects(ctx, e.Target)
		walk := &following{deployment: d, start: e, known: known, seen: make(map[string]bool)}
		walk.objects(ctx, e.objects, one[0].Cluster, one[0].ClusterBy)
		if !d.needsData && !d.needsSources {
			return
		}
	}
}

// A following is one way through what a start deploys.
type following struct {
	*deployment
	start *start
	known map[string]*manifest.Object
	seen  map[string]bool
	// depth counts the deployers above, parent is the nearest, stopped says why one of them does not apply anything at present.
	depth           int
	parent, stopped string
}

// Bounds on what one start deploys: a chart may make an Application of itself, under another name each time.
const (
	maxDepth    = 12
	maxDeployed = 5000
	// maxPasses bounds how often new values may bring new objects: a chart may make one more ConfigMap of each.
	maxPasses = 20
)

func (w *following) objects(ctx context.Context, objects []*manifest.Object, cluster, by string) {
	for _, o := range objects {
		if flux.Holds(o) {
			w.known[cluster+"\x00"+o.Key()] = o
		}
	}
	for _, o := range objects {
		id := cluster + "\x00" + o.Key()
		if !isDeployer(o) || w.seen[id] {
			continue
		}
		w.seen[id] = true
		var targets []render.Target
		var problems []manifest.Diagnostic
		if o.Group == argocd.Group {
			targets, problems = w.argo.Targets(ctx, w.elsewhere, o)
		} else {
			targets, problems = flux.Targets(w.elsewhere, o, func(kind, namespace, name string) *manifest.Object {
				if found := w.known[cluster+"\x00"+flux.Key(kind, namespace, name)]; found != nil {
					return found
				}
				return w.known[cluster+"\x00"+flux.Key(kind, "", name)]
			})
		}
		w.start.problems = append(w.start.problems, problems...)
		for _, t := range targets {
			if len(w.start.found) < maxDeployed {
				w.target(ctx, t, o, cluster, by)
			}
		}
	}
}

// target notes a target, in the cluster that it is deployed into or else that of its deployer, and goes on with it.
func (w *following) target(ctx context.Context, t render.Target, o *manifest.Object, cluster, by string) {
	if t.Cluster != "" {
		cluster, by = t.Cluster, "the destination of "+t.Deployer
	} else {
		t.Cluster = cluster
	}
	t.Reservations.Stopped = cmp.Or(t.Reservations.Stopped, w.stopped)
	f := Found{Target: t, By: "the " + o.String(), Parent: w.parent, Loose: w.start.loose, clusterBy: by, mark: markOf(t)}
	if !strings.HasPrefix(t.Deployer, o.Kind+" ") {
		f.By = "the " + t.Deployer + " of the " + o.String()
	}
	w.start.found = append(w.start.found, f)
	if !w.needsData && !w.holds(t) && t.Source == nil {
		return
	}
	if w.depth == maxDepth || len(w.start.found) >= maxDeployed {
		w.start.problems = append(w.start.problems, manifest.Problem(manifest.Error, o, nil,
			"what comes of it is not followed: more than %d objects deploy one another, or more than %d targets come of one", maxDepth, maxDeployed))
		return
	}
	parent, stopped := w.parent, w.stopped
	w.depth, w.parent, w.stopped = w.depth+1, t.Deployer, t.Reservations.Stopped
	w.objects(ctx, w.deployment.objects(ctx, t), cluster, by)
	w.depth, w.parent, w.stopped = w.depth-1, parent, stopped
}

// objects renders a target, once for all that have the same settings. One that does not render holds nothing here; that
// it does not is said when its turn comes. A limit is told at once: next time it may just not be reached.
func (d *deployment) objects(ctx context.Context, t render.Target) []*manifest.Object {
	t.Cluster, t.Deployer, t.Settings, t.Reservations = "", "", t.Settings.Or(d.settings), render.Reservations{}
	key, err := json.Marshal(t)
	if err != nil {
		return nil
	}
	if known, ok := d.rendered[string(key)]; ok {
		return known
	}
	out, err := d.renderer.Render(ctx, d.fsys, t)
	if limit := (*sandbox.LimitError)(nil); errors.As(err, &limit) {
		d.stopped = append(d.stopped, manifest.Diagnostic{Severity: manifest.Error, Object: t.String(), Message: "looking for what it deploys: " + err.Error()})
	}
	d.rendered[string(key)] = out.Objects
	return out.Objects
}

// holds tells whether a target has a file in which there are objects that deploy others.
func (d *deployment) holds(t render.Target) bool {
	for range d.taken(t).among(d.holders) {
		return true
	}
	return false
}

// dropDeployers marks as used what holds nothing but objects of Argo CD and Flux: as targets they would be empty.
func (s *survey) dropDeployers(e *start) {
	other := make(map[string]bool)
	files := make(map[string]bool)
	for _, o := range e.objects {
		files[o.Origin.File] = true
		if !IsToolObject(o) {
			other[o.Origin.File] = true
		}
	}
	if e.Target.Kind != render.Plain && len(other) == 0 {
		s.used[e.Target.Path] = true
	}
	if e.Target.Kind == render.Plain {
		for file := range files {
			s.used[file] = s.used[file] || !other[file]
		}
	}
}

// isDeployer tells whether an object deploys others.
func isDeployer(o *manifest.Object) bool {
	return o.Group == argocd.Group && (o.Kind == "Application" || o.Kind == "ApplicationSet") ||
		o.Group == flux.KustomizeGroup && o.Kind == "Kustomization" || o.Group == flux.HelmGroup && o.Kind == "HelmRelease"
}

// IsToolObject tells whether an object is one that only Argo CD or Flux reads.
func IsToolObject(o *manifest.Object) bool {
	return isDeployer(o) || o.Group == argocd.Group && o.Kind == "AppProject" || strings.HasSuffix(o.Group, ".toolkit.fluxcd.io")
}
