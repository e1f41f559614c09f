package cilium

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// peers collects the other ends of a rule.
type peers struct {
	*compiler
	ingress bool
	verdict policy.Verdict

	list []policy.Peer
	// any tells that everybody is a peer.
	any bool
	// kinds are the fields that were given with something in them; Cilium takes one of them only.
	kinds []string
	// none tells that a field was given and is empty, which matches nobody.
	none bool
	// beyond is what no connection shows.
	beyond []policy.Beyond
}

// given notes a field, and tells whether there is anything in it.
func (p *peers) given(name string, isNil bool, n int, node *manifest.Node) bool {
	switch {
	case isNil:
		return false
	case n == 0:
		p.none = true
		return false
	}
	p.kinds = append(p.kinds, name)
	if len(p.kinds) == 2 {
		p.Error(node, "%s cannot be combined with %s in one rule; make them two", p.kinds[0], name)
	}
	return true
}

func (p *peers) field(name string) string {
	if p.ingress {
		return "from" + name
	}
	return "to" + name
}

// rule makes the rule. Ports alone mean any peer; a rule that says nothing at all matches nothing.
func (p *peers) rule(part *manifest.Node, ports portList) policy.Rule {
	r := policy.Rule{Verdict: p.verdict, Part: part, Peers: p.list, Any: p.any, AllPorts: ports.all, Ports: ports.list, Beyond: ports.beyond}
	r.Beyond = append(r.Beyond, p.beyond...)
	if a := part.Get("authentication"); !a.IsNull() {
		r.Beyond = append(r.Beyond, policy.NewBeyond("authentication", a))
	}
	if len(p.kinds) == 0 && !ports.all {
		r.Any = true
	}
	if p.none {
		r.Any, r.Peers = false, nil
	}
	if r.Any {
		r.Peers = nil
	}
	return r
}

func (p *peers) endpoints(selectors []metav1.LabelSelector, node *manifest.Node) {
	if !p.given(p.field("Endpoints"), selectors == nil, len(selectors), node) {
		return
	}
	for i := range selectors {
		at := node.Element(i)
		s := p.read(&selectors[i], at)
		if s.mesh {
			p.WarnOnce(at, "clusters of a mesh are not told apart: the selector counts as if it named none")
			p.beyond = append(p.beyond, policy.NewBeyond("cluster of", at))
		}
		switch {
		case s.never:
		case len(s.not) > 0:
			p.WarnOnce(at, "a selector for what is not "+s.not[0]+" is not understood here and matches nothing")
		case len(s.reserved) == 1 && len(s.pods)+len(s.namespaces) == 0:
			p.entity(s.reserved[0], at)
		case len(s.reserved) > 0:
			p.WarnOnce(at, "reserved labels together with others match nothing here")
		default:
			pods := p.inNamespace(s)
			p.list = append(p.list, policy.Peer{Pods: &pods})
		}
	}
}

func (p *peers) nodes(selectors []metav1.LabelSelector, node *manifest.Node) {
	if !p.given(p.field("Nodes"), selectors == nil, len(selectors), node) {
		return
	}
	for i := range selectors {
		s := p.read(&selectors[i], node.Element(i))
		if s.never || len(s.reserved)+len(s.not) > 0 {
			p.WarnOnce(node.Element(i), "a selector for more than nodes' own labels is not understood here and matches nothing")
			continue
		}
		selector := policy.Canonical(s.pods)
		p.list = append(p.list, policy.Peer{Nodes: &selector})
	}
}

func (p *peers) entities(names []string, node *manifest.Node) {
	if !p.given(p.field("Entities"), names == nil, len(names), node) {
		return
	}
	for i, name := range names {
		p.entity(name, node.Element(i))
	}
}

// Everything outside a cluster, by family.
var (
	worldIPv4 = policy.Peer{Block: &policy.Block{CIDR: netip.MustParsePrefix("0.0.0.0/0")}}
	worldIPv6 = policy.Peer{Block: &policy.Block{CIDR: netip.MustParsePrefix("::/0")}}
	everyNode = policy.Peer{Nodes: &policy.Selector{}}
	everyPod  = policy.Peer{Pods: &policy.Pods{}}
)

