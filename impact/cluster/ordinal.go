package cluster

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The labels by which the controller of StatefulSets tells the pods of one apart.
// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-name-label
const (
	podNameLabel  = "statefulset.kubernetes.io/pod-name"
	podIndexLabel = "apps.kubernetes.io/pod-index"
)

// BuildBoth derives the states of two sides as [Build] does each. The pods that a selector of either side asks for by their
// name are told apart on both.
func BuildBoth(base, head []*manifest.Object, cfg config.Config) (before, after *State) {
	before, after = derive(base, cfg), derive(head, cfg)
	tellApart(before, after)
	return before, after
}

// tellApart gives each pod of a StatefulSet that some selector asks for by its name or its number, as none of its siblings,
// a workload of its own. The StatefulSet stands for the others. Where it has one pod only, that one's labels are its own.
func tellApart(states ...*State) {
	asked := make(asked)
	for _, s := range states {
		s.askedPods(asked)
	}
	if len(asked) == 0 {
		return
	}
	most := make(map[Name]int)
	for _, s := range states {
		for _, w := range s.Workloads {
			if isStatefulSet(w) {
				id := Name{w.Namespace, w.Name}
				most[id] = max(most[id], w.ordinals().count)
			}
		}
	}
	for _, s := range states {
		for _, w := range slices.Clone(s.Workloads) {
			if isStatefulSet(w) {
				s.split(w, most[Name{w.Namespace, w.Name}], asked)
			}
		}
		slices.SortFunc(s.Workloads, compareWorkloads)
	}
}

func isStatefulSet(w *Workload) bool { return w.Object.Group == "apps" && w.Kind == "StatefulSet" }

// split takes the pods that are asked for out of a StatefulSet that has up to so many on either side.
func (s *State) split(w *Workload, most int, asked asked) {
	all := w.ordinals()
	for _, number := range asked.of(w) {
		if !all.has(number) {
			continue
		}
		own := map[string]string{podNameLabel: w.Name + "-" + strconv.Itoa(number), podIndexLabel: strconv.Itoa(number)}
		maps.Copy(own, w.Labels)
		if most == 1 {
			w.Labels = own
			return
		}
		pod := *w
		pod.Kind, pod.Name, pod.Labels = "Pod", w.Name+"-"+strconv.Itoa(number), own
		s.Workloads = append(s.Workloads, &pod)
		if by, is := s.facing[w]; is {
			s.facing[&pod] = by
		}
	}
}

// ordinals are the numbers of a StatefulSet's pods.
type ordinals struct{ start, count int }

func (o ordinals) has(number int) bool { return number >= o.start && number-o.start < o.count }

func (w *Workload) ordinals() ordinals {
	o := ordinals{count: 1}
	if replicas, ok := w.Object.Body.Get("spec", "replicas").IntValue(); ok {
		o.count = replicas
	}
	o.start, _ = w.Object.Body.Get("spec", "ordinals", "start").IntValue()
	return o
}

// asked are the values of the two labels that selectors ask for, by namespace; "" is any.
type asked map[Name]map[string]bool

func (a asked) add(namespace, key, value string) {
	if key != podNameLabel && key != podIndexLabel {
		return
	}
	at := Name{namespace, key}
	if a[at] == nil {
		a[at] = make(map[string]bool)
	}
	a[at][value] = true
}

// of are the numbers of a StatefulSet's pods that are asked for, ascending.
func (a asked) of(w *Workload) []int {
	found := make(map[int]bool)
	for _, namespace := range []string{"", w.Namespace} {
		for value := range a[Name{namespace, podNameLabel}] {
			if text, ok := strings.CutPrefix(value, w.Name+"-"); ok {
				addOrdinal(found, text)
			}
		}
		for value := range a[Name{namespace, podIndexLabel}] {
			addOrdinal(found, value)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// addOrdinal adds a number that is written as the controller writes it.
func addOrdinal(to map[int]bool, text string) {
	if number, err := strconv.Atoi(text); err == nil && strconv.Itoa(number) == text {
		to[number] = true
	}
}

// askedPods adds what policies and Services ask for.
func (s *State) askedPods(to asked) {
	for _, p := range s.Policies {
		for pods := range p.Selectors {
			for _, r := range pods.Pods.Requirements {
				for _, value := range r.Values {
					to.add(pods.Namespaces.Name, r.Key, value)
				}
			}
		}
	}
	for _, service := range s.Services {
		for key, value := range service.Selector {
			to.add(service.Namespace, key, value)
		}
	}
}
