package report

import (
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// The form of the machine formats. Their JSON Schemas in docs/schema are made of these types, with the comments as
// descriptions; keys are only ever added.
type (
	// jsonResult is what diff --format json writes: the difference of two states.
	jsonResult struct {
		// Schema names the version of this form.
		Schema string `json:"schema"`
		// Base names the state before.
		Base string `json:"base"`
		// Head names the state after.
		Head string `json:"head"`
		// Clusters are compared each for itself.
		Clusters []jsonCluster `json:"clusters"`
		// Gate is the decision.
		Gate jsonGate `json:"gate"`
		// Diagnostics tell what could not be analysed, or not as its author may think.
		Diagnostics []jsonDiagnostic `json:"diagnostics"`
	}
	// jsonCluster is the part of a result that is about one cluster.
	jsonCluster struct {
		// Name is the cluster's name.
		Name string `json:"name"`
		// Targets are the paths that are rendered for it.
		Targets []string `json:"targets"`
		// Untouched tells that the change touches nothing that the targets read: they were not rendered, and the counts are 0.
		Untouched bool `json:"untouched,omitempty"`
		// CNI is the network whose rules were applied: generic, cilium or calico.
		CNI string `json:"cni,omitempty"`
		// Counts say how much was compared and how much of it changed.
		Counts jsonCounts `json:"counts"`
		// Findings are ordered: worst first, then by volume, then by title.
		Findings []jsonFinding `json:"findings"`
		// BlastRadius tells of the workloads whose connections change how many others each can get to, in any number of steps; of
		// a great many only some.
		BlastRadius []jsonRadius `json:"blastRadius,omitempty"`
		// BlastRadiusUnasked counts the workloads whose connections change and that are not in blastRadius, because there are too
		// many; rule P3 does not know of them either.
		BlastRadiusUnasked int `json:"blastRadiusUnasked,omitempty"`
		// Changes has one row a pair of peers whose connections differ, complete and exact; only with --expand.
		Changes []jsonChange `json:"changes,omitempty"`
		// Supposed is what would change under other assumptions; it is no part of the findings, nor of the gate.
		Supposed []jsonSupposed `json:"supposed,omitempty"`
	}
	// jsonSupposed is what would change if something were so that is not.
	jsonSupposed struct {
		// If says what is supposed.
		If string `json:"if"`
		// Findings are those that the supposition makes. Their numbers are empty.
		Findings []jsonFinding `json:"findings"`
		// Gone are those that it unmakes.
		Gone []jsonFinding `json:"gone,omitempty"`
	}
	// jsonRadius is how many other workloads one can get to in any number of steps.
	jsonRadius struct {
		// Workload is where the steps begin.
		Workload jsonWorkload `json:"workload"`
		// Before counts what base allows.
		Before int `json:"before"`
		// After counts what head allows.
		After int `json:"after"`
	}
	// jsonCounts says how much was compared and how much of it changed.
	jsonCounts struct {
		// Workloads counts those that head has.
		Workloads int `json:"workloads"`
		// Policies counts those that head has.
		Policies int `json:"policies"`
		// OpenedPairs counts pairs of workloads on both sides that gain a port.
		OpenedPairs int `json:"openedPairs"`
		// BlockedPairs counts pairs of workloads on both sides that lose a port.
		BlockedPairs int `json:"blockedPairs"`
	}
	// jsonFinding is a group of connections, or a remark, that shares cause and severity.
	jsonFinding struct {
		// ID numbers the finding within its result.
		ID string `json:"id"`
		// Rule is the number of the rule in docs/rules.md.
		Rule string `json:"rule"`
		// Severity is how bad it is.
		Severity string `json:"severity"`
		// Confidence is approximate where a fact that the verdict needs is unknown.
		Confidence string `json:"confidence"`
		// Kind is what the finding is about.
		Kind string `json:"kind"`
		// Narrowed tells that the connections stay open on every port that their destination declares.
		Narrowed bool `json:"narrowed,omitempty"`
		// Title is one line: who, what and the consequence.
		Title string `json:"title"`
		// Explanation says in plain words why it is so.
		Explanation string `json:"explanation"`
		// Advice says what to do.
		Advice string `json:"advice"`
		// Connections are rectangles: every source to every destination on every port.
		Connections []jsonConnection `json:"connections"`
		// Causes are the changed objects without which the finding would not be.
		Causes []jsonCause `json:"causes"`
		// Undo tells of several causes how they act: any if taking any one of them back undoes the finding, all if only taking all
		// of them back does; absent where each has connections of its own.
		Undo string `json:"undo,omitempty"`
		// Evidence says why it matters.
		Evidence []jsonEvidence `json:"evidence"`
		// Fingerprint stays the same under unrelated changes.
		Fingerprint string `json:"fingerprint"`
		// Accepted is the waiver that accepts the finding, which then does not fail the gate.
		Accepted *jsonAcceptance `json:"accepted,omitempty"`
	}
	// jsonAcceptance is a waiver.
	jsonAcceptance struct {
		// Reason says why the finding is accepted.
		Reason string `json:"reason"`
		// Author is who accepts it.
		Author string `json:"author"`
		// Until is the last day, as 2026-12-31, on which it holds.
		Until string `json:"until"`
	}
	// jsonConnection is a rectangle of connections: every source to every destination on every port.
	jsonConnection struct {
		// Sources are the peers that begin the connections.
		Sources []jsonPeer `json:"sources"`
		// Destinations are the peers that are connected to.
		Destinations []jsonPeer `json:"destinations"`
		// Ports are the destinations' ports.
		Ports []jsonPort `json:"ports"`
		// Count is how many pairs of peers it holds.
		Count int `json:"count"`
	}
	// jsonCause is a changed object without which the finding would not be.
	jsonCause struct {
		// Object is its kind, namespace and name.
		Object string `json:"object"`
		// File is its path, "" if it has none.
		File string `json:"file"`
		// Line is the changed line, from 1; 0 if it is unknown.
		Line int `json:"line"`
		// Side says whether file and line are base's or head's.
		Side string `json:"side"`
		// Change is what happened to it.
		Change string `json:"change"`
	}
	// jsonEvidence is a reason why a finding matters.
	jsonEvidence struct {
		// Kind is what it rests on.
		Kind string `json:"kind"`
		// Text is the evidence in words.
		Text string `json:"text"`
		// File is where it is, "" if nowhere.
		File string `json:"file"`
		// Line is its line, from 1; 0 if it is unknown.
		Line int `json:"line"`
	}
	// jsonChange is one pair of peers whose connections differ.
	jsonChange struct {
		// Source is the peer that begins the connections.
		Source jsonPeer `json:"source"`
		// Destination is the peer that is connected to.
		Destination jsonPeer `json:"destination"`
		// Opened are the ports that only head allows.
		Opened []jsonPort `json:"opened"`
		// Blocked are the ports that only base allows.
		Blocked []jsonPort `json:"blocked"`
	}
	// jsonGate is the decision whether the change passes.
	jsonGate struct {
		// Conclusion is pass or fail.
		Conclusion string `json:"conclusion"`
		// Reasons say why it fails.
		Reasons []string `json:"reasons"`
	}
	// jsonDiagnostic tells what could not be analysed, or not as its author may think.
	jsonDiagnostic struct {
		// Severity is error where something was not analysed.
		Severity string `json:"severity"`
		// Object is what it is about, "" if no object.
		Object string `json:"object"`
		// File is where it is, "" if nowhere.
		File string `json:"file"`
		// Line is its line, from 1; 0 if it is unknown.
		Line int `json:"line"`
		// Message says what is wrong and what to change.
		Message string `json:"message"`
	}
	// jsonListing is what list --format json writes: what one state allows.
	jsonListing struct {
		// Schema names the version of this form.
		Schema string `json:"schema"`
		// CNI is the network whose rules were applied, as the configuration names it.
		CNI string `json:"cni"`
		// Connections are rectangles or, with --expand, one row a pair of peers.
		Connections []jsonAllowed `json:"connections"`
		// Diagnostics tell what could not be analysed, or not as its author may think.
		Diagnostics []jsonDiagnostic `json:"diagnostics"`
	}
	// jsonChecked is what test --format json writes: what becomes of the promises in one state.
	jsonChecked struct {
		// Schema names the version of this form.
		Schema string `json:"schema"`
		// State names the state.
		State string `json:"state"`
		// Clusters are checked each for itself.
		Clusters []jsonCheckedCluster `json:"clusters"`
		// Conclusion is pass or fail.
		Conclusion string `json:"conclusion"`
		// Diagnostics tell what could not be analysed, or not as its author may think.
		Diagnostics []jsonDiagnostic `json:"diagnostics"`
	}
	// jsonCheckedCluster is the part of the promises that is about one cluster.
	jsonCheckedCluster struct {
		// Name is the cluster's name.
		Name string `json:"name"`
		// Promises are in the order of their files.
		Promises []jsonPromise `json:"promises"`
		// Answers are what files ask for that expect nothing.
		Answers []jsonAnswer `json:"answers,omitempty"`
	}
	// jsonAnswer is what becomes of one connection that a file asks for.
	jsonAnswer struct {
		// File is the file that asks.
		File string `json:"file"`
		// Line is its line, from 1; 0 if it is unknown.
		Line int `json:"line"`
		// Source is the peer that begins the connection.
		Source jsonPeer `json:"source"`
		// Destination is the peer that is connected to.
		Destination jsonPeer `json:"destination"`
		// Port is the destination's port.
		Port jsonPort `json:"port"`
		// Allowed tells whether both ends allow it.
		Allowed bool `json:"allowed"`
	}
	// jsonPromise is what becomes of one promise.
	jsonPromise struct {
		// Name says what is promised.
		Name string `json:"name"`
		// Expect is allowed or denied.
		Expect string `json:"expect"`
		// File is where the promise stands.
		File string `json:"file"`
		// Line is its line, from 1; 0 if it is unknown.
		Line int `json:"line"`
		// Status is kept, broken, empty where it selects no connection, or undecided.
		Status string `json:"status"`
		// Confidence is approximate where a fact that the status needs is unknown.
		Confidence string `json:"confidence"`
		// Why says in one sentence why the promise is not kept.
		Why string `json:"why,omitempty"`
		// Notes name parts of the promise that select nothing.
		Notes []string `json:"notes,omitempty"`
		// Broken are the connections that break the promise.
		Broken []jsonConnection `json:"broken,omitempty"`
		// Path is the way, peer by peer, that breaks a promise about any number of steps.
		Path []jsonPeer `json:"path,omitempty"`
		// Steps are the connections of the way.
		Steps []jsonShown `json:"steps,omitempty"`
		// Shown is one connection that shows the status.
		Shown *jsonShown `json:"shown,omitempty"`
	}
	// jsonShown is one connection, and why it is allowed or denied.
	jsonShown struct {
		// Source is the peer that begins the connection.
		Source jsonPeer `json:"source"`
		// Destination is the peer that is connected to.
		Destination jsonPeer `json:"destination"`
		// Port is the destination's port.
		Port jsonPort `json:"port"`
		// Allowed tells whether both ends allow it.
		Allowed bool `json:"allowed"`
		// Egress is what the source's policies say.
		Egress jsonDecision `json:"egress"`
		// Ingress is what the destination's policies say.
		Ingress jsonDecision `json:"ingress"`
	}
	// jsonExplained is what explain --format json writes: why a connection is allowed or denied.
	jsonExplained struct {
		// Schema names the version of this form.
		Schema string `json:"schema"`
		// States are the ones that were asked for, the older one first.
		States []jsonExplainedState `json:"states"`
		// Change is what makes the two states differ; absent for one state alone, and where either lacks an end.
		Change *jsonDifference `json:"change,omitempty"`
		// Diagnostics tell what could not be analysed, or not as its author may think.
		Diagnostics []jsonDiagnostic `json:"diagnostics"`
	}
	// jsonExplainedState is one state's say in a connection.
	jsonExplainedState struct {
		// State names the state.
		State string `json:"state"`
		// Missing says which end the state lacks; it has no connection then.
		Missing string `json:"missing,omitempty"`
		// Confidence tells whether the verdict rests on known facts alone.
		Confidence string `json:"confidence,omitempty"`
		// Connection is the one that was asked for, with each policy and rule that takes part.
		Connection *jsonShown `json:"connection,omitempty"`
	}
	// jsonDifference is what makes two states differ about a connection.
	jsonDifference struct {
		// Effect is opened, blocked, or none.
		Effect string `json:"effect"`
		// Causes are the changed objects without which it would be none.
		Causes []jsonCause `json:"causes"`
		// Undo tells how several causes act: any one of them taken back undoes the difference, or only all of them do.
		Undo string `json:"undo,omitempty"`
	}
	// jsonDecision is what decides one direction of a connection.
	jsonDecision struct {
		// Allowed tells whether this end allows it.
		Allowed bool `json:"allowed"`
		// Steps are the policies that have a say, in the order in which they are asked.
		Steps []jsonStep `json:"steps"`
	}
	// jsonStep is a policy's, or a rule's, say in a connection.
	jsonStep struct {
		// Object is the policy's kind, namespace and name.
		Object string `json:"object"`
		// File is where the rule is.
		File string `json:"file"`
		// Line is its line, from 1; 0 if it is unknown.
		Line int `json:"line"`
		// Rule is the rule that matches, "" if none does and the policy isolates.
		Rule string `json:"rule"`
		// Verdict is allow, deny or pass.
		Verdict string `json:"verdict"`
		// Decides tells that this step settles the direction.
		Decides bool `json:"decides"`
	}
	// jsonAllowed is a rectangle of allowed connections: every source to every destination on every port.
	jsonAllowed struct {
		// Sources are the peers that begin the connections.
		Sources []jsonPeer `json:"sources"`
		// Destinations are the peers that are connected to.
		Destinations []jsonPeer `json:"destinations"`
		// Ports are the destinations' ports.
		Ports []jsonPort `json:"ports"`
		// Confidence is approximate where a fact that the verdict needs is unknown.
		Confidence string `json:"confidence"`
	}
	// jsonPair is one pair of peers and what it is allowed.
	jsonPair struct {
		// Source is the peer that begins the connections.
		Source jsonPeer `json:"source"`
		// Destination is the peer that is connected to.
		Destination jsonPeer `json:"destination"`
		// Ports are the destination's ports.
		Ports []jsonPort `json:"ports"`
		// Confidence is approximate where a fact that the verdict needs is unknown.
		Confidence string `json:"confidence"`
	}
	// jsonPort is a range of ports of TCP, UDP or SCTP; or of the numbers of other protocols of IP (protocol IP); or
	// messages of ICMP or ICMPv6.
	jsonPort struct {
		// Protocol is the transport protocol.
		Protocol string `json:"protocol"`
		// From is the first port of the range.
		From *int `json:"from,omitempty"`
		// To is the last port of the range.
		To *int `json:"to,omitempty"`
		// Type is the type of an ICMP message; absent: all.
		Type *int `json:"type,omitempty"`
		// Code is the code of an ICMP message; absent: all.
		Code *int `json:"code,omitempty"`
	}
	// jsonPeer is one end of a connection. It has exactly one key.
	jsonPeer struct {
		// Workload is what owns pods.
		Workload *jsonWorkload `json:"workload,omitempty"`
		// External is a set of addresses outside the cluster.
		External *jsonExternal `json:"external,omitempty"`
		// Potential is pods that a policy names and no rendered workload is.
		Potential *jsonPotential `json:"potential,omitempty"`
		// Name is a domain name or an entity that no address stands for.
		Name *string `json:"name,omitempty"`
	}
	// jsonWorkload is what owns pods.
	jsonWorkload struct {
		// Kind is its kind, with the API group where it is not Kubernetes' own.
		Kind string `json:"kind"`
		// Namespace is its namespace.
		Namespace string `json:"namespace"`
		// Name is its name.
		Name string `json:"name"`
	}
	// jsonExternal is a set of addresses outside the cluster.
	jsonExternal struct {
		// CIDRs are merged and sorted, IPv4 before IPv6.
		CIDRs []string `json:"cidrs"`
	}
	// jsonPotential is pods that a policy names and no rendered workload is.
	jsonPotential struct {
		// Namespaces is a namespace's name, a selector of labels, or "*" for any.
		Namespaces string `json:"namespaces"`
		// Pods is a selector of labels; "*" for any.
		Pods string `json:"pods"`
	}
)

// portsJSON writes ranges. They are pointed to, not copied: there may be a hundred thousand of them.
func portsJSON(ranges []policy.PortRange) []jsonPort {
	out := make([]jsonPort, 0, len(ranges))
	for i := range ranges {
		r := &ranges[i]
		if r.Protocol == policy.ICMP || r.Protocol == policy.ICMPv6 {
			out = append(out, messagesJSON(*r)...)
			continue
		}
		out = append(out, jsonPort{Protocol: string(r.Protocol), From: &r.From, To: &r.To})
	}
	return out
}

// messagesJSON tells messages of ICMP by type and code; in a range a message is type·256 + code.
func messagesJSON(r policy.PortRange) []jsonPort {
	if r.From == 0 && r.To == 65535 {
		return []jsonPort{{Protocol: string(r.Protocol)}}
	}
	var out []jsonPort
	for message := r.From; message <= r.To; message++ {
		kind, code := message>>8, message&255
		if code == 0 && message+255 <= r.To {
			out = append(out, jsonPort{Protocol: string(r.Protocol), Type: &kind})
			message += 255
			continue
		}
		out = append(out, jsonPort{Protocol: string(r.Protocol), Type: &kind, Code: &code})
	}
	return out
}
