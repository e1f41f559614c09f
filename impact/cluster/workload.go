package cluster

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Workload owns pods that are all alike to the network.
type Workload struct {
	Kind, Namespace, Name string
	Object                *manifest.Object
	// Labels are the pods' labels.
	Labels map[string]string
	Ports  []ContainerPort
	// HostPorts are those of Ports that nodes take connections for at an address of their own.
	HostPorts policy.PortSet
	// HostNetwork pods are nodes to the network: no policy selects them.
	HostNetwork bool
	// IPs are the pods' addresses where the manifest has them (a dump of a live cluster); for HostNetwork the node's.
	IPs            []netip.Addr
	Node           string
	ServiceAccount string
	// AccountLabels are the labels of the ServiceAccount, if it is in the manifests.
	AccountLabels map[string]string
	Images        []string
	// Pod is the pod's specification.
	Pod *manifest.Node

	template template
}

// TemplatePath leads from the workload's object to its pods' template.
func (w *Workload) TemplatePath() []string { return slices.Clone(w.template) }

// ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name     string
	Protocol policy.Protocol
	Port     int
}

func compareWorkloads(a, b *Workload) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
}

// template leads from an object to its pods' template.
type template []string

// templates are the kinds that own pods, by group and kind.
var templates = map[string]template{
	"/Pod":                                         {},
	"apps/Deployment":                              {"spec", "template"},
	"apps/StatefulSet":                             {"spec", "template"},
	"apps/DaemonSet":                               {"spec", "template"},
	"apps/ReplicaSet":                              {"spec", "template"},
	"extensions/Deployment":                        {"spec", "template"},
	"extensions/DaemonSet":                         {"spec", "template"},
	"extensions/ReplicaSet":                        {"spec", "template"},
	"/ReplicationController":                       {"spec", "template"},
	"batch/Job":                                    {"spec", "template"},
	"batch/CronJob":                                {"spec", "jobTemplate", "spec", "template"},
	"keda.sh/ScaledJob":                            {"spec", "jobTargetRef", "template"},
	"argoproj.io/Rollout":                          {"spec", "template"},
	"serving.knative.dev/Service":                  {"spec", "template"},
	"apps.openshift.io/DeploymentConfig":           {"spec", "template"},
	"kubevirt.io/VirtualMachine":                   {"spec", "template"},
	"kubevirt.io/VirtualMachineInstance":           {},
	"kubevirt.io/VirtualMachineInstanceReplicaSet": {"spec", "template"},
	"pool.kubevirt.io/VirtualMachinePool":          {"spec", "virtualMachineTemplate", "spec", "template"},
}

// kindName is the kind of a workload, with its group (as in StatefulSet.apps.kruise.io) where the configuration gives a
// kind of that name in several groups, or Kubernetes has one, too: nothing else would tell such workloads apart.
func (b *builder) kindName(o *manifest.Object) string {
	if _, own := templates[o.Group+"/"+o.Kind]; own || b.kinds[o.Kind] < 2 {
		return o.Kind
	}
	return o.Kind + "." + o.Group
}

// addWorkload reads a workload whose pods' template is at path.
func (b *builder) addWorkload(o *manifest.Object, path template) {
	pod := o.Body.Get(path...)
	if isCompleted(o) {
		return
	}
	if pod.Get("spec").IsNull() {
		if o.Kind == "Rollout" && o.Body.Get("spec", "workloadRef") != nil {
			return // its pods are those of the workload that it names
		}
		b.report(manifest.Problem(manifest.Error, o, nil, "has no pod template at %s.spec", strings.Join(path, ".")))
		return
	}
	labels, problems := stringMap(o, pod.Get("metadata", "labels"), strings.Join(append(path[:len(path):len(path)], "metadata.labels"), "."))
	b.report(problems...)
	spec := pod.Get("spec")
	b.checkTypes(o, spec)
	w := &Workload{
		Kind: b.kindName(o), Namespace: namespaceOf(o), Name: o.Name, Object: o, Labels: labels,
		HostNetwork:    spec.Get("hostNetwork").IsTrue(),
		Node:           spec.Get("nodeName").Str(),
		ServiceAccount: cmp.Or(spec.Get("serviceAccountName").Str(), spec.Get("serviceAccount").Str(), "default"),
		Pod:            spec,
		template:       path,
	}
	b.addContainers(w)
	addOwnLabels(w)
	w.IPs = addresses(o, w.HostNetwork)
	if hasController(o) {
		b.owned = append(b.owned, w)
		return
	}
	b.state.Workloads = append(b.state.Workloads, w)
}

