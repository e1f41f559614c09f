package helmfile

import (
	"errors"
	"fmt"
	"path"
	"text/template"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/internal/gotemplate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// state is what matters here of a helmfile, of one part of it.
type state struct {
	Bases        []string                  `json:"bases"`
	Environments map[string]environment    `json:"environments"`
	Values       []any                     `json:"values"`
	Templates    map[string]map[string]any `json:"templates"`
	Repositories []repository              `json:"repositories"`
	LockFilePath string                    `json:"lockFilePath"`
	Releases     []map[string]any          `json:"releases"`
	Helmfiles    []any                     `json:"helmfiles"`
	Namespace    string                    `json:"namespace"`
	KubeContext  string                    `json:"kubeContext"`
	KubeVersion  string                    `json:"kubeVersion"`
	APIVersions  []string                  `json:"apiVersions"`
	HelmDefaults struct {
		KubeContext string `json:"kubeContext"`
	} `json:"helmDefaults"`
}

type environment struct {
	Values             []any  `json:"values"`
	Secrets            []any  `json:"secrets"`
	KubeContext        string `json:"kubeContext"`
	MissingFileHandler string `json:"missingFileHandler"`

	// from is the folder of the helmfile that declares it; before is what an earlier one declares of it.
	from   string
	before *environment
}

// release is one of a helmfile's releases.
type release struct {
	Name               string    `json:"name"`
	Namespace          string    `json:"namespace"`
	Chart              string    `json:"chart"`
	Version            string    `json:"version"`
	Values             []any     `json:"values"`
	ValuesTemplate     []any     `json:"valuesTemplate"`
	ValuesPathPrefix   string    `json:"valuesPathPrefix"`
	Set                []setting `json:"set"`
	SetString          []setting `json:"setString"`
	SetTemplate        []setting `json:"setTemplate"`
	Secrets            []any     `json:"secrets"`
	Condition          string    `json:"condition"`
	Installed          any       `json:"installed"`
	MissingFileHandler string    `json:"missingFileHandler"`
	KubeContext        string    `json:"kubeContext"`
	KubeVersion        string    `json:"kubeVersion"`
	APIVersions        []string  `json:"apiVersions"`
	Inherit            []struct {
		Template string `json:"template"`
	} `json:"inherit"`
	StrategicMergePatches []any `json:"strategicMergePatches"`
	JSONPatches           []any `json:"jsonPatches"`
	Transformers          []any `json:"transformers"`
	Dependencies          []any `json:"dependencies"`
}

// A setting is one value as helm's --set takes it.
type setting struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Values []any  `json:"values"`
	File   string `json:"file"`
}

// decode reads one document, with a bound on aliases.
func decode(text []byte, into any) error {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return err
	}
	if err := manifest.BoundAliases(&root); err != nil {
		return err
	}
	return sigsyaml.Unmarshal(text, into)
}

// scope is what templates see.
func scope(environment string, values map[string]any, release map[string]any) map[string]any {
	if values == nil {
		values = make(map[string]any)
	}
	all := map[string]any{
		"Environment": map[string]any{"Name": environment, "KubeContext": "", "Values": values},
		"Values":      values, "StateValues": values, "Namespace": "", "KubeContext": "",
	}
	if release != nil {
		all["Release"] = release
	}
	return all
}

var errProgram = errors.New("it runs a program, and none is run")

// template is how the templates of a file in a folder are executed.
func (x *expansion) template(folder, missing string) gotemplate.Template {
	read := func(name string) (string, error) {
		text, err := x.tree.ReadFile(path.Join(folder, name))
		return string(text), err
	}
	return gotemplate.Template{Options: []string{missing}, Functions: template.FuncMap{
		"exec":             func(...any) (string, error) { return "", errProgram },
		"envExec":          func(...any) (string, error) { return "", errProgram },
		"env":              func(string) string { return "" },
		"requiredEnv":      func(name string) string { return "${" + name + "}" },
		"expandenv":        func(text string) string { return text },
		"fetchSecretValue": func(ref string) string { return ref },
		"expandSecretRefs": func(values any) any { return values },
		"readFile":         read,
		"isFile":           func(name string) bool { return x.tree.isFile(path.Join(folder, name)) },
		"required":         required,
		"get":              get,
		"getOrNil":         func(name string, from ...any) (any, error) { return get(name, append([]any{nil}, from...)...) },
		"fromYaml":         fromYAML,
		"setValueAtPath":   func(...any) (any, error) { return nil, errors.New("setValueAtPath is not known here") },
	}}
}

func required(message string, value any) (any, error) {
	if value == nil || value == "" {
		return nil, errors.New(message)
	}
	return value, nil
}

// get is a value by its path, or the default that is given before the map.
func get(name string, args ...any) (any, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, errors.New("get takes a path, perhaps a default, and a map")
	}
	value, ok := lookUp(args[len(args)-1], name)
	switch {
	case ok:
		return value, nil
	case len(args) == 2:
		return args[0], nil
	}
	return nil, fmt.Errorf("there is no value %s", name)
}

func fromYAML(text string) (any, error) {
	var value any
	err := decode([]byte(text), &value)
	return value, err
}
