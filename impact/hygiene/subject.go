package hygiene

import (
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// The rules about whom a policy selects.
const (
	misspeltRule  = "H2"
	misplacedRule = "H3"
	emptyRule     = "H4"
)

// subject tells of a policy that selects nothing: a workload nearly has the labels, another namespace has such workloads,
// or neither.
func (s *side) subject(p *policy.Policy) {
	c := s.crowdOf(p)
	if len(c.workloads) > 0 || !c.sure || len(p.Subject) != 1 || len(s.inhabited) == 0 {
		return
	}
	pods := &p.Subject[0]
	name, at := p.Object.String(), subjectNode(p)
	r := Remark{Rule: emptyRule, Object: p.Object, Part: at, Note: "selects no workload", Title: name + " selects no workload",
		Explanation: "No rendered workload has the labels that it asks for.",
		Advice:      "Nothing to do if it is meant for pods that are made elsewhere; else make its selector and the workload's labels agree.",
		about:       "subject"}
	here := pods.Namespaces.Name
	if meant := s.labels().nearly(pods, never); meant != "" {
		r.Rule, r.Note = misspeltRule, fmt.Sprintf("asks for %s; nearest: %s", pods.Pods, meant)
		r.Title, r.Advice = fmt.Sprintf("%s selects no workload: did you mean %s?", name, meant), fmt.Sprintf("Did you mean %s?", meant)
		s.add(r)
		return
	}
	if there := s.onlyOther(pods, p); there != "" {
		r.Rule, r.Note = misplacedRule, "selects nothing in "+here+", but would in "+there
		r.Title = fmt.Sprintf("%s selects no workload in %s, but would in %s", name, here, there)
		r.Explanation = fmt.Sprintf("The workloads with the labels that it asks for are all in %s.", there)
		r.Advice = "Look at what gives the policy its namespace: the manifest itself, or namespace: of a kustomization."
		s.add(r)
		return
	}
	if w := s.onHost(pods); w != nil {
		r.Explanation = fmt.Sprintf("%s has the labels that it asks for, but is on the host's network, which no policy governs.", w.Object)
		r.Advice = "Nothing here protects pods on the host's network; the nodes' own firewall can."
	} else if here != "" && !s.inhabited[here] {
		return // what runs there is kept elsewhere
	}
	s.add(r)
}

func never(string) bool { return false }

// onlyOther is the one other namespace that has workloads with the labels that a policy asks for; "" if there are several,
// or if a policy of the same name is there, too.
func (s *side) onlyOther(pods *policy.Pods, p *policy.Policy) string {
	if pods.Namespaces.Name == "" {
		return ""
	}
	var fewest []*cluster.Workload
	for i, r := range pods.Pods.Requirements {
		value, ok := asked(r)
		if !ok {
			return ""
		}
		if list := s.labels().bearing[place{"", r.Key, value}]; i == 0 || len(list) < len(fewest) {
			fewest = list
		}
	}
	there := ""
	for _, w := range fewest {
		if !pods.Pods.Matches(w.Labels) || w.Namespace == there {
			continue
		}
		if there != "" {
			return ""
		}
		there = w.Namespace
	}
	if there != "" && slices.ContainsFunc(s.state.Policies, func(q *policy.Policy) bool {
		return q.Object.Name == p.Object.Name && q.Object.Namespace == there
	}) {
		return ""
	}
	return there
}

// onHost is a workload with the labels that a policy asks for that is on the host's network.
func (s *side) onHost(pods *policy.Pods) *cluster.Workload {
	for _, w := range s.state.Workloads {
		if w.HostNetwork && w.Namespace == pods.Namespaces.Name && !pods.Pods.Everything() && pods.Pods.Matches(w.Labels) {
			return w
		}
	}
	return nil
}