// entity adds an end that Cilium has a name for.
func (p *peers) entity(name string, node *manifest.Node) {
	switch name {
	case "all":
		p.any = true
	case "world":
		p.list = append(p.list, worldIPv4, worldIPv6)
	case "world-ipv4":
		p.list = append(p.list, worldIPv4)
	case "world-ipv6":
		p.list = append(p.list, worldIPv6)
	case "cluster", "cluster-mesh":
		p.list = append(p.list, everyPod, everyNode, policy.Peer{Entity: "kube-apiserver"}, policy.Peer{Entity: "ingress", Inside: true}, policy.Peer{Inside: true})
	case "remote-node":
		p.list = append(p.list, everyNode)
	case "host":
		// A pod's own node always reaches it, so that letting it in changes nothing.
		if !p.ingress {
			p.list = append(p.list, policy.Peer{Entity: "host", Inside: true})
		} else if p.verdict == policy.Deny {
			p.WarnOnce(node, "denying the pod's own node (kubelet's probes) is not analysed")
		}
	case "kube-apiserver": // which may be outside, too
		p.list = append(p.list, policy.Peer{Entity: name})
	case "ingress", "init", "health", "unmanaged":
		p.list = append(p.list, policy.Peer{Entity: name, Inside: true})
	case "none":
	default:
		p.Error(node, "%q is no entity that Cilium knows", name)
	}
}

func (p *peers) cidrs(texts []string, node *manifest.Node) {
	if !p.given(p.field("CIDR"), texts == nil, len(texts), node) {
		return
	}
	for i, text := range texts {
		if prefix, ok := p.Addresses(text, node.Element(i)); ok {
			p.list = append(p.list, policy.Peer{Block: &policy.Block{CIDR: prefix}})
		}
	}
}

func (p *peers) cidrSets(sets []cidrRule, node *manifest.Node) {
	if !p.given(p.field("CIDRSet"), sets == nil, len(sets), node) {
		return
	}
	for i := range sets {
		s, at := &sets[i], node.Element(i)
		blocks := p.cidrSet(s, at)
		for _, text := range s.Except {
			except, ok := p.Addresses(text, at.Get("except"))
			if !ok {
				continue
			}
			if s.CIDR != "" && len(blocks) > 0 && (except.Bits() < blocks[0].CIDR.Bits() || !blocks[0].CIDR.Contains(except.Addr())) {
				p.Error(at.Get("except"), "except %s is not a part of cidr %s", except, blocks[0].CIDR)
				continue
			}
			for j := range blocks {
				blocks[j].Except = append(blocks[j].Except, except)
			}
		}
		for j := range blocks {
			p.list = append(p.list, policy.Peer{Block: &blocks[j]})
		}
	}
}

// cidrSet are the blocks that an element of a CIDR set names, without its exceptions.
func (p *peers) cidrSet(s *cidrRule, node *manifest.Node) []policy.Block {
	named := 0
	for _, is := range []bool{s.CIDR != "", s.CIDRGroupRef != "", s.CIDRGroupSelector != nil} {
		if is {
			named++
		}
	}
	if named != 1 {
		p.Error(node, "must have exactly one of cidr, cidrGroupRef and cidrGroupSelector")
		return nil
	}
	if s.CIDR != "" {
		prefix, ok := p.Addresses(s.CIDR, node.Get("cidr"))
		if !ok {
			return nil
		}
		return []policy.Block{{CIDR: prefix}}
	}
	if s.CIDRGroupSelector != nil {
		out := groupsMeant(p.ctx.Groups, p.Selector(s.CIDRGroupSelector, node.Get("cidrGroupSelector")))
		switch {
		case len(out) == 0:
			p.Warn(node, "no CiliumCIDRGroup of the manifests is meant: it matches nothing here")
		case out[0].CIDR.Bits() == 0:
			p.Warn(node, "it asks for no label: every address that no CiliumCIDRGroup has is meant, too; ask for a label that the groups have")
		}
		return out
	}
	var out []policy.Block
	found := false
	for _, g := range p.ctx.Groups {
		if g.Name != s.CIDRGroupRef {
			continue
		}
		found = true
		for _, prefix := range g.CIDRs {
			out = append(out, policy.Block{CIDR: prefix})
		}
	}
	if !found {
		p.Warn(node, "no CiliumCIDRGroup of the manifests is meant: it matches nothing here")
	}
	return out
}

