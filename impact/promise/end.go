package promise

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// End is one part of an end of a promise.
type End config.End

// EndsOf are the parts of both ends of promises, those that are excepted among them.
func EndsOf(promises []config.Promise) []End {
	var out []End
	for _, p := range promises {
		for _, list := range []config.Ends{p.From, p.To} {
			for _, e := range list {
				out = append(out, End(e))
			}
		}
	}
	return out
}

// Blocks are the blocks of addresses that parts of ends name, those that are excepted among them: the model is to tell them
// apart from other addresses, of which the promises say something else or nothing. Names is the cluster's name service.
func Blocks(ends []End, names cluster.NameService) []netip.Prefix {
	var out []netip.Prefix
	seen := make(map[netip.Prefix]bool)
	add := func(blocks ...netip.Prefix) {
		for _, b := range blocks {
			if b = b.Masked(); !seen[b] {
				seen[b] = true
				out = append(out, b)
			}
		}
	}
	var visit func(e *End, excepted bool)
	visit = func(e *End, excepted bool) {
		for _, text := range e.CIDR {
			if block, err := config.ParseCIDR(text); err == nil { // a promise that was read has none that is wrong
				add(block)
			}
		}
		if e.DNS {
			for _, n := range names {
				add(n.Addresses...)
			}
		}
		if e.Internet && excepted { // what is left is private, and must not go with it
			add(policy.PrivateBlocks()...)
		}
		for i := range e.Except {
			x := End(e.Except[i])
			visit(&x, true)
		}
	}
	for i := range ends {
		visit(&ends[i], false)
	}
	return out
}

