package impact

import (
	"cmp"
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
	// Source and Destination are workloads ("web", "shop/web", "Deployment/shop/web") or addresses.
	Source, Destination string
	Protocol            policy.Protocol
	Port                int
}

// Explanation is why a connection is allowed or denied in one state.
type Explanation struct {
	// State says, for people, which state it is; Explain leaves it empty.
	State string
	// Missing says that the state lacks an end of the connection; then it has nothing else.
	Missing             string
	Source, Destination Peer
	Allowed             bool
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

// Explain finds why one state allows or denies a connection. The error says which end is not known.
func Explain(objects []*manifest.Object, cfg config.Config, q Question) (Explanation, error) {
	cfg.CNI = cluster.Network(cfg, objects)
	options, err := modelOptions(cfg)
	if err != nil {
		return Explanation{}, err
	}
	state := cluster.Build(objects, cfg)
	model := reach.New(state, state, options)
	a := analysis{model: model, base: state, head: state, directory: newDirectory(model)}
	source, err := a.find(q.Source)
	if err != nil {
		return Explanation{}, err
	}
	destination, err := a.find(q.Destination)
	if err != nil {
		return Explanation{}, err
	}
	port := policy.Range(q.Protocol, q.Port, q.Port)
	e := Explanation{Source: a.asked(source, q.Source), Destination: a.asked(destination, q.Destination), Diagnostics: slices.Concat(state.Diagnostics, beyondNotes(state.Policies))}
	e.Egress = a.decision(policy.Egress, source, destination, port)
	e.Ingress = a.decision(policy.Ingress, destination, source, port)
	e.Allowed = e.Egress.Allowed && e.Ingress.Allowed
	if source == destination && a.isPod(source) {
		e.Allowed = true // a pod's traffic to itself never leaves it
	}
	return e, nil
}

// Difference is why two states do not treat a connection alike.
type Difference struct {
	// Opened tells that only head allows it, Blocked that only base does; with neither there is no difference.
	Opened, Blocked bool
	Causes          []Cause
	Undo            cause.Undo
}

// ExplainChange finds what makes two states differ about a connection. The error says which end is not known.
func ExplainChange(base, head []*manifest.Object, cfg config.Config, q Question) (*Difference, error) {
	cfg.CNI = cluster.Network(cfg, base, head)
	options, err := modelOptions(cfg)
	if err != nil {
		return nil, err
	}
	before, after := cluster.Build(base, cfg), cluster.Build(head, cfg)
	options.Renamed = findRenames(before, after).toHead()
	model := reach.New(before, after, options)
	a := analysis{model: model, base: before, head: after, directory: newDirectory(model)}
	c := reach.Cell{Port: policy.Range(q.Protocol, q.Port, q.Port)}
	if c.Source, err = a.find(q.Source); err != nil {
		return nil, err
	}
	if c.Destination, err = a.find(q.Destination); err != nil {
		return nil, err
	}
	was, is := a.allows(reach.Base, c), a.allows(reach.Head, c)
	out := &Difference{Opened: is && !was, Blocked: was && !is}
	if was != is {
		found := cause.New(model, before, after).Between(c)
		out.Causes, out.Undo = found.Causes, found.Undo
	}
	return out, nil
}

func (a *analysis) allows(s reach.Side, c reach.Cell) bool {
	return c.Source == c.Destination && a.isPod(c.Source) || a.model.Verdict(s, c.Source, c.Destination).Intersects(c.Port)
}

func (a *analysis) decision(d policy.Direction, subject, peer int32, port policy.PortSet) Decision {
	steps, allowed := a.model.Trace(d, reach.Head, subject, peer, port)
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

// find finds the endpoint that a name or an address means.
func (a *analysis) find(name string) (int32, error) {
	if ip, err := netip.ParseAddr(name); err == nil {
		return a.findAddress(ip.Unmap())
	}
	var found []int32
	var names []string
	for i := range a.model.Endpoints {
		w := a.endpoint(int32(i)).Workload[reach.Head]
		if w == nil {
			continue
		}
		names = append(names, w.Namespace+"/"+w.Name)
		switch name {
		case w.Name, w.Namespace + "/" + w.Name, w.Kind + "/" + w.Namespace + "/" + w.Name:
			found = append(found, int32(i))
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, fmt.Errorf("there is no workload %s%s", name, nearestName(name, names))
	}
	words := make([]string, len(found))
	for i, n := range found {
		w := a.directory.peers[n].Workload
		words[i] = w.Kind + "/" + w.Namespace + "/" + w.Name
	}
	return 0, fmt.Errorf("%s may be each of %s; say which", name, strings.Join(words, ", "))
}

// asked is the peer that was asked for: of outside addresses the very one, not all that are like it.
func (a *analysis) asked(endpoint int32, name string) Peer {
	p := a.directory.peers[endpoint]
	if ip, err := netip.ParseAddr(name); err == nil && p.External != nil {
		return Peer{External: &External{CIDRs: []netip.Prefix{netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())}}}
	}
	return p
}

func (a *analysis) findAddress(ip netip.Addr) (int32, error) {
	for i := range a.model.Endpoints {
		e := a.endpoint(int32(i))
		if w := e.Workload[reach.Head]; w != nil && slices.Contains(w.IPs, ip) {
			return int32(i), nil
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
