package calico

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// selector reads a selector and records its mistakes.
func (c *compiler) selector(text string, at *manifest.Node) []term {
	terms, err := parse(text)
	if err != nil {
		c.Error(at, "selector %q: %v", text, err)
	}
	return terms
}

// opposite is met by what does not meet a selector.
func (c *compiler) opposite(text string, at *manifest.Node) []term {
	terms, err := parseOpposite(text)
	if err != nil {
		c.Error(at, "selector %q: %v", text, err)
	}
	return terms
}

// accounts makes a selector of pods' labels one of their ServiceAccounts' labels.
func accounts(terms []term) []term {
	for i := range terms {
		for j := range terms[i].requirements {
			if r := &terms[i].requirements[j]; r.Key == nameOfNamespace { // Calico labels ServiceAccounts with their names, too
				r.Key = policy.Account
			} else {
				r.Key = policy.AccountLabel + r.Key
			}
		}
	}
	return terms
}

// The labels that Calico gives to what it governs.
const (
	ownNamespace    = "projectcalico.org/namespace"
	ownAccount      = "projectcalico.org/serviceaccount"
	ownOrchestrator = "projectcalico.org/orchestrator"
	nameOfNamespace = "projectcalico.org/name"
	// What pods inherit of their namespace's labels and their ServiceAccount's begins so (profiles kns.… and ksa.…).
	ofNamespace = "pcns."
	ofAccount   = "pcsa."
)

// pods are those that a selector asks for, in the namespaces that another one asks for: the policy's own if it asks for none
// and the policy has one.
func (c *compiler) pods(terms []term, namespaces string, at *manifest.Node) []policy.Pods {
	return c.podsIn(terms, c.namespaces(namespaces, at), namespaces == "" && c.namespace != "")
}

// podsIn are those in some places; own tells that they are the policy's own namespace.
func (c *compiler) podsIn(terms, places []term, own bool) []policy.Pods {
	var out []policy.Pods
	for _, t := range terms {
		pods, inside, ok := divide(t.requirements)
		if !ok {
			continue
		}
		for _, place := range places {
			if place.global {
				continue // pods are in namespaces
			}
			n := policy.Namespaces{Selector: policy.Canonical(append(inside[:len(inside):len(inside)], place.requirements...))}
			if own && len(inside) == 0 {
				n = policy.InNamespace(c.namespace)
			}
			out = append(out, policy.Pods{Namespaces: n, Pods: policy.Canonical(pods)})
		}
	}
	return out
}

// namespaces are the conditions on namespaces' labels.
func (c *compiler) namespaces(selector string, at *manifest.Node) []term {
	if selector == "" {
		if c.namespace == "" {
			return []term{{}}
		}
		return []term{{requirements: []policy.Requirement{{Key: policy.NameLabel, Operator: metav1.LabelSelectorOpIn, Values: []string{c.namespace}}}}}
	}
	terms := c.selector(selector, at)
	for i := range terms {
		for j := range terms[i].requirements {
			if r := &terms[i].requirements[j]; r.Key == nameOfNamespace {
				r.Key = policy.NameLabel
			}
		}
	}
	return terms
}

// divide sorts conditions by what they are about: a pod, or its namespace. It is not ok if no pod meets them.
func divide(requirements []policy.Requirement) (pods, namespaces []policy.Requirement, ok bool) {
	for _, r := range requirements {
		switch {
		case r.Key == ownNamespace, r.Key == ofNamespace+nameOfNamespace:
			r.Key = policy.NameLabel
			namespaces = append(namespaces, r)
		case strings.HasPrefix(r.Key, ofNamespace):
			r.Key = strings.TrimPrefix(r.Key, ofNamespace)
			namespaces = append(namespaces, r)
		case r.Key == ownAccount, r.Key == ofAccount+nameOfNamespace:
			r.Key = policy.Account
			pods = append(pods, r)
		case strings.HasPrefix(r.Key, ofAccount):
			r.Key = policy.AccountLabel + strings.TrimPrefix(r.Key, ofAccount)
			pods = append(pods, r)
		case r.Key == ownOrchestrator:
			if !r.Matches(map[string]string{ownOrchestrator: "k8s"}) {
				return nil, nil, false
			}
		default:
			pods = append(pods, r)
		}
	}
	return pods, namespaces, true
}

// selects tells whether an end asks for something by its labels.
func (e *entity) selects() bool {
	return e.Selector != "" || e.NamespaceSelector != "" || e.ServiceAccounts != nil
}

// anywhere is where a global policy's selectors look that ask for no namespace, and what notSelector excludes.
var anywhere = []term{{}}

// terms are what an end asks of pods' labels and of their ServiceAccounts.
func (c *compiler) terms(e *entity, at *manifest.Node) []term {
	terms := c.selector(e.Selector, at.Get("selector"))
	if a := e.ServiceAccounts; a != nil {
		terms = product(terms, accounts(c.selector(a.Selector, at.Get("serviceAccounts"))))
		if len(a.Names) > 0 {
			terms = product(terms, []term{{requirements: []policy.Requirement{{Key: policy.Account, Operator: metav1.LabelSelectorOpIn, Values: a.Names}}}})
		}
	}
	return terms
}

