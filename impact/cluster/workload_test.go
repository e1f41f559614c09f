package cluster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// kruise is a configuration with another vendor's kinds beside Kubernetes' own.
var kruise = config.Config{Workloads: []config.Workload{
	{Kind: "apps.kruise.io/StatefulSet", Template: "spec.template"},
	{Kind: "apps.kruise.io/SidecarSet", Template: "spec.template"},
}}

// owner is a workload of some group and kind; status is what it has become.
func owner(apiVersion, kind, status string) string {
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: w}\nspec: {template: {spec: {containers: []}}}\nstatus: {%s}\n", apiVersion, kind, status)
}

func TestWorkloads(t *testing.T) {
	apps, kruises := owner("apps/v1", "StatefulSet", ""), owner("apps.kruise.io/v1", "StatefulSet", "")
	for _, test := range []struct{ name, objects, want string }{
		{"another vendor's kind", owner("apps.kruise.io/v1", "SidecarSet", ""), "[SidecarSet]"},
		{"two vendors' kinds of one name", apps + kruises, "[StatefulSet StatefulSet.apps.kruise.io]"},
		{"one object in its old and its new group", owner("apps/v1", "Deployment", "") + owner("extensions/v1beta1", "Deployment", ""), "[Deployment] given twice"},
		{"a virtual machine without an owner", "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\nmetadata: {name: w}\nspec: {domain: {}}\n", "[VirtualMachineInstance]"},
		{"a pool of virtual machines", "apiVersion: pool.kubevirt.io/v1alpha1\nkind: VirtualMachinePool\nmetadata: {name: w}\nspec: {virtualMachineTemplate: {spec: {template: {spec: {domain: {}}}}}}\n", "[VirtualMachinePool]"},
		{"OpenShift's deployment", owner("apps.openshift.io/v1", "DeploymentConfig", ""), "[DeploymentConfig]"},
		{"a job", owner("batch/v1", "Job", ""), "[Job]"},
		{"a job that runs", owner("batch/v1", "Job", "active: 1, conditions: [{type: Complete, status: 'False'}]"), "[Job]"},
		{"a job that is done", owner("batch/v1", "Job", "completionTime: '2026-01-01T00:00:00Z'"), "[]"},
		{"a job that has failed", owner("batch/v1", "Job", "conditions: [{type: Failed, status: 'True'}]"), "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects, problems := manifest.Read("file.yaml", []byte(test.objects))
			state := cluster.Build(objects, kruise)
			kinds := []string{}
			for _, w := range state.Workloads {
				kinds = append(kinds, w.Kind)
			}
			got := fmt.Sprint(kinds)
			for _, d := range append(problems, state.Diagnostics...) {
				got += " " + d.Message[:len("given twice")]
			}
			if got != test.want {
				t.Errorf("got %s, must be %s", got, test.want)
			}
		})
	}
}

func TestAHostPortOfZeroIsNone(t *testing.T) {
	for port, want := range map[int]int{0: 0, 8080: 1} {
		objects, _ := manifest.Read("file.yaml", []byte(pod(fmt.Sprintf("containers: [{ports: [{containerPort: 80, hostPort: %d}]}]", port), "")))
		if got := cluster.Build(objects, config.Config{}).Workloads[0].HostPorts; len(got) != want {
			t.Errorf("hostPort %d gives %v", port, got.Ranges())
		}
	}
}

func TestValuesThatTheAPIServerRefusesAreNotReadAsAbsent(t *testing.T) {
	for spec, want := range map[string]string{
		`hostNetwork: "true", containers: []`:      "hostNetwork is a string, not a boolean",
		`hostNetwork: yes, containers: []`:         "",
		`containers: {name: main}`:                 "containers is an object, not a list",
		`containers: [], nodeName: 7`:              "nodeName is an integer, not a string",
		`containers: [], serviceAccountName: true`: "serviceAccountName is a boolean, not a string",
	} {
		objects, _ := manifest.Read("file.yaml", []byte(pod(spec, "")))
		got := ""
		for _, d := range cluster.Build(objects, config.Config{}).Diagnostics {
			got += d.Message
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestKindsThatOwnPods(t *testing.T) {
	for kind, want := range map[string]bool{
		"v1/Pod": true, "apps/v1/Deployment": true, "argoproj.io/v1alpha1/Rollout": true, "apps.kruise.io/v1/SidecarSet": true,
		"v1/Service": false, "example.org/v1/Deployment": false,
	} {
		at := strings.LastIndexByte(kind, '/')
		objects, _ := manifest.Read("file.yaml", []byte(fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: x}\n", kind[:at], kind[at+1:])))
		if got := cluster.OwnsPods(objects[0], kruise); got != want {
			t.Errorf("%s: got %t", kind, got)
		}
	}
}

func TestOfObjectsThatComeTwiceTheLastCounts(t *testing.T) {
	twice := func(first, second string) string {
		text := ""
		for _, app := range []string{first, second} {
			text += "apiVersion: v1\nkind: Pod\nmetadata: {name: w, labels: {app: " + app + "}}\nspec: {containers: []}\n---\n"
		}
		return text
	}
	objects, _ := manifest.Read("file.yaml", []byte(twice("a", "b")))
	for range 2 {
		state := cluster.Build(objects, config.Config{})
		if len(state.Workloads) != 1 || state.Workloads[0].Labels["app"] != "b" {
			t.Errorf("got %d workloads, labels %v", len(state.Workloads), state.Workloads[0].Labels)
		}
		if len(state.Diagnostics) != 1 || state.Diagnostics[0].Line != 6 || !state.Diagnostics[0].Taken {
			t.Errorf("got %v", state.Diagnostics)
		}
		objects[0], objects[1] = objects[1], objects[0] // whatever their order
	}
	objects, _ = manifest.Read("file.yaml", []byte(twice("a", "a")))
	if state := cluster.Build(objects, config.Config{}); len(state.Workloads) != 1 || len(state.Diagnostics) != 0 {
		t.Errorf("the same twice: got %d workloads, %v", len(state.Workloads), state.Diagnostics)
	}
}

func TestTheOlderNameOfAServiceAccountCounts(t *testing.T) {
	objects, _ := manifest.Read("file.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: w}\nspec: {serviceAccount: web, containers: []}\n"))
	if got := cluster.Build(objects, config.Config{}).Workloads[0].ServiceAccount; got != "web" {
		t.Errorf("got %s", got)
	}
}

func TestAnObjectThatNoAPIServerTakesByItsNameIsAnError(t *testing.T) {
	for name, taken := range map[string]bool{"w": true, "w-1.example": true, "${NAME}-w": true, "W": false, "w_1": false, "w-": false, ".w": false} {
		objects, _ := manifest.Read("file.yaml", []byte("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: \""+name+"\", namespace: shop}\nspec: {podSelector: {}}\n"))
		state := cluster.Build(objects, config.Config{})
		if got := len(state.Policies) == 1 && len(state.Diagnostics) == 0; got != taken {
			t.Errorf("%s: got %d policies, %v", name, len(state.Policies), state.Diagnostics)
		}
	}
}
