package kustomize

import (
	"net/url"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
)

// isRemote tells whether kustomize would fetch what ref names, by HTTP or with git.
func isRemote(ref string) bool {
	if u, err := url.Parse(ref); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return true
	}
	if len(ref) > 5 && strings.EqualFold(ref[:5], "git::") {
		return true // kustomize drops the prefix and says so on the process's log
	}
	// Append is the one exported function that asks kustomize's own parser of git addresses.
	return new(resource.Origin).Append(ref).Repo != ""
}
