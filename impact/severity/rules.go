package severity

// Rules is the table, worst first for opened and for blocked connections.
var Rules = []Rule{
	{"O1", Critical, "the internet can reach a sensitive workload that is exposed to it",
		func(c Change) bool {
			return c.Opened && c.Source.Internet && c.Destination.Sensitive != "" && c.Destination.Exposed != ""
		}},
	{"O2", Critical, "a workload can reach the cloud metadata address, or the nodes (kubelet, etcd)",
		func(c Change) bool { return c.Opened && (c.Destination.Metadata || c.Destination.Node) }},
	{"O4", High, "the internet can reach a workload that is exposed to it",
		func(c Change) bool { return c.Opened && c.Source.Internet && c.Destination.Exposed != "" }},
	{"O5", High, "a workload loses all isolation in a direction",
		func(c Change) bool { return c.Opened && c.Freed }},
	{"O6", High, "another namespace or outside addresses can reach a sensitive workload",
		func(c Change) bool { return c.Opened && c.Destination.Sensitive != "" && c.comesFromElsewhere() }},
	{"O7", High, "a sensitive workload can reach the internet",
		func(c Change) bool { return c.Opened && c.Source.Sensitive != "" && c.Destination.Internet }},
	{"O10", Medium, "a workload can reach the internet",
		func(c Change) bool { return c.Opened && c.Destination.Internet }},
	{"O11", Low, "a connection to private addresses or to a single domain name is opened",
		func(c Change) bool { return c.Opened && c.Destination.Outside }},
	{"O8", Medium, "another namespace or outside addresses can reach a workload",
		func(c Change) bool { return c.Opened && c.comesFromElsewhere() && !c.Source.isPrivate() }},
	{"O9", Medium, "a connection is widened to all ports",
		func(c Change) bool { return c.Opened && c.WidenedToAll }},
	{"O11", Low, "a connection within a namespace or with private addresses is opened",
		func(c Change) bool { return c.Opened }},

	{"B3", Critical, "a workload loses the cluster's name service",
		func(c Change) bool { return c.Destination.DNS && c.Listens }},
	{"B5", High, "a connection that a workload's configuration depends on is blocked",
		func(c Change) bool { return c.Dependency != "" }},
	{"B8", Medium, "a port that the destination declares is blocked; nothing shows that it is used",
		func(c Change) bool { return c.Listens || c.Destination.Outside || c.Destination.Unrendered }},
	{"B9", Low, "a port that nobody listens on is blocked",
		func(Change) bool { return true }},

	{ID: "W1", Level: Info, Text: "a workload is new"},
	{ID: "W2", Level: Info, Text: "a workload is removed"},
	{ID: "W3", Level: Info, Text: "a workload is renamed"},
	{ID: "W4", Level: Medium, Text: "a new workload is isolated by no policy in a namespace where others are"},
}

// comesFromElsewhere tells that the source is not in the destination's namespace.
func (c Change) comesFromElsewhere() bool { return !c.SameNamespace }

// isPrivate tells that the end is outside addresses that are all private.
func (e End) isPrivate() bool { return e.Outside && !e.Internet }
