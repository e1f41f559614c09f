package render

import "strings"

// Kind is the tool that renders a target.
type Kind string

// The kinds of targets.
const (
	Kustomize Kind = "kustomize"
	Helm      Kind = "helm"
	Plain     Kind = "plain"
)

// Target is something that is rendered as a whole: an overlay, a chart with its values, a folder of YAML.
type Target struct {
	Kind Kind
	// Path is a folder or, for plain YAML, perhaps a file; slash-separated from the tree's root, "." for the root itself.
	Path string
	// Values are a chart's value files from the tree's root; a later one overrides an earlier one.
	Values []string
	// Release is the name that a chart is installed under; the chart's own name if empty.
	Release string
	// Namespace is where the target is deployed: a chart's release namespace, and the namespace of objects that name
	// none. Empty if unknown.
	Namespace string
	// Cluster names what the target is deployed into where the configuration or its deployer says so.
	Cluster string
	// Deployer names the object that deploys the target, such as "Application argocd/shop", where there is one, and
	// Changes is what that one makes other; nil if nothing.
	Deployer string
	Changes  *Changes
	// Revision is where Deployer takes the tree from, as far as it is known: address, revision and what is left out, as they are
	// written. It bears on nothing that is rendered.
	Revision string `json:",omitempty"`
	// Repository is the address in Revision of a target that is taken to be in the tree because its path is there.
	Repository string `json:",omitempty"`
	// Reservations are what Deployer says beside what is followed. They bear on nothing that is rendered, either.
	Reservations Reservations `json:",omitzero"`
	// Settings are what the tool that renders it is told.
	Settings Settings
	// Source is where the target is if not in the tree: Path, and those of Values that are there as well, are then as
	// [Source.At] names them. It is nil for what is in the tree.
	Source *Source `json:",omitempty"`
}

// Settings are what renderers are told beside the files. The zero value has every tool's own defaults.
type Settings struct {
	// KubeVersion is the Kubernetes version that charts see, APIVersions what they see of the cluster beside what is built
	// in.
	KubeVersion string   `json:",omitempty"`
	APIVersions []string `json:",omitempty"`
	// Unrestricted lets a kustomization name files that are not in or below its folder.
	Unrestricted bool `json:",omitempty"`
}

// Or returns the settings with those of others where they set none.
func (s Settings) Or(others Settings) Settings {
	if s.KubeVersion == "" {
		s.KubeVersion = others.KubeVersion
	}
	if len(s.APIVersions) == 0 {
		s.APIVersions = others.APIVersions
	}
	s.Unrestricted = s.Unrestricted || others.Unrestricted
	return s
}

// String names the target for people: "overlays/prod", "charts/app with values-prod.yaml".
func (t Target) String() string {
	if len(t.Values) == 0 {
		return t.Path
	}
	names := make([]string, len(t.Values))
	for i, file := range t.Values {
		names[i] = strings.TrimPrefix(file, t.Path+"/")
	}
	return t.Path + " with " + strings.Join(names, ", ")
}
