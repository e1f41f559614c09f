package impact

import (
	"strings"
	"testing"
)

const before = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: web}]}
---
`

// marked is a policy with more in its metadata.
func marked(meta string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop" + meta + "}\nspec: {podSelector: {}}\n---\n"
}

func TestMarksByWhichAPolicyMayNotBeThereAreNamed(t *testing.T) {
	annotated := func(annotations string) string { return marked(", annotations: {" + annotations + "}") }
	const newPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: new, namespace: shop}\nspec: {containers: [{name: c, image: new}]}\n---\n"
	for name, c := range map[string]struct{ base, head, want string }{
		"no mark":  {before + marked(""), before + marked(", labels: {a: b}"), ""},
		"an owner": {before + marked(""), before + marked(", ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: a}]"), "error: ownerReferences: the cluster deletes it where it does not find the ConfigMap gone, so that"},
		"an owner as before": {
			before + marked(", ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: a}]"),
			before + marked(", labels: {a: b}, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: a}]"), ""},
		"Argo CD skips it":                 {before + marked(""), before + annotated("argocd.argoproj.io/hook: Skip"), "error: argocd.argoproj.io/hook: Argo CD does not apply it, so that"},
		"Argo CD, on failure":              {before + marked(""), before + annotated("argocd.argoproj.io/hook: SyncFail"), "error: argocd.argoproj.io/hook: Argo CD applies it in other cases than a sync only (syncfail)"},
		"Argo CD, after a sync":            {before + marked(""), before + annotated("argocd.argoproj.io/hook: PostSync"), ""},
		"Argo CD, deleted after a sync":    {before + marked(""), before + annotated("argocd.argoproj.io/hook: 'PreSync,PostSync', argocd.argoproj.io/hook-delete-policy: HookSucceeded"), "error: argocd.argoproj.io/hook-delete-policy: Argo CD deletes it after the sync"},
		"Helm's hook":                      {before + marked(""), before + annotated("helm.sh/hook: 'pre-install,pre-upgrade'"), ""},
		"Helm's hook, deleted afterwards":  {before + marked(""), before + annotated("helm.sh/hook: pre-install, helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'"), "error: helm.sh/hook-delete-policy: Helm deletes it after the hook"},
		"Helm's hook of a rollback":        {before + marked(""), before + annotated("helm.sh/hook: post-rollback"), "error: helm.sh/hook: Helm applies it in other cases than an installation or an upgrade only (post-rollback)"},
		"Flux passes it over":              {before + marked(""), before + annotated("kustomize.toolkit.fluxcd.io/ssa: Ignore"), "error: kustomize.toolkit.fluxcd.io/ssa: Flux does not apply it"},
		"Flux passes it over, by a label":  {before + marked(""), before + marked(", labels: {kustomize.toolkit.fluxcd.io/ssa: ignore}"), "error: kustomize.toolkit.fluxcd.io/ssa: Flux does not apply it"},
		"a status that is written":         {before + marked(""), strings.Replace(before, "\n---", "\nstatus: {phase: Succeeded}\n---", 1) + marked(""), "error: status.phase: no client applies a status"},
		"a status as before":               {strings.Replace(before, "\n---", "\nstatus: {phase: Running}\n---", 1) + marked(""), strings.Replace(before, "\n---", "\nstatus: {phase: Failed}\n---", 1) + marked(""), ""},
		"Flux applies it once":             {before + annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), before + strings.Replace(annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), "{}}", "{}, ingress: [{}]}", 1), "error: kustomize.toolkit.fluxcd.io/ssa: Flux applies it only where it is not there yet"},
		"Flux applies it once, as before":  {before + annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), before + annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), ""},
		"Flux applies it once, from now":   {before + marked(""), before + annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), ""},
		"Flux applies it once, a new one":  {before, before + annotated("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), ""},
		"Flux merges it":                   {before + marked(""), before + annotated("kustomize.toolkit.fluxcd.io/ssa: Merge"), ""},
		"Flux does not reconcile it":       {before + marked(""), before + annotated("kustomize.toolkit.fluxcd.io/reconcile: disabled"), "error: kustomize.toolkit.fluxcd.io/reconcile: Flux does not apply it"},
		"kustomize leaves it out":          {before + marked(""), before + annotated(`config.kubernetes.io/local-config: "true"`), "error: config.kubernetes.io/local-config: kustomize leaves it out"},
		"new, in the place of another one": {before + strings.Replace(marked(""), "deny", "old", 1), before + annotated("argocd.argoproj.io/hook: Skip"), "error: argocd.argoproj.io/hook: Argo CD does not apply it"},
		"new, for what is new":             {before, before + newPod + strings.Replace(annotated("helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded"), "podSelector: {}", "podSelector: {matchLabels: {job: patch}}", 1), "warning: helm.sh/hook-delete-policy: Helm deletes it after the hook"},
	} {
		got := notes(t, c.base, c.head)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestWhatChangesOrDisablesPoliciesInTheClusterIsNamed(t *testing.T) {
	cilium := func(mode string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config, namespace: kube-system}\ndata: {debug: 'no', enable-policy: " + mode + "}\n---\n"
	}
	hook := func(kind, body string) string {
		return "apiVersion: admissionregistration.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: x}\n" + body + "\n---\n"
	}
	const policies = "{apiGroups: [networking.k8s.io], apiVersions: [v1], operations: [CREATE], resources: [networkpolicies]}"
	kyverno := func(rule string) string {
		return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: x}\nspec: {rules: [{name: a, " + rule + "}]}\n---\n"
	}
	const changes = "warning: it may change policies as they are admitted to the cluster"
	for name, c := range map[string]struct{ base, head, want string }{
		"Cilium enforces nothing":        {before + cilium("default"), before + cilium("never"), "error: enable-policy: default → never: by it Cilium enforces"},
		"Cilium enforces nothing, newly": {before, before + cilium("never"), "error: enable-policy: default → never"},
		"Cilium enforces as before":      {before + cilium("always"), before + strings.Replace(cilium("always"), "'no'", "'yes'", 1), ""},
		"Cilium, the default spelt out":  {before, before + cilium("default"), ""},
		"a webhook for policies":         {before, before + hook("MutatingWebhookConfiguration", "webhooks: [{name: a, rules: ["+policies+"]}]"), changes},
		"a webhook for everything":       {before, before + hook("MutatingWebhookConfiguration", "webhooks: [{name: a, rules: [{apiGroups: ['*'], resources: ['*/*']}]}]"), changes},
		"a webhook for pods":             {before, before + hook("MutatingWebhookConfiguration", "webhooks: [{name: a, rules: [{apiGroups: [''], resources: [pods]}]}]"), ""},
		"a webhook for policies, before": {before + hook("MutatingWebhookConfiguration", "webhooks: [{name: a, rules: ["+policies+"]}]"), before + hook("MutatingWebhookConfiguration", "webhooks: [{name: a, rules: ["+policies+"]}]"), ""},
		"an admission policy":            {before, before + hook("MutatingAdmissionPolicy", "spec: {matchConstraints: {resourceRules: ["+policies+"]}}"), changes},
		"an admission policy for pods":   {before, before + hook("MutatingAdmissionPolicy", "spec: {matchConstraints: {resourceRules: [{apiGroups: [''], resources: [pods]}]}}"), ""},
		"Kyverno mutates policies":       {before, before + kyverno("match: {any: [{resources: {kinds: [NetworkPolicy]}}]}, mutate: {patchesJson6902: ''}"), changes},
		"Kyverno validates policies":     {before, before + kyverno("match: {any: [{resources: {kinds: [NetworkPolicy]}}]}, validate: {message: m}"), ""},
		"Kyverno mutates something else": {before, before + kyverno("match: {any: [{resources: {kinds: [Pod]}}]}, mutate: {patchesJson6902: ''}"), ""},
	} {
		got := notes(t, c.base, c.head)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
