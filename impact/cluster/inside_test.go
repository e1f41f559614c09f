package cluster_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestWhatHoldsPoliciesOrPodsIsNamed(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"a generate rule of Kyverno": {`
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: deny}
spec:
  rules:
  - name: deny
    match: {any: [{resources: {kinds: [Namespace]}}]}
    generate:
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      name: deny
      namespace: "{{request.object.metadata.name}}"
      data: {spec: {podSelector: {}, policyTypes: [Ingress]}}
`, []string{"file.yaml:10: ClusterPolicy deny: error: holds a NetworkPolicy, which is not analysed: what it allows or denies is not in this report"}},
		"a generate rule that copies": {`
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: copy}
spec:
  rules:
  - name: copy
    generate: {namespace: x, cloneList: {namespace: templates, kinds: [v1/Secret, networking.k8s.io/v1/NetworkPolicy]}}
`, []string{"file.yaml:8: ClusterPolicy copy: error: holds a NetworkPolicy, which is not analysed: what it allows or denies is not in this report"}},
		"a rule that only checks policies": {`
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: check}
spec:
  rules:
  - name: check
    match: {any: [{resources: {kinds: [NetworkPolicy, Deployment]}}]}
    validate: {pattern: {spec: {podSelector: "?*"}}}
`, nil},
		"a Template of OpenShift": {`
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: t}
objects:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: "${NAME}"}
`, []string{"file.yaml:6: Template t: warning: holds a Deployment, which is not analysed: its pods are not in this report"}},
		"a Template with a policy of another dialect": {`
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: t}
objects:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}
- {apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: p}}
`, []string{"file.yaml:7: Template t: error: holds a CiliumNetworkPolicy, which is not analysed: what it allows or denies is not in this report"}},
		"a policy in a ConfigMap's text": {`
apiVersion: v1
kind: ConfigMap
metadata: {name: manifests}
data:
  readme: say kind NetworkPolicy
  all.yaml: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: deny}
`, []string{"file.yaml:7: ConfigMap manifests: warning: all.yaml has a NetworkPolicy in its text: if something applies it to a cluster, what it allows or denies is not in this report"}},
		"a policy in a bundle's text": {`
apiVersion: fleet.cattle.io/v1alpha1
kind: Bundle
metadata: {name: b}
spec:
  resources:
  - content: "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: deny}\n"
`, []string{"file.yaml:7: Bundle b: warning: has a CiliumNetworkPolicy in a text, which is not analysed: if it is applied to a cluster, what it allows or denies is not in this report"}},
		"a workflow": {`
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec: {entrypoint: a, templates: [{name: a, container: {image: a}}]}
`, []string{"file.yaml:2: Workflow w: warning: workloads of this kind (argoproj.io/Workflow) are not analysed; its pods are not in this report"}},
		"pods somewhere in a custom kind": {`
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: j}
spec: {replicatedJobs: [{name: a, template: {spec: {template: {spec: {containers: [{name: a, image: a}]}}}}}]}
`, []string{"file.yaml:2: JobSet j: warning: workloads of this kind (jobset.x-k8s.io/JobSet) are not analysed; its pods are not in this report"}},
		"a reference and a patch of containers": {`
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: p}
spec: {containers: [{name: prometheus, args: [a]}], targetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}
`, nil},
	}
	for name, test := range tests {
		objects, _ := manifest.Read("file.yaml", []byte(test.text))
		var got []string
		for _, d := range cluster.Build(objects, config.Config{}).Diagnostics {
			got = append(got, fmt.Sprint(d))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestAScaledJobOwnsPods(t *testing.T) {
	objects, _ := manifest.Read("file.yaml", []byte(`
apiVersion: keda.sh/v1alpha1
kind: ScaledJob
metadata: {name: worker, namespace: shop}
spec:
  jobTargetRef:
    template:
      metadata: {labels: {app: worker}}
      spec: {containers: [{name: w, image: w}]}
`))
	s := cluster.Build(objects, config.Config{})
	if len(s.Workloads) != 1 || s.Workloads[0].Labels["app"] != "worker" || len(s.Diagnostics) > 0 {
		t.Errorf("got %v, %v", s.Workloads, s.Diagnostics)
	}
}
