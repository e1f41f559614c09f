package hygiene

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// The rules about ports.
const (
	portRule    = "H7"
	serviceRule = "H8"
	nameRule    = "H9"
)

// ports tells of ports that none of the pods has that a rule concerns: those that the policy selects, for ingress, and those
// that the rule's peers select, for egress.
func (s *side) ports(p *policy.Policy) {
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			r := &p.Rules[d][i]
			if len(r.Ports) == 0 || r.Implied {
				continue
			}
			var c *crowd
			if d == policy.Ingress {
				c = s.crowdOf(p)
			} else if c = s.destinations(r); c == nil {
				continue
			}
			if len(c.workloads) == 0 || !c.sure {
				continue
			}
			s.listen(c)
			for j, port := range r.Ports {
				s.port(p, d, i, j, port, c)
			}
		}
	}
}

// destinations is whom a rule's peers select, nil where others may be meant: addresses, all of a namespace, pods of
// namespaces that are not in the manifests.
func (s *side) destinations(r *policy.Rule) *crowd {
	all := &crowd{sure: true}
	for i := range r.Peers {
		pods := r.Peers[i].Pods
		if pods == nil || pods.Pods.Everything() || pods.Namespaces.Name == "" && !isNamed(pods.Namespaces) {
			return nil
		}
		c := s.crowd(pods)
		if len(c.workloads) == 0 || !c.sure {
			return nil
		}
		if len(r.Peers) == 1 {
			return c
		}
		all.workloads = append(all.workloads, c.workloads...)
	}
	return all
}

// isNamed tells whether namespaces are selected by their names.
func isNamed(n policy.Namespaces) bool {
	for _, r := range n.Selector.Requirements {
		if r.Key == cluster.NameLabel && r.Operator == "In" {
			return true
		}
	}
	return false
}

// isSidecar tells the ports of the sidecars that service meshes put beside an application's containers.
func isSidecar(port int) bool { return port >= 15000 && port < 15100 || port == 4143 || port == 4191 }

// hasPorts tells the protocols whose ports containers declare; messages of ICMP are none.
func hasPorts(p policy.Protocol) bool { return p == policy.TCP || p == policy.UDP || p == policy.SCTP }

// port tells of a port that a crowd does not have.
func (s *side) port(p *policy.Policy, d policy.Direction, i, j int, port policy.Port, c *crowd) {
	switch {
	case port.Name != "":
		if there := c.names[port.Name]; len(there) == 0 || port.Protocol != "" && !there.Intersects(policy.Range(port.Protocol, 0, 0)) {
			s.name(p, d, i, j, port, c)
		}
	case port.From != 0 && !c.silent && !isSidecar(port.From) && hasPorts(port.Protocol):
		if !c.declared.Intersects(policy.Range(port.Protocol, port.From, port.To)) {
			s.number(p, d, i, j, port, c)
		}
	}
}

// portRemark begins a remark about a rule's port; path is where it stands, whose says which pods are meant.
func portRemark(p *policy.Policy, d policy.Direction, i, j int) (r Remark, path, whose string) {
	at, path := portNode(p, d, i, j)
	r = Remark{Object: p.Object, Part: cmp.Or(at.Get("port"), at)}
	whose = "it selects"
	if d == policy.Egress {
		whose = rulePath(p, d, i) + " leads to"
	}
	return r, path, whose
}

func (s *side) name(p *policy.Policy, d policy.Direction, i, j int, port policy.Port, c *crowd) {
	r, path, whose := portRemark(p, d, i, j)
	r.Rule, r.about = nameRule, fmt.Sprint(d, " ", port.Protocol, " ", port.Name)
	r.Note = fmt.Sprintf("%s is %s, which no workload names a port", path, port.Name)
	r.Title = fmt.Sprintf("%s: no workload that %s names a port %s", p.Object, whose, port.Name)
	r.Explanation = "A port by name is looked up on the destination's containers; where nothing has the name, the rule matches nothing."
	r.Advice = "Give the container's port this name, or write its number."
	if len(c.names[port.Name]) > 0 {
		r.Title = fmt.Sprintf("%s: no workload that %s names a %s port %s", p.Object, whose, port.Protocol, port.Name)
		r.Note = fmt.Sprintf("%s asks for %s by %s", path, port.Name, port.Protocol)
		r.Advice = "The name stands for a port of another protocol there; protocol is TCP where a policy leaves it out."
	} else if meant := nearName(c, port.Name); meant != "" {
		r.Title += ": did you mean " + meant + "?"
	}
	s.add(r)
}

