// Package schema holds objects of policy dialects to the schemas that their projects publish for them, as a Kubernetes API
// server does when it is asked to store one.
//
// What goes in is one object; what comes out are its mistakes, each with its path and its place in the object: what the API
// server refuses is an error (a value of the wrong type, one that is not among those allowed, a missing field, a rule of
// x-kubernetes-validations that does not hold), a field that it drops without a word a warning. Null fields are absent, as
// they are to an API server, and fields with a default are present. Metadata and status are not looked at.
//
// The schemas (schemas.json) are cut down from the published ones: every distinct part once, without prose; SOURCES.md
// names their sources and licences. They are read when the first object of such a kind is met. A validator of its own
// serves here because the API server's works on values without lines, and brings 17 MB of program with it, an interpreter of
// CEL above all; the few rules in CEL are written in Go (rule.go), and the generator refuses one that it does not know. The
// module oracle/crd holds this package to the API server's own.
package schema

//go:generate sh -c "test -n \"$CRDS\" && go run ./prune \"$CRDS\""
