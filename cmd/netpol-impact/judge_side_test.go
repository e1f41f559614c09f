package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/netpol-impact/netpol-impact/internal/naive"
)

// A side is what the files of one side say, read by the API's own types: what the judge of the whole program knows.
type side struct {
	cluster naive.Cluster
	// pods are those of workloads, by kind, namespace and name.
	pods map[string]*corev1.Pod
	// twice are the objects that come twice with different contents.
	twice []string
	// unknown are the namespaces of which no object tells, with what is known of their labels; worlds are evaluators, each with
	// other labels beside those.
	unknown map[string]map[string]string
	worlds  []*naive.Evaluator
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
	case "v1/Node":
		return appended(&c.Nodes, text)
	case "v1/ServiceAccount":
		return appended(&c.Calico.Accounts, text)
	case "projectcalico.org/v3/Tier":
		return appended(&c.Calico.Tiers, text)
	case "projectcalico.org/v3/NetworkSet", "projectcalico.org/v3/GlobalNetworkSet":
		return appended(&c.Calico.NetworkSets, text)
	case "projectcalico.org/v3/NetworkPolicy", "projectcalico.org/v3/GlobalNetworkPolicy":
		return appended(&c.Calico.Policies, text)
	case "v1/Pod":
		var pod corev1.Pod
		if err := json.Unmarshal(text, &pod); err != nil {
			return err
		}
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			return nil // its pods have ended
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
		return appended(&c.Admin, text)
	case "policy.networking.k8s.io/v1alpha1/BaselineAdminNetworkPolicy":
		return appended(&c.BaselineAdmin, text)
	case "policy.networking.k8s.io/v1alpha2/ClusterNetworkPolicy":
		return appended(&c.ClusterPolicies, text)
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

func (s *side) isNode(address netip.Addr) bool {
	return slices.ContainsFunc(s.cluster.Nodes, func(n *corev1.Node) bool {
		return slices.ContainsFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Address == address.String() })
	})
}

// worldsAsked is how many ways of labelling the namespaces of which no object tells are tried.
const worldsAsked = 500

// labelsOfOthers are labels that such a namespace may have; the first world has none.
func labelsOfOthers(world int, namespace string) map[string]string {
	random := rand.New(rand.NewPCG(uint64(world), uint64(crc32.ChecksumIEEE([]byte(namespace)))))
	out := make(map[string]string)
	for _, of := range [][]string{{"team", "a", "b", "", "web", "front", "prod", "db"}, {"env", "prod", "test", "a", "web", "front", "db"}, {"a", "x", "y", "z", ""}, {"b", "x", "y", "z", ""}, {"c", "x", "y", "z", ""}} {
		if i := random.IntN(len(of)); i > 0 && world > 0 {
			out[of[0]] = of[i]
		}
	}
	return out
}

// settle prepares the worlds. Others are namespaces that may exist beside those of the side's objects, with what is known of
// their labels.
func (s *side) settle(others map[string]map[string]string) {
	s.unknown = maps.Clone(others)
	for _, p := range s.cluster.Pods {
		if s.unknown[p.Namespace] == nil {
			s.unknown[p.Namespace] = make(map[string]string)
		}
	}
	for _, n := range s.cluster.Namespaces {
		delete(s.unknown, n.Name)
	}
}

// world is the evaluator of one of the worlds.
func (s *side) world(i int) (*naive.Evaluator, error) {
	for len(s.worlds) <= i {
		world := s.cluster
		world.Namespaces = slices.Clone(s.cluster.Namespaces)
		for name, labels := range s.unknown {
			all := labelsOfOthers(len(s.worlds), name)
			maps.Copy(all, labels)
			world.Namespaces = append(world.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}})
		}
		e, err := naive.New(&world)
		if err != nil {
			return nil, err
		}
		s.worlds = append(s.worlds, e)
	}
	return s.worlds[i], nil
}
