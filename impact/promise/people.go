package promise

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// people finds the endpoints of a side by what promises name them by, without looking at all of them.
type people struct {
	model *reach.Model
	side  reach.Side
	state *cluster.State
	// at are the endpoints of the workloads, byName those of a namespace and name.
	at     map[*cluster.Workload]int32
	byName map[cluster.Name][]int32
	// byNamespace and byLabel are the pods of a namespace and those with a label.
	byNamespace map[string][]int32
	byLabel     map[label][]int32
	workloads   []int32
	// potentials are pods that policies name and no manifest has, externals outside addresses, domains names of them.
	potentials, externals, domains []int32
	// outside are the parts of the externals, ascending; no two overlap.
	outside      []outsidePart
	all, sources []int32
	// any, anySource and anyWorkload are the groups of all, sources and workloads, made when first asked for.
	any, anySource, anyWorkload *reach.Group
}

type outsidePart struct {
	block    netip.Prefix
	endpoint int32
}

type label struct{ key, value string }

func newPeople(f *Facts) people {
	p := people{model: f.Model, side: f.Side, state: f.State, at: make(map[*cluster.Workload]int32), byName: make(map[cluster.Name][]int32),
		byNamespace: make(map[string][]int32), byLabel: make(map[label][]int32)}
	for n := range f.Model.Endpoints {
		i, e := int32(n), &f.Model.Endpoints[n]
		if !f.Model.Exists(f.Side, i) {
			continue
		}
		p.all = append(p.all, i)
		if e.Domain != "" {
			p.domains = append(p.domains, i)
			continue
		}
		p.sources = append(p.sources, i)
		switch w := e.Workload[f.Side]; {
		case w != nil:
			p.addWorkload(i, w)
		case e.Potential != nil:
			p.potentials = append(p.potentials, i)
		case e.External != nil:
			p.externals = append(p.externals, i)
			for _, block := range e.External {
				p.outside = append(p.outside, outsidePart{block, i})
			}
		}
	}
	slices.SortFunc(p.outside, func(a, b outsidePart) int { return a.block.Addr().Compare(b.block.Addr()) })
	return p
}

// outsideIn are the outside addresses that a block has some of.
func (p *people) outsideIn(block netip.Prefix) []int32 {
	first, _ := slices.BinarySearchFunc(p.outside, block.Addr(), func(o outsidePart, a netip.Addr) int { return o.block.Addr().Compare(a) })
	if first > 0 && p.outside[first-1].block.Overlaps(block) {
		first--
	}
	var out []int32
	for _, o := range p.outside[first:] {
		if !o.block.Overlaps(block) {
			break
		}
		out = append(out, o.endpoint)
	}
	return sorted(out)
}

// group makes a group once.
func (p *people) group(known **reach.Group, list []int32) reach.Group {
	if *known == nil {
		g := p.model.Group(list)
		*known = &g
	}
	return **known
}

func (p *people) addWorkload(i int32, w *cluster.Workload) {
	p.at[w] = i
	p.workloads = append(p.workloads, i)
	id := cluster.Name{Namespace: w.Namespace, Name: w.Name}
	p.byName[id] = append(p.byName[id], i)
	p.byNamespace[w.Namespace] = append(p.byNamespace[w.Namespace], i)
	for key, value := range w.Labels {
		l := label{key, value}
		p.byLabel[l] = append(p.byLabel[l], i)
	}
}

func (p *people) workload(i int32) *cluster.Workload { return p.model.Endpoints[i].Workload[p.side] }

