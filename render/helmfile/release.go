package helmfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// deploy adds what one release deploys.
func (f *following) deploy(raw map[string]any) error {
	r, about, err := f.read(raw)
	if err != nil {
		return err
	}
	switch installed, err := f.isInstalled(r); {
	case err != nil:
		return err
	case !installed:
		return nil
	}
	t, err := f.chart(r)
	if t == nil || err != nil {
		return err
	}
	values, err := f.releaseValues(t, r, about)
	if err != nil {
		return err
	}
	changes := render.Changes{Values: values}
	if changes.Set, err = f.set(r.Set, about); err != nil {
		return err
	}
	more, err := f.set(r.SetTemplate, about)
	if err != nil {
		return err
	}
	changes.Set = append(changes.Set, more...)
	if changes.SetString, err = f.set(r.SetString, about); err != nil {
		return err
	}
	if len(values)+len(changes.Set)+len(changes.SetString) > 0 {
		t.Changes = &changes
	}
	for _, p := range []struct {
		what string
		list []any
	}{{"strategicMergePatches", r.StrategicMergePatches}, {"jsonPatches", r.JSONPatches}, {"transformers", r.Transformers},
		{"dependencies", r.Dependencies}} {
		if len(p.list) > 0 {
			f.tellField(r.Name, "", p.what, "which are not applied")
		}
	}
	if len(r.Secrets) > 0 {
		f.tellAt(f.file, f.line(r.Name, "secrets"), r.Name, "it has encrypted values, which are not read")
	}
	if !f.probing {
		f.out.Targets = append(f.out.Targets, *t)
	}
	return nil
}

// read takes in a release: what it inherits, itself, and the templates in its texts, which see the release.
func (f *following) read(raw map[string]any) (*release, map[string]any, error) {
	var own release
	if err := convert(raw, &own); err != nil {
		return nil, nil, err
	}
	all := make(map[string]any)
	for _, i := range own.Inherit {
		t, ok := f.templates[i.Template]
		if !ok {
			return nil, nil, fmt.Errorf("there is no template %s", i.Template)
		}
		merge(all, t)
	}
	merge(all, raw)
	f.unfollowed(f.release, "", all, releaseFields)
	about := map[string]any{"Name": all["name"], "Namespace": all["namespace"], "Chart": all["chart"], "Labels": all["labels"], "KubeContext": ""}
	for _, key := range []string{"namespace", "chart", "version", "condition", "valuesPathPrefix"} {
		text, ok := all[key].(string)
		if !ok {
			continue
		}
		filled, err := f.text(text, about)
		if err != nil {
			return nil, nil, err
		}
		all[key] = filled
	}
	about["Namespace"], about["Chart"] = all["namespace"], all["chart"]
	r := new(release)
	err := convert(all, r)
	if f.namespace != "" {
		r.Namespace = f.namespace
	}
	return r, about, err
}

func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// text fills a text in which the first pass has left a template.
func (f *following) text(text string, about map[string]any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	return f.template(f.folder, "missingkey=error").Execute(text, scope(f.environment, f.values, about))
}

