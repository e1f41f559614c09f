package config

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// Rendering is what the renderers are told, on both sides alike. A target's own settings win over those for all targets.
type Rendering struct {
	// KubeVersion is the Kubernetes version that charts see, such as 1.34.0; if empty, the newest that a chart allows.
	KubeVersion string `json:"kube-version,omitempty" yaml:"kube-version"`
	// APIVersions are what charts see of the cluster beside what is built in: versions (example.org/v1) and kinds
	// (example.org/v1/Website).
	APIVersions []string `json:"api-versions,omitempty" yaml:"api-versions"`
	// LoadRestrictor is the --load-restrictor of kustomize build: LoadRestrictionsRootOnly (if empty) or
	// LoadRestrictionsNone, which lets kustomizations name files beside and above their folder, never outside the
	// repository.
	LoadRestrictor string `json:"load-restrictor,omitempty" yaml:"load-restrictor"`
}

// The values of the setting load-restrictor.
const (
	RootOnly      = "LoadRestrictionsRootOnly"
	Unrestricted  = "LoadRestrictionsNone"
	maxAPIVersion = 253
)

// Or returns the settings with those of others where they set none.
func (r Rendering) Or(others Rendering) Rendering {
	if r.KubeVersion == "" {
		r.KubeVersion = others.KubeVersion
	}
	if len(r.APIVersions) == 0 {
		r.APIVersions = others.APIVersions
	}
	if r.LoadRestrictor == "" {
		r.LoadRestrictor = others.LoadRestrictor
	}
	return r
}

// ChartValues are a chart's values beside those of its files. What stands further down here wins.
type ChartValues struct {
	// ValuesObject holds values as a value file would.
	ValuesObject map[string]any `json:"values-object,omitempty" yaml:"values-object"`
	// Set and SetString are each what helm's --set and --set-string take: a.b=1,c[0]=x.
	Set       []string `json:"set,omitempty"`
	SetString []string `json:"set-string,omitempty" yaml:"set-string"`
}

// IsZero tells whether nothing is set.
func (v ChartValues) IsZero() bool {
	return len(v.ValuesObject) == 0 && len(v.Set) == 0 && len(v.SetString) == 0
}

var kubeVersion = regexp.MustCompile(`^v?1\.[0-9]{1,3}(\.[0-9]{1,3})?([-+][0-9A-Za-z.+-]{1,64})?$`)

// check returns the setting that is wrong, and why.
func (r Rendering) check() (setting string, err error) {
	if r.KubeVersion != "" && !kubeVersion.MatchString(r.KubeVersion) {
		return "kube-version", fmt.Errorf("%q is no Kubernetes version such as 1.34.0", r.KubeVersion)
	}
	for _, v := range r.APIVersions {
		if v == "" || len(v) > maxAPIVersion || strings.ContainsAny(v, " \t\n") {
			return "api-versions", fmt.Errorf("%q is no API version such as example.org/v1 or example.org/v1/Website", v)
		}
	}
	if !slices.Contains([]string{"", RootOnly, Unrestricted}, r.LoadRestrictor) {
		return "load-restrictor", fmt.Errorf("%q is neither %s nor %s", r.LoadRestrictor, RootOnly, Unrestricted)
	}
	return "", nil
}

// check returns the setting that is wrong, and why.
func (v ChartValues) check() (setting string, err error) {
	for _, text := range v.Set {
		if !strings.Contains(text, "=") {
			return "set", fmt.Errorf("%q is not like a.b=1,c[0]=x", text)
		}
	}
	for _, text := range v.SetString {
		if !strings.Contains(text, "=") {
			return "set-string", fmt.Errorf("%q is not like a.b=1,c[0]=x", text)
		}
	}
	if _, err := v.Object(); err != nil {
		return "values-object", err
	}
	return "", nil
}

// Object returns ValuesObject as if it had been read from a value file: Helm's numbers are those of JSON.
func (v ChartValues) Object() (map[string]any, error) {
	if len(v.ValuesObject) == 0 {
		return nil, nil
	}
	var text bytes.Buffer
	if err := yaml.NewEncoder(&text).Encode(v.ValuesObject); err != nil {
		return nil, err
	}
	var values map[string]any
	return values, sigsyaml.Unmarshal(text.Bytes(), &values)
}

// checkRendering checks the settings for all targets and those of each.
func (c *Config) checkRendering(root *yaml.Node, wrong func(n *yaml.Node, path, format string, args ...any) error) error {
	if setting, err := c.Render.check(); err != nil {
		return wrong(at(root, "render", setting), "render."+setting, "%s", err)
	}
	for i, t := range c.Targets {
		setting, err := t.Rendering.check()
		if err == nil {
			setting, err = t.ChartValues.check()
		}
		if err != nil {
			return wrong(at(item(at(root, "targets"), i), setting), "targets."+setting, "%s", err)
		}
	}
	return nil
}