// named are the workloads of a name such as shop/web or Deployment/shop/web; stars stand for any characters. If there are
// none, the text says which was probably meant.
func (p *people) named(name string) (found []int32, missing string) {
	kind, id := "", name
	if strings.Count(name, "/") == 2 {
		kind, id, _ = strings.Cut(name, "/")
	}
	namespace, short, _ := strings.Cut(id, "/")
	of := func(list []int32) {
		for _, i := range list {
			if kind == "" || strings.EqualFold(kind, p.workload(i).Kind) {
				found = append(found, i)
			}
		}
	}
	if !strings.ContainsAny(id, `*?[\`) {
		of(p.byName[cluster.Name{Namespace: namespace, Name: short}])
	} else {
		for _, ns := range p.namespaces(namespace) {
			for _, i := range p.byNamespace[ns] {
				if ok, _ := path.Match(short, p.workload(i).Name); ok {
					of([]int32{i})
				}
			}
		}
	}
	if len(found) > 0 {
		return found, ""
	}
	if others := p.byName[cluster.Name{Namespace: namespace, Name: short}]; len(others) > 0 {
		w := p.workload(others[0])
		return nil, fmt.Sprintf("there is no workload %s; did you mean %s/%s/%s?", name, w.Kind, w.Namespace, w.Name)
	}
	return nil, fmt.Sprintf("there is no workload %s%s", name, p.nearest(id))
}

// namespaces are those of the manifests' workloads that a pattern matches.
func (p *people) namespaces(pattern string) []string {
	if !strings.ContainsAny(pattern, `*?[\`) {
		return []string{pattern}
	}
	var out []string
	for _, ns := range slices.Sorted(maps.Keys(p.byNamespace)) {
		if ok, _ := path.Match(pattern, ns); ok {
			out = append(out, ns)
		}
	}
	return out
}

// nearest words the workload that was probably meant: one of the namespace, or one of the name elsewhere.
func (p *people) nearest(id string) string {
	namespace, name, _ := strings.Cut(id, "/")
	best, distance, differs := "", min(max(2, len(name)/3), len(name)-1)+1, 0
	try := func(i int32, d int) {
		w := p.workload(i)
		// Letters that changed places are more likely than ones that are missing.
		length := max(len(name)-len(w.Name), len(w.Name)-len(name))
		if d < distance || d == distance && length < differs {
			best, distance, differs = w.Namespace+"/"+w.Name, d, length
		}
	}
	for _, i := range p.byNamespace[namespace] {
		try(i, spelling.Distance(name, p.workload(i).Name))
	}
	if best == "" {
		for _, ns := range slices.Sorted(maps.Keys(p.byNamespace)) {
			for _, i := range p.byName[cluster.Name{Namespace: ns, Name: name}] {
				try(i, 1)
			}
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// pods are the workloads, and the other pods that policies name, of some namespaces and labels; uncertain tells that a
// namespace's labels are not all known, so that more may be meant.
func (p *people) pods(names []string, namespaces, selector string) (rendered, others []int32, uncertain bool) {
	byNamespace, err1 := labels.Parse(namespaces)
	byLabels, err2 := labels.Parse(selector)
	if err1 != nil || err2 != nil { // a promise that was read has none such
		return nil, nil, false
	}
	inside := make(map[string]bool)
	isInside := func(ns string) bool {
		in, known := inside[ns]
		if known {
			return in
		}
		in = len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { ok, _ := path.Match(n, ns); return ok })
		if in && namespaces != "" {
			all, complete := p.model.NamespaceLabels(p.side, ns)
			in = byNamespace.Matches(labels.Set(all))
			uncertain = uncertain || !complete && !in && len(p.byNamespace[ns]) > 0
		}
		inside[ns] = in
		return in
	}
	for _, i := range p.candidates(names, byLabels) {
		w := p.workload(i)
		if byLabels.Matches(labels.Set(w.Labels)) && isInside(w.Namespace) {
			rendered = append(rendered, i)
		}
	}
	for _, i := range p.potentials {
		q := p.model.Endpoints[i].Potential
		if isInside(q.Namespace()) && byLabels.Matches(labels.Set(q.Labels())) {
			others = append(others, i)
		}
	}
	return rendered, others, uncertain
}

// candidates are workloads among which all that names and labels mean are: those with the rarest label, or those of the
// namespaces.
func (p *people) candidates(names []string, selector labels.Selector) []int32 {
	best := p.workloads
	requirements, _ := selector.Requirements()
	for _, r := range requirements {
		if r.Operator() != selection.In && r.Operator() != selection.Equals && r.Operator() != selection.DoubleEquals {
			continue
		}
		var with []int32
		for value := range r.Values() {
			with = append(with, p.byLabel[label{r.Key(), value}]...)
		}
		if len(with) < len(best) {
			best = with
		}
	}
	if len(names) > 0 {
		var within []int32
		for _, name := range names {
			for _, ns := range p.namespaces(name) {
				within = append(within, p.byNamespace[ns]...)
			}
		}
		if len(within) < len(best) {
			best = within
		}
	}
	return best
}

// selectorOf turns a selector as kubectl takes it into one of policies.
func selectorOf(text string) policy.Selector {
	selector, _ := policy.ParseSelector(text) // a promise that was read has none that is wrong
	return selector
}

// Unrendered are the pods that promises name by namespace and labels and that no workload of a side is: the model is to know
// them, so that what policies do to them can be told.
func Unrendered(s *cluster.State, ends []End) []policy.Pods {
	index := people{state: s, byLabel: make(map[label][]int32), byNamespace: make(map[string][]int32)}
	for n, w := range s.Workloads {
		index.workloads = append(index.workloads, int32(n))
		index.byNamespace[w.Namespace] = append(index.byNamespace[w.Namespace], int32(n))
		for key, value := range w.Labels {
			index.byLabel[label{key, value}] = append(index.byLabel[label{key, value}], int32(n))
		}
	}
	var out []policy.Pods
	seen := make(map[string]bool)
	for _, e := range ends {
		pods := e.selected()
		for _, p := range pods {
			if seen[p.Key()] {
				continue
			}
			seen[p.Key()] = true
			selector, _ := labels.Parse(e.Selector)
			var names []string
			if p.Namespaces.Name != "" {
				names = []string{p.Namespaces.Name}
			}
			if !slices.ContainsFunc(index.candidates(names, selector), func(i int32) bool {
				w := s.Workloads[i]
				return p.Pods.Matches(w.Labels) && matches(p.Namespaces, s.Namespaces[w.Namespace])
			}) {
				out = append(out, p)
			}
		}
	}
	return out
}

func matches(n policy.Namespaces, ns *cluster.Namespace) bool {
	if n.Name != "" {
		return n.Name == ns.Name
	}
	return n.Selector.Matches(ns.Labels)
}

// sorted keeps each endpoint once.
func sorted(list []int32) []int32 {
	out := slices.Clone(list)
	slices.SortFunc(out, cmp.Compare)
	return slices.Compact(out)
}
