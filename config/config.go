package config

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Files are the places where a repository keeps its configuration, in the order of search.
var Files = []string{".github/netpol-impact.yaml", ".netpol-impact.yaml"}

// Config is everything that a repository can set. The zero value has every default.
type Config struct {
	// Targets, if any, are what is rendered; otherwise they are found.
	Targets []Target `json:"targets,omitempty"`
	// Render is what the renderers of all targets are told.
	Render Rendering `json:"render,omitempty"`
	// Fetch is what may be fetched while rendering; nothing if it is not set.
	Fetch Fetching `json:"fetch,omitempty"`
	// Namespaces gives the labels of namespaces that are not in the manifests.
	Namespaces map[string]Labels `json:"namespaces,omitempty"`
	// CNI is the network that enforces the policies: generic (if empty), cilium or calico.
	CNI string `json:"cni,omitempty" yaml:"cni"`
	// PodCIDRs are the addresses of the cluster's pods.
	PodCIDRs []string `json:"podCIDRs,omitempty" yaml:"podCIDRs"`
	// ServiceCIDRs are the addresses of the cluster's Services, which policies never see: the network has put a pod's address
	// in their place before.
	ServiceCIDRs []string `json:"serviceCIDRs,omitempty" yaml:"serviceCIDRs"`
	// DNS is where the cluster's name service answers; found from the manifests if left out. Several count each.
	DNS []NameServer `json:"dns,omitempty" yaml:"dns"`
	// IngressControllers are where what routes lead through runs; found by names if left out.
	IngressControllers []Place `json:"ingress-controllers,omitempty" yaml:"ingress-controllers"`
	// Workloads are custom kinds that own pods, beside those that every cluster knows.
	Workloads []Workload `json:"workloads,omitempty"`
	// Sensitive is what is worth protecting, beside known datastores.
	Sensitive Choice `json:"sensitive,omitempty"`
	// InternetFacing is what traffic from the internet comes to though nothing in the manifests exposes it, as behind a load
	// balancer that is set up elsewhere.
	InternetFacing Choice `json:"internet-facing,omitempty" yaml:"internet-facing"`
	// Gate sets from which severity on a finding fails the gate.
	Gate Gate `json:"gate,omitempty"`
	// Clusters are settings of single clusters, by name. What one sets wins over the setting for all.
	Clusters map[string]Cluster `json:"clusters,omitempty"`
	// Context are paths of manifests, from the repository's root, that are present in every cluster, on both sides alike:
	// a platform's default-denies, another repository's workloads. They are read from base.
	Context []string `json:"context,omitempty"`
	// Severity sets the severity of findings; the first entry that fits one wins.
	Severity []Override `json:"severity,omitempty"`
	// Waivers accept findings.
	Waivers []Waiver `json:"waivers,omitempty"`
	// Promises are connections that must be allowed or denied, beside those of the files *.netpol-test.yaml.
	Promises []Promise `json:"promises,omitempty"`
	// Comment says when the action comments on a pull request, and how.
	Comment Comment `json:"comment,omitempty"`
	// Report says how findings are told.
	Report Report `json:"report,omitempty"`
	// AcceptLabel is the label of a pull request that accepts the findings of the commit that it is set on, such as
	// netpol-impact/accepted; none if empty.
	AcceptLabel string `json:"accept-label,omitempty" yaml:"accept-label"`
	// CriticalReviewers are users (mona) and teams (acme/platform) that are asked to review a pull request that opens a
	// critical connection.
	CriticalReviewers []string `json:"critical-reviewers,omitempty" yaml:"critical-reviewers"`
}

// Labels are a namespace's labels.
type Labels map[string]string

// Workload is a custom kind whose objects own pods.
type Workload struct {
	// Kind is the API group and the kind, such as apps.example.org/Website. Where another group has a kind of that name, its
	// workloads are told as Website.apps.example.org.
	Kind string `json:"kind"`
	// Template leads to the pods' template, such as spec.template; empty where the object itself is like a Pod.
	Template string `json:"template,omitempty"`
}

// Choice says which workloads are meant: those that meet any of its parts.
type Choice struct {
	// Namespaces are names of namespaces all of whose workloads are meant.
	Namespaces []string `json:"namespaces,omitempty"`
	// Images are names of images without registry and tag, such as vault or team/ledger.
	Images []string `json:"images,omitempty"`
	// Selectors are label selectors as kubectl takes them, such as "tier=data,!public".
	Selectors []string `json:"selectors,omitempty"`
}

