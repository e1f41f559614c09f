package render

import (
	"reflect"

	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// Changes are what the object that deploys a target, an Argo CD Application or one of Flux, makes other of it.
type Changes struct {
	Kustomize kustomize.Edits
	// Values win over those of a chart's value files.
	Values map[string]any
	// Set and SetString, each like a.b=1,c[0]=x, win over all of these; SetString makes strings of its values.
	Set       []string `json:",omitempty"`
	SetString []string `json:",omitempty"`
	// Files are those of a folder of plain manifests that are read.
	Files plain.Filter
	// Variables, if any, are put in the place of ${VAR}.
	Variables *Variables
}

// RendersAs tells whether two targets have the same objects in the same tree.
func (t Target) RendersAs(other Target) bool {
	t.Cluster, other.Cluster = "", ""
	return reflect.DeepEqual(t, other)
}

// edits are what kustomize is to do beside what is written.
func (t Target) edits() kustomize.Edits {
	edits := t.changes().Kustomize
	edits.Options = kustomize.Options{Unrestricted: t.Settings.Unrestricted, KubeVersion: t.Settings.KubeVersion,
		APIVersions: t.Settings.APIVersions}
	return edits
}

// release is the chart with all that it is installed with.
func (t Target) release() helm.Release {
	changes := t.changes()
	return helm.Release{Chart: t.Path, Values: t.Values, Overrides: changes.Values, Set: changes.Set, SetString: changes.SetString,
		Name: t.Release, Namespace: t.Namespace, KubeVersion: t.Settings.KubeVersion, APIVersions: t.Settings.APIVersions}
}

func (t Target) changes() Changes {
	if t.Changes == nil {
		return Changes{}
	}
	return *t.Changes
}
