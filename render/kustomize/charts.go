package kustomize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// A chart is one that a kustomization names, with where it does so.
type chart struct {
	types.HelmGlobals
	types.HelmChart
	field string
	// file and settings are a generator's own file and the name of its document there.
	file, settings string
}

// chartsOf renders the charts of a kustomization: kustomize would start the helm program. In the text that kustomize
// sees, the charts are resources in files that only it sees. namespace is that of the kustomizations above.
func (w *walk) chartsOf(k *kustomization, namespace string) error {
	charts, err := w.chartsIn(k, namespace)
	if len(charts) == 0 && err == nil && len(k.fetched)+len(k.bases) > 0 {
		return w.replaceCharts(k, k.Resources)
	}
	if len(charts) == 0 || err != nil {
		return err
	}
	if known, ok := w.chartNamespaces[k.file]; ok {
		if known != namespace {
			return k.refuse(charts[0].field, charts[0].Name, "is rendered into the namespaces %q and %q by one build; give the chart a namespace", known, namespace)
		}
		return nil
	}
	w.chartNamespaces[k.file] = namespace
	resources := k.Resources
	for i, c := range charts {
		documents, err := w.chart(k, c)
		if err != nil {
			return err
		}
		for j, d := range documents {
			text, err := markChart(d.Text)
			if err != nil {
				return k.refuse(c.field, c.Name, "renders to what cannot be read, from %s: %v", d.Origin.File, err)
			}
			name := fmt.Sprintf("netpol-impact-chart-%d-%d.yaml", i, j)
			w.instead[path.Join(k.dir, name)] = text
			w.charts[path.Join(k.dir, name)] = chartOrigin{Origin: d.Origin, generator: c.generator(k)}
			resources = append(resources, name)
		}
	}
	return w.replaceCharts(k, resources)
}

// chartsIn lists the charts of a kustomization and takes those that generators name out of its generators.
func (w *walk) chartsIn(k *kustomization, namespace string) ([]chart, error) {
	var charts []chart
	for _, c := range k.HelmCharts {
		if c.Namespace == "" {
			c.Namespace = namespace
		}
		found := chart{HelmChart: c, field: "helmCharts"}
		if k.HelmGlobals != nil {
			found.HelmGlobals = *k.HelmGlobals
		}
		charts = append(charts, found)
	}
	var rest []string
	for _, ref := range k.Generators {
		text := []byte(ref)
		if !isInline(ref) {
			at, info, err := w.stat(k, "generators", ref)
			if err != nil {
				return nil, err
			}
			if info.IsDir() {
				rest = append(rest, ref)
				continue
			}
			if text, err = fs.ReadFile(w.tree, at); err != nil {
				return nil, k.refuse("generators", ref, "cannot be read: %v", err)
			}
		}
		found, err := chartGenerators(text)
		if err != nil {
			return nil, k.refuse("generators", ref, "cannot be read: %v", err)
		}
		if len(found) == 0 {
			rest = append(rest, ref)
		}
		for _, c := range found {
			if !isInline(ref) {
				c.file = ref
			}
			charts = append(charts, c)
		}
	}
	k.Generators = rest
	return charts, nil
}

// chartGenerators reads a generator's file that holds nothing but charts; of any other file it returns none.
func chartGenerators(text []byte) ([]chart, error) {
	if err := boundAliases(text); err != nil {
		return nil, err
	}
	var charts []chart
	for doc := range manifest.Documents(text) {
		var head types.TypeMeta
		if sigsyaml.Unmarshal(doc.Text, &head) != nil || head.Kind != "" && head.Kind != chartKind {
			return nil, nil
		}
		if head.Kind == "" {
			continue
		}
		c := chart{field: "generators"}
		var settings struct{ Metadata struct{ Name string } }
		if err := errors.Join(sigsyaml.Unmarshal(doc.Text, &c), sigsyaml.Unmarshal(doc.Text, &settings)); err != nil {
			return nil, err
		}
		c.settings = settings.Metadata.Name
		charts = append(charts, c)
	}
	return charts, nil
}

