package promise

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
)

// askDomain holds the part of a promise that is about a domain name to the side. Its addresses are not known: it is reached
// for sure where all public addresses are or where a policy allows the name, and not where neither is.
func (j *Judge) askDomain(p *config.Promise, from reach.Group, name string, out *Outcome) {
	asked := portsOf(p)
	ports := asked.on(nil, nil)
	if len(ports) == 0 {
		out.Status, out.Reason = Empty, "a domain name has no port "+strings.Join(p.Ports, ", ")
		return
	}
	internet := j.Model.Group(j.internet(role{}))
	var covering []int32
	for _, i := range j.people.domains {
		e := &j.Model.Endpoints[i]
		if (policy.Peer{Domain: e.Domain, OneLabel: e.OneLabel}).CoversDomain(policy.Peer{Domain: strings.TrimSuffix(strings.ToLower(name), ".")}) {
			covering = append(covering, i)
		}
	}
	names := j.Model.Group(covering)
	deviate := func(to reach.Group, allowed bool) []reach.Deviation {
		return j.inquiry.Deviations(from, to, ports, allowed)
	}
	refused := deviate(internet, true)
	reached := len(refused) == 0 || names.Len() > 0 && len(deviate(names, true)) == 0
	open := deviate(internet, false)
	closed := len(open) == 0 && len(deviate(names, false)) == 0
	switch {
	case out.Status == Broken:
		return
	case !reached && !closed:
		out.Status, out.Reason = Undecided, fmt.Sprintf("it depends on the addresses of %s, which are not known", name)
		return
	case reached == (p.Expect == config.Allowed):
		if out.Sample == nil {
			out.Sample = j.sample(from, internet, ports)
		}
		return
	}
	out.Status = Broken
	if reached {
		refused = append(open, deviate(names, false)...)
	}
	out.Deviations = append(out.Deviations, refused...)
	d := &out.Deviations[0]
	out.Sample = j.sample(d.Sources, d.Destinations, d.Ports)
}