// fill fills all texts of a tree.
func (f *following) fill(tree any, about map[string]any) (any, error) {
	var err error
	switch v := tree.(type) {
	case string:
		return f.text(v, about)
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key, value := range v {
			if filled[key], err = f.fill(value, about); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case []any:
		filled := make([]any, len(v))
		for i, value := range v {
			if filled[i], err = f.fill(value, about); err != nil {
				return nil, err
			}
		}
		return filled, nil
	}
	return tree, nil
}

func (f *following) isInstalled(r *release) (bool, error) {
	switch v := r.Installed.(type) {
	case bool:
		if !v {
			return false, nil
		}
	case string:
		if v == "false" {
			return false, nil
		}
	}
	if r.Condition == "" || f.probing {
		return true, nil
	}
	value, ok := lookUp(f.values, r.Condition)
	if !ok {
		return false, fmt.Errorf("its condition %s is the name of no value", r.Condition)
	}
	is, _ := value.(bool)
	return is, nil
}

// chart finds the folder that a release deploys.
func (f *following) chart(r *release) (*render.Target, error) {
	if r.Name == "" || r.Chart == "" {
		return nil, errors.New("it has no name or no chart")
	}
	at := path.Join(f.folder, r.Chart)
	t := &render.Target{Kind: render.Helm, Path: at, Release: r.Name, Namespace: r.Namespace, Deployer: f.deployer(r.Name),
		Settings: render.Settings{KubeVersion: r.KubeVersion, APIVersions: r.APIVersions}.Or(f.settings)}
	switch {
	case f.environment != DefaultEnvironment:
		t.Cluster = f.environment
	case r.KubeContext != "":
		t.Cluster = r.KubeContext
	default:
		t.Cluster = f.context
	}
	isPath := strings.HasPrefix(r.Chart, "./") || strings.HasPrefix(r.Chart, "../")
	switch {
	case strings.HasPrefix(at, ".."):
		return nil, fmt.Errorf("its chart %s leads out of the repository", r.Chart)
	case f.tree.isFile(path.Join(at, "Chart.yaml")):
		return t, nil
	case !isPath && !isRemote(r.Chart) && f.tree.isFile(path.Join(path.Clean(r.Chart), "Chart.yaml")):
		t.Path = path.Clean(r.Chart)
		return t, nil
	case isPath && f.tree.isFile(path.Join(at, "kustomization.yaml")):
		t.Kind, t.Release = render.Kustomize, ""
		if len(r.Values)+len(r.Set) > 0 {
			f.tell(r.Name, "it has values for the kustomization %s, which are not applied", at)
			r.Values, r.Set = nil, nil
		}
		return t, nil
	case isPath:
		return nil, fmt.Errorf("there is no chart %s in this repository", at)
	}
	source, why, err := f.fetched(r)
	switch {
	case err != nil:
		return nil, err
	case source == nil:
		f.tell(r.Name, "it deploys the chart %s, which is not in this repository: it is not analysed; %s", strings.TrimSpace(r.Chart+" "+r.Version), why)
		return nil, nil
	}
	t.Path, t.Source = source.At("."), source
	return t, nil
}

// releaseValues gives a target its value files as long as they are plain, and returns what comes from the first that is not.
func (f *following) releaseValues(t *render.Target, r *release, about map[string]any) (map[string]any, error) {
	var values map[string]any
	take := func(entry any) error {
		if name, ok := entry.(string); ok {
			filled, err := f.text(name, about)
			if err != nil {
				return err
			}
			name = r.ValuesPathPrefix + filled
			entry = name
			if values == nil && path.Ext(name) != ".gotmpl" {
				files, err := f.valueFiles(f.folder, name, r.MissingFileHandler)
				for _, file := range files {
					_, _ = f.tree.ReadFile(file) // it is this helmfile's
				}
				t.Values = append(t.Values, files...)
				return err
			}
		}
		more, err := f.load(f.folder, entry, about, r.MissingFileHandler)
		if err != nil || len(more) == 0 {
			return err
		}
		if values == nil {
			values = make(map[string]any)
		}
		merge(values, more)
		return nil
	}
	for _, entry := range r.Values {
		if err := take(entry); err != nil {
			return nil, err
		}
	}
	for _, entry := range r.ValuesTemplate {
		filled, err := f.fill(entry, about)
		if err == nil {
			err = take(filled)
		}
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

var comma = strings.NewReplacer(",", `\,`)

// set writes settings as --set takes them.
func (f *following) set(list []setting, about map[string]any) ([]string, error) {
	var out []string
	for _, s := range list {
		text := func(v any) (string, error) {
			if v == nil {
				return "null", nil
			}
			written, ok := v.(string)
			if !ok {
				number, err := json.Marshal(v)
				return string(number), err
			}
			filled, err := f.text(written, about)
			return comma.Replace(filled), err
		}
		switch {
		case s.Name == "":
			return nil, errors.New("a setting has no name")
		case s.File != "":
			f.tell(f.release, "the value %s comes from the file %s, which is not applied", s.Name, s.File)
		case s.Values != nil:
			var elements []string
			for _, v := range s.Values {
				element, err := text(v)
				if err != nil {
					return nil, err
				}
				elements = append(elements, element)
			}
			out = append(out, s.Name+"={"+strings.Join(elements, ",")+"}")
		default:
			value, err := text(s.Value)
			if err != nil {
				return nil, err
			}
			out = append(out, s.Name+"="+value)
		}
	}
	return out, nil
}
