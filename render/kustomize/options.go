package kustomize

import "sigs.k8s.io/kustomize/api/types"

// Options are those of kustomize build. The zero value has its defaults.
type Options struct {
	// Unrestricted is --load-restrictor LoadRestrictionsNone: files may be named that are not in or below a kustomization's
	// folder. The tree is never left.
	Unrestricted bool
	// KubeVersion and APIVersions are those that charts see which say nothing themselves.
	KubeVersion string
	APIVersions []string
}

func (o Options) loadRestrictions() types.LoadRestrictions {
	if o.Unrestricted {
		return types.LoadRestrictionsNone
	}
	return types.LoadRestrictionsRootOnly
}
