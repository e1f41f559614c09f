package severity

// Rules is the table: for opened and for blocked connections the worst level first, so that the first rule that matches
// is the highest one.
var Rules = []Rule{
	{"O1", Critical, "the internet can reach a sensitive workload that is exposed to it",
		func(c Change) bool { return c.Opened && c.Exposed && c.Destination.Sensitive }},
	{"O2", Critical, "a workload can reach the cloud metadata address, or the nodes (kubelet, etcd)",
		func(c Change) bool { return c.Opened && (c.Destination.Metadata || c.Destination.Node) }},
	{"O3", Critical, "a connection is opened that a promise denies",
		func(c Change) bool { return c.Opened && c.BreaksPromise }},
	{"O4", High, "the internet can reach a workload that is exposed to it",
		func(c Change) bool { return c.Opened && c.Exposed }},
	{"O5", High, "a workload loses all isolation in a direction",
		func(c Change) bool { return c.Opened && c.Freed }},
	{"O6", High, "another namespace or outside addresses can reach a sensitive workload",
		func(c Change) bool { return c.Opened && c.Destination.Sensitive && !c.SameNamespace }},
	{"O7", High, "a sensitive workload can reach the internet",
		func(c Change) bool { return c.Opened && c.Source.Sensitive && c.Destination.Internet }},
	{"O8", Medium, "another namespace or outside addresses can reach a workload",
		func(c Change) bool {
			return c.Opened && !c.SameNamespace && !c.Destination.Outside && !c.Source.isPrivate()
		}},
	{"O9", Medium, "a connection is widened from some ports to all",
		func(c Change) bool { return c.Opened && c.WidenedToAll }},
	{"O10", Medium, "a workload can reach the internet",
		func(c Change) bool { return c.Opened && c.Destination.Internet }},
	{"O11", Low, "a connection within a namespace, with private addresses or to one domain name is opened",
		func(c Change) bool { return c.Opened }},
	{promisedOpened, Info, "a connection is opened that a promise wants to be allowed",
		func(c Change) bool { return c.Opened && c.Promised }},

	{"B2", Critical, "a connection is blocked that a promise wants to be allowed",
		func(c Change) bool { return !c.Opened && c.BreaksPromise }},
	{"B3", Critical, "a workload loses the cluster's name service",
		func(c Change) bool { return !c.Opened && c.Destination.DNS && c.Listens }},
	{"B4", Critical, "the ingress controller can no longer reach a backend that it routes to",
		func(c Change) bool { return !c.Opened && c.Routed }},
	{"B5", High, "a connection that a workload's configuration depends on is blocked",
		func(c Change) bool { return !c.Opened && c.Depended }},
	{"B6", High, "a connection with the API server is blocked: to a webhook, or from a workload that uses it",
		func(c Change) bool { return !c.Opened && c.APIServer }},
	{"B7", High, "a Service loses every client",
		func(c Change) bool { return !c.Opened && c.LastClients }},
	{"B8", Medium, "a port is blocked that is declared, scraped or outside these manifests; nothing else shows that it is used",
		func(c Change) bool {
			return !c.Opened && (c.Listens || c.Scraped || (c.Destination.Outside || c.Destination.Unrendered) && !c.NoListener)
		}},
	{"B9", Low, "a port is blocked that nobody is known to listen on",
		func(c Change) bool { return !c.Opened }},
	{promisedBlocked, Info, "a connection is blocked that a promise denies",
		func(c Change) bool { return !c.Opened && c.Promised }},

	{ID: "S1", Level: High, Text: "a Service by which a workload's configuration reaches another one no longer leads there"},
	{ID: "S2", Level: Medium, Text: "a Service leads to no workload any more"},

	{ID: "E1", Level: Critical, Text: "the internet newly gets to a sensitive workload, by a way in that the change makes"},
	{ID: "E2", Level: High, Text: "the internet newly gets to a workload by a Service, a host port or the host's network"},
	{ID: "E3", Level: Medium, Text: "the internet newly gets to a workload through an Ingress, a Gateway or a Route, or to a new workload directly"},
	{ID: "E4", Level: Medium, Text: "a way in from outside no longer leads to a workload that stays"},
	{ID: "E5", Level: Low, Text: "private addresses newly get to a workload, or the internet to a new one through an Ingress, a Gateway or a Route"},

	{ID: "P1", Level: High, Text: "a path from what faces the internet to a sensitive workload appears"},
	{ID: "P2", Level: Medium, Text: "a path from what faces the internet to a sensitive workload gets shorter"},
	{ID: "P3", Level: Medium, Text: "a workload's blast radius grows by at least ten workloads and to at least twice"},

	{ID: "H1", Level: Medium, Text: "a policy newly selects no workload"},
	{ID: "H2", Level: Medium, Text: "a policy selects no workload, but one has nearly the labels that it asks for"},
	{ID: "H3", Level: Medium, Text: "a policy selects no workload in its namespace, but would in exactly one other"},
	{ID: "H18", Level: Medium, Text: "a connection that a workload's configuration names is allowed in one cluster and blocked in another"},
	{ID: "H20", Level: Medium, Text: "a connection that a workload's configuration newly names is denied"},
	{ID: "H4", Level: Low, Text: "a policy selects no workload"},
	{ID: "H5", Level: Low, Text: "a peer's labels are those of no workload"},
	{ID: "H6", Level: Low, Text: "a peer's namespaces are not there"},
	{ID: "H7", Level: Low, Text: "a rule's port is declared by none of the pods that it concerns"},
	{ID: "H8", Level: Low, Text: "policies let in some ports of a Service's pods, and none that the Service leads to"},
	{ID: "H9", Level: Low, Text: "a rule's port goes by a name that none of the pods that it concerns has"},
	{ID: "H10", Level: Low, Text: "a rule, a peer or a policy is covered by another one"},
	{ID: "H11", Level: Low, Text: "a rule opens a direction to everyone on all ports"},
	{ID: "H12", Level: Low, Text: "a workload is isolated by no policy in a namespace where others are"},
	{ID: "H13", Level: Low, Text: "two cluster-wide policies of a tier have the same priority"},
	{ID: "H14", Level: Low, Text: "a policy has rules for a direction that its policyTypes leaves out"},
	{ID: "H15", Level: Low, Text: "addresses that a block excepts are allowed all the same"},
	{ID: "H16", Level: Low, Text: "a namespaceSelector and a podSelector are two peers where one was meant, or one where two were"},
	{ID: "H17", Level: Low, Text: "a prefix has bits beyond its length"},
	{ID: "H19", Level: Low, Text: "a block holds only addresses of Services, which policies never see"},

	{ID: "L1", Level: Medium, Text: "what a policy asks for beyond ports is lifted or changed, and the ports stay open"},
	{ID: "L2", Level: Low, Text: "a policy newly asks for more than ports"},

	{ID: "R1", Level: High, Text: "a promise is removed"},
	{ID: "R2", Level: High, Text: "a promise is changed so that it may promise less"},
	{ID: "R3", Level: High, Text: "a promise selects nothing any more"},

	{ID: "W4", Level: Medium, Text: "a new workload is isolated by no policy, unlike others of its namespace or a removed one of its name"},
	{ID: "W1", Level: Info, Text: "a workload is new"},
	{ID: "W2", Level: Info, Text: "a workload is removed"},
	{ID: "W3", Level: Info, Text: "a workload is renamed, moved or of another kind"},
}

// The rules of connections that a promise wants as they are now.
const promisedOpened, promisedBlocked = "O12", "B10"

// isPrivate tells that the end is outside addresses that are all private.
func (e End) isPrivate() bool { return e.Outside && !e.Internet }