// podTypes are the fields of a pod's specification that decide what the network sees of it.
var podTypes = []struct {
	field string
	kind  manifest.Kind
}{
	{"hostNetwork", manifest.Bool}, {"containers", manifest.List}, {"initContainers", manifest.List},
	{"nodeName", manifest.String}, {"serviceAccountName", manifest.String},
}

// checkTypes reports values that the API server would refuse and that would be read as absent.
func (b *builder) checkTypes(o *manifest.Object, spec *manifest.Node) {
	for _, t := range podTypes {
		if value := spec.Get(t.field); !value.IsNull() && value.Kind != t.kind {
			b.report(manifest.Problem(manifest.Error, o, value, "%s is %s, not %s", t.field, value.Kind.Noun(), t.kind.Noun()))
		}
	}
}

// addOwnLabels adds the labels that a controller gives to its pods and that are known beforehand.
func addOwnLabels(w *Workload) {
	switch w.Kind {
	case "Job":
		for _, key := range []string{"job-name", "batch.kubernetes.io/job-name"} {
			w.Labels[key] = w.Name
		}
	case "Service": // Knative
		w.Labels["serving.knative.dev/service"] = w.Name
	case "VirtualMachine":
		w.Labels["vm.kubevirt.io/name"] = w.Name
	}
}

