package cluster

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/impact/policy/cilium"
	"github.com/netpol-impact/netpol-impact/impact/policy/schema"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// State is one side of a cluster.
type State struct {
	Namespaces map[string]*Namespace
	// Workloads are sorted by namespace, kind and name.
	Workloads []*Workload
	// Policies are sorted by tier, order, namespace and name.
	Policies []*policy.Policy
	Nodes    []*Node
	// Services are sorted by namespace and name.
	Services []*Service
	// Routes are the backends of routes from outside, sorted by what names them.
	Routes []Route
	// ConfigMaps are what workloads may be configured by.
	ConfigMaps map[Name]*manifest.Object
	// Callers are objects that make somebody connect to a Service or to pods, or to the API server: webhooks, API
	// services, monitors, roles and their bindings. Sorted by kind, namespace and name.
	Callers []*manifest.Object
	// Referents are the objects that policies may refer to, sorted by kind, namespace and name.
	Referents []*manifest.Object
	// NameService is where the cluster's name service answers.
	NameService NameService
	// Controllers are where the controllers of routes run, if the configuration says so.
	Controllers []Place
	Diagnostics []manifest.Diagnostic

	// serviceAddresses are where Services are reached.
	serviceAddresses serviceAddresses
	// facing are the workloads that the configuration says face the internet, with what it means them by.
	facing map[*Workload]string
	// endpoints are the addresses of Services that select no pods.
	endpoints map[Name][]address
	// aside are the diagnostics of policies that another network would enforce.
	aside []int
	// cni is the network that enforces policies, "" if nothing tells.
	cni string
}

// DefaultNamespace is the namespace of objects that name none.
const DefaultNamespace = "default"

// NameLabel is the label that the API server gives to every namespace.
const NameLabel = policy.NameLabel

// Namespace is a namespace and its labels.
type Namespace struct {
	Name   string
	Labels map[string]string
	// Known tells whether Labels are all of its labels: there is a Namespace object, or the configuration gives them.
	Known  bool
	Object *manifest.Object
}

// Node is a machine of the cluster.
type Node struct {
	Name   string
	Labels map[string]string
	IPs    []netip.Addr
	Object *manifest.Object
}

// Build derives a side's state from its objects. The result is the same whatever their order.
func Build(objects []*manifest.Object, cfg config.Config) *State {
	s := derive(objects, cfg)
	tellApart(s)
	return s
}

// derive is [Build] for one side of two.
func derive(objects []*manifest.Object, cfg config.Config) *State {
	b := newBuilder(cfg.CNI, customTemplates(cfg))
	b.choose(objects)
	for _, o := range objects {
		b.add(o)
	}
	for name, labels := range cfg.Namespaces {
		b.configure(name, labels)
	}
	b.finish()
	b.findNameService(cfg.DNS)
	b.face(cfg.InternetFacing)
	b.placeControllers(cfg.IngressControllers)
	b.addressServices(cfg.ServiceCIDRs)
	return b.state
}

func newBuilder(cni string, templates map[string]template) *builder {
	return &builder{
		state: &State{
			Namespaces: make(map[string]*Namespace),
			ConfigMaps: make(map[Name]*manifest.Object),
			endpoints:  make(map[Name][]address),
			cni:        cni,
		},
		last:      make(map[string]*manifest.Object),
		seen:      make(map[string]bool),
		accounts:  make(map[Name]map[string]string),
		tiers:     make(map[string]calico.Tier),
		templates: templates,
		kinds:     countKinds(templates),
		cni:       cni,
	}
}

type builder struct {
	state *State
	// last are the objects that count of those that come twice, seen those that are in the state already, by identity.
	last  map[string]*manifest.Object
	seen  map[string]bool
	owned []*Workload
	// cni is the network that enforces policies; "" if nothing tells.
	cni string
	// cilium are Cilium's policies, which refer to other objects, and cidrGroups what they may refer to.
	cilium     []*manifest.Object
	cidrGroups []cilium.Group
	// calico are Calico's policies, and tiers and networks what they may refer to.
	calico   []*manifest.Object
	staged   []*manifest.Object
	tiers    map[string]calico.Tier
	networks []calico.Networks
	// istio are Istio's policies, which the mesh's settings bear on.
	istio []*manifest.Object
	// accounts are the labels of ServiceAccounts.
	accounts map[Name]map[string]string
	// templates are the configuration's own kinds of workloads.
	templates map[string]template
	// kinds tells in how many groups there are workloads of a kind.
	kinds map[string]int
	// openShift tells that there are objects of OpenShift's own kinds.
	openShift bool
}

func namespaceOf(o *manifest.Object) string { return cmp.Or(o.Namespace, DefaultNamespace) }

func (b *builder) report(d ...manifest.Diagnostic) {
	b.state.Diagnostics = append(b.state.Diagnostics, d...)
}

