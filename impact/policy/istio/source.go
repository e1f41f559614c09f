package istio

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// anybody is a peer that everyone is.
var anybody = policy.Peer{}

// ofRequests are the fields of a source that only a request shows.
var ofRequests = []string{"requestPrincipals", "notRequestPrincipals", "remoteIpBlocks", "notRemoteIpBlocks"}

// from are whom a rule is about; each source that asks for more than a connection shows is uncertain.
func (c *compiler) from(r *rule, when conditions, at *manifest.Node) []policy.Peer {
	if len(r.From) == 0 {
		return joined([]policy.Peer{anybody}, when)
	}
	var out []policy.Peer
	for i := range r.From {
		node := at.Get("from").Element(i).Get("source")
		peers := joined(c.source(&r.From[i].Source, node), when)
		if len(c.beyond(node, ofRequests...)) > 0 {
			peers = perhaps(peers)
		}
		out = append(out, peers...)
	}
	return out
}

// beyondSources is what the sources of a rule ask of requests.
func (c *compiler) beyondSources(r *rule, at *manifest.Node) []policy.Beyond {
	var out []policy.Beyond
	for i := range r.From {
		out = append(out, c.beyond(at.Get("from").Element(i).Get("source"), ofRequests...)...)
	}
	return out
}

// joined adds a rule's conditions to its sources.
func joined(peers []policy.Peer, when conditions) []policy.Peer {
	if len(when.all)+len(when.not) == 0 {
		return peers
	}
	out := make([]policy.Peer, len(peers))
	for i, p := range peers {
		out[i] = both(p, policy.Peer{All: when.all, Not: when.not})
	}
	return out
}

// both is who is each of two peers.
func both(p, q policy.Peer) policy.Peer {
	var out policy.Peer
	for _, x := range []policy.Peer{p, q} {
		if isComposed(x) {
			out.All, out.Not = append(out.All, x.All...), append(out.Not, x.Not...)
		} else {
			out.All = append(out.All, x)
		}
	}
	return out
}

func isComposed(p policy.Peer) bool {
	return p.Pods == nil && p.Block == nil && p.Nodes == nil && p.Domain == "" && p.Entity == "" && p.Perhaps == nil
}

// oneOf is who is any of some peers.
func oneOf(peers []policy.Peer) policy.Peer {
	if len(peers) == 1 {
		return peers[0]
	}
	return policy.Peer{Not: []policy.Peer{{Not: peers}}}
}

// source compiles one source: a peer for each value of the list that it gives first.
func (c *compiler) source(s *source, at *manifest.Node) []policy.Peer {
	var lists [][]policy.Peer
	var not []policy.Peer
	for _, f := range []struct {
		field   string
		is, not []string
		read    func(text string, at *manifest.Node) (policy.Peer, bool)
	}{
		{"principals", s.Principals, s.NotPrincipals, c.principal},
		{"serviceAccounts", s.ServiceAccounts, s.NotServiceAccounts, c.account},
		{"namespaces", s.Namespaces, s.NotNamespaces, c.inNamespace},
		{"ipBlocks", s.IPBlocks, s.NotIPBlocks, c.block},
	} {
		if len(f.is) > 0 {
			lists = append(lists, c.list(f.is, at.Get(f.field), f.read))
		}
		not = append(not, c.list(f.not, at.Get("not"+strings.ToUpper(f.field[:1])+f.field[1:]), f.read)...)
	}
	first := []policy.Peer{anybody}
	if len(lists) > 0 {
		first, lists = lists[0], lists[1:]
	}
	rest := policy.Peer{Not: not}
	for _, l := range lists {
		rest = both(rest, oneOf(l))
	}
	if len(rest.All)+len(rest.Not) == 0 {
		return first
	}
	out := make([]policy.Peer, len(first))
	for i, p := range first {
		out[i] = both(p, rest)
	}
	return out
}

func (c *compiler) list(texts []string, at *manifest.Node, read func(string, *manifest.Node) (policy.Peer, bool)) []policy.Peer {
	var out []policy.Peer
	for i, text := range texts {
		if p, ok := read(text, at.Element(i)); ok {
			out = append(out, p)
		}
	}
	return out
}

func (c *compiler) block(text string, at *manifest.Node) (policy.Peer, bool) {
	prefix, ok := c.Addresses(text, at)
	return policy.Peer{Block: &policy.Block{CIDR: prefix, ByAddress: true}}, ok // a proxy knows no identities of the network
}

