package impact

import (
	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Severity is how bad a finding is.
type Severity = severity.Level

// The severities, worst first.
const (
	Critical = severity.Critical
	High     = severity.High
	Medium   = severity.Medium
	Low      = severity.Low
	Info     = severity.Info
)

// Confidence tells whether a verdict rests on known facts alone.
type Confidence string

// The confidences of a verdict.
const (
	Exact       Confidence = "exact"
	Approximate Confidence = "approximate"
)

// Kind is what a finding is about.
type Kind string

// The kinds of findings.
const (
	Opened   Kind = "opened"
	Blocked  Kind = "blocked"
	Workload Kind = "workload"
	Path     Kind = "path"
	Hygiene  Kind = "hygiene"
	Promise  Kind = "promise"
	Waiver   Kind = "waiver"
)

// Result is the answer to a whole comparison.
type Result struct {
	// Base and Head say, for people, what was compared.
	Base, Head string
	Clusters   []Cluster
	Gate       Gate
	// Report says how the result is to be told.
	Report config.Report
	// Diagnostics are about everything that could not be analysed, or not as its author may think.
	Diagnostics []manifest.Diagnostic
}

// Cluster is the part of a result that is about one cluster.
type Cluster struct {
	Name    string
	Targets []string
	// Untouched tells that the change touches nothing that the targets read: they were not rendered, and the rest is empty.
	Untouched bool
	// Findings are ordered: worst first, then by volume, then by title.
	Findings []Finding
	// CNI is the network whose rules were applied: generic, cilium or calico.
	CNI string
	// Supposed is what else is worth knowing: what would change under another assumption. It is no part of the findings, nor
	// of the gate.
	Supposed []Supposed
	// Workloads are those on both sides, sorted: reports say "all" and "all except" by them. Nil if unknown.
	Workloads []WorkloadID
	// Counts sums up what was compared.
	Counts Counts
	// BlastRadius is how far the workloads lead whose connections change, of a great many only some.
	BlastRadius []Radius
	// RadiiUnasked counts the others of these workloads.
	RadiiUnasked int
	// Policies are those whose words the change alters, by their objects' names.
	Policies []PlainChange
	// Changes has one row a pair of peers whose connections differ, complete and exact; nil unless asked for.
	Changes []Change
	// Before and After are what base and head allow, in groups; nil unless asked for.
	Before, After []Allowed
}

// Radius is how many other workloads one can get to in any number of steps, on base and on head.
type Radius struct {
	Workload      WorkloadID
	Before, After int
}

// Counts says how much was compared and how much of it changed. A pair is a source and a destination.
type Counts struct {
	// Workloads and Policies count what head has (base, where head has none of the cluster's targets).
	Workloads, Policies int
	// OpenedPairs and BlockedPairs count pairs of workloads that are on both sides and gain or lose a port.
	OpenedPairs, BlockedPairs int
}

// Finding is a group of connections, or a remark, that shares cause and severity.
type Finding struct {
	// ID numbers the finding within its result: F1, F2, …
	ID   string
	Rule string
	// renamed are the places that workloads had at base, by those that they have at head.
	renamed    map[place][]place
	Severity   Severity
	Confidence Confidence
	Kind       Kind
	// Narrowed tells of blocked connections that they stay open on every port that their destination declares.
	Narrowed bool
	// Title is one line: who, what and the consequence.
	Title string
	// Explanation says in plain words why it is so; Advice what to do.
	Explanation, Advice string
	Connections         []Connection
	Causes              []Cause
	// Undo tells how several causes act: cause.Any or cause.All; "" for one, or where each has connections of its own.
	Undo     cause.Undo
	Evidence []Evidence
	// Fingerprint stays the same under unrelated changes.
	Fingerprint string
	// Accepted is the waiver that accepts the finding, nil if none does.
	Accepted *Acceptance
}

// Acceptance is what a waiver says about a finding that it accepts.
type Acceptance struct {
	// Until is the last day, as 2026-12-31, on which it holds.
	Reason, Author, Until string
}

// Connection is a rectangle of connections: every source to every destination on every port.
type Connection struct {
	Sources, Destinations []Peer
	Ports                 []reach.PortRange
	// Count is how many pairs of workloads, potential workloads and address blocks it holds.
	Count int
}

// Cause is a changed object without which the finding would not be.
type Cause = cause.Cause

// Evidence is a reason why a finding matters.
type Evidence struct {
	// Kind is what it rests on: dependency, exposure, observed flow, promise, declared port.
	Kind, Text string
	File       string
	Line       int
}

// Change is one pair of peers whose connections differ.
type Change struct {
	Source, Destination Peer
	Opened, Blocked     []reach.PortRange
}

// Listing is what is allowed in one state.
type Listing struct {
	// CNI is the network whose rules were applied, as the configuration names it.
	CNI         string
	Connections []Allowed
	Diagnostics []manifest.Diagnostic
}

// Allowed is a rectangle of allowed connections.
type Allowed struct {
	Sources, Destinations []Peer
	Ports                 []reach.PortRange
	Confidence            Confidence
}

// NotAnalysed is the gate's reason where something could not be: it does not pass what it has not seen.
const NotAnalysed = "not everything could be analysed"

// Gate is the pass-or-fail decision.
type Gate struct {
	Pass    bool
	Reasons []string
	// Findings are the IDs of those that it fails for.
	Findings []string
}
