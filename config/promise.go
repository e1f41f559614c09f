package config

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// What a promise expects of its connections.
const (
	Allowed = "allowed"
	Denied  = "denied"
)

// AnySteps is the value of [Promise.Steps] that asks for paths through other workloads.
const AnySteps = "any"

// Promise is a connection, or a set of them, that must be allowed or denied. Where File is set it stands for the promises of
// that file, and nothing but Clusters may be set besides.
type Promise struct {
	// File is the path of a file of promises from the repository's root: one of this program, of netassert or of
	// policy-assistant.
	File string `json:"file,omitempty" yaml:"file"`
	// Name says what is promised; it tells promises of a file apart.
	Name string `json:"name,omitempty" yaml:"name"`
	// Expect is allowed or denied: every connection from each of From to each of To on all, or on none, of Ports.
	Expect string `json:"expect,omitempty" yaml:"expect"`
	From   Ends   `json:"from,omitempty" yaml:"from"`
	To     Ends   `json:"to,omitempty" yaml:"to"`
	// Ports are numbers (443), ranges (8000-8080), names (http) and protocols with one of them or with * (udp/53, tcp/*); a
	// number alone is TCP's. Of a Service they are the Service's own. If empty, an allowed connection is about the ports that
	// the destination declares, a denied one about all.
	Ports Words `json:"ports,omitempty" yaml:"ports"`
	// Steps is any where no path through any number of other workloads may lead from From to To, either.
	Steps string `json:"steps,omitempty" yaml:"steps"`
	// Clusters are the only ones that are meant; if empty, all are.
	Clusters Words `json:"clusters,omitempty" yaml:"clusters"`

	// Origin is the file that the promise stands in, and Line its line; what reads it sets Origin.
	Origin string `json:"-" yaml:"-"`
	Line   int    `json:"-" yaml:"-"`
}

// Ends are one end of a promise's connections: whatever meets one of them. One may be given without a list.
type Ends []End

// End is whom a promise means: exactly one of its parts, or Namespace, Namespaces and Selector together. A word instead of it
// is any, workloads, internet, dns, or a workload such as shop/web.
type End struct {
	// Workload is the namespace and the name, with the kind in front if need be: shop/web, Deployment/shop/web. A * stands for
	// any characters.
	Workload Words `json:"workload,omitempty" yaml:"workload"`
	// Service is the namespace and the name of a Service: its pods are meant, on the ports that it leads to.
	Service Words `json:"service,omitempty" yaml:"service"`
	// Namespace is the pods' namespace; a * stands for any characters.
	Namespace Words `json:"namespace,omitempty" yaml:"namespace"`
	// Namespaces is a selector of the labels of the pods' namespaces, as kubectl takes it.
	Namespaces string `json:"namespaces,omitempty" yaml:"namespaces"`
	// Selector is a selector of the pods' labels, as kubectl takes it.
	Selector string `json:"selector,omitempty" yaml:"selector"`
	// CIDR is addresses outside the cluster.
	CIDR Words `json:"cidr,omitempty" yaml:"cidr"`
	// Domain is a domain name outside the cluster.
	Domain Words `json:"domain,omitempty" yaml:"domain"`
	// Any is everything: workloads, other pods and addresses. Workloads are all that the manifests have.
	Any       bool `json:"any,omitempty" yaml:"any"`
	Workloads bool `json:"workloads,omitempty" yaml:"workloads"`
	// Internet is all public addresses, DNS the cluster's name service.
	Internet bool `json:"internet,omitempty" yaml:"internet"`
	DNS      bool `json:"dns,omitempty" yaml:"dns"`
	// Except is whom the rest does not mean.
	Except Ends `json:"except,omitempty" yaml:"except"`
}

// Words is a list of words; one may be given without a list.
type Words []string

// UnmarshalYAML reads one word or a list.
func (w *Words) UnmarshalYAML(n *yaml.Node) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, c := range list {
		for c.Kind == yaml.AliasNode {
			c = c.Alias
		}
		if c.Kind != yaml.ScalarNode || c.Tag == "!!null" {
			return fmt.Errorf("line %d: a word or a list of words is wanted", c.Line)
		}
		*w = append(*w, c.Value)
	}
	return nil
}