func (p *peers) groups(groups []any, node *manifest.Node) {
	if !p.given(p.field("Groups"), groups == nil, len(groups), node) {
		return
	}
	// What is in a cloud's group is not in the manifests; it is an end of its own, the same on both sides.
	for i := range groups {
		p.list = append(p.list, policy.Peer{Entity: "cloud group " + fmt.Sprint(groups[i])})
	}
}

func (p *peers) services(services []serviceRule, node *manifest.Node) {
	if !p.given("toServices", services == nil, len(services), node) {
		return
	}
	for i := range services {
		at := node.Element(i)
		found := p.ctx.find(p.meant(&services[i], at))
		if len(found) == 0 {
			p.Warn(at, "no Service of the manifests is meant: it matches nothing here")
		}
		for _, s := range found {
			p.service(s)
		}
	}
}

// meant tells whether a Service is the one, or one of those, that an element names.
func (p *peers) meant(r *serviceRule, node *manifest.Node) func(s *Service) bool {
	switch {
	case r.K8sService != nil:
		return func(s *Service) bool {
			return s.Name == r.K8sService.ServiceName && s.Namespace == orElse(r.K8sService.Namespace, p.namespace, s.Namespace)
		}
	case r.K8sServiceSelector != nil:
		selector := p.Selector(&r.K8sServiceSelector.Selector, node)
		return func(s *Service) bool {
			return s.Namespace == orElse(r.K8sServiceSelector.Namespace, p.namespace, s.Namespace) && selector.Matches(s.Labels)
		}
	}
	p.Error(node, "must have k8sService or k8sServiceSelector")
	return func(*Service) bool { return false }
}

func orElse(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// find are the Services that are meant.
func (c Context) find(meant func(s *Service) bool) []Service {
	if c.Services == nil {
		return nil
	}
	return c.Services(meant)
}

// service adds a Service's pods or, where it selects none, its addresses.
func (p *peers) service(s Service) {
	if len(s.Selector) > 0 {
		p.list = append(p.list, policy.Peer{Pods: &policy.Pods{Namespaces: policy.InNamespace(s.Namespace), Pods: policy.WithLabels(s.Selector)}})
		return
	}
	for _, addr := range s.Addresses {
		p.list = append(p.list, policy.Peer{Block: &policy.Block{CIDR: netip.PrefixFrom(addr, addr.BitLen())}})
	}
}

func (p *peers) names(names []fqdnRule, node *manifest.Node) {
	if !p.given("toFQDNs", names == nil, len(names), node) {
		return
	}
	if p.verdict == policy.Deny {
		p.Error(node, "toFQDNs can only be allowed, not denied")
	}
	for i, n := range names {
		if (n.MatchName == "") == (n.MatchPattern == "") {
			p.Error(node.Element(i), "must have either matchName or matchPattern")
			continue
		}
		if n.MatchPattern != "" {
			p.list = append(p.list, pattern(n.MatchPattern))
			continue
		}
		p.list = append(p.list, policy.Peer{Domain: domain(n.MatchName)})
	}
}

func domain(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// stars are several stars, which mean the same as one but before the first dot.
var stars = regexp.MustCompile(`\*{2,}`)

// pattern is the names that a pattern matches: a star stands for characters of one label, stars alone for every name, and
// several stars before the first dot for any depth of subdomains (Cilium's pkg/fqdn/matchpattern).
func pattern(text string) policy.Peer {
	name := domain(text)
	first, rest, found := strings.Cut(name, ".")
	deep := ""
	if found && len(first) > 1 && strings.Trim(first, "*") == "" {
		deep, name = "**.", rest
	}
	return policy.Peer{Domain: deep + stars.ReplaceAllString(name, "*"), OneLabel: true}
}
