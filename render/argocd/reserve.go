package argocd

import (
	"encoding/json"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// The settings of an Application that are followed, or change nothing that policies and pods' labels come from. All others,
// those of versions to come among them, may change what is deployed.
var (
	knownOfSpec = []string{"destination", "source", "sources", "project", "syncPolicy", "ignoreDifferences", "info", "revisionHistoryLimit"}
	knownOf     = map[string][]string{
		"source": {"repoURL", "targetRevision", "path", "chart", "ref", "name", "helm", "kustomize", "directory", "plugin"},
		"helm": {"valueFiles", "ignoreMissingValueFiles", "values", "valuesObject", "parameters", "releaseName", "namespace", "kubeVersion", "apiVersions",
			"skipTests", "skipSchemaValidation", "passCredentials", "version"},
		"kustomize": {"namePrefix", "nameSuffix", "namespace", "commonLabels", "labelWithoutSelector", "commonAnnotations", "components", "patches", "replicas",
			"kubeVersion", "apiVersions", "images", "version", "forceCommonLabels", "forceCommonAnnotations", "commonAnnotationsEnvsubst", "ignoreMissingComponents"},
		"directory": {"recurse", "include", "exclude"},
	}
)

// reserve returns what an Application says beside what is followed, for each of its sources.
func (x *expansion) reserve(text []byte, n int) []render.Reservations {
	var app struct {
		Metadata struct {
			Annotations any `json:"annotations"`
		} `json:"metadata"`
		Spec      map[string]any `json:"spec"`
		Operation any            `json:"operation"`
	}
	_ = json.Unmarshal(text, &app) // who calls has read it
	sources, _ := app.Spec["sources"].([]any)
	if len(sources) == 0 {
		sources = []any{app.Spec["source"]}
	}
	annotations, _ := app.Metadata.Annotations.(map[string]any)
	all := make([]render.Reservations, n)
	for i := range min(n, len(sources)) {
		r := &all[i]
		if x.templatePatch != "" {
			r.Leave("spec.templatePatch", x.templatePatch)
		}
		r.Note("spec", app.Spec, knownOfSpec...)
		if app.Operation != nil {
			r.Leave("operation", app.Operation)
		}
		if ignored := ignoredOfPolicies(app.Spec); len(ignored) > 0 {
			r.Leave("spec.ignoreDifferences (with RespectIgnoreDifferences)", ignored)
		}
		source, _ := sources[i].(map[string]any)
		r.Note("spec.source", source, knownOf["source"]...)
		for _, tool := range []string{"helm", "kustomize", "directory"} {
			settings, _ := source[tool].(map[string]any)
			r.Note("spec.source."+tool, settings, knownOf[tool]...)
		}
		if annotations["argocd.argoproj.io/skip-reconcile"] == "true" {
			r.Stopped = "its annotation argocd.argoproj.io/skip-reconcile"
		}
	}
	return all
}

// ignoredOfPolicies are the differences that a sync leaves as they are in the cluster, of kinds that may be policies or own
// pods.
func ignoredOfPolicies(spec map[string]any) []any {
	policy, _ := spec["syncPolicy"].(map[string]any)
	options, _ := policy["syncOptions"].([]any)
	respected := false
	for _, option := range options {
		respected = respected || option == "RespectIgnoreDifferences=true"
	}
	if !respected {
		return nil
	}
	var out []any
	ignored, _ := spec["ignoreDifferences"].([]any)
	for _, one := range ignored {
		if of, _ := one.(map[string]any); strings.Contains(strings.ToLower(textOf(of["kind"])), "polic") || strings.ContainsAny(textOf(of["kind"]), "*?[") || textOf(of["kind"]) == "" {
			out = append(out, one)
		}
	}
	return out
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}
