package kustomize

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
)

// isRemote tells whether kustomize would fetch what ref names, by HTTP or with git.
func isRemote(ref string) bool {
	if u, err := url.Parse(ref); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return true
	}
	return hasGitPrefix(ref) || parseRemote(ref).Repo != ""
}

// hasGitPrefix tells a prefix that kustomize drops. It says so on the process's log.
func hasGitPrefix(ref string) bool { return len(ref) > 5 && strings.EqualFold(ref[:5], "git::") }

// parseRemote asks kustomize's own parser of git addresses, by the one exported function that does. What it cannot parse
// has no repository.
func parseRemote(ref string) *resource.Origin {
	if hasGitPrefix(ref) {
		ref = ref[len("git::"):]
	}
	return new(resource.Origin).Append(ref)
}

// isRemoteFile tells a file that kustomize would get by HTTP from a git repository that it would clone: kustomize tries
// the one after the other, and a file of manifests is named as one.
func isRemoteFile(ref string) bool {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(u.Path)) && !strings.Contains(u.Path, "//") &&
		!strings.Contains(u.Path, ".git/") && !strings.Contains(u.Path, "_git/")
}

// A remoteBase is a folder of a git repository at an address of https or http.
type remoteBase struct{ repository, ref, folder string }

var errProtocol = errors.New("it is reached by ssh or as a file; only https can be fetched")

// parseBase reads a reference that [isRemote]. An error says why nothing can be fetched for it.
func parseBase(ref string) (remoteBase, error) {
	found := parseRemote(ref)
	b := remoteBase{repository: found.Repo, ref: found.Ref, folder: found.Path}
	switch {
	case found.Repo == "":
		return remoteBase{}, errors.New("it is no address of a git repository")
	case !strings.HasPrefix(found.Repo, "https://") && !strings.HasPrefix(found.Repo, "http://"):
		return remoteBase{}, errProtocol
	}
	// For a repository's root the parser returns the name of the folder into which it would clone.
	if root := parseRemote("https://example.org/a/b").Path; b.folder == root && !strings.Contains(ref, root) {
		b.folder = "."
	}
	return b, nil
}

func (b remoteBase) String() string {
	at := b.repository
	if b.folder != "." {
		at += "//" + b.folder
	}
	if b.ref != "" {
		at = fmt.Sprintf("%s?ref=%s", at, b.ref)
	}
	return at
}
