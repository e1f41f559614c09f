package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// keptNotes tell of policies that are in the manifests and, by a mark that the change gives them, perhaps not in the cluster:
// ones that a deployer does not apply or deletes again, and ones that the cluster deletes. It is an error where such a policy
// governs workloads that were there before, since all that it denies may be open.
func (a *analysis) keptNotes() []manifest.Diagnostic {
	before := make(map[string]string)
	for _, p := range a.base.Policies {
		before[p.Object.Key()] = strings.Join(leavings(p.Object), "; ")
	}
	var out []manifest.Diagnostic
	for _, p := range a.head.Policies {
		marks := strings.Join(leavings(p.Object), "; ")
		was, old := before[p.Object.Key()]
		if p.Number > 0 || marks == "" || marks == was {
			continue
		}
		severity := manifest.Warning
		if slices.ContainsFunc(a.model.Selected(reach.Head, p.Object.Key()), func(i int32) bool {
			e := a.endpoint(i)
			return e.Stays() && (old || e.Workload[reach.Head] != nil) // who is not rendered loses nothing by a new policy
		}) {
			severity = manifest.Error
		}
		out = append(out, manifest.Problem(severity, p.Object, p.Object.Body.Get("metadata"),
			"%s, so that the policy may not be there: it is compared as if it were; take away the mark, or the policy", marks))
	}
	return out
}

// leavings say by which of its marks an object may not be in the cluster that its manifest is deployed to.
func leavings(o *manifest.Object) []string {
	var out []string
	meta := o.Body.Get("metadata")
	owners := meta.Get("ownerReferences").Elements()
	for i := range owners {
		// Owners are told apart by their uid, which no manifest knows; one whose owners are not found is garbage.
		out = append(out, fmt.Sprintf("ownerReferences: the cluster deletes it where it does not find the %s %s", owners[i].Get("kind").Str(), owners[i].Get("name").Str()))
	}
	if meta.Get("name").Str() == "" { // it goes by its generateName here
		out = append(out, "generateName: kubectl apply, Flux and Helm take no object without a name")
	}
	mark := func(key string) []string {
		words := strings.FieldsFunc(strings.ToLower(meta.Get("annotations", key).Str()), func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(words)
		return words
	}
	say := func(key, what string) { out = append(out, key+": "+what) }

	const argoHook, argoDelete, helmHook, helmDelete = "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy", "helm.sh/hook", "helm.sh/hook-delete-policy"
	switch hooks := mark(argoHook); {
	case len(hooks) == 0:
	case slices.Contains(hooks, "skip"):
		say(argoHook, "Argo CD does not apply it")
	case !slices.ContainsFunc(hooks, func(h string) bool { return h == "presync" || h == "sync" || h == "postsync" }):
		say(argoHook, "Argo CD applies it in other cases than a sync only ("+strings.Join(hooks, ", ")+")")
	case deletes(mark(argoDelete), "hooksucceeded", "hookfailed"):
		say(argoDelete, "Argo CD deletes it after the sync")
	}
	switch hooks := mark(helmHook); {
	case len(hooks) == 0:
	case deletes(mark(helmDelete), "hook-succeeded", "hook-failed"):
		say(helmDelete, "Helm deletes it after the hook")
	case !slices.ContainsFunc(hooks, func(h string) bool { return strings.HasSuffix(h, "-install") || strings.HasSuffix(h, "-upgrade") }):
		say(helmHook, "Helm applies it in other cases than an installation or an upgrade only ("+strings.Join(hooks, ", ")+")")
	}
	if local := mark("config.kubernetes.io/local-config"); len(local) > 0 && !slices.Contains(local, "false") {
		say("config.kubernetes.io/local-config", "kustomize leaves it out")
	}
	if isMarked(o, fluxApply, "ignore") {
		say(fluxApply, "Flux does not apply it")
	}
	if isMarked(o, "kustomize.toolkit.fluxcd.io/reconcile", "disabled") {
		say("kustomize.toolkit.fluxcd.io/reconcile", "Flux does not apply it")
	}
	return out
}

// fluxApply says how Flux applies an object.
const fluxApply = "kustomize.toolkit.fluxcd.io/ssa"

// isMarked tells whether an object has a mark of Flux's with a value, which may be an annotation or a label.
func isMarked(o *manifest.Object, key, value string) bool {
	meta := o.Body.Get("metadata")
	return strings.EqualFold(meta.Get("annotations", key).Str(), value) || strings.EqualFold(meta.Get("labels", key).Str(), value)
}

// saysTheSame tells whether two objects differ in their metadata at most.
func saysTheSame(a, b *manifest.Object) bool {
	text := func(o *manifest.Object) string {
		var all []byte
		for key, value := range o.Body.Fields {
			if key.Text != "metadata" && key.Text != "status" {
				all = value.AppendJSON(append(all, key.Text...))
			}
		}
		return string(all)
	}
	return a.Body == b.Body || text(a) == text(b)
}

// onceNotes fail where the change edits a policy that its deployer applies only where it is not there yet.
func (a *analysis) onceNotes() []manifest.Diagnostic {
	before := make(map[string]*manifest.Object)
	for _, p := range a.base.Policies {
		before[p.Object.Key()] = p.Object
	}
	var out []manifest.Diagnostic
	for _, p := range a.head.Policies {
		was := before[p.Object.Key()]
		if p.Number > 0 || was == nil || saysTheSame(was, p.Object) || !isMarked(p.Object, fluxApply, "ifnotpresent") {
			continue
		}
		out = append(out, manifest.Problem(manifest.Error, p.Object, p.Object.Body.Get("metadata"),
			"%s: Flux applies it only where it is not there yet, so that the change does not reach a cluster that has it: it is compared as if it did; take away the mark", fluxApply))
	}
	return out
}

// deletes tells whether one of some policies of deletion is among those given.
func deletes(given []string, any ...string) bool {
	return slices.ContainsFunc(any, func(one string) bool { return slices.Contains(given, one) })
}