// chartKind is the kind of a generator's settings that name a chart.
const chartKind = "HelmChartInflationGenerator"

func (w *walk) chart(k *kustomization, c chart) ([]helm.Document, error) {
	if c.NameTemplate != "" {
		return nil, k.refuse(c.field, c.Name, "has a nameTemplate, which is not supported; give it a releaseName")
	}
	home := types.HelmDefaultHome
	if c.ChartHome != "" {
		home = c.ChartHome
	}
	if c.Version != "" && c.Repo != "" {
		home = path.Join(home, c.Name+"-"+c.Version)
	}
	at, err := k.place(c.field, path.Join(home, c.Name))
	if err != nil {
		return nil, err
	}
	tree := w.tree
	info, err := fs.Stat(tree, at)
	fetched := err != nil || !info.IsDir()
	if fetched {
		if tree, err = w.fetchChart(k, c, at); err != nil {
			return nil, err
		}
		if tree == nil {
			return nil, k.refuse(c.field, c.Name, "is not in %s, and nothing is fetched while rendering; run `helm pull --untar --untardir %s` for it and commit it, or have it fetched (fetch.allow in the configuration)", at, path.Dir(at))
		}
	}
	own, err := fs.ReadFile(tree, path.Join(at, "values.yaml"))
	if errors.Is(err, fs.ErrNotExist) && fetched {
		own, err = nil, nil
	}
	values, err := w.chartValues(k, c.HelmChart, own, err)
	if err != nil {
		return nil, err
	}
	release := helm.Release{
		Chart: at, Overrides: values, Name: c.ReleaseName, Namespace: c.Namespace,
		KubeVersion: c.KubeVersion, APIVersions: c.ApiVersions,
	}
	if release.KubeVersion == "" {
		release.KubeVersion = w.options.KubeVersion
	}
	release.APIVersions = slices.Concat(w.options.APIVersions, release.APIVersions)
	documents, err := helm.Template(w.ctx, tree, release, helm.Parts{CRDs: c.IncludeCRDs, NoTests: c.SkipTests, NoHooks: c.SkipHooks})
	if err != nil {
		return nil, fmt.Errorf("rendering the chart %s of %s: %w", c.Name, k.file, err)
	}
	for i := range documents {
		if fetched || w.baseOf(k.file) != nil { // nobody can look at its templates
			documents[i].Origin = w.at(k, c.Name, c.field)
		}
	}
	return documents, nil
}

// chartValues merges a chart's values as kustomize does: its file, or the chart's own values, with the inline ones
// over it (override), under it (merge) or instead of it (replace); then the additional files.
func (w *walk) chartValues(k *kustomization, c types.HelmChart, text []byte, err error) (map[string]any, error) {
	if c.ValuesFile != "" {
		text, err = w.valuesFile(k, c.ValuesFile)
	}
	if err != nil {
		return nil, fmt.Errorf("reading values of the chart %s of %s: %w", c.Name, k.file, err)
	}
	values, err := mergeInline(c, text)
	if err != nil {
		return nil, k.refuse("helmCharts", c.Name, "has values that cannot be merged: %v", err)
	}
	for _, file := range c.AdditionalValuesFiles {
		text, err := w.valuesFile(k, file)
		if err != nil {
			return nil, err
		}
		more, err := loader.LoadValues(bytes.NewReader(text))
		if err != nil {
			return nil, k.refuse("helmCharts", file, "cannot be read: %v", err)
		}
		values = loader.MergeMaps(values, more)
	}
	return values, nil
}

func (w *walk) valuesFile(k *kustomization, file string) ([]byte, error) {
	at, _, err := w.stat(k, "helmCharts", file)
	if err != nil {
		return nil, err
	}
	if !w.options.Unrestricted && k.dir != "." && !strings.HasPrefix(at, k.dir+"/") {
		return nil, k.refuse("helmCharts", file, "is not in or below %s", k.dir)
	}
	text, err := fs.ReadFile(w.tree, at)
	if err == nil {
		err = boundAliases(text)
	}
	if err != nil {
		return nil, k.refuse("helmCharts", file, "cannot be read: %v", err)
	}
	return text, nil
}

