// Package pullrequest runs the main job as a step of a GitHub workflow. In goes what the runner says (environment, event,
// inputs); out come the comment on the pull request, the step's summary, annotations, outputs and the exit code, which
// is the gate.
//
// It is the only room that knows GitHub. It does not render, compare or judge: package review does; and the words of a
// report are package report's. Whatever goes wrong on the way to a comment is told and never changes the exit code.
//
// Everything from a manifest is hostile here: it may be shown, and it must never become a workflow command, an output, a
// mention or markup. What GitHub answers is believed; what a commenter writes is not.
package pullrequest
