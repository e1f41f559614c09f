package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/network-policy-api/apis/v1alpha1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"

	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// A side is what the files of one side say, read by the API's own types: what the judge of the whole program knows.
type side struct {
	cluster naive.Cluster
	// pods are those of workloads, by kind, namespace and name.
	pods map[string]*corev1.Pod
	// twice are the objects that come twice with different contents.
	twice []string
	// worlds are the evaluators, one for each of some labels that namespaces without an object may have.
	worlds []*naive.Evaluator
}

// readSide reads files, but for the objects that an API server refuses.
func readSide(files map[string]string, refused map[string]bool) (*side, error) {
	s := &side{pods: make(map[string]*corev1.Pod)}
	seen := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		objects, err := objectsOf(files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, text := range objects {
			var meta metav1.PartialObjectMetadata
			if err := json.Unmarshal(text, &meta); err != nil {
				return nil, err
			}
			key := identityOf(&meta)
			before, again := seen[key]
			if again && meta.Kind == "Namespace" {
				if s.merge(meta.Name, meta.Labels) {
					s.twice = append(s.twice, key)
				}
			} else if again && before != string(text) {
				s.twice = append(s.twice, key)
			}
			if seen[key] = string(text); again || refused[key] {
				continue
			}
			if err := s.add(meta.APIVersion, meta.Kind, text); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return s, nil
}

// merge adds the labels of a namespace that comes again, as several applications each bring their own. It tells whether they
// contradict each other.
func (s *side) merge(name string, labels map[string]string) (contradicts bool) {
	for _, n := range s.cluster.Namespaces {
		if n.Name != name {
			continue
		}
		for key, value := range labels {
			before, has := n.Labels[key]
			contradicts = contradicts || has && before != value
			if n.Labels == nil {
				n.Labels = make(map[string]string)
			}
			n.Labels[key] = value
		}
	}
	return contradicts
}

// objectsOf are the objects of a text as JSON, those of lists one by one.
func objectsOf(text string) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 1024); ; {
		var one runtime.RawExtension
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		var list struct{ Items []json.RawMessage }
		switch err := json.Unmarshal(one.Raw, &list); {
		case len(bytes.TrimSpace(one.Raw)) == 0 || string(one.Raw) == "null":
		case err == nil && list.Items != nil:
			out = append(out, list.Items...)
		default:
			out = append(out, one.Raw)
		}
	}
}

func identityOf(meta *metav1.PartialObjectMetadata) string {
	return meta.Kind + " " + cmp.Or(meta.Namespace, "default") + "/" + meta.Name
}

func (s *side) add(apiVersion, kind string, text []byte) error {
	c := &s.cluster
	switch apiVersion + "/" + kind {
	case "v1/Namespace":
		return appended(&c.Namespaces, text)
	case "v1/Pod":
		var pod corev1.Pod
		if err := json.Unmarshal(text, &pod); err != nil {
			return err
		}
		if pod.Status.PodIP != "" && len(pod.Status.PodIPs) == 0 {
			pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}} // as the API server completes it
		}
		s.pod(kind, &pod)
	case "v1/ReplicationController", "apps/v1/Deployment", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "apps/v1/ReplicaSet", "batch/v1/Job", "batch/v1/CronJob":
		var o struct {
			Metadata metav1.ObjectMeta
			Spec     struct {
				Template    *corev1.PodTemplateSpec
				JobTemplate struct{ Spec batchv1.JobSpec }
			}
		}
		err := json.Unmarshal(text, &o)
		template := cmp.Or(o.Spec.Template, &o.Spec.JobTemplate.Spec.Template)
		s.pod(kind, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Labels: template.Labels}, Spec: template.Spec})
		return err
	case "networking.k8s.io/v1/NetworkPolicy":
		var p networkingv1.NetworkPolicy
		err := json.Unmarshal(text, &p)
		p.Namespace = cmp.Or(p.Namespace, "default")
		c.NetworkPolicies = append(c.NetworkPolicies, &p)
		return err
	case "policy.networking.k8s.io/v1alpha1/AdminNetworkPolicy":
		return appended[v1alpha1.AdminNetworkPolicy](&c.Admin, text)
	case "policy.networking.k8s.io/v1alpha1/BaselineAdminNetworkPolicy":
		return appended[v1alpha1.BaselineAdminNetworkPolicy](&c.BaselineAdmin, text)
	case "policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy":
		return appended[v1alpha2.ClusterNetworkPolicy](&c.ClusterPolicies, text)
	}
	return nil
}

func appended[T any](list *[]*T, text []byte) error {
	var one T
	*list = append(*list, &one)
	return json.Unmarshal(text, &one)
}

// pod adds the pod that a workload makes.
func (s *side) pod(kind string, pod *corev1.Pod) {
	pod.Namespace = cmp.Or(pod.Namespace, "default")
	s.cluster.Pods = append(s.cluster.Pods, pod)
	s.pods[kind+" "+pod.Namespace+"/"+pod.Name] = pod
}

// labelsOfOthers are labels that a namespace may have of which no object tells.
var labelsOfOthers = []map[string]string{nil, {"team": "a", "env": "prod"}, {"team": "b"}, {"team": "a"}}

// settle makes the worlds. Others are namespaces that may exist beside those of the side's objects, with what is known of their
// labels.
func (s *side) settle(others map[string]map[string]string) error {
	known := make(map[string]map[string]string)
	maps.Copy(known, others)
	for _, p := range s.cluster.Pods {
		if known[p.Namespace] == nil {
			known[p.Namespace] = make(map[string]string)
		}
	}
	for _, n := range s.cluster.Namespaces {
		delete(known, n.Name)
	}
	for _, more := range labelsOfOthers {
		world := s.cluster
		world.Namespaces = slices.Clone(s.cluster.Namespaces)
		for name, labels := range known {
			all := maps.Clone(more)
			if all == nil {
				all = make(map[string]string)
			}
			maps.Copy(all, labels)
			world.Namespaces = append(world.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}})
		}
		e, err := naive.New(&world)
		if err != nil {
			return err
		}
		s.worlds = append(s.worlds, e)
	}
	return nil
}
