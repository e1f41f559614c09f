package kustomize

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Build builds the kustomization in the folder dir, a slash-separated path from the tree's root. An error means that
// there is no output at all; kustomize knows no half-built kustomization.
func Build(ctx context.Context, tree fs.FS, dir string) ([]*manifest.Object, []manifest.Diagnostic, error) {
	return BuildEdited(ctx, tree, dir, Edits{})
}

// BuildEdited builds as [Build] does, after edits.
func BuildEdited(ctx context.Context, tree fs.FS, dir string, edits Edits) ([]*manifest.Object, []manifest.Diagnostic, error) {
	b, err := buildEdited(ctx, tree, dir, edits)
	if err != nil {
		return nil, nil, err
	}
	return b.objects()
}

// A built kustomization has its output and where each object of it comes from.
type built struct {
	*walk
	top     *kustomization
	output  resmap.ResMap
	origins []origin
}

// turn lets one build run at a time, and holds whether the schema is still the built-in one.
var turn = func() chan bool {
	c := make(chan bool, 1)
	c <- true
	return c
}()

func build(ctx context.Context, tree fs.FS, dir string) (*built, error) {
	return buildEdited(ctx, tree, dir, Edits{})
}

func buildEdited(ctx context.Context, tree fs.FS, dir string, edits Edits) (*built, error) {
	if _, err := fs.Stat(tree, dir); err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	w := newWalk(ctx, tree)
	w.options = edits.Options
	if err := edits.apply(w, dir); err != nil {
		return nil, err
	}
	if err := w.visit(dir, use{}); err != nil {
		return nil, w.named(err)
	}
	top, err := load(w.tree, dir)
	if err != nil {
		return nil, err
	}
	if text, ok := w.instead[top.file]; ok {
		top.text = text
	}
	var clean bool
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case clean = <-turn:
	}
	// A build that failed may have left the schema half read.
	done := false
	defer func() { turn <- done && !w.setsSchema }()
	if !clean || w.setsSchema {
		openapi.ResetOpenAPI()
	}
	b, err := w.buildAlone(top)
	done = err == nil
	return b, w.named(err)
}

// buildAlone needs the turn.
func (w *walk) buildAlone(top *kustomization) (*built, error) {
	files := newFilesystem(w.tree, w.instead)
	b := &built{walk: w, top: top}
	if !top.asksForOrigins() {
		files.instead[top.file] = top.withOrigins()
	}
	output, err := w.run(files, top.dir)
	if err == nil {
		b.origins, err = originsOf(output)
	}
	if err == nil && !top.asksForOrigins() {
		err = output.RemoveOriginAnnotations()
	}
	if files.namesAnnotations && !top.asksForOrigins() {
		// What copies annotations copies ours, too: only a build without it is the true one.
		files.instead = w.instead
		output, err = w.run(files, top.dir)
	}
	if files.refused != nil {
		return nil, files.refused
	}
	if err != nil {
		return nil, w.explain(top.dir, err)
	}
	if len(b.origins) != output.Size() {
		b.origins = make([]origin, output.Size())
	}
	b.output = output
	if top.asksForOrigins() {
		err = b.nameOrigins()
	}
	return b, err
}

// run builds with kustomize's defaults but for the walk's options: no plugins, no functions, no helm.
func (w *walk) run(files *filesystem, dir string) (output resmap.ResMap, err error) {
	defer func() {
		if r := recover(); r != nil {
			output, err = nil, fmt.Errorf("kustomize failed: %v", r)
		}
	}()
	defer hush()()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // as the command does: sortOptions, or else the legacy order
	options.LoadRestrictions = w.options.loadRestrictions()
	return krusty.MakeKustomizer(options).Run(files, path.Join(mount, dir))
}

// hush keeps kustomize's warnings, about deprecated fields and unused variables, from the process's standard error: it
// would print them once a kustomization and side.
func hush() (restore func()) {
	logged, stderr := log.Writer(), os.Stderr
	log.SetOutput(io.Discard)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		os.Stderr = null
	}
	return func() {
		log.SetOutput(logged)
		os.Stderr = stderr
		if err == nil {
			null.Close()
		}
	}
}