// peer compiles the other end of a rule; any tells that it says nothing of it.
func (c *compiler) peer(e *entity, at *manifest.Node) (peers []policy.Peer, any bool) {
	if e.Domains != nil {
		c.Error(at.Get("domains"), "domains are of another edition of Calico, and not analysed")
	}
	// In a namespaced policy notSelector alone keeps to its namespace, too: Calico limits an end to the namespace "as soon
	// as any of the selector fields are used, including NotSelector" (libcalico-go, GetEntityRuleSelector).
	selects := e.selects() || c.namespace != "" && e.NotSelector != ""
	var not []policy.Peer
	for i, text := range e.NotNets {
		not = append(not, c.block(text, at.Get("notNets").Element(i))...)
	}
	if e.NotSelector != "" {
		not = append(not, c.selected(c.selector(e.NotSelector, at.Get("notSelector")), anywhere, false)...)
	}
	var who, where []policy.Peer
	if selects {
		places := c.namespaces(e.NamespaceSelector, at.Get("namespaceSelector"))
		who = c.selected(c.terms(e, at), places, e.NamespaceSelector == "" && c.namespace != "")
	}
	for i, text := range e.Nets {
		where = append(where, c.block(text, at.Get("nets").Element(i))...)
	}
	switch {
	case !selects && len(e.Nets) == 0 && len(not) == 0:
		return nil, true
	case !selects && len(e.Nets) == 0:
		return []policy.Peer{{Not: not}}, false
	case !selects:
		return excepted(where, not), false
	case len(e.Nets) == 0:
		return excepted(who, not), false
	}
	for _, w := range who {
		for _, n := range where {
			peers = append(peers, policy.Peer{All: []policy.Peer{w, n}, Not: not})
		}
	}
	return peers, false
}

// excepted are peers without some others.
func excepted(peers, not []policy.Peer) []policy.Peer {
	if len(not) == 0 {
		return peers
	}
	out := make([]policy.Peer, len(peers))
	for i, p := range peers {
		out[i] = policy.Peer{All: []policy.Peer{p}, Not: not}
	}
	return out
}

// selected is what a selector asks for in some places: pods, and the addresses of sets of networks. Own tells that the
// places are the policy's own namespace.
func (c *compiler) selected(terms, places []term, own bool) []policy.Peer {
	var out []policy.Peer
	for _, p := range c.podsIn(terms, places, own) {
		out = append(out, policy.Peer{Pods: &p})
	}
	for _, n := range c.ctx.Networks {
		if !c.finds(terms, places, &n) {
			continue
		}
		for _, prefix := range n.Nets {
			out = append(out, policy.Peer{Block: &policy.Block{CIDR: prefix}})
		}
	}
	return out
}

// finds tells whether a selector in some places is met by a set of networks.
func (c *compiler) finds(terms, places []term, n *Networks) bool {
	if !c.inPlaces(n, places) {
		return false
	}
	labels := n.Labels
	if n.Namespace != "" {
		labels = maps.Clone(labels)
		if labels == nil {
			labels = make(map[string]string)
		}
		labels[ownNamespace] = n.Namespace
	}
	return matches(terms, labels)
}

func matches(terms []term, labels map[string]string) bool {
	for _, t := range terms {
		if policy.Canonical(append([]policy.Requirement(nil), t.requirements...)).Matches(labels) {
			return true
		}
	}
	return false
}

// inPlaces tells whether a set of networks is where a selector looks. A global set has no labels of a namespace, so that
// a selector of namespaces that only excludes labels finds it, too (libcalico-go makes one selector of both).
func (c *compiler) inPlaces(n *Networks, places []term) bool {
	labels := make(map[string]string)
	if n.Namespace != "" {
		labels[policy.NameLabel] = n.Namespace
		maps.Copy(labels, c.ctx.Namespaces[n.Namespace])
	}
	return slices.ContainsFunc(places, func(p term) bool {
		return !(p.global && n.Namespace != "") && !(p.inside && n.Namespace == "") && matches([]term{p}, labels)
	})
}

func (c *compiler) block(text string, at *manifest.Node) []policy.Peer {
	prefix, ok := c.Addresses(text, at)
	if !ok {
		return nil
	}
	return []policy.Peer{{Block: &policy.Block{CIDR: prefix}}}
}

// own is what a rule says of the end that the policy governs; nil if nothing. What depends on a pod's own address is not
// followed.
func (c *compiler) own(e *entity, at *manifest.Node) []policy.Pods {
	for _, f := range []struct {
		field string
		given bool
	}{{"nets", len(e.Nets) > 0}, {"notNets", len(e.NotNets) > 0}, {"services", e.Services != nil}, {"domains", e.Domains != nil}} {
		if f.given {
			c.Error(at.Get(f.field), "%s of the end that the policy itself governs is not analysed", f.field)
		}
	}
	if !e.selects() && e.NotSelector == "" {
		return nil
	}
	terms := c.terms(e, at)
	if e.NotSelector != "" {
		terms = product(terms, c.opposite(e.NotSelector, at.Get("notSelector")))
	}
	out := c.pods(terms, e.NamespaceSelector, at.Get("namespaceSelector"))
	if out == nil {
		out = []policy.Pods{} // it is given, and nobody meets it
	}
	return out
}

func trimmed(text string) string { return strings.TrimSpace(text) }
