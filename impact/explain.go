package impact

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/spelling"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Question is one connection to explain.
type Question struct {
	// Source and Destination are workloads ("web", "shop/web", "Deployment/shop/web"), addresses, or other peers in the words of
	// Peer.String ("api.example.com", "pods k8s-app=kube-dns in kube-system").
	Source, Destination string
	Protocol            policy.Protocol
	// Port is a number; 0 is the one port that the destination declares.
	Port int
}

// Explained is why one state, or each of two, allows or denies a connection.
type Explained struct {
	Question Question
	// States are the ones that were asked about, base first.
	States []Explanation
	// Change is what makes two states differ; nil of one state alone, and where either lacks an end.
	Change *Difference
}

// Explanation is why a connection is allowed or denied in one state.
type Explanation struct {
	// State says, for people, which state it is; Explain leaves it empty.
	State string
	// Missing says that the state lacks an end of the connection; then it has nothing else.
	Missing             string
	Source, Destination Peer
	Allowed             bool
	Confidence          Confidence
	// Egress is what the source's policies say, Ingress what the destination's do.
	Egress, Ingress Decision
	Diagnostics     []manifest.Diagnostic
}

// Decision is what decides one direction of a connection.
type Decision struct {
	Allowed bool
	// Steps are the policies that have a say, in the order in which they are asked; none if no policy governs the end.
	Steps []Step
}

// Step is a policy's, or a rule's, say in a connection.
type Step struct {
	Object, File string
	Line         int
	// Rule is the rule that matches ("spec.ingress[0]"), "" if none does and the policy isolates.
	Rule string
	// Verdict is allow, deny or pass; Decides tells that it settles the direction.
	Verdict string
	Decides bool
}

// Difference is why two states do not treat a connection alike.
type Difference struct {
	// Opened tells that only head allows it, Blocked that only base does; with neither there is no difference.
	Opened, Blocked bool
	Causes          []Cause
	Undo            cause.Undo
}

// Explain finds why one state allows or denies a connection. The error says which end is not known.
func Explain(objects []*manifest.Object, cfg config.Config, q Question) (*Explained, error) {
	cfg.CNI = cluster.Network(cfg, objects)
	options, err := modelOptions(cfg)
	if err != nil {
		return nil, err
	}
	state := cluster.Build(objects, cfg)
	model := reach.New(state, state, options)
	a := analysis{model: model, base: state, head: state, directory: newDirectory(model)}
	c, err := a.cell(&q)
	if err != nil {
		return nil, err
	}
	return &Explained{Question: q, States: []Explanation{a.explain(reach.Head, c, q)}}, nil
}

// ExplainChange finds why two states allow or deny a connection, and what makes them differ. A workload that is renamed
// goes by either name. The error says which end neither state has.
func ExplainChange(base, head []*manifest.Object, cfg config.Config, q Question) (*Explained, error) {
	cfg.CNI = cluster.Network(cfg, base, head)
	options, err := modelOptions(cfg)
	if err != nil {
		return nil, err
	}
	before, after := cluster.BuildBoth(base, head, cfg)
	options.Renamed = findRenames(before, after).toHead()
	model := reach.New(before, after, options)
	a := analysis{model: model, base: before, head: after, directory: newDirectory(model)}
	c, err := a.cell(&q)
	if err != nil {
		return nil, err
	}
	was, is := a.explain(reach.Base, c, q), a.explain(reach.Head, c, q)
	out := &Explained{Question: q, States: []Explanation{was, is}}
	if was.Missing != "" || is.Missing != "" {
		return out, nil
	}
	out.Change = &Difference{Opened: is.Allowed && !was.Allowed, Blocked: was.Allowed && !is.Allowed}
	if was.Allowed != is.Allowed {
		found := cause.New(model, before, after).Between(c)
		out.Change.Causes, out.Change.Undo = found.Causes, found.Undo
	}
	return out, nil
}

// cell is the connection that is asked about. A port that is left out is filled in.
func (a *analysis) cell(q *Question) (c reach.Cell, err error) {
	if c.Source, err = a.find(q.Source); err != nil {
		return c, err
	}
	if c.Destination, err = a.find(q.Destination); err != nil {
		return c, err
	}
	if q.Port == 0 {
		if q.Protocol, q.Port, err = a.onlyPort(c.Destination); err != nil {
			return c, fmt.Errorf("%s %w", q.Destination, err)
		}
	}
	c.Port = policy.Range(q.Protocol, q.Port, q.Port)
	return c, nil
}

// onlyPort is the one port that a destination declares; the error says why there is none, as what the destination does.
func (a *analysis) onlyPort(destination int32) (policy.Protocol, int, error) {
	var declared policy.PortSet
	for _, s := range []reach.Side{reach.Head, reach.Base} {
		if w := a.endpoint(destination).Workload[s]; w != nil && len(declared) == 0 {
			declared = declaredBy(w, cluster.NewBackends([2]*cluster.State{a.base, a.head}[s]))
		}
	}
	ranges := declared.Ranges()
	switch {
	case len(ranges) == 0:
		return "", 0, errors.New("declares no port: name the one that is meant")
	case len(ranges) > 1 || ranges[0].From != ranges[0].To:
		return "", 0, fmt.Errorf("declares %s: name the one that is meant", policy.PortsText(ranges))
	}
	return ranges[0].Protocol, ranges[0].From, nil
}