// selected are the pods that the part names by namespace and labels; none if it names namespaces by patterns, which can only
// match what there is.
func (e *End) selected() []policy.Pods {
	if e.Selector == "" && e.Namespace == nil && e.Namespaces == "" {
		return nil
	}
	pods := selectorOf(e.Selector)
	if e.Namespace == nil {
		return []policy.Pods{{Namespaces: policy.Namespaces{Selector: selectorOf(e.Namespaces)}, Pods: pods}}
	}
	var out []policy.Pods
	for _, name := range e.Namespace {
		if !strings.ContainsAny(name, `*?[\`) && e.Namespaces == "" {
			out = append(out, policy.Pods{Namespaces: policy.InNamespace(name), Pods: pods})
		}
	}
	return out
}

// role is the part that an end plays: in a promise that denies, pods that are not in the manifests count as well.
type role struct{ denied, source bool }

type groupKey struct {
	role role
	text string
}

// found is whom an end means.
type found struct {
	end   string
	key   string
	group reach.Group
	// plain is the group without what only Services mean, and services are these; domains are names outside.
	plain    reach.Group
	services []behind
	domains  []string
	// missing says which parts select nothing, or perhaps too little; absent are those of them that select nothing, without
	// what is excepted; outside tells that all of the group is outside the cluster.
	missing, absent []string
	outside         bool
	// dns tells that the end is the cluster's name service and nothing else.
	dns, internet bool
}

// behind is those of the workloads behind a Service that an end means.
type behind struct {
	service *cluster.Service
	group   reach.Group
}

// find finds whom an end means.
func (j *Judge) find(end string, ends config.Ends, r role) found {
	key := groupKey{r, textOf(ends)}
	if known, ok := j.groups[key]; ok {
		return known
	}
	out := found{end: end, key: fmt.Sprint(r, key.text), dns: true}
	for i := range ends {
		e := End(ends[i])
		out.dns = out.dns && e.DNS
		out.internet = out.internet || e.Internet
		plain, services, missing, doubt := j.part(&e, r)
		for _, m := range missing {
			out.absent = append(out.absent, end+": "+m)
		}
		out.missing = append(out.missing, out.absent[len(out.absent)-len(missing):]...)
		if doubt != "" {
			out.missing = append(out.missing, end+": "+doubt)
		}
		var except reach.Group
		if len(e.Except) > 0 {
			// Whoever is excepted is so whether or not it is rendered.
			found := j.find(end+", except", e.Except, role{denied: true, source: r.source})
			for _, m := range found.missing {
				if !strings.HasSuffix(m, madeElsewhere) { // those are most often the reason for an exception
					out.missing = append(out.missing, m)
				}
			}
			except = found.group
			plain = j.Model.Except(plain, except)
		}
		out.plain = out.plain.Union(plain)
		out.group = out.group.Union(plain)
		for _, s := range services {
			b := behind{s, j.Model.Except(j.Model.Group(j.endpointsOf(j.Backends.Of(s))), except)}
			out.services = append(out.services, b)
			out.group = out.group.Union(b.group)
		}
		out.domains = append(out.domains, e.Domain...)
	}
	out.outside = j.isOutside(out.group)
	j.groups[key] = out
	return out
}

// isOutside tells whether all of a group is outside the cluster.
func (j *Judge) isOutside(g reach.Group) bool {
	for i := range g.All() {
		if at := &j.Model.Endpoints[i]; at.Potential != nil || at.Workload[j.Side] != nil {
			return false
		}
	}
	return true
}

// textOf identifies an end by content.
func textOf(ends config.Ends) string {
	var b strings.Builder
	for _, e := range ends {
		except := e.Except
		e.Except = nil
		fmt.Fprintf(&b, "%#v", e)
		if len(except) > 0 {
			b.WriteString("!(" + textOf(except) + ")")
		}
	}
	return b.String()
}

// part finds whom one part of an end means, which of its words mean nobody, and why they may mean more.
func (j *Judge) part(e *End, r role) (plain reach.Group, services []*cluster.Service, missing []string, doubt string) {
	p := &j.people
	var list []int32
	switch {
	case e.Any && r.source:
		return p.group(&p.anySource, p.sources), nil, nil, ""
	case e.Any:
		return p.group(&p.any, p.all), nil, nil, ""
	case e.Workloads:
		return p.group(&p.anyWorkload, p.workloads), nil, nil, ""
	case e.Internet:
		list = j.internet(r)
	case e.DNS:
		list = j.dns(r)
	case e.Workload != nil:
		for _, name := range e.Workload {
			some, none := p.named(name)
			list = append(list, some...)
			if none != "" {
				missing = append(missing, none)
			}
		}
	case e.Service != nil:
		services, missing = j.servicesOf(e.Service)
	case e.CIDR != nil:
		for _, text := range e.CIDR {
			some, none := j.addresses(text)
			list = append(list, some...)
			if none != "" {
				missing = append(missing, none)
			}
		}
	case e.Domain == nil:
		list, missing, doubt = j.pods(e, r)
	}
	return j.Model.Group(list), services, missing, doubt
}

// madeElsewhere ends what is said of a part that means none but pods which are not in the manifests: it may be misspelt.
const madeElsewhere = "; pods that are made elsewhere are meant"

// pods are those of namespaces and labels. A promise that allows is about pods that are in the manifests and, where none is,
// about those that policies name by the same labels.
func (j *Judge) pods(e *End, r role) (list []int32, missing []string, doubt string) {
	rendered, others, uncertain := j.people.pods(e.Namespace, e.Namespaces, e.Selector)
	if r.denied {
		list = slices.Concat(rendered, others)
	} else if list = rendered; len(list) == 0 {
		list = others
	}
	switch {
	case uncertain:
		doubt = fmt.Sprintf("not all labels of the namespaces are known, so that %q may mean more than what was found; give them in the configuration", e.Namespaces)
	case len(rendered) == 0 && len(list) > 0:
		doubt = "the manifests have no workload " + e.words() + j.nearestNamespace(e) + madeElsewhere
	}
	if len(list) == 0 {
		missing = append(missing, "there are no pods "+e.words()+j.nearestNamespace(e))
	}
	return list, missing, doubt
}

// nearestNamespace words the namespace that was probably meant by a name that none in the manifests has.
func (j *Judge) nearestNamespace(e *End) string {
	known := j.people.byNamespace
	for _, name := range e.Namespace {
		if len(known[name]) == 0 && !strings.ContainsAny(name, `*?[\`) {
			return meant(name, slices.Sorted(maps.Keys(known)))
		}
	}
	return ""
}

// nearestService words the Service that was probably meant: one of the namespace, or one of the name elsewhere.
func (j *Judge) nearestService(name string) string {
	namespace, short, _ := strings.Cut(name, "/")
	var within, elsewhere []string
	for _, s := range j.State.Services {
		switch {
		case s.Namespace == namespace:
			within = append(within, s.Name)
		case s.Name == short:
			elsewhere = append(elsewhere, s.ID().String())
		}
	}
	if said := meant(short, within); said != "" || len(elsewhere) == 0 {
		return strings.Replace(said, "mean ", "mean "+namespace+"/", 1)
	}
	return "; did you mean " + slices.Min(elsewhere) + "?"
}

func (e *End) words() string {
	var out []string
	if e.Selector != "" {
		out = append(out, "with "+e.Selector)
	}
	if e.Namespace != nil {
		out = append(out, "in "+strings.Join(e.Namespace, ", "))
	}
	if e.Namespaces != "" {
		out = append(out, "in namespaces with "+e.Namespaces)
	}
	return strings.Join(out, " ")
}

func (j *Judge) endpointsOf(workloads []*cluster.Workload) []int32 {
	var out []int32
	for _, w := range workloads {
		if i, ok := j.people.at[w]; ok {
			out = append(out, i)
		}
	}
	return out
}

func (j *Judge) servicesOf(names []string) (services []*cluster.Service, missing []string) {
	for _, name := range names {
		namespace, short, _ := strings.Cut(name, "/")
		s := j.Backends.Service(cluster.Name{Namespace: namespace, Name: short})
		switch {
		case s == nil:
			missing = append(missing, "there is no Service "+name+j.nearestService(name))
		case len(j.Backends.Of(s)) == 0:
			missing = append(missing, "no workload is behind the Service "+name)
		default:
			services = append(services, s)
		}
	}
	return services, missing
}

// internet is the public addresses. A promise that denies them is about domain names, too, which stand for some of them.
func (j *Judge) internet(r role) []int32 {
	var out []int32
	for _, i := range j.people.externals {
		if slices.ContainsFunc(j.Model.Endpoints[i].External, policy.IsPublic) {
			out = append(out, i)
		}
	}
	if r.denied && !r.source {
		out = append(out, j.people.domains...)
	}
	return out
}

// dns is the cluster's name service: where it has addresses, as nodes' own caches do, pods ask these.
func (j *Judge) dns(r role) []int32 {
	var service, caches []int32
	for _, n := range j.Model.NameService(j.Side) {
		if n.Pods == nil {
			for _, i := range j.people.externals {
				if n.HasSome(j.Model.Endpoints[i].External) {
					caches = append(caches, i)
				}
			}
			continue
		}
		rendered, others, _ := j.people.pods([]string{n.Pods.Namespaces.Name}, "", n.Pods.Pods.Key())
		if len(rendered) == 0 {
			rendered = others
		}
		service = append(service, rendered...)
	}
	if len(caches) > 0 && !r.denied {
		return caches
	}
	return append(service, caches...)
}

// asked are the ports on which an endpoint of the name service is asked: resolvers do so by UDP.
func (j *Judge) asked(i int32) policy.PortSet {
	names, e := j.Model.NameService(j.Side), &j.Model.Endpoints[i]
	var all policy.PortSet
	switch w := e.Workload[j.Side]; {
	case w != nil:
		all = names.PortsOf(w)
	case e.Potential != nil:
		for _, p := range e.Potential.Ports() {
			all = all.Union(policy.Range(p.Protocol, p.Port, p.Port))
		}
	default:
		all = names.PortsAt(e.External)
	}
	return all.Intersect(policy.Whole(policy.UDP))
}

// addresses are the outside addresses, and the workloads of known address, that a block has some of. If there are none, the
// text says why.
func (j *Judge) addresses(text string) (out []int32, missing string) {
	block, err := config.ParseCIDR(text)
	if err != nil { // a promise that was read has none such
		return nil, err.Error()
	}
	switch one, is := j.State.ServicesAt(block); {
	case one != nil:
		return nil, fmt.Sprintf("%s is the address of the Service %s, which policies never see; promise {service: %s}", text, one.ID(), one.ID())
	case is:
		return nil, text + " is addresses of Services, which policies never see; name the Services"
	}
	out = j.people.outsideIn(block)
	for _, i := range j.people.workloads {
		if slices.ContainsFunc(j.people.workload(i).IPs, block.Contains) {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		missing = text + " is addresses of pods, and no pod's in the manifests; name workloads"
	}
	return out, missing
}
