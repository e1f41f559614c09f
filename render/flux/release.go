package flux

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// chartSpec says which chart to take.
type chartSpec struct {
	Chart       string    `json:"chart"`
	Version     string    `json:"version"`
	SourceRef   reference `json:"sourceRef"`
	ValuesFiles []string  `json:"valuesFiles"`
}

// releaseSpec is what matters here of https://fluxcd.io/flux/components/helm/helmreleases/.
type releaseSpec struct {
	Chart struct {
		Spec chartSpec `json:"spec"`
	} `json:"chart"`
	ChartRef        reference      `json:"chartRef"`
	ReleaseName     string         `json:"releaseName"`
	TargetNamespace string         `json:"targetNamespace"`
	KubeConfig      kubeConfig     `json:"kubeConfig"`
	Values          map[string]any `json:"values"`
	ValuesFrom      []reference    `json:"valuesFrom"`
	PostRenderers   []any          `json:"postRenderers"`
}

func (x *expansion) release() (*render.Target, error) {
	var spec releaseSpec
	if err := x.read(&spec); err != nil {
		return nil, err
	}
	t, ok := x.chart(&spec)
	if !ok {
		return nil, nil
	}
	t.Kind, t.Cluster, t.Namespace, t.Release = render.Helm, spec.KubeConfig.cluster(), x.object.Namespace, x.object.Name
	if spec.TargetNamespace != "" {
		t.Namespace, t.Release = spec.TargetNamespace, spec.TargetNamespace+"-"+x.object.Name
	}
	if spec.ReleaseName != "" {
		t.Release = spec.ReleaseName
	}
	for _, file := range spec.Chart.Spec.ValuesFiles {
		name := path.Clean(file)
		if t.Source != nil && fs.ValidPath(name) {
			name = t.Source.At(name) // whether it is there, its render finds
		} else if !x.isFile(name) {
			return nil, fmt.Errorf("there is no value file %s in this repository", file)
		}
		t.Values = append(t.Values, name)
	}
	values, err := x.values(&spec)
	if err != nil {
		return nil, err
	}
	if len(values) > 0 {
		t.Changes = &render.Changes{Values: values}
	}
	if len(spec.PostRenderers) > 0 {
		x.tell(manifest.Warning, "it has postRenderers, which are not applied")
	}
	return t, nil
}

// chart finds the chart's folder in the tree, or else what is fetched for it.
func (x *expansion) chart(spec *releaseSpec) (*render.Target, bool) {
	if ref := spec.ChartRef; ref.Kind == "HelmChart" {
		_, of, why := x.find(ref)
		if why != "" {
			x.tell(manifest.Warning, "it deploys the chart of %s %s, which is not in this repository: it is not analysed; %s", ref.Kind, ref.Name, why)
			return nil, false
		}
		if of.SourceRef.Namespace == "" {
			of.SourceRef.Namespace = ref.Namespace
		}
		spec.Chart.Spec = of.chartSpec
	} else if ref.Name != "" {
		source, why := x.artifact(ref)
		if why != "" {
			x.tell(manifest.Warning, "it deploys the chart of %s %s, which is not in this repository: it is not analysed; %s", ref.Kind, ref.Name, why)
			return nil, false
		}
		return &render.Target{Path: source.At("."), Source: source}, true
	}
	c := spec.Chart.Spec
	at := path.Clean(strings.TrimPrefix(c.Chart, "./"))
	places := []string{at}
	source, why := x.fetchedChart(c)
	if c.SourceRef.Kind == "HelmRepository" {
		if why == "" { // a copy stands for it only where it cannot be had
			return &render.Target{Path: source.At("."), Source: source}, true
		}
		places = []string{path.Join("charts", c.Chart), path.Join(path.Dir(x.object.Origin.File), "charts", c.Chart)}
	}
	for _, at := range places {
		if c.Chart != "" && fs.ValidPath(at) && x.isChart(at, c.Chart, c.Version, c.SourceRef.Kind == "HelmRepository") {
			if c.SourceRef.Kind == "GitRepository" {
				x.tellHere(c.SourceRef, c.Chart)
			}
			return &render.Target{Path: at, Revision: x.taken(c.SourceRef)}, true
		}
	}
	switch {
	case why != "":
	case !fs.ValidPath(at):
		why = "its path leads out of that repository"
	default:
		return &render.Target{Path: source.At(at), Source: source}, true
	}
	x.tell(manifest.Warning, "it deploys the chart %s of %s %s, which is not in this repository: it is not analysed; %s", c.Chart, c.SourceRef.Kind, c.SourceRef.Name, why)
	return nil, false
}

// isChart tells whether a folder is a chart and, if it stands for one from elsewhere, that one in the wanted version; a
// range of versions takes any.
func (x *expansion) isChart(at, name, version string, vendored bool) bool {
	text, err := fs.ReadFile(x.fsys, path.Join(at, "Chart.yaml"))
	if err != nil {
		return false
	}
	if !vendored {
		return true
	}
	held, err := decode(text)
	if err != nil {
		return false
	}
	isRange := strings.Trim(version, "v0123456789.") != ""
	return held["name"] == name && (version == "" || isRange || fmt.Sprint(held["version"]) == version)
}

func (x *expansion) isFile(name string) bool {
	info, err := fs.Stat(x.fsys, name)
	return err == nil && info.Mode().IsRegular()
}

// values merges those of the sources, in their order, and over them those that are written in the object.
func (x *expansion) values(spec *releaseSpec) (map[string]any, error) {
	if err := boundSources("valuesFrom", spec.ValuesFrom); err != nil {
		return nil, err
	}
	merged := make(map[string]any)
	for _, ref := range spec.ValuesFrom {
		key := ref.ValuesKey
		if key == "" {
			key = "values.yaml"
		}
		data, ok := x.data(ref)
		text, has := data[key]
		switch {
		case !ok || !has:
			x.hide(ref)
			x.tell(manifest.Warning, "its values come from %s %s, too, which cannot be read in this repository: it is analysed without them", ref.Kind, ref.Name)
			continue
		case ref.TargetPath != "":
			x.held.Leave("spec.valuesFrom.targetPath "+ref.TargetPath, text)
			x.tell(manifest.Warning, "its value %s comes from %s %s by a targetPath, which is not applied", ref.TargetPath, ref.Kind, ref.Name)
			continue
		}
		values, err := decode([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("reading values from %s %s: %w", ref.Kind, ref.Name, err)
		}
		merge(merged, values)
	}
	merge(merged, spec.Values)
	return merged, nil
}

// merge puts values over others, maps into maps.
func merge(into, over map[string]any) {
	for key, value := range over {
		under, isMap := into[key].(map[string]any)
		if inner, ok := value.(map[string]any); ok && isMap {
			merge(under, inner)
			continue
		}
		into[key] = value
	}
}

// decode reads a document that is a map, within bounds.
func decode(text []byte) (map[string]any, error) {
	n, err := manifest.Parse(text)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	err = json.Unmarshal(n.AppendJSON(nil), &values)
	return values, err
}