// givenLabels are the keys of the labels that controllers give to their pods with values that are not known beforehand, or
// that differ from pod to pod, by group and kind. The Jobs of a CronJob are named when they start.
// Source: https://kubernetes.io/docs/reference/labels-annotations-taints/
var givenLabels = map[string][]string{
	"apps/Deployment":       {"pod-template-hash"},
	"apps/DaemonSet":        {"controller-revision-hash", "pod-template-generation"},
	"apps/StatefulSet":      {"controller-revision-hash", podNameLabel, podIndexLabel},
	"batch/Job":             {"controller-uid", "batch.kubernetes.io/controller-uid"},
	"batch/CronJob":         {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
	"keda.sh/ScaledJob":     {"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"},
	"argoproj.io/Rollout":   {"rollouts-pod-template-hash"},
	"extensions/Deployment": {"pod-template-hash"},
	"extensions/DaemonSet":  {"controller-revision-hash", "pod-template-generation"},
}

var isGiven = func() map[string]bool {
	all := make(map[string]bool)
	for _, keys := range givenLabels {
		for _, key := range keys {
			all[key] = true
		}
	}
	return all
}()

// GivenLabels are the keys of labels that all pods of the workload have, with values that the manifests do not tell unless
// Labels has them.
func (w *Workload) GivenLabels() []string { return givenLabels[w.Object.Group+"/"+w.Object.Kind] }

// IsGiven tells whether a label is one that some controller gives to its pods, with a value that manifests do not tell.
func IsGiven(key string) bool { return isGiven[key] }

// addContainers reads ports and images. Init containers count if they keep running (sidecars).
func (b *builder) addContainers(w *Workload) {
	for _, list := range []string{"initContainers", "containers"} {
		containers := w.Pod.Get(list).Elements()
		for i := range containers {
			c := &containers[i]
			if list == "initContainers" && c.Get("restartPolicy").Str() != "Always" {
				continue
			}
			if image := c.Get("image").Str(); image != "" {
				w.Images = append(w.Images, image)
			}
			ports := c.Get("ports").Elements()
			for j := range ports {
				b.addPort(w, &ports[j])
			}
		}
	}
}

func (b *builder) addPort(w *Workload, n *manifest.Node) {
	number, ok := n.Get("containerPort").IntValue()
	if !ok || number < 1 || number > 65535 {
		b.report(manifest.Problem(manifest.Error, w.Object, n, "containerPort must be a number between 1 and 65535"))
		return
	}
	p := ContainerPort{
		Name:     n.Get("name").Str(),
		Protocol: policy.Protocol(cmp.Or(n.Get("protocol").Str(), string(policy.TCP))),
		Port:     number,
	}
	w.Ports = append(w.Ports, p)
	if host, _ := n.Get("hostPort").IntValue(); host > 0 && !isLoopback(n.Get("hostIP").Str()) {
		w.HostPorts = w.HostPorts.Union(policy.Range(p.Protocol, p.Port, p.Port))
	}
}

func isLoopback(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && addr.IsLoopback()
}

// isCompleted tells whether the object's pods have ended for good.
func isCompleted(o *manifest.Object) bool {
	status := o.Body.Get("status")
	switch o.Kind {
	case "Pod", "VirtualMachineInstance":
		phase := status.Get("phase").Str()
		return phase == "Succeeded" || phase == "Failed"
	case "Job":
		return !status.Get("completionTime").IsNull() || isTrue(status.Get("conditions"), "Complete") || isTrue(status.Get("conditions"), "Failed")
	}
	return false
}

// isTrue tells whether a list of conditions has one of a type that holds.
func isTrue(conditions *manifest.Node, kind string) bool {
	list := conditions.Elements()
	for i := range list {
		if list[i].Get("type").Str() == kind && list[i].Get("status").Str() == "True" {
			return true
		}
	}
	return false
}

// addresses are the pod's known addresses.
func addresses(o *manifest.Object, hostNetwork bool) []netip.Addr {
	if o.Kind != "Pod" {
		return nil
	}
	one, many := "podIP", "podIPs"
	if hostNetwork {
		one, many = "hostIP", "hostIPs"
	}
	status := o.Body.Get("status")
	texts := []string{status.Get(one).Str()}
	ips := status.Get(many).Elements()
	for i := range ips {
		texts = append(texts, ips[i].Get("ip").Str())
	}
	var out []netip.Addr
	for _, text := range texts {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		ip = ip.Unmap()
		if len(out) == 0 || out[0] != ip {
			out = append(out, ip)
		}
	}
	return out
}

func hasController(o *manifest.Object) bool {
	owners := o.Body.Get("metadata", "ownerReferences").Elements()
	for i := range owners {
		if owners[i].Get("controller").IsTrue() {
			return true
		}
	}
	return false
}

// ownedRank orders what may own one another: pods are owned, what makes nothing but pods may be, all else owns only.
var ownedRank = map[string]int{"Pod": 2, "ReplicaSet": 1, "ReplicationController": 1, "Job": 1, "VirtualMachineInstance": 2, "VirtualMachineInstanceReplicaSet": 1}

// foldOwned drops pods and replica sets whose owner is here, too; the others stand for themselves. A manifest may name any
// owner: it counts if it makes what has such labels.
func (b *builder) foldOwned() {
	present := make(map[string]*Workload)
	for _, ws := range [][]*Workload{b.state.Workloads, b.owned} {
		for _, w := range ws {
			present[w.Object.Kind+"/"+w.Namespace+"/"+w.Name] = w
		}
	}
	makes := func(owner, w *Workload) bool {
		if owner == nil || owner.HostNetwork != w.HostNetwork {
			return false
		}
		_, isKnown := templates[owner.Object.Group+"/"+owner.Object.Kind] // what a vendor's kind makes, nobody knows
		if ownedRank[owner.Kind] >= ownedRank[w.Kind] && (isKnown || owner == w) {
			return false
		}
		for key, value := range owner.Labels {
			if w.Labels[key] != value {
				return false
			}
		}
		return true
	}
	for _, w := range b.owned {
		owners := w.Object.Body.Get("metadata", "ownerReferences").Elements()
		owned := false
		for i := range owners {
			owned = owned || owners[i].Get("controller").IsTrue() && makes(present[owners[i].Get("kind").Str()+"/"+w.Namespace+"/"+owners[i].Get("name").Str()], w)
		}
		if !owned {
			b.state.Workloads = append(b.state.Workloads, w)
		}
	}
}
