// Package generate makes clusters that no one has: small random ones full of corner cases for the judges of the engine,
// and large ones of ordinary shape for benchmarks.
//
// In goes a seed, or bytes of a fuzzer; out come typed API objects for the naive evaluator and the same objects as
// documents, so that reading and decoding are judged together with the engine. Everything generated is valid to the API
// server. The same seed gives the same cluster.
package generate

import (
	"bytes"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// Cluster is one side: typed objects, none of which is changed once it stands here.
type Cluster struct {
	Namespaces      []*corev1.Namespace
	Nodes           []*corev1.Node
	Workloads       []Workload
	NetworkPolicies []*networkingv1.NetworkPolicy
	Admin           []*v1alpha1.AdminNetworkPolicy
	BaselineAdmin   []*v1alpha1.BaselineAdminNetworkPolicy
	ClusterPolicies []*v1alpha2.ClusterNetworkPolicy
	Calico          naive.Calico
}

// Workload is a pod as the naive evaluator sees it, and the kind of the object that makes it.
type Workload struct {
	Kind string
	Pod  *corev1.Pod
}

// completed tells whether the pod has ended, so that it takes no part.
func (w Workload) completed() bool {
	return w.Pod.Status.Phase == corev1.PodSucceeded || w.Pod.Status.Phase == corev1.PodFailed
}

// Naive is the cluster as the naive evaluator takes it, and the workload of each of its pods.
func (c *Cluster) Naive() (*naive.Cluster, []Workload) {
	n := &naive.Cluster{
		Namespaces:      c.Namespaces,
		Nodes:           c.Nodes,
		NetworkPolicies: c.NetworkPolicies,
		Admin:           c.Admin,
		BaselineAdmin:   c.BaselineAdmin,
		ClusterPolicies: c.ClusterPolicies,
		Calico:          c.Calico,
	}
	var workloads []Workload
	for _, w := range c.Workloads {
		if !w.completed() {
			n.Pods = append(n.Pods, w.Pod)
			workloads = append(workloads, w)
		}
	}
	return n, workloads
}

// Object is the API object of the workload.
func (w Workload) Object() any {
	meta := metav1.ObjectMeta{Name: w.Pod.Name, Namespace: w.Pod.Namespace}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: w.Pod.Labels}, Spec: w.Pod.Spec}
	// A workload is selected by its pods' labels, never by its own.
	meta.Labels = map[string]string{"a": "of-the-owner"}
	selector := &metav1.LabelSelector{MatchLabels: w.Pod.Labels}
	switch w.Kind {
	case "Deployment":
		return &appsv1.Deployment{TypeMeta: typed("apps/v1", w.Kind), ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template}}
	case "StatefulSet":
		return &appsv1.StatefulSet{TypeMeta: typed("apps/v1", w.Kind), ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template}}
	case "DaemonSet":
		return &appsv1.DaemonSet{TypeMeta: typed("apps/v1", w.Kind), ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}}
	case "CronJob":
		return &batchv1.CronJob{TypeMeta: typed("batch/v1", w.Kind), ObjectMeta: meta,
			Spec: batchv1.CronJobSpec{Schedule: "@daily", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}}}}
	}
	pod := w.Pod.DeepCopy()
	pod.TypeMeta = typed("v1", "Pod")
	return pod
}

func typed(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

// Documents are the cluster's objects as they would be written to files, one document an object.
func (c *Cluster) Documents() []string {
	var out []string
	for _, n := range c.Namespaces {
		out = append(out, document(n))
	}
	for _, n := range c.Nodes {
		out = append(out, document(n))
	}
	for _, w := range c.Workloads {
		out = append(out, document(w.Object()))
	}
	for _, p := range c.NetworkPolicies {
		out = append(out, document(p))
	}
	for _, p := range c.Admin {
		out = append(out, document(p))
	}
	for _, p := range c.BaselineAdmin {
		out = append(out, document(p))
	}
	for _, p := range c.ClusterPolicies {
		out = append(out, document(p))
	}
	for _, a := range c.Calico.Accounts {
		out = append(out, document(a))
	}
	for _, t := range c.Calico.Tiers {
		out = append(out, document(t))
	}
	for _, s := range c.Calico.NetworkSets {
		out = append(out, document(s))
	}
	for _, p := range c.Calico.Policies {
		out = append(out, document(p))
	}
	return out
}

// document writes an object as people do: without the empty fields that the Go types insist on. Of what the types cannot
// express it adds a peer's unknown field, and the empty list that some write where there are no rules.
func document(object any) string {
	text, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("generated object: %v", err)) // the API's types always marshal
	}
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		panic(fmt.Sprintf("generated object: %v", err))
	}
	clean(tree)
	name, _ := tree["metadata"].(map[string]any)["name"].(string)
	if tree["kind"] == "NetworkPolicy" && len(name)%2 == 0 {
		spec := tree["spec"].(map[string]any)
		if spec["ingress"] == nil {
			spec["ingress"] = []any{}
		}
	}
	out, err := yaml.Marshal(tree)
	if err != nil {
		panic(fmt.Sprintf("generated object: %v", err))
	}
	return string(out)
}

// clean drops nulls and empty statuses, and gives unknown peers a field of an unknown name.
func clean(tree map[string]any) {
	for key, value := range tree {
		switch v := value.(type) {
		case nil:
			delete(tree, key)
		case map[string]any:
			clean(v)
			if len(v) == 0 && (key == "status" || key == "strategy" || key == "updateStrategy" || key == "resources") {
				delete(tree, key)
			}
		case []any:
			for _, item := range v {
				inner, ok := item.(map[string]any)
				if !ok {
					continue
				}
				clean(inner)
				if len(inner) == 0 && (key == "to" || key == "from") {
					inner["serviceAccounts"] = map[string]any{}
				}
			}
		}
	}
	if status, ok := tree["status"].(map[string]any); ok && len(status) == 0 {
		delete(tree, "status")
	}
	if status, ok := tree["status"].(map[string]any); ok && status["replicas"] != nil {
		delete(tree, "status")
	}
	if status, ok := tree["status"].(map[string]any); ok && status["currentNumberScheduled"] != nil {
		delete(tree, "status")
	}
}

// Clone copies the lists, not the objects.
func (c *Cluster) Clone() *Cluster {
	return &Cluster{
		Namespaces:      append([]*corev1.Namespace(nil), c.Namespaces...),
		Nodes:           append([]*corev1.Node(nil), c.Nodes...),
		Workloads:       append([]Workload(nil), c.Workloads...),
		NetworkPolicies: append([]*networkingv1.NetworkPolicy(nil), c.NetworkPolicies...),
		Admin:           append([]*v1alpha1.AdminNetworkPolicy(nil), c.Admin...),
		BaselineAdmin:   append([]*v1alpha1.BaselineAdminNetworkPolicy(nil), c.BaselineAdmin...),
		ClusterPolicies: append([]*v1alpha2.ClusterNetworkPolicy(nil), c.ClusterPolicies...),
		Calico: naive.Calico{
			Policies:    append([]*naive.CalicoPolicy(nil), c.Calico.Policies...),
			Tiers:       append([]*naive.CalicoTier(nil), c.Calico.Tiers...),
			NetworkSets: append([]*naive.CalicoNetworkSet(nil), c.Calico.NetworkSets...),
			Accounts:    append([]*corev1.ServiceAccount(nil), c.Calico.Accounts...),
		},
	}
}
