package flux

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// The settings that are followed, or change nothing that policies and pods' labels come from: how often, in which order and as
// whom Flux works. All others, those of older and later versions among them, may change what is deployed.
var (
	knownOfBoth          = []string{"interval", "retryInterval", "timeout", "suspend", "dependsOn", "serviceAccountName", "kubeConfig", "targetNamespace"}
	knownOfKustomization = slices.Concat(knownOfBoth, []string{"path", "sourceRef", "namePrefix", "nameSuffix", "components", "ignoreMissingComponents", "patches",
		"commonMetadata", "postBuild", "prune", "wait", "force", "deletionPolicy", "healthChecks", "healthCheckExprs", "decryption", "images", "buildMetadata"})
	knownOfRelease = slices.Concat(knownOfBoth, []string{"chart", "chartRef", "releaseName", "values", "valuesFrom", "install", "upgrade", "rollback", "uninstall",
		"test", "driftDetection", "maxHistory", "persistentClient", "storageNamespace", "commonMetadata"})
	knownOfChart = []string{"chart", "version", "sourceRef", "valuesFiles", "ignoreMissingValuesFiles", "interval", "reconcileStrategy", "verify"}
)

// reserve notes what the object says beside what is followed.
func (x *expansion) reserve() {
	r := &x.held
	var o struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
			Labels      map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec map[string]any `json:"spec"`
	}
	if json.Unmarshal(x.object.Body.AppendJSON(nil), &o) != nil {
		return // a cluster refuses it
	}
	known := knownOfRelease
	if x.object.Kind == "Kustomization" {
		known = knownOfKustomization
	}
	r.Note("spec", o.Spec, known...)
	chart, _ := o.Spec["chart"].(map[string]any)
	chartSpec, _ := chart["spec"].(map[string]any)
	r.Note("spec.chart.spec", chartSpec, knownOfChart...)
	if o.Spec["suspend"] == true {
		r.Stopped = "its spec.suspend"
	}
	for _, mark := range [][2]string{{KustomizeGroup + "/reconcile", "disabled"}, {KustomizeGroup + "/ssa", "ignore"}} {
		if o.Metadata.Annotations[mark[0]] == mark[1] || o.Metadata.Labels[mark[0]] == mark[1] {
			r.Stopped = "its mark " + mark[0]
		}
	}
}

// hide notes a source of values that cannot be read here.
func (x *expansion) hide(ref reference) {
	contents := ""
	if o := x.beside(ref.Kind, x.object.Namespace, ref.Name); o != nil {
		contents = digestOf(o)
	}
	x.held.Hide(fmt.Sprintf("%s %s", ref.Kind, ref.Name), contents)
}

func digestOf(o *manifest.Object) string { return fmt.Sprintf("%016x", o.Digest()) }
