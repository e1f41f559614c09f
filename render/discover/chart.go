package discover

import (
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

const chartFile = "Chart.yaml"

// A chart is what matters of one here.
type chart struct {
	isLibrary bool
	// takesFolders tells that dependencies are folders elsewhere in the tree.
	takesFolders bool
}

// readChart notes what a chart is and which charts beside it are parts of it.
func (s *survey) readChart(folder string, c *chart) {
	n := s.readNode(path.Join(folder, chartFile))
	c.isLibrary = n.Get("type").Str() == "library"
	for _, d := range n.Get("dependencies").Elements() {
		if ref, ok := strings.CutPrefix(d.Get("repository").Str(), "file://"); ok {
			c.takesFolders = true
			if at, ok := inside(folder, ref); ok {
				s.used[at] = true
			}
		}
	}
}

// chartTargets are the charts that are no part of another one, once for each environment's value file.
func (s *survey) chartTargets() []Found {
	var found []Found
	for folder, c := range s.charts {
		if c.isLibrary || s.used[folder] || folder != "." && s.inChart(path.Dir(folder)) {
			continue
		}
		files, needsNone := s.environments(folder)
		for _, file := range files {
			t := render.Target{Kind: render.Helm, Path: folder, Values: []string{file}}
			found = append(found, Found{Target: t, By: byValues, mark: markOf(t)})
		}
		if needsNone {
			t := render.Target{Kind: render.Helm, Path: folder}
			found = append(found, Found{Target: t, By: byChart, mark: markOf(t)})
		}
	}
	return found
}

// inChart tells whether a folder is a chart's or lies in one. A chart at the root has only its own folders, not the
// whole repository.
func (s *survey) inChart(folder string) bool {
	for at := range upward(folder) {
		if s.charts[at] == nil {
			continue
		}
		first, _, _ := strings.Cut(folder, "/")
		return at != "." || folder == "." || chartFolders[first]
	}
	return false
}

var chartFolders = map[string]bool{"templates": true, "charts": true, "crds": true, "ci": true, "values": true}

// environments returns a chart's value files for environments, and whether the chart is also deployed without any: if no
// file names a usual environment, they may just as well be variants or examples.
func (s *survey) environments(folder string) (files []string, needsNone bool) {
	needsNone = true
	consider := func(file, env string) {
		if env == "" || s.used[file] || notEnvironments[env] {
			return
		}
		files = append(files, file)
		if isEnvironment(env) {
			needsNone = false
		}
	}
	for _, base := range s.files[folder] {
		consider(path.Join(folder, base), valuesEnvironment(base))
	}
	for _, sub := range []string{"values", "environments", "envs", "env"} {
		for _, base := range s.files[path.Join(folder, sub)] {
			env := valuesEnvironment(base)
			if env == "" && base != "values.yaml" {
				env = strings.TrimSuffix(base, path.Ext(base))
			}
			consider(path.Join(folder, sub, base), env)
		}
	}
	slices.Sort(files)
	return files, needsNone
}

// notEnvironments are parts of the names of value files that are for reading.
var notEnvironments = map[string]bool{"example": true, "examples": true, "sample": true, "template": true, "default": true,
	"defaults": true, "schema": true, "ci": true}

// valuesEnvironment is the <env> of values-<env>.yaml, values.<env>.yaml or <env>-values.yaml; else "".
func valuesEnvironment(base string) string {
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if ext != ".yaml" && ext != ".yml" {
		return ""
	}
	for _, prefix := range []string{"values-", "values.", "values_"} {
		if env, ok := strings.CutPrefix(stem, prefix); ok {
			return env
		}
	}
	for _, suffix := range []string{"-values", ".values", "_values"} {
		if env, ok := strings.CutSuffix(stem, suffix); ok {
			return env
		}
	}
	return ""
}
