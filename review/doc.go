// Package review is the main job: [Options] in, an [impact.Result] out, for the command line and the action alike.
//
// [Diff] opens two sides (git revisions, folders or files of YAML), finds the targets of each, renders them, groups them
// into clusters, has package impact compare each cluster and asks the gate. [List], [Targets] and [Render] do parts of
// it for one side.
//
// It fails closed: what could not be read, rendered or analysed is an error among the result's diagnostics, and
// [ExitCode] is then 3. Only a mistake of the caller is a Go error, a [UsageError]. The package reads no environment, writes
// nothing and knows no output format.
package review
