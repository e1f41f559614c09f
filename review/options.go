package review

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Options says what to compare. The zero value compares the working tree of the current folder's repository with the
// merge base of HEAD and the default branch.
type Options struct {
	// Dir is the folder from which relative paths and the repository are looked up; the current folder if empty.
	Dir string
	// Base and Head each name a side: a git revision, a folder, a file of YAML, or "-" for Stdin. A name that is both a
	// path and a revision is refused; "./name" is always a path, a full commit hash always a revision.
	Base, Head string
	// Targets are paths of what to render; if empty, targets are found.
	Targets []string
	// Config is the path of the configuration within the trusted side; if empty, [config.Files] are tried.
	Config string
	// TrustHead takes the configuration from head. Otherwise it is base's.
	TrustHead bool
	// Gate replaces the configuration's thresholds where it sets one. With OnlyTighten it can only make them stricter.
	Gate        config.Gate
	OnlyTighten bool
	// Now is the time at which waivers must hold; the current time if zero.
	Now time.Time
	// Limits bound what rendering one target on one side may take; what is not set has its default.
	Limits sandbox.Limits
	// Expand asks for [impact.Cluster.Changes].
	Expand bool
	// All renders every target, also those that the change cannot touch.
	All bool
	// Graph asks for [impact.Cluster.Before] and After.
	Graph bool
	// Hygiene says which remarks on what looks wrong are told.
	Hygiene impact.HygieneMode
	// CNI, if set, is the network that enforces every cluster's policies, whatever the configuration says. EachCNI asks what
	// differs with the rules of the others.
	CNI     string
	EachCNI bool
	// Fetch, if set, lets commits that the clone lacks be fetched from its origin, into memory.
	Fetch *Fetch
	// FetchAllowed lets one state's own configuration allow fetching (fetch.allow), where there is no base to allow it. What
	// [Diff] compares may fetch what the configuration in force allows.
	FetchAllowed bool
	// Cache is a folder outside of the repository in which what targets render to is kept for later runs; none if empty.
	// With KeepBaseOnly head takes from it and adds nothing.
	Cache        string
	KeepBaseOnly bool
	// Stdin is read for a side named "-".
	Stdin io.Reader
	// Progress, if set, is told what is being done. Calls do not overlap.
	Progress func(doing string)

	// renderer is shared by the steps of one run.
	renderer *render.Renderer
}

func (o Options) rendering() *render.Renderer {
	if o.renderer != nil {
		return o.renderer
	}
	return &render.Renderer{Limits: o.Limits}
}

// Fetch says with which token what a clone lacks may be fetched, and to which server that goes.
type Fetch = tree.Fetch

// override applies the options that replace a cluster's configuration.
func (o Options) override(c config.Config) config.Config {
	c.CNI = cmp.Or(o.CNI, c.CNI)
	return c
}

func (o Options) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// UsageError is a mistake in the options or the configuration. Its text says what to change.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

func usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// The exit codes of the program.
const (
	ExitClean      = 0 // nothing that the gate stops
	ExitGate       = 1 // the gate failed
	ExitUsage      = 2 // a mistake in the options or the configuration
	ExitIncomplete = 3 // something could not be analysed
)

// ExitCode is the exit code that a result asks for: what could not be analysed weighs more than the gate.
func ExitCode(r *impact.Result) int {
	switch {
	case Incomplete(r.Diagnostics):
		return ExitIncomplete
	case !r.Gate.Pass:
		return ExitGate
	}
	return ExitClean
}

// Incomplete tells whether a diagnostic says that something was not analysed.
func Incomplete(diagnostics []manifest.Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == manifest.Error {
			return true
		}
	}
	return false
}