func (c *Choice) isEmpty() bool { return len(c.Namespaces)+len(c.Images)+len(c.Selectors) == 0 }

// Target is something to render.
type Target struct {
	// Path is a folder or a file, from the repository's root.
	Path string `json:"path"`
	// Values are a Helm chart's value files, from the repository's root.
	Values []string `json:"values,omitempty"`
	// Release and Namespace are those that a chart is installed with; Namespace is also the one of objects that name none.
	Release   string `json:"release,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Cluster names what the target is deployed into; otherwise it is found.
	Cluster string `json:"cluster,omitempty"`

	Rendering   `yaml:",inline"`
	ChartValues `yaml:",inline"`
}

// Gate sets from which severity on a finding fails the gate: critical, high, medium, low, info, or never.
type Gate struct {
	// FailOnOpened is the threshold of opened connections; high if empty.
	FailOnOpened string `json:"fail-on-opened,omitempty" yaml:"fail-on-opened"`
	// FailOnBlocked is that of blocked ones; high if empty.
	FailOnBlocked string `json:"fail-on-blocked,omitempty" yaml:"fail-on-blocked"`
}

// Cluster is what can be set for one cluster.
type Cluster struct {
	// Gate sets from which severity on a finding of the cluster fails the gate.
	Gate Gate `json:"gate,omitempty"`
	// CNI is the network that enforces the cluster's policies.
	CNI string `json:"cni,omitempty" yaml:"cni"`
	// PodCIDRs are the addresses of the cluster's pods.
	PodCIDRs []string `json:"podCIDRs,omitempty" yaml:"podCIDRs"`
	// ServiceCIDRs are the addresses of the cluster's Services.
	ServiceCIDRs []string `json:"serviceCIDRs,omitempty" yaml:"serviceCIDRs"`
	// DNS is where the cluster's name service answers.
	DNS []NameServer `json:"dns,omitempty" yaml:"dns"`
	// InternetFacing is what traffic from the internet comes to in the cluster though nothing in the manifests exposes it.
	InternetFacing Choice `json:"internet-facing,omitempty" yaml:"internet-facing"`
	// IngressControllers are where what the cluster's routes lead through runs.
	IngressControllers []Place `json:"ingress-controllers,omitempty" yaml:"ingress-controllers"`
	// Namespaces gives the labels of the cluster's namespaces that are not in the manifests; those of a namespace
	// replace the ones for all clusters.
	Namespaces map[string]Labels `json:"namespaces,omitempty"`
}

// For is the configuration of one cluster.
func (c Config) For(cluster string) Config {
	one, ok := c.Clusters[cluster]
	if !ok {
		return c
	}
	c.Gate.FailOnOpened = cmp.Or(one.Gate.FailOnOpened, c.Gate.FailOnOpened)
	c.Gate.FailOnBlocked = cmp.Or(one.Gate.FailOnBlocked, c.Gate.FailOnBlocked)
	c.CNI = cmp.Or(one.CNI, c.CNI)
	if len(one.PodCIDRs) > 0 {
		c.PodCIDRs = one.PodCIDRs
	}
	if len(one.ServiceCIDRs) > 0 {
		c.ServiceCIDRs = one.ServiceCIDRs
	}
	if len(one.DNS) > 0 {
		c.DNS = one.DNS
	}
	if !one.InternetFacing.isEmpty() {
		c.InternetFacing = one.InternetFacing
	}
	if len(one.IngressControllers) > 0 {
		c.IngressControllers = one.IngressControllers
	}
	if len(one.Namespaces) > 0 {
		all := maps.Clone(c.Namespaces)
		if all == nil {
			all = make(map[string]Labels)
		}
		maps.Copy(all, one.Namespaces)
		c.Namespaces = all
	}
	return c
}

// Differences names the settings, as the file has them, that differ between two configurations.
func (c Config) Differences(other Config) []string {
	var all []string
	a, b := reflect.ValueOf(c.withoutLines()), reflect.ValueOf(other.withoutLines())
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			all = append(all, name)
		}
	}
	return all
}

// withoutLines is the configuration without the places where its parts stand.
func (c Config) withoutLines() Config {
	c.Waivers = slices.Clone(c.Waivers)
	for i := range c.Waivers {
		c.Waivers[i].Line = 0
	}
	c.Promises = slices.Clone(c.Promises)
	for i := range c.Promises {
		c.Promises[i].Origin, c.Promises[i].Line = "", 0
	}
	return c
}