func mergeInline(c types.HelmChart, file []byte) (map[string]any, error) {
	if len(c.ValuesInline) == 0 {
		return loader.LoadValues(bytes.NewReader(file))
	}
	inline, err := kyaml.FromMap(c.ValuesInline)
	if err != nil {
		return nil, err
	}
	merged := inline
	if c.ValuesMerge != "replace" {
		written, err := kyaml.Parse(string(file))
		if err != nil {
			return nil, err
		}
		switch c.ValuesMerge {
		case "", "override":
			merged, err = merge2.Merge(inline, written, kyaml.MergeOptions{})
		case "merge":
			merged, err = merge2.Merge(written, inline, kyaml.MergeOptions{})
		default:
			err = fmt.Errorf("valuesMerge is %q, and not override, merge or replace", c.ValuesMerge)
		}
		if err != nil {
			return nil, err
		}
	}
	// Between here and Helm kustomize writes a file, in which what is a string in YAML 1.2 stays one.
	values, err := merged.Map()
	if err != nil {
		return nil, err
	}
	text, err := sigsyaml.Marshal(values)
	if err != nil {
		return nil, err
	}
	return loader.LoadValues(bytes.NewReader(text))
}

// markChart adds the annotation by which kustomize knows what a chart made: its namespace field leaves that alone.
func markChart(text string) ([]byte, error) {
	n, err := kyaml.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := n.PipeE(kyaml.SetAnnotation(konfig.HelmGeneratedAnnotation, "true")); err != nil {
		return nil, err
	}
	marked, err := n.String()
	return []byte(marked), err
}

// replaceCharts writes the kustomization that kustomize sees.
func (w *walk) replaceCharts(k *kustomization, resources []string) error {
	var root yaml.Node
	if err := yaml.Unmarshal(k.text, &root); err != nil || len(root.Content) == 0 {
		return fmt.Errorf("reading %s: %w", k.file, err)
	}
	top := root.Content[0]
	kept := top.Content[:0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		switch strings.ToLower(top.Content[i].Value) {
		case "helmcharts", "helmchartinflationgenerator", "helmglobals", "resources", "bases", "components", "generators":
		default:
			kept = append(kept, top.Content[i], top.Content[i+1])
		}
	}
	top.Content = kept
	for _, field := range []struct {
		name   string
		values []string
	}{{"resources", resources}, {"components", k.Components}, {"generators", k.Generators}} {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, value := range field.values {
			list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value})
		}
		top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: field.name}, list)
	}
	text, err := yaml.Marshal(&root)
	if err != nil {
		return fmt.Errorf("replacing the charts of %s: %w", k.file, err)
	}
	w.instead[k.file] = text
	return nil
}

// chartOrigins are where the objects of charts come from, by the file that kustomize sees them in.
type chartOrigins map[string]chartOrigin

// A chartOrigin is the place in a template and what kustomize itself would say of the object.
type chartOrigin struct {
	manifest.Origin
	generator resource.Origin
}

// generator is the origin that kustomize gives what a chart renders to, its file from the kustomization's folder.
func (c chart) generator(k *kustomization) resource.Origin {
	o := resource.Origin{ConfiguredIn: path.Base(k.file), ConfiguredBy: kyaml.ResourceIdentifier{TypeMeta: kyaml.TypeMeta{APIVersion: "builtin", Kind: chartKind}}}
	o.ConfiguredBy.Name = c.settings
	if c.file != "" {
		o.ConfiguredIn = c.file
	}
	return o
}

func newWalk(ctx context.Context, files fs.FS) *walk {
	grafted := tree.Graft(files)
	return &walk{
		ctx: ctx, tree: grafted, written: grafted, grafted: grafted, seen: make(map[string]bool), within: make(map[string]bool),
		bases: make(map[string]*base), repositories: make(map[fetch.CommitRef]fs.FS),
		instead: make(map[string][]byte), charts: make(chartOrigins), chartNamespaces: make(map[string]string),
	}
}
