package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
)

// Within tells whether a finding lies in what is meant: an opened connection where it leads to (where it comes from, if
// it leads out of the cluster), a blocked one at either end; a finding without connections where its causes are. All of
// it must: a finding that concerns others as well is not meant. A workload that the change renames or moves must be meant
// where it was, too, so that none escapes what is said of it.
func (f *Finding) Within(means func(namespace, name string) bool) bool {
	held := func(namespace, name string) bool {
		return means(namespace, name) && !slices.ContainsFunc(f.renamed[place{namespace, name}], func(was place) bool { return !means(was.namespace, was.name) })
	}
	inside := func(peers []Peer) bool {
		return len(peers) > 0 && !slices.ContainsFunc(peers, func(p Peer) bool {
			return p.Workload == nil || !held(p.Workload.Namespace, p.Workload.Name)
		})
	}
	if len(f.Connections) == 0 {
		return len(f.Causes) > 0 && !slices.ContainsFunc(f.Causes, func(c Cause) bool {
			_, object, _ := strings.Cut(c.Object, " ")
			namespace, name, ok := strings.Cut(object, "/")
			return !ok || !held(namespace, name)
		})
	}
	outside := func(c Connection) bool {
		return !slices.ContainsFunc(c.Destinations, func(p Peer) bool { return p.Workload != nil || p.Potential != nil })
	}
	return !slices.ContainsFunc(f.Connections, func(c Connection) bool {
		return !inside(c.Destinations) && !((f.Kind == Blocked || outside(c)) && inside(c.Sources))
	})
}

// A place is where a workload stands.
type place struct{ namespace, name string }

// places are where the workloads of head stood before, by where they stand.
func (r renames) places() map[place][]place {
	out := make(map[place][]place, len(r))
	for _, pair := range r {
		to := place{pair.to.Namespace, pair.to.Name}
		out[to] = append(out[to], place{pair.from.Namespace, pair.from.Name})
	}
	return out
}

// override sets the severities that the configuration wants, and says so.
func override(findings []Finding, overrides []config.Override) {
	for i := range findings {
		f := &findings[i]
		for _, o := range overrides {
			if len(o.Rules) > 0 && !slices.Contains(o.Rules, f.Rule) {
				continue
			}
			if len(o.Namespaces) > 0 && !f.Within(func(namespace, _ string) bool { return slices.Contains(o.Namespaces, namespace) }) {
				continue
			}
			if to := Severity(o.To); to != f.Severity {
				f.Explanation = strings.TrimSpace(f.Explanation + fmt.Sprintf(" The configuration sets its severity, which is %s by the rule.", f.Severity))
				f.Severity = to
			}
			break
		}
	}
}
