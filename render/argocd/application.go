package argocd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// Group is the API group of Argo CD.
const Group = "argoproj.io"

// application is what matters here of an Application:
// https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml
type application struct {
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Destination struct {
			Server    string `json:"server"`
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"destination"`
		Source  *source  `json:"source"`
		Sources []source `json:"sources"`
		// Hydrator has what is rendered into a branch, from which it is deployed.
		Hydrator *struct {
			Dry source `json:"drySource"`
		} `json:"sourceHydrator"`
	} `json:"spec"`
}

type source struct {
	RepoURL   string             `json:"repoURL"`
	Revision  string             `json:"targetRevision"`
	Path      string             `json:"path"`
	Chart     string             `json:"chart"`
	Ref       string             `json:"ref"`
	Helm      *helmSettings      `json:"helm"`
	Kustomize *kustomizeSettings `json:"kustomize"`
	Directory *directorySettings `json:"directory"`
	Plugin    map[string]any     `json:"plugin"`
}

type helmSettings struct {
	ValueFiles              []string       `json:"valueFiles"`
	IgnoreMissingValueFiles bool           `json:"ignoreMissingValueFiles"`
	Values                  string         `json:"values"`
	ValuesObject            map[string]any `json:"valuesObject"`
	Parameters              []parameter    `json:"parameters"`
	FileParameters          []any          `json:"fileParameters"`
	ReleaseName             string         `json:"releaseName"`
	Namespace               string         `json:"namespace"`
	clusterVersions
}

// clusterVersions are what a tool is told of the cluster.
type clusterVersions struct {
	KubeVersion string   `json:"kubeVersion"`
	APIVersions []string `json:"apiVersions"`
}

func (v clusterVersions) settings() render.Settings {
	return render.Settings{KubeVersion: v.KubeVersion, APIVersions: v.APIVersions}
}

type parameter struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	ForceString bool   `json:"forceString"`
}

type kustomizeSettings struct {
	NamePrefix           string            `json:"namePrefix"`
	NameSuffix           string            `json:"nameSuffix"`
	Namespace            string            `json:"namespace"`
	CommonLabels         map[string]string `json:"commonLabels"`
	LabelWithoutSelector bool              `json:"labelWithoutSelector"`
	CommonAnnotations    map[string]string `json:"commonAnnotations"`
	Components           []string          `json:"components"`
	Patches              []map[string]any  `json:"patches"`
	Replicas             []map[string]any  `json:"replicas"`
	clusterVersions
}

type directorySettings struct {
	Recurse bool   `json:"recurse"`
	Include string `json:"include"`
	Exclude string `json:"exclude"`
}

// Targets returns what an Application, or an ApplicationSet's Applications, deploy from the tree. A target's Cluster is
// the name or the address of the destination; empty for the cluster that Argo CD runs in.
func Targets(fsys fs.FS, o *manifest.Object) ([]render.Target, []manifest.Diagnostic) {
	if o.Group != Group {
		return nil, nil
	}
	x := &expansion{fsys: fsys, object: o}
	switch o.Kind {
	case "Application":
		x.application(o.Body.AppendJSON(nil))
	case "ApplicationSet":
		x.applicationSet()
	}
	return x.targets, x.problems
}

// An expansion is the work on one object.
type expansion struct {
	fsys     fs.FS
	object   *manifest.Object
	targets  []render.Target
	problems []manifest.Diagnostic
	// templatePatch is that of the ApplicationSet that makes the Applications; it is not applied.
	templatePatch string
	// fetched are the sources elsewhere that were looked into, by their address and revision.
	fetched map[string]place
}

// tell notes what is not rendered. A warning is about what this tree can do nothing for; both say less where they stand
// unchanged on both sides.
func (x *expansion) tell(severity manifest.Severity, format string, args ...any) {
	x.problems = append(x.problems, manifest.Problem(severity, x.object, nil, format, args...))
}

func (x *expansion) application(text []byte) {
	var app application
	if err := json.Unmarshal(text, &app); err != nil {
		x.tell(manifest.Error, "this Application cannot be read: %v", err)
		return
	}
	sources := app.Spec.Sources
	if len(sources) == 0 && app.Spec.Source != nil {
		sources = []source{*app.Spec.Source}
	}
	if h := app.Spec.Hydrator; len(sources) == 0 && h != nil {
		sources = []source{h.Dry}
	}
	held := x.reserve(text, len(sources))
	if len(sources) == 0 {
		x.tell(manifest.Error, "Application %s has no source", app.Metadata.Name)
	}
	for i := range sources {
		t, err := x.target(&app, &sources[i])
		switch {
		case err != nil:
			x.tell(manifest.Error, "Application %s: %v", app.Metadata.Name, err)
		case t != nil:
			t.Reservations = held[i]
			x.targets = append(x.targets, *t)
		}
	}
}

// target is what one source deploys; nil, perhaps with a word, where that is nothing of this tree.
func (x *expansion) target(app *application, s *source) (*render.Target, error) {
	name := app.Metadata.Name
	at, ok := inside(s.Path)
	if s.Chart != "" {
		at, ok = ".", true
	}
	switch {
	case s.Chart == "" && s.Path == "" && s.Ref != "":
		return nil, nil // it only holds value files
	case s.Plugin != nil:
		x.tell(manifest.Warning, "Application %s is rendered by a plugin, which is not run: it is not analysed", name)
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("the path %s leads out of the repository", s.Path)
	}
	in := x.here(at, s)
	if in != nil && render.May(x.fsys, s.RepoURL) {
		x.tell(manifest.Warning, "Application %s deploys %s of %s, which may be fetched; it is analysed as it is here, because this repository has that path: if the source is another one, name another path", name, s.Path, s.RepoURL)
	}
	if in == nil {
		var why string
		if in, why = x.elsewhere(s); why != "" {
			x.tell(manifest.Warning, "Application %s deploys %s; %s", name, s.words(), why)
			return nil, nil
		}
	}
	kind, err := in.kind(at, s)
	if err != nil {
		return nil, err
	}
	t := &render.Target{Kind: kind, Path: in.name(at), Source: in.source, Namespace: app.Spec.Destination.Namespace, Cluster: app.cluster(),
		Deployer: "Application " + strings.TrimPrefix(app.Metadata.Namespace+"/"+name, "/")}
	for _, file := range []string{".argocd-source.yaml", ".argocd-source-" + name + ".yaml"} {
		if in.source != nil && in.err == nil && in.hasFile(path.Join(at, file)) {
			x.tell(manifest.Warning, "%s is changed by %s of its source, which is not followed", t.Deployer, file)
		}
	}
	if in.source == nil {
		t.Revision = fmt.Sprintf("%s at %s", s.RepoURL, cmp.Or(s.Revision, "HEAD"))
		t.Repository = s.RepoURL
	}
	switch t.Kind {
	case render.Helm:
		return t, x.helm(t, app, s, in, at)
	case render.Kustomize:
		if t.Changes = s.Kustomize.changes(); s.Kustomize != nil {
			t.Settings = s.Kustomize.settings()
		}
	default:
		x.directory(t, s, in, at)
	}
	return t, nil
}

// words say what a source deploys that is not analysed.
func (s *source) words() string {
	if s.Chart != "" {
		return fmt.Sprintf("the chart %s of %s, which is not in this repository: it is not analysed", s.Chart, s.RepoURL)
	}
	return fmt.Sprintf("%s of %s, which is no folder of this repository: it is not analysed", s.Path, s.RepoURL)
}

func inside(name string) (string, bool) {
	at := path.Clean(strings.TrimPrefix(name, "/"))
	return at, fs.ValidPath(at)
}

// cluster is the destination's name, "" for the one that Argo CD itself runs in.
func (a *application) cluster() string {
	d := a.Spec.Destination
	switch {
	case d.Name == "in-cluster", d.Name == "" && d.Server == "https://kubernetes.default.svc":
		return ""
	case d.Name != "":
		return d.Name
	}
	return strings.TrimPrefix(d.Server, "https://")
}

func (k *kustomizeSettings) changes() *render.Changes {
	if k == nil {
		return nil
	}
	edits := kustomize.Edits{Namespace: k.Namespace, NamePrefix: k.NamePrefix, NameSuffix: k.NameSuffix,
		CommonAnnotations: k.CommonAnnotations, Components: k.Components, Patches: k.Patches, Replicas: k.Replicas}
	if k.LabelWithoutSelector {
		edits.Labels = k.CommonLabels
	} else {
		edits.CommonLabels = k.CommonLabels
	}
	return &render.Changes{Kustomize: edits}
}

func (x *expansion) directory(t *render.Target, s *source, in *place, at string) {
	filter := plain.Filter{Flat: true, Whole: true}
	if d := s.Directory; d != nil {
		filter = plain.Filter{Flat: !d.Recurse, Include: d.Include, Exclude: d.Exclude, Whole: true}
	}
	t.Changes = &render.Changes{Files: filter}
	if in.err != nil {
		return // the renderer says so
	}
	entries, err := fs.ReadDir(in.fsys, path.Join(in.root, at))
	if err != nil {
		return // the renderer says so
	}
	for _, e := range entries {
		if path.Ext(e.Name()) == ".jsonnet" {
			x.tell(manifest.Warning, "%s deploys %s, and jsonnet is not rendered: it is not analysed", t.Deployer, path.Join(t.Path, e.Name()))
		}
	}
}

// helm gives a chart its values: files, values, valuesObject instead of values, parameters; the later wins.
func (x *expansion) helm(t *render.Target, app *application, s *source, in *place, at string) error {
	t.Release = app.Metadata.Name
	h := s.Helm
	if h == nil {
		return nil
	}
	if h.ReleaseName != "" {
		t.Release = h.ReleaseName
	}
	if h.Namespace != "" {
		t.Namespace = h.Namespace
	}
	t.Settings = h.settings()
	if len(h.FileParameters) > 0 {
		x.tell(manifest.Warning, "%s has fileParameters, which are not applied", t.Deployer)
	}
	if err := x.valueFiles(t, app, h, in, at); err != nil {
		return err
	}
	values := h.ValuesObject
	if values == nil {
		held, err := decode([]byte(h.Values))
		if err != nil {
			return fmt.Errorf("reading its helm values: %w", err)
		}
		if values, _ = held.(map[string]any); values == nil {
			values = make(map[string]any)
		}
	}
	for _, p := range h.Parameters {
		if err := set(values, p); err != nil {
			return fmt.Errorf("reading the parameter %s: %w", p.Name, err)
		}
	}
	if len(values) > 0 {
		t.Changes = &render.Changes{Values: values}
	}
	return nil
}

// valueFiles finds value files from the chart's folder in its source, or by $ref/ from the root of another source, which is
// taken to be this repository.
func (x *expansion) valueFiles(t *render.Target, app *application, h *helmSettings, in *place, folder string) error {
	for _, name := range h.ValueFiles {
		from := in
		at, ok := inside(path.Join(folder, name))
		if strings.HasPrefix(name, "/") {
			at, ok = inside(name)
		}
		if ref, isRef := strings.CutPrefix(name, "$"); isRef {
			ref, rest, _ := strings.Cut(ref, "/")
			if app.repositoryOf(ref) == "" {
				return fmt.Errorf("the value file %s names a source that there is not", name)
			}
			at, ok = inside(rest)
			from = &place{fsys: x.fsys}
			if of := app.repositoryOf(ref); render.May(x.fsys, of) {
				x.tell(manifest.Warning, "%s has the value file %s of %s, which may be fetched; it is read as it is here: if the source is another one, name another path", t.Deployer, name, of)
			}
		}
		switch {
		case strings.Contains(name, "://"):
			x.tell(manifest.Warning, "%s has the value file %s, and nothing is fetched: it is not applied", t.Deployer, name)
		case !ok:
			return fmt.Errorf("the value file %s leads out of the repository", name)
		case from.hasFile(at):
			t.Values = append(t.Values, from.name(at))
		case !h.IgnoreMissingValueFiles:
			if ref, _, isRef := strings.Cut(name, "/"); isRef && strings.HasPrefix(ref, "$") {
				return fmt.Errorf("there is no value file %s in %s, and %s is %s: if that is another repository, commit a copy here, or name what it deploys as targets in the configuration",
					at, from, ref, app.repositoryOf(ref[1:]))
			}
			return fmt.Errorf("there is no value file %s in %s", at, from)
		}
	}
	return nil
}

// repositoryOf is the address of the source that a reference names; empty if there is none.
func (a *application) repositoryOf(ref string) string {
	for _, s := range a.Spec.Sources {
		if s.Ref == ref {
			return cmp.Or(s.RepoURL, "an unnamed repository")
		}
	}
	return ""
}
