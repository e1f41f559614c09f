package render

import (
	"reflect"

	"github.com/netpol-impact/netpol-impact/render/kustomize"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// Changes are what the object that deploys a target, an Argo CD Application or one of Flux, makes other of it.
type Changes struct {
	Kustomize kustomize.Edits
	// Values win over those of a chart's value files.
	Values map[string]any
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

func (t Target) changes() Changes {
	if t.Changes == nil {
		return Changes{}
	}
	return *t.Changes
}
