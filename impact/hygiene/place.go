package hygiene

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// rulePath is where a rule stands, for people, in the words of the policy's own dialect.
func rulePath(p *policy.Policy, d policy.Direction, i int) string {
	if path := p.Path(&p.Rules[d][i]); path != "spec" {
		return path
	}
	return fmt.Sprintf("spec.%s[%d]", d, i)
}

// peerNode is where a rule's peer stands, and its path for people.
func peerNode(p *policy.Policy, d policy.Direction, i, j int) (*manifest.Node, string) {
	rule, path := p.Rules[d][i].Part, rulePath(p, d, i)
	prefix := [...]string{"from", "to"}[d]
	field, several := "", false
	rule.Fields(func(key, _ *manifest.Node) bool {
		if strings.HasPrefix(key.Text, prefix) && key.Text != "toPorts" { // fromEndpoints, toCIDRSet, …
			several = several || field != ""
			field = key.Text
		}
		return true
	})
	if end := [...]string{"source", "destination"}[d]; field == "" && rule.Get(end) != nil {
		return rule.Get(end), path + "." + end // Calico has one peer a rule
	}
	if field == "" || several {
		return rule, path
	}
	list := rule.Get(field)
	if len(list.Elements()) != len(p.Rules[d][i].Peers) {
		return list, path + "." + field // one peer as written may be several
	}
	return list.Element(j), fmt.Sprintf("%s.%s[%d]", path, field, j)
}

// portNode is where a rule's port stands, and its path for people.
func portNode(p *policy.Policy, d policy.Direction, i, j int) (*manifest.Node, string) {
	rule, path := p.Rules[d][i].Part, rulePath(p, d, i)
	for _, at := range [][]string{{"ports"}, {"protocols"}, {"destination", "ports"}} {
		if list := rule.Get(at...); list != nil {
			path += "." + strings.Join(at, ".")
			if len(list.Elements()) != len(p.Rules[d][i].Ports) {
				return list, path
			}
			return list.Element(j), fmt.Sprintf("%s[%d]", path, j)
		}
	}
	lists := rule.Get("toPorts")
	if lists == nil {
		return rule, path
	}
	path += ".toPorts"
	for k := range lists.Elements() { // Cilium's ports stand in lists of lists
		ports := lists.Element(k).Get("ports")
		if n := len(ports.Elements()); len(lists.Elements()) == 1 && n == len(p.Rules[d][i].Ports) {
			return ports.Element(j), fmt.Sprintf("%s[%d].ports[%d]", path, k, j)
		}
	}
	return lists, path
}

// subjectNode is where a policy says whom it selects.
func subjectNode(p *policy.Policy) *manifest.Node {
	for _, field := range []string{"podSelector", "subject", "endpointSelector", "selector"} {
		if at := p.Object.Body.Get("spec", field); at != nil {
			return at
		}
	}
	return nil
}