// words are what an end may be instead of its parts.
var words = map[string]End{"any": {Any: true}, "workloads": {Workloads: true}, "internet": {Internet: true}, "dns": {DNS: true}}

// UnmarshalYAML reads one end or a list.
func (e *Ends) UnmarshalYAML(n *yaml.Node) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, c := range list {
		var one End
		if err := one.UnmarshalYAML(c); err != nil {
			return err
		}
		*e = append(*e, one)
	}
	return nil
}

// UnmarshalYAML reads a word or a mapping.
func (e *End) UnmarshalYAML(n *yaml.Node) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.ScalarNode:
		word, ok := words[n.Value]
		switch {
		case ok:
			*e = word
		case strings.Contains(n.Value, "/"):
			*e = End{Workload: Words{n.Value}}
		default:
			return fmt.Errorf("line %d: %q is none of any, workloads, internet, dns, and no workload such as shop/web%s", n.Line, n.Value, nearWord(n.Value))
		}
	case yaml.MappingNode:
		if unknown := unknownSettings(n, reflect.TypeFor[End]()); len(unknown) > 0 {
			return errors.New(unknown[0])
		}
		type plainEnd End // without this method
		if err := n.Decode((*plainEnd)(e)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("line %d: an end of a promise is a word such as shop/web, or a mapping such as {namespace: shop}", n.Line)
	}
	if err := e.check(); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

func nearWord(word string) string {
	for _, known := range []string{"any", "dns", "internet", "workloads"} {
		if spelling.Distance(strings.ToLower(word), known) <= 2 {
			return "; did you mean " + known + "?"
		}
	}
	return ""
}

// UnmarshalYAML reads a promise, strictly.
func (p *Promise) UnmarshalYAML(n *yaml.Node) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a promise is a mapping with name, expect, from and to", n.Line)
	}
	if unknown := unknownSettings(n, reflect.TypeFor[Promise]()); len(unknown) > 0 {
		return errors.New(unknown[0])
	}
	type plainPromise Promise // without this method
	if err := n.Decode((*plainPromise)(p)); err != nil {
		return err
	}
	p.Line = n.Line
	if key, err := p.Check(); err != nil {
		if p.Name != "" {
			err = fmt.Errorf("the promise %q: %w", p.Name, err)
		}
		return fmt.Errorf("line %d: %w", at(n, key).Line, err)
	}
	return nil
}

// Check tells what is wrong with a promise that is set in a file, and which of its keys it is about ("" for all of it).
func (p *Promise) Check() (key string, err error) {
	if p.File != "" {
		switch {
		case p.Name != "" || p.Expect != "" || p.From != nil || p.To != nil || p.Ports != nil || p.Steps != "":
			return "file", errors.New("where file is given, only clusters may be given besides")
		case path.Clean(p.File) != p.File || path.IsAbs(p.File) || strings.HasPrefix(p.File, ".."):
			return "file", fmt.Errorf("%q is no path below the repository's root such as tests/netassert.yaml", p.File)
		}
		return "", nil
	}
	switch {
	case p.Name == "":
		return "name", errors.New("a promise needs a name that says what is promised")
	case p.Expect != Allowed && p.Expect != Denied:
		return "expect", fmt.Errorf("%q is neither allowed nor denied", p.Expect)
	case len(p.From) == 0:
		return "from", errors.New("a promise needs from: who connects")
	case len(p.To) == 0:
		return "to", errors.New("a promise needs to: whom it is connected to")
	case p.Steps != "" && p.Steps != AnySteps:
		return "steps", fmt.Errorf("%q is not any, which is all that steps can be", p.Steps)
	case p.Steps != "" && p.Expect != Denied:
		return "steps", errors.New("paths through other workloads can only be denied")
	case p.Steps != "" && len(p.Ports) > 0:
		return "ports", errors.New("paths through other workloads lead to the ports that each of them declares; leave ports out")
	}
	for _, text := range p.Ports {
		if _, err := ParsePort(text); err != nil {
			return "ports", err
		}
	}
	if slices.ContainsFunc(p.From, func(e End) bool { return e.Domain != nil }) {
		return "from", errors.New("a domain name cannot connect; name addresses by cidr")
	}
	return "", nil
}