// reportConfig tells of a setting that cannot be used.
func (b *builder) reportConfig(err error) {
	b.report(manifest.Diagnostic{Severity: manifest.Error, Message: err.Error()})
}

func (b *builder) add(o *manifest.Object) {
	b.openShift = b.openShift || strings.HasSuffix(o.Group, ".openshift.io")
	if IsReferent(o) {
		b.state.Referents = append(b.state.Referents, o)
	}
	kind := b.kindOf(o)
	if kind == nil && b.addContext(o) {
		return
	}
	if kind == nil {
		b.reportUnknown(o)
		return
	}
	if o.Kind != "Namespace" && b.isDuplicate(o) {
		return
	}
	if b.fits(o) {
		kind(b, o)
	}
}

// fits tells whether an API server would take an object, by the schema that is published for its kind. One that it refuses
// has no effect.
func (b *builder) fits(o *manifest.Object) bool {
	fits := true
	if name := o.Body.Get("metadata", "name"); name.Str() != "" && !isName(name.Str()) {
		b.report(manifest.Problem(manifest.Error, o, name, "%q cannot be a name: an API server takes lower-case letters, digits, - and . only, and a letter or digit at either end", name.Str()))
		fits = false
	}
	for _, m := range schema.Check(o) {
		b.report(manifest.Problem(m.Severity, o, m.Part, "%s", m))
		fits = fits && m.Severity != manifest.Error
	}
	return fits
}

// isName tells whether an object can have a name (RFC 1123 as the API server holds names to it). A variable that is still to be
// put in may be one.
func isName(text string) bool {
	if strings.Contains(text, "${") {
		return true
	}
	isEnd := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	for i := range len(text) {
		if c := text[i]; !isEnd(c) && c != '-' && c != '.' {
			return false
		}
	}
	return len(text) <= 253 && isEnd(text[0]) && isEnd(text[len(text)-1])
}

// choose finds of the objects that come twice the ones that count: the last by file and line, as kubectl applies a folder and
// as Argo CD chooses.
func (b *builder) choose(objects []*manifest.Object) {
	for _, o := range objects {
		key := identity(o)
		if was := b.last[key]; was == nil || cmp.Or(strings.Compare(was.Origin.File, o.Origin.File), cmp.Compare(was.Origin.Line, o.Origin.Line)) <= 0 {
			b.last[key] = o
		}
	}
}

// identity is what a cluster has one object of.
func identity(o *manifest.Object) string {
	group := o.Group
	if group == "extensions" { // what it held moved to these groups, and was served by both for a while
		group = "apps"
		if o.Kind == "NetworkPolicy" {
			group = "networking.k8s.io"
		}
	}
	return group + "/" + o.Kind + "/" + namespaceOf(o) + "/" + o.Name
}

// isDuplicate tells whether an object came before, or one of its name counts in its place. The same object with other contents
// is an error: which one a cluster would end up with depends on the order in which they are applied.
func (b *builder) isDuplicate(o *manifest.Object) bool {
	key := identity(o)
	counts := cmp.Or(b.last[key], o)
	if counts.Body != o.Body && counts.Digest() != o.Digest() {
		b.reportTwice(counts, o)
		return true
	}
	if b.seen[key] {
		return true
	}
	b.seen[key] = true
	return false
}

// reportTwice says of the one of two objects that counts that there is another one.
func (b *builder) reportTwice(o, other *manifest.Object) {
	problem := manifest.Problem(manifest.Error, o, nil,
		"given twice with different contents, also at %s:%d: what a cluster gets depends on their order, and the last one is taken here; remove one, or tell their clusters apart in the configuration",
		other.Origin.File, other.Origin.Line)
	problem.Digest ^= other.Digest()
	problem.Taken = true
	b.report(problem)
}

// addNamespace adds a namespace's labels. Several targets of a cluster may each bring the namespace they live in; only
// labels that contradict each other are a mistake.
func (b *builder) addNamespace(o *manifest.Object) {
	labels, problems := stringMap(o, o.Body.Get("metadata", "labels"), "metadata.labels")
	b.report(problems...)
	labels[NameLabel] = o.Name
	if first := b.state.Namespaces[o.Name]; first != nil {
		for key, value := range labels {
			if before, has := first.Labels[key]; has && before != value {
				b.reportTwice(o, first.Object)
				continue
			}
			first.Labels[key] = value
		}
		return
	}
	b.state.Namespaces[o.Name] = &Namespace{Name: o.Name, Labels: labels, Known: true, Object: o}
}

// configure adds labels that the configuration knows of a namespace; an object's own labels win.
func (b *builder) configure(name string, labels config.Labels) {
	n := b.namespace(name)
	for key, value := range labels {
		if _, has := n.Labels[key]; !has {
			n.Labels[key] = value
		}
	}
	n.Known = true
}