// matching are the conditions on a label whose value a text of Istio's matches: exact, "begin*", "*end", or any with "*".
func matching(key, text string) []policy.Requirement {
	begin, isPrefix := strings.CutSuffix(text, "*")
	end, isSuffix := strings.CutPrefix(text, "*")
	switch {
	case text == "*":
		return nil
	case isPrefix:
		return []policy.Requirement{{Key: key, Operator: policy.StartsWith, Values: []string{begin}}}
	case isSuffix:
		return []policy.Requirement{{Key: key, Operator: policy.EndsWith, Values: []string{end}}}
	}
	return []policy.Requirement{{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{text}}}
}

// inNamespace is pods of the namespaces that a text matches.
func (c *compiler) inNamespace(text string, _ *manifest.Node) (policy.Peer, bool) {
	return identity(text, "*"), true
}

// identity is pods by their namespace and their ServiceAccount.
func identity(namespace, account string) policy.Peer {
	pods := policy.Pods{Pods: policy.Canonical(matching(policy.Account, account))}
	if strings.Contains(namespace, "*") {
		pods.Namespaces.Selector = policy.Canonical(matching(policy.NameLabel, namespace))
	} else {
		pods.Namespaces = policy.InNamespace(namespace)
	}
	return policy.Peer{Pods: &pods}
}

// account is pods of a ServiceAccount: "name" of the policy's own namespace, or "namespace/name".
func (c *compiler) account(text string, at *manifest.Node) (policy.Peer, bool) {
	namespace, name, found := strings.Cut(text, "/")
	if !found {
		namespace, name = c.namespace, text
	}
	if namespace == "" || name == "" || strings.ContainsAny(text, "*") || strings.Contains(name, "/") {
		c.Error(at, "%q is no ServiceAccount; write name or namespace/name, without stars", text)
		return policy.Peer{}, false
	}
	return identity(namespace, name), true
}

// principal is pods by an identity, <trust domain>/ns/<namespace>/sa/<account>, of which a star may stand for the beginning
// or the end. Another trust domain's is nobody of this cluster, but for an alias that is not known: that is uncertain.
func (c *compiler) principal(text string, at *manifest.Node) (policy.Peer, bool) {
	text = strings.TrimPrefix(text, "spiffe://")
	begin, isPrefix := strings.CutSuffix(text, "*")
	end, isSuffix := strings.CutPrefix(text, "*")
	domain := c.mesh.domain()
	switch {
	case text == "*":
		return identity("*", "*"), true
	case isPrefix && isSuffix, strings.Contains(strings.Trim(text, "*"), "*"):
		c.Error(at, "%q has a star that is neither its beginning nor its end; Istio takes it for a character", text)
		return policy.Peer{}, false
	case isPrefix:
		return c.beginning(begin, domain), true
	case isSuffix:
		return ending(end), true
	}
	rest, own := strings.CutPrefix(text, domain+"/ns/")
	if !own {
		_, rest, own = strings.Cut(text, "/ns/")
		if !own {
			c.Error(at, "%q is no identity; write %s/ns/NAMESPACE/sa/ACCOUNT", text, domain)
			return policy.Peer{}, false
		}
		namespace, account, _ := strings.Cut(rest, "/sa/")
		return foreign(identity(namespace, account)), true
	}
	namespace, account, ok := strings.Cut(rest, "/sa/")
	if !ok || namespace == "" || account == "" {
		c.Error(at, "%q is no identity; write %s/ns/NAMESPACE/sa/ACCOUNT", text, domain)
		return policy.Peer{}, false
	}
	return identity(namespace, account), true
}

// foreign is somebody of another trust domain, which may be another name of the cluster's own.
func foreign(p policy.Peer) policy.Peer {
	return policy.Peer{All: []policy.Peer{{Perhaps: &p}}}
}

// beginning is pods whose identity begins with a text.
func (c *compiler) beginning(begin, domain string) policy.Peer {
	whole := domain + "/ns/"
	if strings.HasPrefix(whole, begin) {
		return identity("*", "*")
	}
	rest, own := strings.CutPrefix(begin, whole)
	if !own {
		return foreign(identity("*", "*"))
	}
	namespace, account, found := strings.Cut(rest, "/")
	if !found {
		return identity(namespace+"*", "*")
	}
	if name, isAccount := strings.CutPrefix(account, "sa/"); isAccount {
		return identity(namespace, name+"*")
	}
	return identity(namespace, "*")
}

// ending is pods whose identity ends with a text.
func ending(end string) policy.Peer {
	slash := strings.LastIndex(end, "/")
	if slash < 0 {
		return identity("*", "*"+end)
	}
	account, before := end[slash+1:], end[:slash]
	// What is before the account's name ends with ns/NAMESPACE/sa, or is a part of that.
	before, hasNamespace := strings.CutSuffix(before, "/sa")
	if !hasNamespace {
		return identity("*", account)
	}
	slash = strings.LastIndex(before, "/")
	if slash < 0 {
		return identity("*"+before, account)
	}
	return identity(before[slash+1:], account)
}
