package impact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// workloadFindings tells which workloads come, go and change their names. Their connections are not opened or blocked
// by anyone; only a new one that nothing isolates among others that are is a finding of weight.
func (a *analysis) workloadFindings(pairs renames) []Finding {
	type place struct{ rule, namespace string }
	byPlace := make(map[place][]*cluster.Workload)
	var order []place
	add := func(rule string, w *cluster.Workload) {
		p := place{rule, w.Namespace}
		if byPlace[p] == nil {
			order = append(order, p)
		}
		byPlace[p] = append(byPlace[p], w)
	}
	isolated, gone := a.isolatedNamespaces(), a.goneIsolated()
	for i := range a.model.Endpoints {
		e := a.endpoint(int32(i))
		before, after := e.Workload[reach.Base], e.Workload[reach.Head]
		switch {
		case before == nil && after != nil:
			if (isolated[after.Namespace] || gone[after.Kind+" "+after.Name] != "") && !after.HostNetwork && !a.isIsolated(reach.Head, int32(i)) {
				add("W4", after)
			} else {
				add("W1", after)
			}
		case before != nil && after == nil:
			add("W2", before)
		}
	}
	var out []Finding
	for _, p := range order {
		f := workloadFinding(p.rule, p.namespace, byPlace[p])
		if w := byPlace[p][0]; p.rule == "W4" && !isolated[p.namespace] {
			f.Explanation = fmt.Sprintf("What had the same name in %s was isolated; here it accepts whatever comes and may reach anything.", gone[w.Kind+" "+w.Name])
		}
		out = append(out, f)
	}
	return append(out, renameFindings(pairs)...)
}

// renameFindings tells of each rename, and of each pair of namespaces that workloads move between.
func renameFindings(pairs renames) []Finding {
	var out []Finding
	type way struct{ from, to string }
	moved := make(map[way][]rename)
	var order []way
	for _, r := range pairs {
		w := way{r.from.Namespace, r.to.Namespace}
		if w.from == w.to {
			out = append(out, renameFinding(r))
			continue
		}
		if moved[w] == nil {
			order = append(order, w)
		}
		moved[w] = append(moved[w], r)
	}
	for _, w := range order {
		out = append(out, moveFinding(w.from, w.to, moved[w]))
	}
	return out
}

func moveFinding(from, to string, moved []rename) Finding {
	rule, _ := severity.ByID("W3")
	f := Finding{Rule: "W3", Severity: rule.Level, Confidence: Exact, Kind: Workload}
	var names []string
	for _, r := range moved {
		names = append(names, r.to.Kind+" "+r.to.Name)
		at := r.to.Object.Origin
		f.Causes = append(f.Causes, Cause{Object: r.to.Object.String(), File: at.File, Line: at.Line, Side: "head", Change: "moved from namespace " + from})
	}
	slices.Sort(names)
	if len(moved) == 1 {
		f.Title = fmt.Sprintf("%s/%s is moved to namespace %s", from, moved[0].to.Name, to)
	} else {
		f.Title = fmt.Sprintf("%s are moved from namespace %s to %s", plural(len(moved), "workload"), from, to)
	}
	f.Explanation = strings.Join(names, ", ") + ". Same names, images and ports: their connections are compared with those that they had."
	f.Fingerprint = fingerprintOf(append([]string{"W3", from, to}, names...)...)
	return f
}

// isolatedNamespaces are those in which some workload of head is isolated.
func (a *analysis) isolatedNamespaces() map[string]bool {
	out := make(map[string]bool)
	for i := range a.model.Endpoints {
		if w := a.endpoint(int32(i)).Workload[reach.Head]; w != nil && !out[w.Namespace] && a.isIsolated(reach.Head, int32(i)) {
			out[w.Namespace] = true
		}
	}
	return out
}

// goneIsolated are the namespaces of the workloads that are removed and that policies isolated, by kind and name.
func (a *analysis) goneIsolated() map[string]string {
	out := make(map[string]string)
	for i := range a.model.Endpoints {
		e := a.endpoint(int32(i))
		if w := e.Workload[reach.Base]; w != nil && e.Workload[reach.Head] == nil && a.isIsolated(reach.Base, int32(i)) {
			out[w.Kind+" "+w.Name] = w.Namespace
		}
	}
	return out
}

func (a *analysis) isIsolated(s reach.Side, i int32) bool {
	return a.model.Isolated(policy.Ingress, s, i) || a.model.Isolated(policy.Egress, s, i)
}

var workloadWords = map[string]struct{ one, many, change string }{
	"W1": {"is new", "are new", "added"},
	"W2": {"is removed", "are removed", "removed"},
	"W4": {"is new and isolated by no policy", "are new and isolated by no policy", "added"},
}

func workloadFinding(id, namespace string, ws []*cluster.Workload) Finding {
	rule, _ := severity.ByID(id)
	text := workloadWords[id]
	names := make([]string, len(ws))
	f := Finding{Rule: id, Severity: rule.Level, Confidence: Exact, Kind: Workload}
	side := "head"
	if id == "W2" {
		side = "base"
	}
	for i, w := range ws {
		names[i] = w.Kind + " " + w.Name
		f.Causes = append(f.Causes, Cause{Object: w.Object.String(), File: w.Object.Origin.File, Line: w.Object.Origin.Line, Side: side, Change: text.change})
	}
	slices.Sort(names)
	switch {
	case len(ws) == 1:
		f.Title = fmt.Sprintf("%s/%s %s (%s)", namespace, ws[0].Name, text.one, ws[0].Kind)
	case len(ws) <= namedInTitle:
		f.Title = fmt.Sprintf("%s in %s %s", joinAnd(names), namespace, text.many)
	default:
		f.Title = fmt.Sprintf("%s in %s %s", plural(len(ws), "workload"), namespace, text.many)
	}
	if len(names) > namedInTitle {
		f.Explanation = strings.Join(names, ", ") + "."
	}
	if id == "W4" {
		f.Explanation = strings.TrimSpace(f.Explanation + " What no policy isolates accepts whatever comes and may reach anything; other workloads of the namespace are isolated.")
		f.Advice = "Make a policy select " + either(summary{many: len(ws) > 1}, "it", "them") + ", too."
	}
	f.Fingerprint = fingerprintOf(append([]string{id, namespace}, names...)...)
	return f
}

func renameFinding(r rename) Finding {
	rule, _ := severity.ByID("W3")
	f := Finding{Rule: "W3", Severity: rule.Level, Confidence: Exact, Kind: Workload,
		Causes: []Cause{{Object: r.to.Object.String(), File: r.to.Object.Origin.File, Line: r.to.Object.Origin.Line, Side: "head", Change: "renamed from " + r.from.Name}}}
	f.Explanation = "Same namespace, images and ports: its connections are compared with those under its old name."
	if r.from.Name == r.to.Name {
		f.Explanation = "Same namespace and name: its connections are compared with those that it had."
		f.Title = fmt.Sprintf("%s/%s is now a %s (it was a %s)", r.to.Namespace, r.to.Name, r.to.Kind, r.from.Kind)
		f.Causes[0].Change = "kind changed from " + r.from.Kind
	} else {
		f.Title = fmt.Sprintf("%s/%s is renamed to %s", r.from.Namespace, r.from.Name, r.to.Name)
	}
	f.Fingerprint = fingerprintOf("W3", identityOf(r.from).String(), identityOf(r.to).String())
	return f
}

// String is the identity in full.
func (w WorkloadID) String() string { return w.Kind + " " + w.Namespace + "/" + w.Name }
