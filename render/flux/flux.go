// Package flux turns Flux's Kustomizations and HelmReleases into targets. In goes one object, the tree that it was found
// in and the objects that are deployed beside it; out comes the target that it deploys from this tree, with what Flux
// changes of it, and a diagnostic for every part that cannot be rendered, with the reason.
//
// A source is taken to be of this tree if the path is there, whatever its sourceRef says: a tree does not know its own
// address. A chart of a Helm repository is looked for where it could be vendored, in charts/ of the root and beside the
// object. What is not there is fetched when it is rendered, if the configuration allows its source and that is deployed
// beside the object. Nothing is decrypted: a variable from a Secret that is not readable here stays ${VAR} on both sides.
// Post-renderers are named and not applied.
package flux

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
)

// The API groups of Flux's objects that deploy others.
const (
	KustomizeGroup = "kustomize.toolkit.fluxcd.io"
	HelmGroup      = "helm.toolkit.fluxcd.io"
)

// Beside returns the object of a kind that [Holds] and is deployed into the same cluster, or nil.
type Beside func(kind, namespace, name string) *manifest.Object

// Targets returns what a Kustomization or a HelmRelease deploys from the tree. A target's Cluster is empty unless the
// object names another cluster than the one that it is in.
func Targets(fsys fs.FS, o *manifest.Object, beside Beside) ([]render.Target, []manifest.Diagnostic) {
	x := &expansion{fsys: fsys, object: o, beside: beside}
	var t *render.Target
	var err error
	switch {
	case o.Group == KustomizeGroup && o.Kind == "Kustomization":
		t, err = x.kustomization()
	case o.Group == HelmGroup && o.Kind == "HelmRelease":
		t, err = x.release()
	}
	switch {
	case err != nil:
		x.tell(manifest.Error, "%v", err)
	case t != nil:
		t.Deployer = o.String()
		x.reserve()
		t.Reservations = x.held
		return []render.Target{*t}, x.problems
	}
	return nil, x.problems
}

// An expansion is the work on one object.
type expansion struct {
	fsys     fs.FS
	object   *manifest.Object
	beside   Beside
	problems []manifest.Diagnostic
	// held is what it says beside what is followed.
	held render.Reservations
}

func (x *expansion) tell(severity manifest.Severity, format string, args ...any) {
	x.problems = append(x.problems, manifest.Problem(severity, x.object, nil, format, args...))
}

// read fills a struct from the object's spec.
func (x *expansion) read(spec any) error {
	if err := json.Unmarshal(x.object.Body.Get("spec").AppendJSON(nil), spec); err != nil {
		return fmt.Errorf("this %s cannot be read: %w", x.object.Kind, err)
	}
	return nil
}

// kustomizationSpec is what matters here of https://fluxcd.io/flux/components/kustomize/kustomizations/.
type kustomizationSpec struct {
	Path            string           `json:"path"`
	SourceRef       reference        `json:"sourceRef"`
	TargetNamespace string           `json:"targetNamespace"`
	NamePrefix      string           `json:"namePrefix"`
	NameSuffix      string           `json:"nameSuffix"`
	Components      []string         `json:"components"`
	Patches         []map[string]any `json:"patches"`
	CommonMetadata  struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"commonMetadata"`
	KubeConfig kubeConfig `json:"kubeConfig"`
	PostBuild  *struct {
		Substitute     map[string]string `json:"substitute"`
		SubstituteFrom []reference       `json:"substituteFrom"`
	} `json:"postBuild"`
}

type reference struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Namespace  string `json:"namespace"`
	Optional   bool   `json:"optional"`
	ValuesKey  string `json:"valuesKey"`
	TargetPath string `json:"targetPath"`
}

type kubeConfig struct {
	SecretRef    reference `json:"secretRef"`
	ConfigMapRef reference `json:"configMapRef"`
}

// cluster names another cluster after the object that leads to it.
func (k kubeConfig) cluster() string {
	name := k.SecretRef.Name + k.ConfigMapRef.Name
	return strings.TrimSuffix(strings.TrimSuffix(name, "-kubeconfig"), ".kubeconfig")
}

func (x *expansion) kustomization() (*render.Target, error) {
	var spec kustomizationSpec
	if err := x.read(&spec); err != nil {
		return nil, err
	}
	at := path.Clean(strings.TrimPrefix(strings.TrimPrefix(spec.Path, "./"), "/"))
	if !fs.ValidPath(at) {
		return nil, fmt.Errorf("the path %s leads out of the repository", spec.Path)
	}
	var source *render.Source
	repository := ""
	info, err := fs.Stat(x.fsys, at)
	if err != nil || !info.IsDir() || at == "." && spec.SourceRef.Name != bootstrap {
		var why string
		if source, why = x.repository(spec.SourceRef); why != "" {
			x.tell(manifest.Warning, "it deploys %s of %s %s, which is no folder of this repository: it is not analysed; %s", spec.Path, spec.SourceRef.Kind, spec.SourceRef.Name, why)
			return nil, nil
		}
		at = source.At(at)
	} else {
		x.tellHere(spec.SourceRef, spec.Path)
		repository = x.address(spec.SourceRef)
	}
	t := &render.Target{Kind: render.Kustomize, Path: at, Source: source, Revision: x.taken(spec.SourceRef), Repository: repository, Cluster: spec.KubeConfig.cluster(), Changes: &render.Changes{
		Kustomize: kustomize.Edits{Namespace: spec.TargetNamespace, NamePrefix: spec.NamePrefix, NameSuffix: spec.NameSuffix,
			Labels: spec.CommonMetadata.Labels, CommonAnnotations: spec.CommonMetadata.Annotations,
			Components: spec.Components, Patches: spec.Patches, Generate: true},
	}}
	if p := spec.PostBuild; p != nil {
		if err := boundSources("substituteFrom", p.SubstituteFrom); err != nil {
			return nil, err
		}
		t.Changes.Variables = x.variables(p.Substitute, p.SubstituteFrom)
	}
	return t, nil
}

// bootstrap is what `flux bootstrap` calls the source that is the repository itself.
const bootstrap = "flux-system"

// variables are those of the sources, in their order, and over them those that are written in the object.
func (x *expansion) variables(own map[string]string, from []reference) *render.Variables {
	v := &render.Variables{Values: make(map[string]string)}
	for _, ref := range from {
		data, ok := x.data(ref)
		if !ok {
			v.Partial = true
			x.hide(ref)
			x.tell(manifest.Info, "its variables come from %s %s, too, which cannot be read in this repository: those without a known value stand for themselves", ref.Kind, ref.Name)
		}
		for name, value := range data {
			v.Values[name] = value
		}
	}
	for name, value := range own {
		v.Values[name] = value
	}
	return v
}
