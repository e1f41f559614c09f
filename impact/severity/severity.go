// Package severity says how bad a changed connection is. One table, [Rules], serves the code, the documentation and
// the output; the first rule that matches wins, and the table is total: every changed connection has a rule.
//
// In goes what is known of one connection ([Change]); the package looks nothing up itself.
package severity

// Level is how bad a finding is.
type Level string

// The levels, worst first.
const (
	Critical Level = "critical"
	High     Level = "high"
	Medium   Level = "medium"
	Low      Level = "low"
	Info     Level = "info"
)

var ascending = []Level{Info, Low, Medium, High, Critical}

// Rank orders levels: 0 for info up to 4 for critical, -1 for none.
func (l Level) Rank() int {
	for i, known := range ascending {
		if l == known {
			return i
		}
	}
	return -1
}

// lower is the next level down; info stays.
func (l Level) lower() Level { return ascending[max(0, l.Rank()-1)] }

// End is one end of a connection.
type End struct {
	// Outside is an address that is no pod; Internet one that is not private either.
	Outside, Internet bool
	// Metadata is the cloud provider's metadata address, Node a machine of the cluster (kubelet, etcd), Domain a single
	// domain name.
	Metadata, Node, Domain bool
	// Sensitive workloads are worth protecting.
	Sensitive bool
	// DNS is the cluster's name service.
	DNS bool
	// Unrendered is pods of which only a selector is known.
	Unrendered bool
}

// Change is what is known of a connection that is opened or blocked.
type Change struct {
	Opened              bool
	Source, Destination End
	SameNamespace       bool
	// Freed tells that the end that refused the connection loses all isolation in that direction.
	Freed bool
	// WidenedToAll tells that some ports were allowed before and all are now.
	WidenedToAll bool
	// Exposed tells that traffic from the internet comes to the destination by this connection: straight from there, or
	// from the controller of a route.
	Exposed bool
	// Listens tells that the destination declares one of the ports; NoListener that it declares ports, and none of these.
	Listens, NoListener bool
	// Routed tells that this is how an ingress controller gets to a backend of its routes, and that no other way is left.
	Routed bool
	// Depended tells that the source's configuration names the destination, with one of the ports.
	Depended bool
	// APIServer tells that the connection is the API server's to a webhook, or that of a workload that uses it, and that
	// no other way is left.
	APIServer bool
	// LastClients tells that nobody is left to connect to a Service that leads to the destination.
	LastClients bool
	// BreaksPromise tells that a promise denies what is opened, or wants what is blocked; Promised that one wants all of what
	// is opened, or denies all of what is blocked.
	BreaksPromise, Promised bool
	// Scraped tells that a monitor collects the destination's metrics by this connection.
	Scraped bool
}

// Rule is a row of the table.
type Rule struct {
	ID    string
	Level Level
	// Text says what the rule is about, for documentation and SARIF.
	Text string
	// matches is nil for rules of findings that are no connections.
	matches func(Change) bool
}

// Of returns the rule of a change and its level, which is one below the rule's where nobody listens on an opened port. What a
// promise wants is wanted, whatever else there is to say of it, unless it breaks another one.
func Of(c Change) (Rule, Level) {
	if c.Promised && !c.BreaksPromise {
		id := promisedBlocked
		if c.Opened {
			id = promisedOpened
		}
		r, _ := ByID(id)
		return r, r.Level
	}
	for _, r := range Rules {
		if r.matches != nil && r.matches(c) {
			if c.Opened && c.NoListener && !r.neverLowered() {
				return r, r.Level.lower()
			}
			return r, r.Level
		}
	}
	return Rule{}, Info // not reached: O11 and B9 match every change
}

// neverLowered tells the rules that hold whether or not anyone listens.
func (r Rule) neverLowered() bool { return r.ID == "O1" || r.ID == "O2" || r.ID == "O3" }

// ByID finds a rule.
func ByID(id string) (Rule, bool) {
	for _, r := range Rules {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
