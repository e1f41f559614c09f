package plain

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Read returns the objects of a folder with its subfolders, or of one file. at is a slash-separated path from the
// tree's root. An error means that the folder or the file cannot be read; an unreadable file below it is a diagnostic.
func Read(ctx context.Context, fsys fs.FS, at string) ([]*manifest.Object, []manifest.Diagnostic, error) {
	var objects []*manifest.Object
	var problems []manifest.Diagnostic
	err := fs.WalkDir(fsys, at, func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil && (name == at || ctx.Err() != nil):
			return err
		case err != nil:
			problems = append(problems, unreadable(name, err))
			return nil
		case name != at && strings.HasPrefix(entry.Name(), "."):
			return skip(entry)
		case entry.IsDir():
			if isToolsOwn(fsys, at, name) {
				return fs.SkipDir
			}
			return nil
		case name != at && !isManifest(name):
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil && name == at {
			return err
		}
		if err != nil {
			problems = append(problems, unreadable(name, err))
			return nil
		}
		found, broken := manifest.Read(name, text)
		objects = append(objects, slices.DeleteFunc(found, isToolFile)...)
		problems = append(problems, broken...)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", at, err)
	}
	return objects, problems, nil
}

func unreadable(name string, err error) manifest.Diagnostic {
	return manifest.Diagnostic{Severity: manifest.Error, File: name, Message: "the file cannot be read: " + err.Error()}
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
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