func (a *analysis) explain(s reach.Side, c reach.Cell, q Question) Explanation {
	state := [2]*cluster.State{a.base, a.head}[s]
	out := Explanation{Diagnostics: slices.Concat(state.Diagnostics, beyondNotes(state.Policies))}
	for _, end := range []struct {
		endpoint int32
		name     string
		peer     *Peer
	}{{c.Source, q.Source, &out.Source}, {c.Destination, q.Destination, &out.Destination}} {
		var ok bool
		if *end.peer, ok = a.asked(s, end.endpoint, end.name); !ok {
			return Explanation{Missing: "there is no workload " + end.name, Diagnostics: out.Diagnostics}
		}
	}
	out.Egress = a.decision(s, policy.Egress, c.Source, c.Destination, c.Port)
	out.Ingress = a.decision(s, policy.Ingress, c.Destination, c.Source, c.Port)
	out.Allowed, out.Confidence = out.Egress.Allowed && out.Ingress.Allowed, Exact
	switch {
	case c.Source == c.Destination && a.isPod(c.Source):
		out.Allowed = true // a pod's traffic to itself never leaves it
	case !a.model.Certain(s, c.Source, c.Destination, c.Port):
		out.Confidence = Approximate
	}
	return out
}

func (a *analysis) decision(s reach.Side, d policy.Direction, subject, peer int32, port policy.PortSet) Decision {
	steps, allowed := a.model.Trace(d, s, subject, peer, port)
	out := Decision{Allowed: allowed, Steps: []Step{}}
	for _, s := range steps {
		step := Step{Object: s.Policy.Object.String(), Verdict: s.Verdict.String(), Decides: s.Decides}
		at := s.Policy.Object.At(nil)
		if s.Rule >= 0 {
			step.Rule = s.Policy.Path(&s.Policy.Rules[d][s.Rule])
			at = s.Policy.Object.At(s.Policy.Rules[d][s.Rule].Part)
		}
		step.File, step.Line = at.File, at.Line
		out.Steps = append(out.Steps, step)
	}
	return out
}

// find finds the endpoint that a name or an address means: a workload of head or else of base, or what is told in these
// very words, such as a domain name.
func (a *analysis) find(name string) (int32, error) {
	if ip, err := netip.ParseAddr(name); err == nil {
		return a.findAddress(ip.Unmap())
	}
	var names []string
	for _, s := range []reach.Side{reach.Head, reach.Base} {
		var found []int32
		var words []string
		for i := range a.model.Endpoints {
			w := a.endpoint(int32(i)).Workload[s]
			if w == nil {
				continue
			}
			names = append(names, w.Namespace+"/"+w.Name)
			whole := w.Kind + "/" + w.Namespace + "/" + w.Name
			if slices.Contains([]string{w.Name, w.Namespace + "/" + w.Name, whole}, name) {
				found, words = append(found, int32(i)), append(words, whole)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return 0, fmt.Errorf("%s may be each of %s; say which", name, strings.Join(words, ", "))
		}
	}
	for i := range a.model.Endpoints {
		if p := a.directory.peers[i]; p.Workload == nil && p.External == nil && p.String() == name {
			return int32(i), nil
		}
	}
	return 0, fmt.Errorf("there is no workload %s%s", name, nearestName(name, names))
}

// asked is the peer that was asked for, as a side has it: of outside addresses the very one, not all that are like it. It
// is none if the side lacks it.
func (a *analysis) asked(s reach.Side, endpoint int32, name string) (Peer, bool) {
	e := a.endpoint(endpoint)
	if e.Workload[reach.Base] != nil || e.Workload[reach.Head] != nil {
		w := e.Workload[s]
		if w == nil {
			return Peer{}, false
		}
		id := identityOf(w)
		return Peer{Workload: &id}, true
	}
	p := a.directory.peers[endpoint]
	if ip, err := netip.ParseAddr(name); err == nil && p.External != nil {
		return Peer{External: &External{CIDRs: []netip.Prefix{netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())}}}, true
	}
	return p, true
}

func (a *analysis) findAddress(ip netip.Addr) (int32, error) {
	for i := range a.model.Endpoints {
		e := a.endpoint(int32(i))
		for _, w := range e.Workload {
			if w != nil && slices.Contains(w.IPs, ip) {
				return int32(i), nil
			}
		}
		if slices.ContainsFunc(e.External, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			return int32(i), nil
		}
	}
	return 0, fmt.Errorf("%s is an address of pods, and no pod's in these manifests; name a workload", ip)
}

// nearestName words the workload that was probably meant.
func nearestName(name string, names []string) string {
	if len(names) == 0 {
		return ": there is none at all"
	}
	short := func(full string) string { return full[strings.IndexByte(full, '/')+1:] }
	distance := func(full string) int {
		return min(spelling.Distance(name, full), spelling.Distance(name, short(full)))
	}
	best := slices.MinFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(distance(x), distance(y)), cmp.Compare(x, y)) })
	if distance(best) > 3 {
		return "; netpol-impact list shows what there is"
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
