package hygiene

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/admin"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
)

// The rules about a rule's peers.
const (
	peerRule      = "H5"
	namespaceRule = "H6"
	joinedRule    = "H16"
)

// system are the namespaces that every cluster has, rendered or not.
var system = map[string]bool{"default": true, "kube-system": true, "kube-public": true, "kube-node-lease": true}

// peers tells of selectors of peers that select nothing.
func (s *side) peers(p *policy.Policy) {
	if len(s.inhabited) == 0 {
		return
	}
	for _, d := range policy.Directions {
		for i := range p.Rules[d] {
			r := &p.Rules[d][i]
			if r.Implied {
				continue
			}
			for j := range r.Peers {
				if pods := r.Peers[j].Pods; pods != nil {
					s.peer(p, d, i, j, pods)
				}
			}
		}
	}
}

// askedLabels are the labels that a policy's peers ask for: what it names by itself, it does not mean by another name.
func askedLabels(p *policy.Policy) map[string]bool {
	out := make(map[string]bool)
	for _, d := range policy.Directions {
		for _, r := range p.Rules[d] {
			for _, peer := range r.Peers {
				if peer.Pods != nil {
					for _, q := range peer.Pods.Pods.Requirements {
						for _, v := range q.Values {
							out[q.Key+"="+v] = true
						}
					}
				}
			}
		}
	}
	return out
}

func (s *side) peer(p *policy.Policy, d policy.Direction, i, j int, pods *policy.Pods) {
	c := s.crowd(pods)
	if len(c.workloads) > 0 || !c.sure {
		return
	}
	at, path := peerNode(p, d, i, j)
	r := Remark{Rule: peerRule, Object: p.Object, Part: at, about: d.String() + " " + pods.Namespaces.Key() + " " + pods.Pods.Key()}
	if n := pods.Namespaces; n.Name == "" {
		if none, meant := s.noNamespace(n); none {
			s.tellNamespace(r, path, n, meant)
			return
		}
	}
	if pods.Pods.Everything() {
		return // there are no workloads in the namespace
	}
	where := inWords(pods.Namespaces)
	if other := s.besides(&p.Rules[d][i], j, pods); other != nil && (networking.Is(p.Object) || admin.Is(p.Object)) {
		r.Rule, r.Note = joinedRule, fmt.Sprintf("%s: %s is in no namespace but its own; with the namespaceSelector beside it, it would select %s", path, pods.Pods, other.Object)
		r.Title = fmt.Sprintf("%s: a podSelector and a namespaceSelector are two peers, either of which is enough", p.Object)
		r.Explanation = fmt.Sprintf("%s asks for %s in %s, where nothing has these labels; %s has them, in a namespace that the peer beside it selects.", path, pods.Pods, pods.Namespaces.Name, other.Object)
		r.Advice = "To require both, make them one peer: namespaceSelector and podSelector under one dash."
		s.add(r)
		return
	}
	named := askedLabels(p)
	meant := s.labels().nearly(pods, func(label string) bool { return named[label] })
	r.Note = fmt.Sprintf("%s asks for %s", path, pods.Pods)
	r.Title = fmt.Sprintf("%s: no workload %s is %s", p.Object, where, pods.Pods)
	r.Explanation = fmt.Sprintf("%s selects no rendered workload.", path)
	r.Advice = "Nothing to do if it is meant for pods that are made elsewhere."
	if meant == "" {
		r.faint = true
	} else {
		r.Title += ": did you mean " + meant + "?"
		r.Note += "; nearest: " + meant
		r.Advice = fmt.Sprintf("Did you mean %s?", meant)
	}
	s.add(r)
}

// besides is a workload that a peer would select within the namespaces that another peer of the rule selects as a whole.
func (s *side) besides(r *policy.Rule, j int, pods *policy.Pods) *cluster.Workload {
	if pods.Namespaces.Name == "" {
		return nil
	}
	for k := range r.Peers {
		if other := r.Peers[k].Pods; k != j && other != nil && other.Namespaces.Name == "" && !other.Namespaces.Selector.Everything() && other.Pods.Everything() {
			if w := s.labels().answering(&policy.Pods{Namespaces: other.Namespaces, Pods: pods.Pods}); w != nil && w.Namespace != pods.Namespaces.Name {
				return w
			}
		}
	}
	return nil
}

func inWords(n policy.Namespaces) string {
	switch {
	case n.Name != "":
		return "in " + n.Name
	case n.Selector.Everything():
		return "in any namespace"
	}
	return "in namespaces " + n.Selector.String()
}

// noNamespace tells whether a selector selects no namespace for sure, and what was probably meant instead, if anything.
func (s *side) noNamespace(n policy.Namespaces) (none bool, meant string) {
	found, known := s.namespaceless[n.Key()]
	if !known {
		found.none, found.meant = s.findNoNamespace(n)
		s.namespaceless[n.Key()] = found
	}
	return found.none, found.meant
}

func (s *side) findNoNamespace(n policy.Namespaces) (none bool, meant string) {
	for name := range s.state.Namespaces {
		if s.maySelect(n, s.state.Namespaces[name]) {
			return false, ""
		}
	}
	for _, r := range n.Selector.Requirements {
		value, ok := asked(r)
		if !ok {
			continue
		}
		if r.Key == cluster.NameLabel && (system[value] || s.state.NameService.In(value)) {
			return false, ""
		}
		if r.Key != cluster.NameLabel && s.state.Namespaces[value] != nil {
			return true, cluster.NameLabel + "=" + value
		}
		for _, ns := range s.state.Namespaces {
			if v, has := ns.Labels[r.Key]; has && isSimilar(v, value) {
				if text := r.Key + "=" + v; meant == "" || text < meant {
					meant = text
				}
			}
		}
	}
	return true, meant
}

// maySelect tells whether a namespace is selected, or may be: of one that is not in the manifests only the name is known.
func (s *side) maySelect(n policy.Namespaces, ns *cluster.Namespace) bool {
	for i := range n.Selector.Requirements {
		r := &n.Selector.Requirements[i]
		if _, has := ns.Labels[r.Key]; (has || ns.Known || r.Key == cluster.NameLabel) && !r.Matches(ns.Labels) {
			return false
		}
	}
	return true
}

func (s *side) tellNamespace(r Remark, path string, n policy.Namespaces, meant string) {
	r.Rule, r.about = namespaceRule, "namespaces "+n.Key()
	r.Note = fmt.Sprintf("%s asks for namespaces %s", path, n.Selector)
	r.Title = fmt.Sprintf("%s: no namespace is %s", r.Object, n.Selector)
	r.Explanation = fmt.Sprintf("%s selects no namespace of these manifests.", path)
	r.Advice = "Nothing to do if it is meant for namespaces that are made elsewhere."
	if r.faint = meant == ""; !r.faint {
		r.Title += ": did you mean " + meant + "?"
		r.Note += "; nearest: " + meant
		r.Advice = fmt.Sprintf("Did you mean %s?", meant)
	}
	s.add(r)
}
