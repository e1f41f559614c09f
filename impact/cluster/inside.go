package cluster

import (
	"regexp"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Objects that hold others (Kyverno's generate rules, OpenShift's Templates, what Crossplane and Open Cluster Management
// hand on) put into a cluster what no render shows. What they hold is not analysed, so it is named.

// inside is what an object holds.
type inside struct {
	// policy and workload are the kind of the first policy and of the first owner of pods in it, with where it is; a pod's
	// own template is a workload of no kind.
	policy, workload     string
	policyAt, workloadAt *manifest.Node
	// written is a text that has a policy in it, and writtenKind that one's kind.
	written     *manifest.Node
	writtenKind string
}

// maxInside is how deep objects are looked for.
const maxInside = 12

func lookInside(n *manifest.Node, depth int, found *inside) {
	if depth > maxInside {
		return
	}
	switch {
	case depth > 0 && n.Kind == manifest.Map:
		found.note(n)
	case n.Kind == manifest.String && found.written == nil:
		if kind := writtenPolicy(n.Text); kind != "" {
			found.written, found.writtenKind = n, kind
		}
	}
	for i := range n.Items {
		lookInside(&n.Items[i], depth+1, found)
	}
}

// note looks at a map below an object's root. A reference to another object has a kind as well, but nothing that would
// make one.
func (f *inside) note(n *manifest.Node) {
	kind, apiVersion := n.Get("kind").Str(), n.Get("apiVersion").Str()
	isObject := kind != "" && apiVersion != "" &&
		(n.Get("spec") != nil || n.Get("metadata") != nil || n.Get("data") != nil || n.Get("clone") != nil)
	group, _ := manifest.SplitAPIVersion(apiVersion)
	_, ownsPods := templates[group+"/"+kind]
	switch {
	case isObject && (isPolicyKind(group, kind) || strings.HasSuffix(kind, "NetworkPolicyList")):
		if f.policyAt == nil {
			f.policy, f.policyAt = kind, n
		}
	case isObject && ownsPods:
		if f.workloadAt == nil {
			f.workload, f.workloadAt = kind, n
		}
	case f.workloadAt == nil && isPodTemplate(n):
		f.workloadAt = n
	}
}

// policyLine is where a text has a manifest's kind: at a line's beginning or an element's.
var policyLine = regexp.MustCompile(`(?m)^(?:\s*- |\s*)["']?kind["']?\s*:\s*["']?(\w*NetworkPolicy)["']?,?\s*$`)

// writtenPolicy is the kind of the first policy that is written out in a text, such as a value of a ConfigMap that something
// applies; "" if there is none.
func writtenPolicy(text string) string {
	if !strings.Contains(text, "NetworkPolicy") || !strings.Contains(text, "apiVersion") {
		return ""
	}
	if m := policyLine.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// reportWritten names a policy that is written out in a ConfigMap. Whether anything applies it nobody knows.
func (b *builder) reportWritten(o *manifest.Object) {
	for key, value := range o.Body.Get("data").Fields {
		if kind := writtenPolicy(value.Str()); kind != "" {
			b.report(manifest.Problem(manifest.Warning, o, value, "%s has a %s in its text: if something applies it to a cluster, what it allows or denies is not in this report", key.Text, kind))
			return
		}
	}
}

func isPolicyKind(group, kind string) bool {
	return strings.HasSuffix(strings.ToLower(kind), "networkpolicy") || isUnsupportedKind(group, kind)
}

// IsPolicy tells a policy of any dialect, analysed or not.
func IsPolicy(o *manifest.Object) bool { return isPolicyKind(o.Group, o.Kind) }

// isPodTemplate tells whether a map is one of a pod: containers that have images.
func isPodTemplate(n *manifest.Node) bool {
	for _, c := range n.Get("spec", "containers").Elements() {
		if c.Get("image") != nil {
			return true
		}
	}
	return false
}

// clonedPolicies finds the lists of kinds that Kyverno copies into namespaces, such as networking.k8s.io/v1/NetworkPolicy.
func clonedPolicies(o *manifest.Object) (kind string, at *manifest.Node) {
	for _, rule := range o.Body.Get("spec", "rules").Elements() {
		kinds := rule.Get("generate", "cloneList", "kinds").Elements()
		for i := range kinds {
			name := kinds[i].Str()
			if name = name[strings.LastIndex(name, "/")+1:]; isPolicyKind("", name) {
				return name, &kinds[i]
			}
		}
	}
	return "", nil
}

// ownPods are kinds that make pods of something else than a pod's template.
var ownPods = map[string]bool{
	"argoproj.io/Workflow":     true,
	"argoproj.io/CronWorkflow": true,
	"tekton.dev/PipelineRun":   true,
	"tekton.dev/TaskRun":       true,
}

// deploysOthers are kinds whose controllers deploy what stands elsewhere: a chart, a repository, the texts of ConfigMaps.
var deploysOthers = map[string]bool{
	"helm.cattle.io/HelmChart":                     true,
	"helm.cattle.io/HelmChartConfig":               true,
	"fleet.cattle.io/GitRepo":                      true,
	"fleet.cattle.io/HelmOp":                       true,
	"fleet.cattle.io/Bundle":                       true,
	"config.projectsveltos.io/ClusterProfile":      true,
	"config.projectsveltos.io/Profile":             true,
	"policy.karmada.io/OverridePolicy":             true,
	"policy.karmada.io/ClusterOverridePolicy":      true,
	"configsync.gke.io/RootSync":                   true,
	"configsync.gke.io/RepoSync":                   true,
	"gitops.kluctl.io/KluctlDeployment":            true,
	"core.oam.dev/Application":                     true,
	"helm.crossplane.io/Release":                   true,
	"addons.cluster.x-k8s.io/HelmChartProxy":       true,
	"addons.cluster.x-k8s.io/ClusterResourceSet":   true,
	"apps.open-cluster-management.io/Subscription": true,
	"kappctrl.k14s.io/App":                         true,
	"fluxcd.controlplane.io/ResourceSet":           true,
}

// reportInside names what an object that is not analysed puts into a cluster.
func (b *builder) reportInside(o *manifest.Object) {
	if o.Group == "apiextensions.k8s.io" {
		return // definitions are large and hold no objects
	}
	var found inside
	lookInside(o.Body, 0, &found)
	if found.policyAt == nil && o.Group == "kyverno.io" {
		found.policy, found.policyAt = clonedPolicies(o)
	}
	switch {
	case found.policyAt != nil:
		d := manifest.Problem(manifest.Error, o, found.policyAt, "holds a %s, which is not analysed: what it allows or denies is not in this report", found.policy)
		d.Unsupported = true
		b.report(d)
	case found.workload != "":
		b.report(manifest.Problem(manifest.Warning, o, found.workloadAt, "holds a %s, which is not analysed: its pods are not in this report", found.workload))
	case found.written != nil:
		b.report(manifest.Problem(manifest.Warning, o, found.written, "has a %s in a text, which is not analysed: if it is applied to a cluster, what it allows or denies is not in this report", found.writtenKind))
	case deploysOthers[o.Group+"/"+o.Kind]:
		b.report(manifest.Problem(manifest.Warning, o, nil, "what objects of this kind (%s/%s) deploy is not analysed: its workloads and policies are not in this report", o.Group, o.Kind))
	case found.workloadAt != nil || ownPods[o.Group+"/"+o.Kind]:
		b.report(manifest.Problem(manifest.Warning, o, nil, "workloads of this kind (%s/%s) are not analysed; its pods are not in this report", o.Group, o.Kind))
	}
}
