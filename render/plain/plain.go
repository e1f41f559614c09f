package plain

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Read returns the objects of a folder with its subfolders, or of one file. at is a slash-separated path from the
// tree's root. An error means that the folder or the file cannot be read; an unreadable file below it is a diagnostic.
// The files are read on all cores, through r.
func Read(ctx context.Context, fsys fs.FS, at string, r *manifest.Reader) ([]*manifest.Object, []manifest.Diagnostic, error) {
	return ReadOnly(ctx, fsys, at, Filter{}, r, nil)
}

// ReadOnly reads as [Read] does, the files that a filter leaves, within an allowance.
func ReadOnly(ctx context.Context, fsys fs.FS, at string, only Filter, r *manifest.Reader, within *manifest.Allowance) ([]*manifest.Object, []manifest.Diagnostic, error) {
	files, problems, err := list(ctx, fsys, at, only.Whole)
	if err == nil {
		files, err = only.apply(at, files)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", at, err)
	}
	objects, broken := make([][]*manifest.Object, len(files)), make([][]manifest.Diagnostic, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range files {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			text, err := fs.ReadFile(fsys, name)
			switch {
			case err != nil && name == at:
				return err
			case err != nil:
				broken[i] = []manifest.Diagnostic{Unreadable(fsys, name, err)}
			case only.Whole && bytes.Contains(text, leftOut):
			default:
				if objects[i], broken[i], err = r.ReadWithin(ctx, within, name, text); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", at, err)
	}
	return slices.DeleteFunc(slices.Concat(objects...), isToolFile), append(problems, slices.Concat(broken...)...), nil
}

// list returns the files to be read, in the order of their paths, and a diagnostic for what cannot be looked into.
func list(ctx context.Context, fsys fs.FS, at string, whole bool) (files []string, problems []manifest.Diagnostic, err error) {
	err = fs.WalkDir(fsys, at, func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil && (name == at || ctx.Err() != nil):
			return err
		case err != nil:
			problems = append(problems, Unreadable(fsys, name, err))
		case entry.IsDir():
			if !whole && (name != at && strings.HasPrefix(entry.Name(), ".") || isToolsOwn(fsys, at, name)) {
				return fs.SkipDir
			}
		case name == at || isManifest(name):
			files = append(files, name)
		}
		return nil
	})
	return files, problems, err
}

// Unreadable says that a file cannot be read, and identifies what is in its place where the tree can tell.
func Unreadable(fsys fs.FS, name string, err error) manifest.Diagnostic {
	d := manifest.Diagnostic{Severity: manifest.Error, File: name, Message: "the file cannot be read: " + err.Error()}
	if tree, ok := fsys.(interface{ Fingerprint(name string) uint64 }); ok {
		d.Digest = tree.Fingerprint(name)
	}
	return d
}

func isManifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// isToolsOwn tells whether a folder belongs to a Helm chart: its templates are no YAML before they are rendered. The
// folder that was asked for may hold a chart beside plain manifests; then only the chart's own folders are left out.
func isToolsOwn(fsys fs.FS, at, folder string) bool {
	if folder == at {
		return false
	}
	if path.Dir(folder) == path.Clean(at) && isChart(fsys, at) {
		switch path.Base(folder) {
		case "templates", "charts", "crds":
			return true
		}
	}
	return isChart(fsys, folder)
}

func isChart(fsys fs.FS, folder string) bool {
	info, err := fs.Stat(fsys, path.Join(folder, "Chart.yaml"))
	return err == nil && info.Mode().IsRegular()
}

// isToolFile tells whether an object is a kustomization or a generator's settings: no cluster ever stores it.
func isToolFile(o *manifest.Object) bool {
	return o.Group == "kustomize.config.k8s.io" || o.Group == "" && o.Version == "builtin"
}