func (s *side) number(p *policy.Policy, d policy.Direction, i, j int, port policy.Port, c *crowd) {
	r, path, whose := portRemark(p, d, i, j)
	text := portText(port)
	r.Rule, r.about = portRule, fmt.Sprint(d, " ", text)
	r.Note = fmt.Sprintf("%s is %s, which no workload declares", path, text)
	r.Title = fmt.Sprintf("%s allows %s, which no workload that %s declares", p.Object, text, whose)
	r.Explanation = fmt.Sprintf("Their containers and Services declare %s.", policy.PortsText(c.declared.Ranges()))
	r.Advice = "Policies count the pods' ports, not a Service's. Nothing to do if the port is used without being declared."
	if meant := nearPort(c.declared, port); meant != 0 {
		r.Title += fmt.Sprintf(": did you mean %d?", meant)
	}
	s.add(r)
}

func portText(p policy.Port) string {
	if p.From == p.To {
		return fmt.Sprintf("%s %d", p.Protocol, p.From)
	}
	return fmt.Sprintf("%s %d–%d", p.Protocol, p.From, p.To)
}

// nearName is a port's name that one is a misspelling of.
func nearName(c *crowd, name string) string {
	best := ""
	for n := range c.names {
		if isSimilar(n, name) && (best == "" || n < best) {
			best = n
		}
	}
	return best
}

// nearPort is the one declared port of the protocol whose number differs by one digit; 0 if there is none, or several.
func nearPort(declared policy.PortSet, port policy.Port) int {
	if port.From != port.To {
		return 0
	}
	found := 0
	for _, r := range declared.Ranges() {
		if r.Protocol != port.Protocol || r.From != r.To || !differByOne(strconv.Itoa(r.From), strconv.Itoa(port.From)) {
			continue
		}
		if found != 0 {
			return 0
		}
		found = r.From
	}
	return found
}

// differByOne tells whether numbers of several digits differ in one of them, or have two neighbours changed.
func differByOne(a, b string) bool {
	if len(a) != len(b) || len(a) < 3 {
		return false
	}
	var at []int
	for i := range len(a) {
		if a[i] != b[i] {
			at = append(at, i)
		}
	}
	return len(at) == 1 || len(at) == 2 && at[1] == at[0]+1 && a[at[0]] == b[at[1]] && a[at[1]] == b[at[0]]
}

// services tells of Services none of whose ports any policy lets in, while the policies do let in others: a number is
// wrong in one of the two.
func (s *side) services(only map[string]bool) {
	if len(s.state.Services) == 0 || len(s.state.Policies) == 0 {
		return
	}
	type gate struct {
		ports  policy.PortSet
		closed bool
	}
	at := make(map[*cluster.Workload]int32, len(s.state.Workloads))
	for i := range s.model.Endpoints {
		if w := s.model.Endpoints[i].Workload[s.which]; w != nil {
			at[w] = int32(i)
		}
	}
	gates := make(map[int32]gate) // by class
	for _, service := range s.state.Services {
		if !s.touched.beside(service.Namespace) {
			continue
		}
		behind := s.front().Of(service)
		var led, open policy.PortSet
		for _, w := range behind {
			class := s.model.Class(at[w])
			g, ok := gates[class]
			if !ok {
				g.ports, g.closed = s.model.LetIn(s.which, at[w])
				gates[class] = g
			}
			on := service.On(w)
			if !g.closed || len(g.ports) == 0 || len(on) == 0 || on.Intersects(g.ports) {
				led = nil
				break
			}
			led, open = led.Union(on), open.Union(g.ports)
		}
		if len(led) > 0 {
			s.service(service, at[behind[0]], led, open, only)
		}
	}
}

func (s *side) service(service *cluster.Service, endpoint int32, led, open policy.PortSet, only map[string]bool) {
	for _, p := range s.model.Acting(policy.Ingress, s.which, endpoint) {
		if only != nil && !only[p.Object.Key()] {
			continue
		}
		for i := range p.Rules[policy.Ingress] {
			rule := &p.Rules[policy.Ingress][i]
			if rule.Verdict != policy.Allow || len(rule.Ports) == 0 {
				continue
			}
			s.add(Remark{Rule: serviceRule, Object: p.Object, Part: rule.Part.Get("ports"),
				about: service.ID().String() + " " + led.Key(),
				Note:  fmt.Sprintf("lets in %s, Service %s leads to %s", policy.PortsText(open.Ranges()), service.ID(), policy.PortsText(led.Ranges())),
				Title: fmt.Sprintf("Service %s leads to %s, and policies let in %s only", service.ID(), policy.PortsText(led.Ranges()), policy.PortsText(open.Ranges())),
				Explanation: fmt.Sprintf("Nobody can use the Service: its pods are isolated, and no rule of any policy lets in %s.",
					policy.PortsText(led.Ranges())),
				Advice: "Policies count the pods' ports: allow the Service's targetPort, or mend the targetPort."})
			return
		}
	}
}