// check tells what is wrong with an end.
func (e *End) check() error {
	given := 0
	for _, is := range []bool{e.Workload != nil, e.Service != nil, e.Namespace != nil || e.Namespaces != "" || e.Selector != "",
		e.CIDR != nil, e.Domain != nil, e.Any, e.Workloads, e.Internet, e.DNS} {
		if is {
			given++
		}
	}
	switch {
	case given == 0 && e.Except != nil:
		return errors.New("except needs what it is taken from: add any: true")
	case given == 0:
		return errors.New("an end of a promise names nothing")
	case given > 1:
		return errors.New("an end of a promise is one of workload, service, cidr, domain, any, workloads, internet, dns, or namespace, namespaces and selector together; give several as a list")
	}
	for _, x := range e.Except {
		if x.Except != nil {
			return errors.New("except may not have an except itself")
		}
	}
	for _, w := range e.Workload {
		if n := strings.Count(w, "/"); n < 1 || n > 2 || !isPattern(w) {
			return fmt.Errorf("%q is no workload such as shop/web or Deployment/shop/web", w)
		}
	}
	for _, w := range e.Service {
		if strings.Count(w, "/") != 1 {
			return fmt.Errorf("%q is no Service such as shop/cart", w)
		}
	}
	for _, w := range e.Namespace {
		if strings.Contains(w, "/") || !isPattern(w) {
			return fmt.Errorf("%q is no namespace such as shop", w)
		}
	}
	for _, s := range []string{e.Namespaces, e.Selector} {
		if err := checkSelector(s); err != nil {
			return err
		}
	}
	for _, c := range e.CIDR {
		if _, err := ParseCIDR(c); err != nil {
			return err
		}
	}
	for _, d := range e.Domain {
		if !isDomain.MatchString(d) {
			return fmt.Errorf("%q is no domain name", d)
		}
	}
	return nil
}

var isDomain = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func isPattern(text string) bool {
	_, err := path.Match(text, "")
	return err == nil && !strings.HasPrefix(text, "/") && !strings.HasSuffix(text, "/")
}

// ParseCIDR reads a block of addresses, or one address.
func ParseCIDR(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		return netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no block of addresses such as 10.0.0.0/8", text)
	}
	return prefix.Masked(), nil
}

// Port is what a word of [Promise.Ports] means: a range of a protocol, or a name; the protocol of a name may be empty, for any.
type Port struct {
	Protocol string
	From, To int
	Name     string
}

var isPortName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$`)

// ParsePort reads 443, 8000-8080, http, udp/53, tcp/8000-8080, udp/dns or tcp/*.
func ParsePort(text string) (Port, error) {
	wrong := fmt.Errorf("%q is no port: write 443, 8000-8080, http, udp/53 or tcp/*", text)
	p := Port{}
	rest := text
	if protocol, after, ok := strings.Cut(text, "/"); ok {
		p.Protocol, rest = strings.ToUpper(protocol), after
		if !slices.Contains([]string{"TCP", "UDP", "SCTP"}, p.Protocol) {
			return Port{}, fmt.Errorf("%q: %q is none of tcp, udp, sctp", text, protocol)
		}
		if rest == "*" {
			p.From, p.To = 1, 65535
			return p, nil
		}
	}
	from, to, isRange := strings.Cut(rest, "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	switch {
	case err1 == nil && err2 == nil:
		if first < 1 || last > 65535 || first > last {
			return Port{}, fmt.Errorf("%q is no port between 1 and 65535, nor a range of them", text)
		}
		p.From, p.To = first, last
		if p.Protocol == "" {
			p.Protocol = "TCP"
		}
	case isPortName.MatchString(rest) && strings.ContainsAny(rest, "abcdefghijklmnopqrstuvwxyz"):
		p.Name = rest
	default:
		return Port{}, wrong
	}
	return p, nil
}

// In tells whether a promise is about a cluster.
func (p *Promise) In(cluster string) bool {
	return len(p.Clusters) == 0 || slices.Contains(p.Clusters, cluster)
}
