package review

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// checkTaken looks whether deployers take at head what base's take: another revision of this repository may hold anything, and
// some files of theirs change what they make of the others. It fails where that is not followed.
func (c *comparison) checkTaken() {
	if c.filesOnly() {
		return
	}
	onBase := make(map[string]*unit)
	for _, u := range c.base.units {
		onBase[u.key()] = u
	}
	told := make(map[string]bool)
	for _, u := range c.head.units {
		b := onBase[u.key()]
		if u.Target.Deployer == "" || b == nil || u.Target.Source != nil {
			continue
		}
		if was, is := b.Target.Revision, u.Target.Revision; was != "" && is != "" && was != is {
			d := manifest.Diagnostic{Object: u.Target.Deployer, Message: fmt.Sprintf(
				"it deploys %s from elsewhere at head: %s → %s. What is there is not compared, but this repository's own state on both sides", u.Target, was, is)}
			if promotes(was, is) {
				d.Severity = manifest.Warning
				c.notes = append(c.notes, d)
			} else {
				c.head.fail(d)
			}
		}
		for _, name := range steeringFiles(u.Target) {
			if !told[name] && !tree.Same(c.base.tree, c.head.tree, name) {
				told[name] = true
				c.head.fail(manifest.Diagnostic{Object: u.Target.Deployer, File: name,
					Message: "the change edits this file, by which its deployer makes other manifests of the rest: that is not followed. Say it in the object that deploys, or in the manifests"})
			}
		}
	}
}

// release is a revision that names one state for good: a version or a full hash.
var release = regexp.MustCompile(`( at |"(tag|commit)":")(v?[0-9]+(\.[0-9]+)+[^ "]*|[0-9a-f]{40})("|$)`)

// promotes tells whether nothing but the release differs that is taken: an environment that is promoted by tags.
func promotes(was, is string) bool {
	return release.MatchString(was) && release.MatchString(is) && release.ReplaceAllString(was, "") == release.ReplaceAllString(is, "")
}

// steeringFiles are those by which the deployer of a target of this repository takes other files of it, or others' values.
func steeringFiles(t render.Target) []string {
	kind, name, _ := strings.Cut(t.Deployer, " ")
	if kind == "Application" {
		return []string{path.Join(t.Path, ".argocd-source.yaml"), path.Join(t.Path, ".argocd-source-"+path.Base(name)+".yaml")}
	}
	if kind != "Kustomization" && kind != "HelmRelease" {
		return nil
	}
	var out []string
	for dir := t.Path; ; dir = path.Dir(dir) {
		out = append(out, path.Join(dir, ".sourceignore"))
		if dir == "." || dir == "/" {
			return out
		}
	}
}
