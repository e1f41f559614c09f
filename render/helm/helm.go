package helm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/strvals"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Release is a chart with what it is installed with.
type Release struct {
	// Chart is the chart's folder, and Values are its value files, in the order of their merge; slash-separated paths
	// from the tree's root.
	Chart  string
	Values []string
	// Overrides are values that win over those of the files.
	Overrides map[string]any
	// Set and SetString are what helm's --set and --set-string take; they win over Overrides.
	Set, SetString []string
	// Name is the chart's name if empty, Namespace is "default".
	Name, Namespace string
	// KubeVersion and APIVersions, if any, replace and extend what the chart sees of the cluster.
	KubeVersion string
	APIVersions []string
}

// Render renders a release. An error means that there is no output at all; a document that is no valid YAML is a
// diagnostic.
func Render(ctx context.Context, tree fs.FS, r Release) ([]*manifest.Object, []manifest.Diagnostic, error) {
	c, source, rendered, err := render(ctx, tree, r)
	if err != nil {
		return nil, nil, err
	}
	beside, once := source.besideDefinitions(c)
	objects, problems := source.objects(rendered)
	return append(beside, objects...), append(once, problems...), nil
}

// besideDefinitions are the objects in crds/ that are no definitions of kinds: Helm installs whatever is there, with the first
// installation. An upgrade leaves it out, so that a policy that is put or changed there may never get to the cluster.
func (s *chartSource) besideDefinitions(c *chart.Chart) (out []*manifest.Object, once []manifest.Diagnostic) {
	for _, crd := range c.CRDObjects() {
		for _, d := range read(s.template(crd.Filename), string(crd.File.Data)) {
			for _, o := range d.objects {
				if o.Group == "apiextensions.k8s.io" {
					continue
				}
				out = append(out, o)
				if strings.Contains(o.Kind, "Polic") {
					d := manifest.Problem(manifest.Error, o, nil, "Helm installs what is in crds/ with the first installation only, and an upgrade leaves it as it is: it is compared as if it were in the cluster; move it to templates/")
					d.Taken = true
					once = append(once, d)
				}
			}
		}
	}
	return out, once
}

func render(ctx context.Context, tree fs.FS, r Release) (*chart.Chart, *chartSource, map[string]string, error) {
	source, err := readChart(tree, r.Chart)
	if err != nil {
		return nil, nil, nil, err
	}
	c, values, err := source.load(tree, r)
	for err == nil {
		missing := source.missing(c)
		if len(missing) == 0 {
			break
		}
		if err = source.fetch(tree, r.Chart, missing); err == nil {
			c, values, err = source.load(tree, r)
		}
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if r.Name == "" {
		r.Name = c.Name()
	}
	if r.Namespace == "" {
		r.Namespace = "default"
	}
	rendered, err := execute(ctx, c, values, r)
	if err != nil {
		return nil, nil, nil, source.explain(err)
	}
	return c, source, rendered, nil
}

// load loads the chart with its dependencies as far as they are there and enabled, and the values of the release.
func (s *chartSource) load(tree fs.FS, r Release) (*chart.Chart, map[string]any, error) {
	c, err := loader.LoadFiles(s.buffered())
	if err != nil {
		return nil, nil, fmt.Errorf("loading the chart: %w", err)
	}
	if c.Metadata.Type == "library" {
		return nil, nil, fmt.Errorf("%s is a library chart: it renders to nothing by itself", path.Join(r.Chart, "Chart.yaml"))
	}
	values, err := readValues(tree, r.Values)
	if err != nil {
		return nil, nil, err
	}
	values = loader.MergeMaps(values, r.Overrides)
	if err := r.set(values); err != nil {
		return nil, nil, err
	}
	s.noteAliases(c)
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, nil, fmt.Errorf("processing the chart's dependencies: %w", err)
	}
	return c, values, nil
}

// set puts single values among those of the files.
func (r Release) set(values map[string]any) error {
	for _, text := range r.Set {
		if err := strvals.ParseInto(text, values); err != nil {
			return fmt.Errorf("setting %s: %w", text, err)
		}
	}
	for _, text := range r.SetString {
		if err := strvals.ParseIntoString(text, values); err != nil {
			return fmt.Errorf("setting the string %s: %w", text, err)
		}
	}
	return nil
}

// execute runs the templates and returns their output by the engine's names for them.
func execute(ctx context.Context, c *chart.Chart, values map[string]any, r Release) (map[string]string, error) {
	capabilities, err := capabilitiesFor(c.Metadata.KubeVersion, r)
	if err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, Revision: 1, IsInstall: true}
	top, err := util.ToRenderValuesWithSchemaValidation(c, values, release, capabilities, true)
	if err != nil {
		return nil, fmt.Errorf("merging values: %w", err)
	}
	type result struct {
		files map[string]string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		e := engine.Engine{CustomTemplateFuncs: steadyFuncs(r.Namespace + "/" + r.Name)}
		files, err := e.RenderWithContext(ctx, c, top)
		done <- result{files, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the templates: %w", ctx.Err())
	case got := <-done:
		return got.files, got.err
	}
}

// readValues merges value files, the later over the earlier.
func readValues(tree fs.FS, files []string) (map[string]any, error) {
	merged := make(map[string]any)
	for _, file := range files {
		f, err := tree.Open(path.Clean(file))
		if err != nil {
			return nil, fmt.Errorf("reading values: %w", err)
		}
		values, err := loader.LoadValues(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("reading values from %s: %w", file, err)
		}
		merged = loader.MergeMaps(merged, values)
	}
	return merged, nil
}