func (b *builder) namespace(name string) *Namespace {
	n := b.state.Namespaces[name]
	if n == nil {
		n = &Namespace{Name: name, Labels: map[string]string{NameLabel: name}}
		b.state.Namespaces[name] = n
	}
	return n
}

func (b *builder) addNode(o *manifest.Object) {
	labels, problems := stringMap(o, o.Body.Get("metadata", "labels"), "metadata.labels")
	b.report(problems...)
	n := &Node{Name: o.Name, Labels: labels, Object: o}
	for i := range o.Body.Get("status", "addresses").Elements() {
		if ip, err := netip.ParseAddr(o.Body.Get("status", "addresses").Items[i].Get("address").Str()); err == nil {
			n.IPs = append(n.IPs, ip.Unmap())
		}
	}
	b.state.Nodes = append(b.state.Nodes, n)
}

func (b *builder) addPolicy(p *policy.Policy, problems []manifest.Diagnostic) {
	b.report(problems...)
	if p != nil {
		b.state.Policies = append(b.state.Policies, p)
	}
}

func (b *builder) addPolicies(policies []*policy.Policy, problems []manifest.Diagnostic) {
	b.report(problems...)
	b.state.Policies = append(b.state.Policies, policies...)
}

func (b *builder) finish() {
	s := b.state
	b.compileReferring()
	b.foldOwned()
	b.placeOnNodes()
	for _, w := range s.Workloads {
		b.namespace(w.Namespace)
		w.AccountLabels = b.accounts[Name{w.Namespace, w.ServiceAccount}]
	}
	for _, p := range s.Policies {
		for _, subject := range p.Subject {
			if subject.Namespaces.Name != "" {
				b.namespace(subject.Namespaces.Name)
			}
		}
	}
	slices.SortFunc(s.Workloads, compareWorkloads)
	slices.SortFunc(s.Policies, ComparePolicies)
	slices.SortFunc(s.Nodes, func(a, b *Node) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Services, compareServices)
	slices.SortFunc(s.Routes, func(a, b Route) int {
		return cmp.Or(compareObjects(a.Object, b.Object), cmp.Compare(a.Part.LineOr(0), b.Part.LineOr(0)), strings.Compare(a.Service.String(), b.Service.String()))
	})
	slices.SortFunc(s.Callers, compareObjects)
	slices.SortStableFunc(s.Referents, compareObjects)
}

// compileReferring compiles the policies that refer to other objects.
func (b *builder) compileReferring() {
	b.compileCilium()
	b.compileCalico()
	b.compileIstio()
}

func compareServices(a, b *Service) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

func compareObjects(a, b *manifest.Object) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(namespaceOf(a), namespaceOf(b)), strings.Compare(a.Name, b.Name))
}

// placeOnNodes completes what is known of pods on the host's network: they have their node's addresses, and a node that has
// their address is theirs.
func (b *builder) placeOnNodes() {
	byName, byIP := make(map[string]*Node), make(map[netip.Addr]*Node)
	for _, n := range b.state.Nodes {
		byName[n.Name] = n
		for _, ip := range n.IPs {
			byIP[ip] = n
		}
	}
	for _, w := range b.state.Workloads {
		if !w.HostNetwork {
			continue
		}
		if n := byName[w.Node]; n != nil && len(w.IPs) == 0 {
			w.IPs = n.IPs
		}
		for _, ip := range w.IPs {
			if n := byIP[ip]; n != nil && w.Node == "" {
				w.Node = n.Name
			}
		}
	}
}

// ComparePolicies orders policies as they are asked.
func ComparePolicies(a, b *policy.Policy) int {
	return cmp.Or(a.Tier.Compare(b.Tier), cmp.Compare(a.Order, b.Order),
		strings.Compare(a.Object.Kind, b.Object.Kind), strings.Compare(namespaceOf(a.Object), namespaceOf(b.Object)),
		strings.Compare(a.Object.Name, b.Object.Name), cmp.Compare(a.Number, b.Number))
}

// stringMap reads labels, which are strings and nothing else.
func stringMap(o *manifest.Object, n *manifest.Node, path string) (map[string]string, []manifest.Diagnostic) {
	out := make(map[string]string, 4)
	var problems []manifest.Diagnostic
	if !n.IsNull() && n.Kind != manifest.Map {
		return out, []manifest.Diagnostic{manifest.Problem(manifest.Error, o, n, "%s is %s, not an object", path, n.Kind.Noun())}
	}
	for key, value := range n.Fields {
		switch value.Kind {
		case manifest.String:
			out[key.Text] = value.Text
		case manifest.Null:
			out[key.Text] = ""
		default:
			problems = append(problems, manifest.Problem(manifest.Error, o, value, "%s: %s is %s, not a string; quote it",
				fmt.Sprintf("%s.%s", path, key.Text), value.Text, value.Kind.Noun()))
		}
	}
	return out, problems
}
