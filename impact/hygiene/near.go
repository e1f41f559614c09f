package hygiene

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// index finds workloads by labels that are nearly those asked for. Everything stands in it under its namespace and under
// "", all namespaces.
type index struct {
	state *cluster.State
	// bearing are the workloads with a label, values the values of a key, keys the keys with a value.
	bearing map[place][]*cluster.Workload
	values  map[place][]string
	keys    map[place][]string
	// misspelt leads from a value with a letter taken out to values, for the keys that were asked for.
	misspelt map[place]map[string][]string
}

// place is a key, a value or a label in a namespace.
type place struct{ namespace, key, value string }

func (s *side) labels() *index {
	if s.index != nil {
		return s.index
	}
	x := &index{state: s.state, bearing: make(map[place][]*cluster.Workload), values: make(map[place][]string),
		keys: make(map[place][]string), misspelt: make(map[place]map[string][]string)}
	for _, w := range s.state.Workloads {
		if w.HostNetwork {
			continue // no selector matches it
		}
		for key, value := range w.Labels {
			for _, ns := range [...]string{w.Namespace, ""} {
				at := place{ns, key, value}
				if len(x.bearing[at]) == 0 {
					x.values[place{ns, key, ""}] = append(x.values[place{ns, key, ""}], value)
					x.keys[place{ns, "", value}] = append(x.keys[place{ns, "", value}], key)
				}
				x.bearing[at] = append(x.bearing[at], w)
			}
		}
	}
	s.index = x
	return x
}

// nearly finds a label that some workload has in the place of one that a selector asks for, while it answers to all the
// rest: "app=payments", or "". A label is near that differs in a letter of its key or value, or that says the same under
// another of the keys that applications are named by.
func (x *index) nearly(p *policy.Pods, but func(label string) bool) string {
	best := ""
	for i, r := range p.Pods.Requirements {
		value, ok := asked(r)
		if !ok {
			continue
		}
		for _, l := range x.near(p.Namespaces.Name, r.Key, value) {
			text := l.key + "=" + l.value
			if (best == "" || text < best) && !but(text) && x.answers(p, i, l) {
				best = text
			}
		}
	}
	return best
}

// asked is the one value that a requirement asks for.
func asked(r policy.Requirement) (string, bool) {
	if r.Operator != "In" || len(r.Values) != 1 {
		return "", false
	}
	return r.Values[0], true
}

// answers tells whether a workload with a label meets a selector but for one of its requirements. Of the labels that it must
// have, the one that the fewest have says which workloads to look at.
func (x *index) answers(p *policy.Pods, but int, l place) bool {
	bearing := x.bearing[l]
	for i, r := range p.Pods.Requirements {
		if value, ok := asked(r); ok && i != but {
			if list := x.bearing[place{l.namespace, r.Key, value}]; len(list) < len(bearing) {
				bearing = list
			}
		}
	}
	for _, w := range bearing {
		rest := w.Labels[l.key] == l.value
		for i := range p.Pods.Requirements {
			rest = rest && (i == but || p.Pods.Requirements[i].Matches(w.Labels))
		}
		if rest && x.isWithin(p.Namespaces, w.Namespace) {
			return true
		}
	}
	return false
}

// isWithin tells whether a namespace is selected for sure.
func (x *index) isWithin(n policy.Namespaces, name string) bool {
	if n.Name != "" {
		return n.Name == name
	}
	ns := x.state.Namespaces[name]
	for i := range n.Selector.Requirements {
		r := &n.Selector.Requirements[i]
		if _, has := ns.Labels[r.Key]; !has && !ns.Known || !r.Matches(ns.Labels) {
			return false
		}
	}
	return true
}

// answering finds a workload that a selector matches, which need not be one that a policy has.
func (x *index) answering(p *policy.Pods) *cluster.Workload {
	var fewest []*cluster.Workload
	any := false
	for _, r := range p.Pods.Requirements {
		if value, ok := asked(r); ok {
			if list := x.bearing[place{p.Namespaces.Name, r.Key, value}]; !any || len(list) < len(fewest) {
				fewest, any = list, true
			}
		}
	}
	for _, w := range fewest {
		if p.Pods.Matches(w.Labels) && x.isWithin(p.Namespaces, w.Namespace) {
			return w
		}
	}
	return nil
}

// nameKeys are the keys by which applications and their parts are named: the same value is often under several of them.
var nameKeys = []string{"app", "app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name", "component", "k8s-app", "name", "run", "service", "tier"}

// near are the labels in a namespace that are nearly one.
func (x *index) near(namespace, key, value string) []place {
	var out []place
	at := place{namespace, key, ""}
	if x.misspelt[at] == nil {
		x.misspelt[at] = spellings(x.values[at])
	}
	for _, v := range similar(x.misspelt[at], value) {
		out = append(out, place{namespace, key, v})
	}
	for _, k := range x.keys[place{namespace, "", value}] {
		if k != key && (isSimilar(k, key) || slices.Contains(nameKeys, k) && slices.Contains(nameKeys, key)) {
			out = append(out, place{namespace, k, value})
		}
	}
	return out
}

// shortest is how long a word is at least of which a letter can be wrong: "be" is no misspelling of "fe".
const shortest = 3

// spellings leads from words, as they are and with one letter taken out, to the words.
func spellings(words []string) map[string][]string {
	out := make(map[string][]string)
	for _, w := range words {
		for _, v := range shortened(w) {
			out[v] = append(out[v], w)
		}
	}
	return out
}

// shortened are a word and what is left of it without each of its letters.
func shortened(word string) []string {
	if len(word) < shortest {
		return nil
	}
	out := []string{word}
	for i := range len(word) {
		out = append(out, word[:i]+word[i+1:])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// similar are words that one is most likely a misspelling of.
func similar(spellings map[string][]string, word string) []string {
	var out []string
	for _, v := range shortened(word) {
		for _, w := range spellings[v] {
			if isMisspelt(w, word) {
				out = append(out, w)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// long is from how many letters on a word may have two letters wrong, and short up to how many none may be another one.
const long, short = 8, 3

// isMisspelt tells of words that are the same without one letter each whether one is most likely meant for the other: a
// letter is missing, another one or moved. Words that differ in their digits only are names of several things.
func isMisspelt(a, b string) bool {
	if a == b || withoutDigits(a) == withoutDigits(b) {
		return false
	}
	if len(a) != len(b) || len(a) >= long {
		return true
	}
	var differs []int
	for i := range len(a) {
		if a[i] != b[i] {
			differs = append(differs, i)
		}
	}
	first, last := differs[0], differs[len(differs)-1]
	moved := len(differs) == 2 && last == first+1 && a[first] == b[last] && a[last] == b[first]
	return moved || len(differs) == 1 && len(a) > short
}

func isSimilar(a, b string) bool { return len(similar(spellings([]string{a}), b)) > 0 }

func withoutDigits(word string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, word)
}
