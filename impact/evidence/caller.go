package evidence

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Called finds whom the API server connects to: webhooks of admission and aggregated API services.
func (f *Finder) Called() []Dependency {
	var out []Dependency
	for _, o := range f.state.Callers {
		switch o.Kind {
		case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
			webhooks := o.Body.Get("webhooks").Elements()
			for i := range webhooks {
				out = append(out, f.called(o, webhooks[i].Get("clientConfig", "service"))...)
			}
		case "APIService":
			out = append(out, f.called(o, o.Body.Get("spec", "service"))...)
		}
	}
	return out
}

func (f *Finder) called(o *manifest.Object, ref *manifest.Node) []Dependency {
	service := f.backends.Service(cluster.Name{Namespace: ref.Get("namespace").Str(), Name: ref.Get("name").Str()})
	if service == nil {
		return nil
	}
	port, ok := ref.Get("port").IntValue()
	if !ok {
		port = 443 // the default of both kinds
	}
	var out []Dependency
	at := o.At(ref)
	for _, w := range f.backends.Of(service) {
		if ports := (place{service: service}).ports(w, port); len(ports) > 0 {
			out = append(out, Dependency{w, ports, fmt.Sprintf("the API server calls it for %s", o), at.File, at.Line})
		}
	}
	return out
}

// Routed finds whom the controllers of routes from outside connect to.
func (f *Finder) Routed() []Dependency {
	var out []Dependency
	for i := range f.state.Routes {
		r := &f.state.Routes[i]
		service := f.backends.Service(r.Service)
		if service == nil {
			continue
		}
		at := r.Object.At(r.Part)
		for _, w := range f.backends.Of(service) {
			if ports := r.On(service, w); len(ports) > 0 {
				out = append(out, Dependency{w, ports, fmt.Sprintf("%s routes to Service %s", r.Object, service.Name), at.File, at.Line})
			}
		}
	}
	return out
}

// Scraped finds whose metrics monitors collect: by ServiceMonitor, PodMonitor and the customary annotations of pods.
func (f *Finder) Scraped() []Dependency {
	var out []Dependency
	for _, o := range f.state.Callers {
		switch o.Kind {
		case "ServiceMonitor":
			out = append(out, f.serviceMonitor(o)...)
		case "PodMonitor":
			out = append(out, f.podMonitor(o)...)
		}
	}
	for _, w := range f.state.Workloads {
		annotations := w.Object.Body.Get(append(w.TemplatePath(), "metadata", "annotations")...)
		if annotations.Get("prometheus.io/scrape").Str() != "true" {
			continue
		}
		ports := declared(w)
		if text := annotations.Get("prometheus.io/port").Str(); text != "" {
			ports = portOf(w, &manifest.Node{Kind: manifest.Int, Text: text})
		}
		if at := w.Object.At(annotations.Get("prometheus.io/scrape")); len(ports) > 0 {
			out = append(out, Dependency{w, ports, "annotation prometheus.io/scrape", at.File, at.Line})
		}
	}
	return out
}

func (f *Finder) serviceMonitor(o *manifest.Object) []Dependency {
	var out []Dependency
	selects := monitored(o)
	endpoints := o.Body.Get("spec", "endpoints").Elements()
	for _, service := range f.state.Services {
		if !selects(service.Namespace, func() map[string]string { return labelsOf(service.Object) }) {
			continue
		}
		for _, w := range f.backends.Of(service) {
			for i := range endpoints {
				var ports policy.PortSet
				name, target := endpoints[i].Get("port").Str(), endpoints[i].Get("targetPort")
				for _, p := range service.Ports {
					if name != "" && p.Name == name {
						ports = ports.Union(p.On(w))
					}
				}
				if name == "" {
					ports = portOf(w, target)
				}
				out = appendScrape(out, o, &endpoints[i], w, ports)
			}
		}
	}
	return out
}

func (f *Finder) podMonitor(o *manifest.Object) []Dependency {
	var out []Dependency
	selects := monitored(o)
	endpoints := o.Body.Get("spec", "podMetricsEndpoints").Elements()
	for _, w := range f.state.Workloads {
		if !selects(w.Namespace, func() map[string]string { return w.Labels }) {
			continue
		}
		for i := range endpoints {
			var port *manifest.Node
			for _, field := range []string{"port", "portNumber", "targetPort"} {
				port = cmp.Or(port, endpoints[i].Get(field))
			}
			out = appendScrape(out, o, &endpoints[i], w, portOf(w, port))
		}
	}
	return out
}

