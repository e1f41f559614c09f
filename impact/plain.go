package impact

import (
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Handbook is every policy of one state in plain words.
type Handbook struct {
	Policies    []PlainPolicy
	Diagnostics []manifest.Diagnostic
}

// PlainPolicy is a policy in plain words.
type PlainPolicy struct {
	Object, Namespace, File string
	Line                    int
	// Selects says whom it governs, and Workloads which of them are rendered.
	Selects   string
	Workloads []WorkloadID
	// Does are sentences: what it isolates, allows and denies.
	Does []string
	// Beside are the other policies that govern any of the same workloads.
	Beside []string
}

// PlainChange is a policy whose words a change alters.
type PlainChange struct {
	Object, File string
	Line         int
	// Side is where file and line are: base for a policy that is removed.
	Side string
	// Before and After are its sentences; nil where there is no such policy.
	Before, After []string
}

// Policies tells every policy of one state of a cluster in plain words, in the order of the objects' names.
func Policies(objects []*manifest.Object, cfg config.Config) (Handbook, error) {
	cfg.CNI = cluster.Network(cfg, objects)
	options, err := modelOptions(cfg)
	if err != nil {
		return Handbook{}, err
	}
	state := cluster.Build(objects, cfg)
	model := reach.New(state, state, options)
	out := Handbook{Policies: []PlainPolicy{}, Diagnostics: state.Diagnostics}
	for _, parts := range byObject(state.Policies) {
		p := plainPolicy(model, reach.Head, parts)
		p.Beside = beside(model, parts[0].Object)
		out.Policies = append(out.Policies, p)
	}
	slices.SortStableFunc(out.Policies, func(x, y PlainPolicy) int {
		return slices.Compare([]string{x.Namespace, x.Object}, []string{y.Namespace, y.Object})
	})
	return out, nil
}

// byObject gathers what one object compiles to, in the policies' order.
func byObject(policies []*policy.Policy) [][]*policy.Policy {
	var out [][]*policy.Policy
	at := make(map[string]int)
	for _, p := range policies {
		key := p.Object.Key()
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

func plainPolicy(m *reach.Model, s reach.Side, parts []*policy.Policy) PlainPolicy {
	o := parts[0].Object
	at := o.At(nil)
	out := PlainPolicy{Object: o.String(), Namespace: policyNamespace(o), File: at.File, Line: at.Line}
	var subjects []string
	for _, p := range parts {
		for _, pods := range p.Subject {
			if words := pods.Words(); !slices.Contains(subjects, words) {
				subjects = append(subjects, words)
			}
		}
		out.Does = append(out.Does, p.Words()...)
	}
	out.Selects = joinAnd(subjects)
	for _, e := range m.Selected(s, o.Key()) {
		if w := m.Endpoints[e].Workload[s]; w != nil {
			out.Workloads = append(out.Workloads, identityOf(w))
		}
	}
	return out
}

// policyNamespace is the namespace that a policy is in, the deployer's where its manifest names none; "" where it is of the whole
// cluster.
func policyNamespace(o *manifest.Object) string {
	whole := strings.Contains(o.Kind, "Admin") || strings.Contains(o.Kind, "Global") || strings.HasPrefix(o.Kind, "Cluster") || strings.Contains(o.Kind, "Clusterwide")
	if o.Namespace != "" || whole {
		return o.Namespace
	}
	return cluster.DefaultNamespace
}

// beside names the other policies that govern workloads which an object's policies govern.
func beside(m *reach.Model, o *manifest.Object) []string {
	names := make(map[string]bool)
	classes := make(map[int32]bool) // what is of one class is governed by the same
	for _, e := range m.Selected(reach.Head, o.Key()) {
		if m.Endpoints[e].Workload[reach.Head] == nil || classes[m.Class(e)] {
			continue
		}
		classes[m.Class(e)] = true
		for _, d := range policy.Directions {
			for _, p := range m.Acting(d, reach.Head, e) {
				if p.Object != o {
					names[p.Object.String()] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// plainChanges tells the policies that are new, gone or have other words.
func plainChanges(m *reach.Model, base, head *cluster.State) []PlainChange {
	before := make(map[string][]*policy.Policy)
	for _, parts := range byObject(base.Policies) {
		before[parts[0].Object.Key()] = parts
	}
	var out []PlainChange
	for _, parts := range byObject(head.Policies) {
		key := parts[0].Object.Key()
		old := before[key]
		delete(before, key)
		if old != nil && old[0].Object.Digest() == parts[0].Object.Digest() {
			continue
		}
		now := plainPolicy(m, reach.Head, parts)
		c := PlainChange{Object: now.Object, File: now.File, Line: now.Line, Side: "head", After: now.sentences()}
		if old != nil {
			then := plainPolicy(m, reach.Base, old)
			c.Before = then.sentences()
		}
		if !slices.Equal(c.Before, c.After) {
			out = append(out, c)
		}
	}
	for _, old := range before {
		then := plainPolicy(m, reach.Base, old)
		out = append(out, PlainChange{Object: then.Object, File: then.File, Line: then.Line, Side: "base", Before: then.sentences()})
	}
	slices.SortFunc(out, func(x, y PlainChange) int {
		return slices.Compare([]string{x.Object, x.Side}, []string{y.Object, y.Side})
	})
	return out
}

// sentences are the policy's words: whom it selects, then what it does.
func (p *PlainPolicy) sentences() []string {
	return append([]string{"Selects " + p.Selects + " (" + plural(len(p.Workloads), "workload") + ")."}, p.Does...)
}
