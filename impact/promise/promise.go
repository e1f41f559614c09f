// Package promise holds what the repository promises of its connections to a state of a cluster.
//
// In go a compiled model, one of its sides and promises; out comes an [Outcome] for each: whether it is kept, which
// connections break it, or why it says nothing. The cost grows with what policies can tell apart, not with pairs of
// workloads. The package reads no files, and what a broken promise means for a change is not decided here.
package promise

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// Status is what becomes of a promise.
type Status string

// The statuses.
const (
	Kept   Status = "kept"
	Broken Status = "broken"
	// Empty promises select no connection: they promise nothing.
	Empty Status = "empty"
	// Undecided tells that what the manifests say does not decide it.
	Undecided Status = "undecided"
)

// Outcome is what becomes of one promise.
type Outcome struct {
	Promise *config.Promise
	Status  Status
	// Doubtful tells that the status rests on facts that are not known.
	Doubtful bool
	// Reason says why a promise is empty or undecided; Notes name the parts of others that select nothing.
	Reason string
	Notes  []string
	// Absent are the parts of the ends, without what is excepted, that select nothing.
	Absent []string
	// Deviations are the connections that break the promise.
	Deviations []reach.Deviation
	// Path is the endpoints on a way that breaks a promise about any number of steps; FromInternet tells that the internet
	// gets to the first of them.
	Path         []int32
	Steps        []Sample // its connections, but for the one from the internet
	FromInternet bool
	// Sample is a connection that shows the status; nil where there is none.
	Sample *Sample
	// Sources are who connects, Regions whom to, with the ports that the promise is about there; none for one about any
	// number of steps.
	Sources reach.Group
	Regions []Region
}

// Region is destinations with the ports that a promise is about there.
type Region struct {
	Destinations reach.Group
	Ports        policy.PortSet
}

// Sample is one connection.
type Sample struct {
	Source, Destination int32
	Port                policy.PortSet
}

// Facts are what is known of one side of a cluster beside the model.
type Facts struct {
	Model    *reach.Model
	Side     reach.Side
	State    *cluster.State
	Backends *cluster.Backends
	// Declared are the ports that an endpoint declares.
	Declared func(endpoint int32) policy.PortSet
	// Facing are the workloads that traffic from the internet gets to.
	Facing func() []int32
}

// Judge holds promises to one side. It remembers what it found and is not safe for use by several goroutines.
type Judge struct {
	Facts
	inquiry *reach.Inquiry
	people  people
	groups  map[groupKey]found
	regions map[string]destined
	steps   *reach.Steps
	spreads map[string]reach.Spread
	// pairs counts those that were looked at for ways of known steps.
	pairs int
}

// NewJudge prepares for promises about a side.
func NewJudge(f Facts) *Judge {
	return &Judge{Facts: f, inquiry: f.Model.Inquiry(f.Side), people: newPeople(&f),
		groups: make(map[groupKey]found), regions: make(map[string]destined), spreads: make(map[string]reach.Spread)}
}

// Of holds one promise to the side.
func (j *Judge) Of(p *config.Promise) Outcome {
	out := Outcome{Promise: p, Status: Kept}
	denied := p.Expect == config.Denied
	from := j.find("from", p.From, role{denied: denied, source: true})
	to := j.find("to", p.To, role{denied: denied})
	out.Notes = slices.Concat(from.missing, to.missing)
	out.Absent = slices.Concat(from.absent, to.absent)
	if empty := j.emptyEnd(from, to); empty != "" {
		out.Status, out.Reason, out.Notes = Empty, empty, nil
		return out
	}
	out.Sources = from.group
	if p.Steps == config.AnySteps {
		j.walk(p, from, to, &out)
		return out
	}
	at := j.regionsOf(p, to)
	out.Regions = at.regions
	if len(out.Regions) == 0 && len(to.domains) == 0 {
		out.Status, out.Reason = Empty, "no destination has "+portWords(p)
		if len(p.Ports) == 1 && len(at.absent) == 1 {
			out.Reason = strings.TrimPrefix(at.absent[0], ofPorts)
		}
		return out
	}
	out.Notes, out.Absent = slices.Concat(out.Notes, at.absent), slices.Concat(out.Absent, at.absent)
	for _, r := range out.Regions {
		out.Deviations = append(out.Deviations, j.inquiry.Deviations(from.group, r.Destinations, r.Ports, !denied)...)
	}
	j.conclude(&out)
	for _, d := range to.domains {
		j.askDomain(p, from.group, d, &out)
	}
	return out
}

// As holds a promise about any number of steps to the side, between those whom it means by another judge.
func (j *Judge) As(p *config.Promise, by *Judge) Outcome {
	out := Outcome{Promise: p, Status: Kept}
	denied := p.Expect == config.Denied
	from, to := by.find("from", p.From, role{denied: denied, source: true}), by.find("to", p.To, role{denied: denied})
	from.group, to.group = j.here(from.group), j.here(to.group)
	j.walk(p, from, to, &out)
	return out
}

