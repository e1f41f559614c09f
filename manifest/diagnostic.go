package manifest

import "fmt"

// Severity is how much a diagnostic matters.
type Severity string

// The severities of a diagnostic. An error means that something was not analysed.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Diagnostic says that something could not be analysed, or was analysed differently from what its author may think.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Object names the object, the target or the file meant; empty where File says it all.
	Object string `json:"object,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	// Message says what is wrong and what to change.
	Message string `json:"message"`
	// Digest identifies the text meant, so that the same mistake in an untouched document is known to be an old one; 0
	// if unknown.
	Digest uint64 `json:"-"`
	// Unsupported says that nothing is wrong with the object, but that it is of a kind that is not analysed: a cluster may
	// well have it, so that taking it away is a change, too.
	Unsupported bool `json:"-"`
	// Taken says that what is meant is analysed all the same, in a way that may not be a cluster's.
	Taken bool `json:"-"`
}

// String is the diagnostic on one line, in the form that compilers use.
func (d Diagnostic) String() string {
	where := ""
	switch {
	case d.File != "" && d.Line > 0:
		where = fmt.Sprintf("%s:%d: ", d.File, d.Line)
	case d.File != "":
		where = d.File + ": "
	}
	if d.Object != "" {
		where += d.Object + ": "
	}
	return where + string(d.Severity) + ": " + d.Message
}

// Problem makes a diagnostic about a part of an object.
func Problem(severity Severity, o *Object, part *Node, format string, args ...any) Diagnostic {
	at := o.At(part)
	return Diagnostic{Severity: severity, Object: o.String(), File: at.File, Line: at.Line, Message: fmt.Sprintf(format, args...), Digest: o.Digest()}
}