func appendScrape(out []Dependency, o *manifest.Object, part *manifest.Node, w *cluster.Workload, ports policy.PortSet) []Dependency {
	if len(ports) == 0 {
		return out
	}
	at := o.At(part)
	return append(out, Dependency{w, ports, fmt.Sprintf("%s scrapes it", o), at.File, at.Line})
}

// monitored tells what a monitor selects: labels, in its own namespace unless it says otherwise.
func monitored(o *manifest.Object) func(namespace string, labels func() map[string]string) bool {
	var wanted metav1.LabelSelector
	mistakes := manifest.Decode(o.Body.Get("spec", "selector"), &wanted)
	selector, err := policy.NewSelector(wanted)
	where := o.Body.Get("spec", "namespaceSelector")
	namespaces := make(map[string]bool)
	names := where.Get("matchNames").Elements()
	for i := range names {
		namespaces[names[i].Str()] = true
	}
	if len(names) == 0 {
		namespaces[cmp.Or(o.Namespace, cluster.DefaultNamespace)] = true
	}
	return func(namespace string, labels func() map[string]string) bool {
		return len(mistakes) == 0 && err == nil && (where.Get("any").IsTrue() || namespaces[namespace]) && selector.Matches(labels())
	}
}

func labelsOf(o *manifest.Object) map[string]string {
	out := make(map[string]string)
	o.Body.Get("metadata", "labels").Fields(func(key, value *manifest.Node) bool {
		out[key.Text] = value.Str()
		return true
	})
	return out
}

func declared(w *cluster.Workload) policy.PortSet {
	var out policy.PortSet
	for _, p := range w.Ports {
		out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
	}
	return out
}

// portOf is a workload's port by number or by name.
func portOf(w *cluster.Workload, n *manifest.Node) policy.PortSet {
	if number, ok := n.IntValue(); ok {
		if number < 1 || number > 65535 {
			return nil
		}
		return policy.Range(policy.TCP, number, number)
	}
	var out policy.PortSet
	for _, p := range w.Ports {
		if name := n.Str(); name != "" && p.Name == name {
			out = out.Union(policy.Range(p.Protocol, p.Port, p.Port))
		}
	}
	return out
}

// Clients finds the bindings of roles to service accounts: workloads that run as one of these use the API server. A role
// that only lets pods use something (a security context constraint, a policy of pods) is asked for when they are made, by
// others than themselves; of a role that is not here, nobody knows.
func (f *Finder) Clients() map[cluster.Name]Dependency {
	active := make(map[string]bool)
	for _, name := range []string{"cluster-admin", "admin", "edit", "view", "system:auth-delegator"} { // every cluster has these
		active["ClusterRole//"+name] = true
	}
	for _, o := range f.state.Callers {
		if strings.HasSuffix(o.Kind, "Role") && asks(o.Body.Get("rules")) {
			active[o.Kind+"/"+o.Namespace+"/"+o.Name] = true
		}
	}
	out := make(map[cluster.Name]Dependency)
	for _, o := range f.state.Callers {
		if !strings.HasSuffix(o.Kind, "RoleBinding") {
			continue
		}
		role := cluster.Name{Namespace: o.Namespace, Name: o.Body.Get("roleRef", "name").Str()}
		kind := o.Body.Get("roleRef", "kind").Str()
		if kind == "ClusterRole" {
			role.Namespace = ""
		}
		if !active[kind+"/"+role.String()] {
			continue
		}
		subjects := o.Body.Get("subjects").Elements()
		for i := range subjects {
			account := cluster.Name{Namespace: cmp.Or(subjects[i].Get("namespace").Str(), o.Namespace, cluster.DefaultNamespace), Name: subjects[i].Get("name").Str()}
			if _, known := out[account]; known || subjects[i].Get("kind").Str() != "ServiceAccount" {
				continue
			}
			at := o.At(&subjects[i])
			out[account] = Dependency{nil, apiServerPorts, fmt.Sprintf("%s lets its service account %s use the API server", o, account.Name), at.File, at.Line}
		}
	}
	return out
}

// apiServerPorts are where API servers listen.
var apiServerPorts = policy.Range(policy.TCP, 443, 443).Union(policy.Range(policy.TCP, 6443, 6443))

// asks tells whether a role's rules allow anything that is asked of the API server.
func asks(rules *manifest.Node) bool {
	list := rules.Elements()
	for i := range list {
		verbs := list[i].Get("verbs").Elements()
		for j := range verbs {
			if verbs[j].Str() != "use" {
				return true
			}
		}
	}
	return false
}