// here is those of a group that exist on the side.
func (j *Judge) here(g reach.Group) reach.Group {
	return j.Model.Group(slices.DeleteFunc(g.Endpoints(), func(i int32) bool { return !j.Model.Exists(j.Side, i) }))
}

// conclude says from what deviates whether the promise is kept, and chooses what shows it.
func (j *Judge) conclude(out *Outcome) {
	if len(out.Deviations) > 0 {
		out.Status = Broken
		slices.SortStableFunc(out.Deviations, func(a, b reach.Deviation) int { return rank(a) - rank(b) })
		out.Doubtful = out.Deviations[0].Doubtful
		d := &out.Deviations[0]
		out.Sample = j.sample(d.Sources, d.Destinations, d.Ports)
		return
	}
	for _, r := range out.Regions {
		out.Doubtful = out.Doubtful || j.inquiry.Doubtful(out.Sources, r.Destinations, r.Ports)
		if out.Sample == nil {
			out.Sample = j.sample(out.Sources, r.Destinations, r.Ports)
		}
	}
}

// rank puts what is known for sure first.
func rank(d reach.Deviation) int {
	if d.Doubtful {
		return 1
	}
	return 0
}

// sample chooses a connection between two groups, between rendered workloads if there is one.
func (j *Judge) sample(sources, destinations reach.Group, ports policy.PortSet) *Sample {
	if len(ports) == 0 {
		return nil
	}
	s := &Sample{Source: j.first(sources, -1)}
	s.Destination = j.first(destinations, s.Source)
	if s.Destination == s.Source {
		if other := j.first(sources, s.Destination); other != s.Source {
			s.Source = other
		}
	}
	if declared := ports.Intersect(j.Declared(s.Destination)); len(declared) > 0 {
		ports = declared
	}
	first := ports.Ranges()[0]
	s.Port = policy.Range(first.Protocol, first.From, first.From)
	return s
}

// first is an endpoint of a group, a workload if there is one, another than a given one if there is another.
func (j *Judge) first(g reach.Group, not int32) int32 {
	best := int32(-1)
	for n, i := range g.Endpoints() {
		if i == not {
			continue
		}
		if j.Model.Endpoints[i].Workload[j.Side] != nil {
			return i
		}
		if best < 0 {
			best = i
		}
		if n > maxLooked {
			break
		}
	}
	if best < 0 {
		return not
	}
	return best
}

// maxLooked bounds how many endpoints are looked at for one that shows something.
const maxLooked = 100

// emptyEnd says which end selects nothing; "" if both select something that has connections.
func (j *Judge) emptyEnd(from, to found) string {
	for _, f := range []found{from, to} {
		if f.group.Len() == 0 && len(f.domains) == 0 {
			if len(f.missing) == 0 {
				return f.end + " selects nothing"
			}
			return strings.Join(f.missing, "; ")
		}
	}
	if from.outside && to.outside {
		return "both ends are outside the cluster, where no policy has a say"
	}
	return ""
}

// destined is destinations with ports, and the parts of the ports that none of them has.
type destined struct {
	regions []Region
	absent  []string
}

// regionsOf divides the destinations by the ports that the promise is about.
func (j *Judge) regionsOf(p *config.Promise, to found) destined {
	key := p.Expect + "|" + strings.Join(p.Ports, ",") + "|" + to.key
	known, ok := j.regions[key]
	if ok {
		return known
	}
	all := portsOf(p)
	at := make(map[string]int)
	var lists [][]int32
	var out []Region
	add := func(i int32, ports policy.PortSet) {
		if len(ports) == 0 {
			return
		}
		key := ports.Key()
		n, ok := at[key]
		if !ok {
			n = len(out)
			at[key] = n
			out, lists = append(out, Region{Ports: ports}), append(lists, nil)
		}
		lists[n] = append(lists[n], i)
	}
	plain := to.plain
	for _, b := range to.services {
		for i := range b.group.All() {
			add(i, all.ofService(b.service, j.people.workload(i)))
		}
	}
	if to.dns && all.none && p.Expect == config.Allowed {
		for _, i := range plain.Endpoints() {
			add(i, j.asked(i))
		}
	} else if constant, ok := all.everywhere(p.Expect == config.Denied); ok && plain.Len() > 0 {
		out = append(out, Region{plain, constant})
		lists = append(lists, nil)
	} else {
		for _, i := range plain.Endpoints() {
			add(i, all.on(j.Model.Endpoints[i].Workload[j.Side], j.Declared(i)))
		}
	}
	for n := range out {
		if lists[n] != nil {
			out[n].Destinations = out[n].Destinations.Union(j.Model.Group(lists[n]))
		}
	}
	done := destined{out, j.absentPorts(p, to)}
	j.regions[key] = done
	return done
}

// portWords say which ports a promise is about.
func portWords(p *config.Promise) string {
	if len(p.Ports) == 1 {
		return "the port " + p.Ports[0]
	}
	return fmt.Sprintf("any of the ports %s", strings.Join(p.Ports, ", "))
}
