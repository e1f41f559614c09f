package impact

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
)

// renames pairs workloads of base that are gone with workloads of head that they became.
type renames []rename

type rename struct{ from, to *cluster.Workload }

func (r renames) toHead() map[*cluster.Workload]*cluster.Workload {
	out := make(map[*cluster.Workload]*cluster.Workload, len(r))
	for _, pair := range r {
		out[pair.from] = pair.to
	}
	return out
}

// findRenames pairs removed and added workloads of a namespace that run the same images on the same ports, have the same
// name under another kind, or the same labels, by which the network knows them, and those of two namespaces that are the same in
// all but that. Where several could be meant, the likest names are paired; a tie is left unpaired, since a wrong pair would
// hide that one workload is gone.
func findRenames(base, head *cluster.State) renames {
	removed, added := onlyIn(base, head), onlyIn(head, base)
	var out renames
	take := func(alike func(*cluster.Workload) string) {
		byKey := make(map[string][]*cluster.Workload)
		for _, w := range added {
			byKey[alike(w)] = append(byKey[alike(w)], w)
		}
		wanted := make(map[string][]*cluster.Workload)
		for _, w := range removed {
			wanted[alike(w)] = append(wanted[alike(w)], w)
		}
		for _, w := range slices.Clone(removed) {
			key := alike(w)
			to := likest(w, byKey[key])
			if key == "" || to == nil || likest(to, wanted[key]) != w {
				continue
			}
			out = append(out, rename{w, to})
			removed = without(removed, w)
			added, byKey[key], wanted[key] = without(added, to), without(byKey[key], to), without(wanted[key], w)
		}
	}
	take(func(w *cluster.Workload) string { return w.Namespace + "/" + w.Name })
	take(looks)
	take(func(w *cluster.Workload) string {
		if len(w.Labels) == 0 {
			return ""
		}
		return w.Namespace + "\x00" + labels.Set(w.Labels).String() // sorted
	})
	take(func(w *cluster.Workload) string {
		if what := looks(w); what != "" {
			_, rest, _ := strings.Cut(what, "\x00")
			return w.Name + "\x00" + rest
		}
		return ""
	})
	slices.SortFunc(out, func(a, b rename) int {
		return cmp.Or(cmp.Compare(a.to.Namespace, b.to.Namespace), cmp.Compare(a.to.Kind, b.to.Kind), cmp.Compare(a.to.Name, b.to.Name))
	})
	return out
}

func onlyIn(state, other *cluster.State) []*cluster.Workload {
	present := make(map[WorkloadID]bool, len(other.Workloads))
	for _, w := range other.Workloads {
		present[identityOf(w)] = true
	}
	var out []*cluster.Workload
	for _, w := range state.Workloads {
		if !present[identityOf(w)] {
			out = append(out, w)
		}
	}
	return out
}

func without(list []*cluster.Workload, w *cluster.Workload) []*cluster.Workload {
	return slices.DeleteFunc(list, func(x *cluster.Workload) bool { return x == w })
}

// looks is what a renamed workload keeps: namespace, kind, images (whatever their tags) and ports. It is "" for a
// workload without images, which looks like too many others.
func looks(w *cluster.Workload) string {
	if len(w.Images) == 0 {
		return ""
	}
	b := []string{w.Namespace, w.Kind}
	for _, image := range w.Images {
		name, _, _ := strings.Cut(image, "@")
		if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
			name = name[:at]
		}
		b = append(b, name)
	}
	for _, p := range w.Ports {
		b = append(b, string(p.Protocol), portText(p.Port))
	}
	return strings.Join(b, "\x00")
}

// likest is the workload whose name shares the most with w's, or nil if there is none or two are as like.
func likest(w *cluster.Workload, candidates []*cluster.Workload) *cluster.Workload {
	var best *cluster.Workload
	bestScore, tie := -1, false
	for _, c := range candidates {
		switch score := likeness(w.Name, c.Name); {
		case score > bestScore:
			best, bestScore, tie = c, score, false
		case score == bestScore:
			tie = true
		}
	}
	if tie {
		return nil
	}
	return best
}

// likeness is how many characters two names share at their beginning and their end.
func likeness(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	a, b = a[n:], b[n:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
		n++
	}
	return n
}
