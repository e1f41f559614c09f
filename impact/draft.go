package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Draft is a promise that what the manifests declare suggests.
type Draft struct {
	config.Promise
	// Because says of each of From what shows that it connects.
	Because []string
	// Kept tells whether the promise is kept today.
	Kept bool
}

// Drafts suggests promises from what the manifests of one state declare: that each workload reaches what its configuration
// names, and the cluster's name service.
func Drafts(objects []*manifest.Object, cfg config.Config) ([]Draft, []manifest.Diagnostic, error) {
	a, err := ofState(objects, cfg, nil)
	if err != nil {
		return nil, nil, err
	}
	state := a.head
	judge := a.judge(reach.Head)
	kept := func(p *config.Promise) bool { return judge.Of(p).Status == promise.Kept }
	finder := evidence.New(state, a.backends)
	names := namesOf(state)
	at := make(map[string]int)
	var out []Draft
	for _, w := range state.Workloads {
		for _, d := range finder.Dependencies(w) {
			one := Draft{Promise: config.Promise{Expect: config.Allowed,
				From: config.Ends{{Workload: config.Words{names[w]}}}, To: config.Ends{{Workload: config.Words{names[d.Destination]}}}, Ports: portWordsOf(d.Ports)}}
			one.Kept = kept(&one.Promise)
			because := fmt.Sprintf("%s, %s:%d", d.Text, d.File, d.Line)
			key := fmt.Sprint(names[d.Destination], one.Ports, one.Kept)
			n, ok := at[key]
			if !ok {
				n = len(out)
				at[key] = n
				one.From = nil
				out = append(out, one)
			}
			if slices.ContainsFunc(out[n].From, func(e config.End) bool { return e.Workload[0] == names[w] }) {
				continue
			}
			out[n].From = append(out[n].From, config.End{Workload: config.Words{names[w]}})
			out[n].Because = append(out[n].Because, because)
		}
	}
	slices.SortStableFunc(out, func(x, y Draft) int {
		return cmp.Or(strings.Compare(x.To[0].Workload[0], y.To[0].Workload[0]), slices.Compare(x.Ports, y.Ports))
	})
	used := make(map[string]bool)
	for i := range out {
		d := &out[i]
		d.Name = fmt.Sprintf("%s is reached on %s by what depends on it", d.To[0].Workload[0], strings.Join(d.Ports, ", "))
		if used[d.Name] {
			d.Name += " (others)"
		}
		used[d.Name] = true
	}
	if len(state.Workloads) > 0 {
		dns := Draft{Promise: config.Promise{Name: "every workload can look up names", Expect: config.Allowed, From: config.Ends{{Workloads: true}}, To: config.Ends{{DNS: true}}}}
		dns.Kept = kept(&dns.Promise)
		out = append(out, dns)
	}
	return out, state.Diagnostics, nil
}

// namesOf are the names by which promises find workloads: with the kind where another has the same name.
func namesOf(s *cluster.State) map[*cluster.Workload]string {
	count := make(map[string]int)
	for _, w := range s.Workloads {
		count[w.Namespace+"/"+w.Name]++
	}
	out := make(map[*cluster.Workload]string)
	for _, w := range s.Workloads {
		out[w] = w.Namespace + "/" + w.Name
		if count[out[w]] > 1 {
			out[w] = w.Kind + "/" + out[w]
		}
	}
	return out
}

func portWordsOf(ports policy.PortSet) config.Words {
	var out config.Words
	for _, r := range ports.Ranges() {
		word := fmt.Sprint(r.From)
		if r.To != r.From {
			word = fmt.Sprintf("%d-%d", r.From, r.To)
		}
		if r.Protocol != policy.TCP {
			word = strings.ToLower(string(r.Protocol)) + "/" + word
		}
		out = append(out, word)
	}
	return out
}
