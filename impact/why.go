package impact

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// meanings say what a rule's matter comes to, for those whose text does not.
var meanings = map[string]string{
	"B3": "Names do not resolve for it any more: every connection that it makes by name fails.",
	"B4": "What comes in from outside by the route gets no answer.",
	"B5": "The dependency is inferred from the manifests; nobody has seen it on a network.",
	"B7": "Neither a workload, nor a pod that a policy names, nor an outside address may still connect to it.",
	"O5": "No policy selects it in this direction any more; what no policy selects is open to all.",
}

// explanation says in plain words why it is so bad.
func (w *words) explanation(rule severity.Rule) string {
	var sentences []string
	switch {
	case w.key.kept:
		sentences = append(sentences, "Nothing is known to listen on the ports that are closed.")
	default:
		text := w.matter(rule)
		sentences = append(sentences, strings.ToUpper(text[:1])+text[1:]+".")
		if text := meanings[rule.ID]; text != "" {
			sentences = append(sentences, text)
		}
	}
	switch {
	case rule.ID == narrowed && w.silent:
		sentences = append(sentences, "The destination declares no port at all.")
	case w.key.opened && w.internet && rule.ID != "O1" && rule.ID != "O4":
		sentences = append(sentences, "The policy permits the internet; nothing in these manifests exposes the workload to it.")
	}
	if w.left != "" {
		sentences = append(sentences, "Any pod stays open on "+w.left+".")
		if w.key.direction == policy.Ingress {
			sentences[len(sentences)-1] = "It stays open to any pod on " + w.left + "."
		}
	}
	if w.key.doubtful {
		sentences = append(sentences, "Approximate: it rests on labels or addresses that the manifests do not tell.")
	}
	return strings.Join(sentences, " ")
}

// places notes where the ends are.
func (w *words) places(a *analysis, sources, destinations []int32) {
	w.domains, w.metadata = true, true
	nodes := false
	for _, i := range destinations {
		w.credentials, nodes = w.credentials || a.traits[i].end.Metadata, nodes || a.traits[i].end.Node
	}
	w.credentials = w.credentials && !nodes
	for of, list := range [2][]int32{asSource: sources, asDestination: destinations} {
		for _, i := range list {
			end := a.traits[i].end
			w.outside[of] = w.outside[of] || end.Outside
			w.potential[of] = w.potential[of] || end.Unrendered
			w.rendered[of] = w.rendered[of] || !end.Outside && !end.Unrendered
			w.domains = w.domains && (of == asSource || end.Domain)
			w.metadata = w.metadata && (of == asSource || isMetadata(a.endpoint(i).External))
		}
	}
}

// matter is the text of a rule, or as much of it as this finding is about where the rule has several matters.
func (w *words) matter(rule severity.Rule) string {
	const from, to = asSource, asDestination
	outside, potential, rendered := w.outside, w.potential, w.rendered
	switch {
	case rule.ID == "O2" && w.credentials:
		return "a workload can reach the cloud metadata address, which may hand out the credentials of its node"
	case rule.ID == "B8" && w.metadata:
		return "what is blocked gives workloads their cloud credentials; nothing in these manifests shows that it is used"
	case rule.ID == "B8" && w.reasons == 0 && !outside[to] && !potential[to]:
		return "a port is blocked that the destination declares; nothing else shows that it is used"
	case rule.ID == "B8" && w.reasons == 0 && !rendered[to]:
		return "what is blocked leads out of these manifests; nothing in them shows that it is used"
	case rule.ID == "O11" && !outside[from] && !outside[to]:
		return "what is opened stays within a namespace"
	case rule.ID == "O11" && w.domains:
		return "what is opened leads to domain names that are given in full"
	case rule.ID == "O11" && outside[to] && !outside[from] && !rendered[to] && !potential[to]:
		return "what is opened leads to private addresses only"
	case rule.ID == "O11" && outside[from] && !outside[to] && !rendered[from] && !potential[from]:
		return "what is opened comes from private addresses only"
	case rule.ID == "O8" && !outside[from]:
		return "another namespace can reach a workload"
	case rule.ID == "O6" && !outside[from]:
		return "another namespace can reach a sensitive workload"
	}
	return rule.Text
}

// advice says what to do.
func (w *words) advice() string {
	switch {
	case w.key.promise != "":
		return promiseAdvice
	case w.key.rule == "O12" || w.key.rule == "B10":
		return "Nothing to do: it is as promised."
	case w.key.rule == "B3":
		return namesAdvice(w.names)
	case !w.key.opened && w.metadata:
		return "Nothing to do if the source needs no credentials from there: to block it is a usual precaution."
	case w.key.rule == narrowed:
		return "Nothing to do if the destination listens on its declared ports only."
	case !w.key.opened && w.ends == [2]bool{true, true}:
		return "If the connections are needed, allow them where they are blocked: in rules of the policies that are told as causes."
	case !w.key.opened && w.ends[policy.Egress]:
		return "If the source needs this connection, allow it in an egress rule of a policy that selects the source."
	case !w.key.opened:
		return "If the destination needs this connection, allow it in an ingress rule of a policy that selects the destination."
	case w.key.rule == "O2" && w.nodes:
		return "Name only the ports of the nodes that are needed: whoever gets to the kubelet or to etcd may rule the cluster."
	case w.key.rule == "O2":
		return "Leave out the metadata addresses: except 169.254.169.254/32 in the rule's ipBlock."
	case w.key.rule == "O5":
		return "If the isolation is meant to end, say so in the pull request; else keep a policy that selects these workloads."
	}
	return "Narrow the rule's peers or ports to what is needed."
}
