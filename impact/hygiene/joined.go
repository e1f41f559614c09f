package hygiene

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// joined tells of peers that the change joins or divides: a namespaceSelector and a podSelector under one dash require both,
// under two either is enough. The difference is one character, and seldom meant.
func joined(base, head *cluster.State) []Remark {
	before := make(map[string]*policy.Policy, len(base.Policies))
	for _, p := range base.Policies {
		before[p.Object.Key()] = p
	}
	var out []Remark
	for _, p := range head.Policies {
		q := before[p.Object.Key()]
		if q == nil || q.Object.Body == p.Object.Body || p.Tier != policy.Default {
			continue
		}
		for _, d := range policy.Directions {
			was, is := peersOf(q, d), peersOf(p, d)
			for key := range was.both {
				if is.apart(key) && !was.apart(key) && !is.both[key] {
					out = append(out, regrouped(p, d, key, fmt.Sprintf("allows any pod in namespaces %s, and pods %s in its own namespace; before, a peer had to be both", key.namespaces, key.pods),
						"more is allowed than before: every pod of these namespaces, and these pods of the policy's own namespace",
						"To require both, put them under one dash."))
				}
			}
			for key := range is.both {
				if was.apart(key) && !is.apart(key) && !was.both[key] {
					out = append(out, regrouped(p, d, key, fmt.Sprintf("asks for pods %s in namespaces %s; before, either was enough", key.pods, key.namespaces),
						"less is allowed than before: only these pods, of these namespaces", "To allow either, put each under a dash of its own."))
				}
			}
		}
	}
	return out
}

// joinable is a policy's selectors of one direction, by content: peers with both, and those with one.
type joinable struct {
	both             map[pairKey]bool
	namespaces, pods map[string]bool
}

type pairKey struct{ namespaces, pods string }

func (j *joinable) apart(k pairKey) bool { return j.namespaces[k.namespaces] && j.pods[k.pods] }

func peersOf(p *policy.Policy, d policy.Direction) joinable {
	j := joinable{make(map[pairKey]bool), make(map[string]bool), make(map[string]bool)}
	for _, r := range p.Rules[d] {
		for _, peer := range r.Peers {
			if peer.Pods == nil {
				continue
			}
			n, pods := peer.Pods.Namespaces, peer.Pods.Pods
			switch {
			case n.Name != "":
				j.pods[pods.String()] = true
			case pods.Everything():
				j.namespaces[n.Selector.String()] = true
			default:
				j.both[pairKey{n.Selector.String(), pods.String()}] = true
			}
		}
	}
	return j
}

func regrouped(p *policy.Policy, d policy.Direction, key pairKey, says, consequence, advice string) Remark {
	return Remark{Rule: joinedRule, Object: p.Object, Part: p.Object.Body.Get("spec", d.String()), about: fmt.Sprint(d, " ", key, " ", says),
		Note:        says,
		Title:       fmt.Sprintf("%s now %s", p.Object, says),
		Explanation: "In this way " + consequence + ".", Advice: advice}
}
