package pullrequest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// Options is what a run is given from outside. The zero value, but for Log, sees an empty environment.
type Options struct {
	// Environ is the environment, in the form of [os.Environ].
	Environ []string
	// Log is the job's log, which the runner reads workflow commands from.
	Log io.Writer
	// Diff does the main job; [review.Diff] if nil.
	Diff func(context.Context, review.Options) (*impact.Result, error)

	// What tests replace.
	clock     clock
	transport http.RoundTripper
	random    io.Reader
}

// Run carries out one step of a workflow and returns the program's exit code: 0 clean, 1 the gate failed, 2 a mistake in
// the workflow or the configuration, 3 something could not be analysed. A comment, summary or report that could not be
// written is a warning in the log.
func Run(ctx context.Context, o Options) int {
	if o.Diff == nil {
		o.Diff = review.Diff
	}
	if o.clock == nil {
		o.clock = wallClock{}
	}
	if o.transport == nil {
		o.transport = http.DefaultTransport
	}
	if o.random == nil {
		o.random = rand.Reader
	}
	getenv := getter(o.Environ)
	j := &job{options: o, step: step{log: o.Log, random: o.random, outputFile: getenv("GITHUB_OUTPUT"), summaryFile: getenv("GITHUB_STEP_SUMMARY")}}
	code, err := j.run(ctx, getenv)
	if err != nil {
		j.fail(err)
		j.set("conclusion", "error")
		code = review.ExitIncomplete
		var usage *review.UsageError
		if errors.As(err, &usage) {
			code = review.ExitUsage
		}
	}
	j.set("exit-code", fmt.Sprint(code))
	if err := j.outputs(j.values); err != nil {
		j.warn(fmt.Sprintf("the outputs could not be written: %v", err))
	}
	return code
}

// job is one run.
type job struct {
	step
	options Options
	env     environment
	in      inputs
	// dir is the folder to work in.
	dir string
	// accepted is what lets a failed gate pass, if anything does.
	accepted *acceptance
	values   []output
}

func (j *job) set(name, value string) { j.values = append(j.values, output{name, value}) }

func (j *job) warn(text string) {
	j.annotate([]annotation{{level: "warning", title: "netpol-impact", text: text}})
}

func (j *job) fail(err error) {
	j.annotate([]annotation{{level: "error", title: "netpol-impact", text: err.Error()}})
}

func (j *job) run(ctx context.Context, getenv func(string) string) (int, error) {
	var err error
	if j.env, err = readEnvironment(getenv); err != nil {
		return 0, &review.UsageError{Err: err}
	}
	if j.in, err = readInputs(getenv); err != nil {
		return 0, &review.UsageError{Err: err}
	}
	if j.dir, err = j.folder(); err != nil {
		return 0, &review.UsageError{Err: err}
	}
	text, err := os.ReadFile(j.env.eventPath)
	if err != nil {
		return 0, fmt.Errorf("reading the event: %w", err)
	}
	ev, err := parseEvent(text)
	if err != nil {
		return 0, err
	}
	if j.env.event == "workflow_run" {
		return j.commentForAnotherRun(ctx, ev)
	}
	clone, err := j.clone(ctx)
	if err != nil {
		return 0, err
	}
	defer clone.Close()
	c, err := compare(ctx, j.env, ev, j.in, clone)
	if err != nil {
		return 0, err
	}
	if c.skip != "" {
		j.say("Nothing to compare: %s.", c.skip)
		j.set("conclusion", "skipped")
		return review.ExitClean, nil
	}
	j.say("Comparing %s with %s: %s.", c.head, c.base, c.how)
	result, code := j.diff(ctx, c)
	result.Diagnostics = append(result.Diagnostics, workflowChanges(ctx, clone, c.base, c.head)...)
	code = j.accept(ctx, clone, ev, c, result, code)
	link := j.links(c.base, c.head)
	j.tell(result, link)
	if err := j.writeReports(result, link); err != nil {
		j.fail(err)
		code = review.ExitUsage
	} else if j.in.uploadSARIF {
		j.upload(ctx, c)
	}
	if c.pull != 0 {
		j.comment(ctx, c.pull, marker{id: j.in.id, sha: c.change, run: j.env.run}, result, link, j.configuration(ctx, clone, c.base).Comment)
		j.requestReviewers(ctx, clone, c, result)
	}
	j.conclude(result, c, code)
	return code, nil
}

// clone opens what the workflow has checked out: by the git binary, which fetches history where that is needed, or without
// it where there is none, as in the image.
func (j *job) clone(ctx context.Context) (checkout, error) {
	if _, err := exec.LookPath("git"); err == nil {
		return newGitClone(j.dir, j.options.Environ, j.env.server, j.in.token), nil
	}
	clone, err := openPlainClone(ctx, j.dir, j.env.server, j.in.token)
	if err != nil {
		return nil, fmt.Errorf("%w (does actions/checkout stand before this step?)", err)
	}
	return clone, nil
}

// folder is where the workflow wants us to work. The summary and the reports may not leave the workspace by it.
func (j *job) folder() (string, error) {
	workspace := j.env.workspace
	if workspace == "" {
		workspace = "."
	}
	if j.in.directory == "" {
		return workspace, nil
	}
	if !filepath.IsLocal(j.in.directory) {
		return "", fmt.Errorf("input working-directory is %q: it must be a folder below the workspace", j.in.directory)
	}
	return filepath.Join(workspace, j.in.directory), nil
}

// diff does the main job. A mistake in the configuration is a result, too: whoever reads the pull request must not find an
// older verdict standing.
func (j *job) diff(ctx context.Context, c comparison) (*impact.Result, int) {
	result, err := j.options.Diff(ctx, review.Options{
		Dir: j.dir, Base: c.base, Head: c.head, Targets: j.in.targets, Config: j.in.config,
		Gate: j.in.gate, OnlyTighten: true, Limits: j.in.limits, Cache: j.in.cache, KeepBaseOnly: true, Graph: j.in.html != "",
		Fetch: &review.Fetch{Server: j.env.server, Token: j.in.token},
	})
	if err == nil {
		return result, review.ExitCode(result)
	}
	code := review.ExitIncomplete
	var usage *review.UsageError
	if errors.As(err, &usage) {
		code = review.ExitUsage
	}
	return &impact.Result{
		Base: c.base, Head: c.head, Gate: impact.Gate{Reasons: []string{"the comparison could not be made"}},
		Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, Message: err.Error()}},
	}, code
}

// tell says the result in the log, the annotations and the step's summary.
func (j *job) tell(result *impact.Result, link linker) {
	var text bytes.Buffer
	if err := report.Text(&text, result, report.Options{Title: j.title(result), Width: 120}); err != nil {
		j.warn(fmt.Sprintf("the report could not be written to the log: %v", err))
	}
	j.fold("The whole report", text.String())
	j.say("%s", report.Headline(result, report.Options{Title: j.title(result)}))
	for _, reason := range result.Gate.Reasons {
		j.say("Gate: %s", reason)
	}
	if j.in.annotations {
		if left := j.annotate(annotations(result)); left > 0 {
			j.say("%d more annotations are not shown: the platform shows %d of each level. The report has all.", left, maxAnnotations)
		}
	}
	if !j.in.summary {
		return
	}
	text.Reset()
	err := report.Markdown(&text, result, report.Options{Title: j.title(result), Link: link, Limit: maxSummary - len(cutNote), Rest: "the JSON report"})
	if err == nil {
		err = j.summary(text.Bytes())
	}
	if err != nil {
		j.warn(fmt.Sprintf("the summary could not be written: %v", err))
	}
}

// title is the program's name and what tells this configuration from others on the same pull request.
func (j *job) title(result *impact.Result) string {
	if j.in.id != defaultID {
		return "netpol-impact (" + j.in.id + ")"
	}
	return "netpol-impact" + clusterNames(result)
}

const shownClusters = 3

// clusterNames are the names of a few clusters, in brackets. A repository's only one, without a mark, needs none.
func clusterNames(result *impact.Result) string {
	if len(result.Clusters) == 0 || len(result.Clusters) > shownClusters || len(result.Clusters) == 1 && result.Clusters[0].Name == "default" {
		return ""
	}
	names := ""
	for _, c := range result.Clusters {
		if c.Name == "" {
			return ""
		}
		names += ", " + c.Name
	}
	return " (" + names[len(", "):] + ")"
}

// comment shows a result on a pull request, as the settings want it.
func (j *job) comment(ctx context.Context, pull int, m marker, result *impact.Result, link linker, settings config.Comment) {
	m.quiet = quiet(result)
	var text bytes.Buffer
	if j.accepted != nil {
		fmt.Fprintln(&text, j.accepted)
	}
	limit := maxComment - len(m.String()) - len("\n") - text.Len()
	err := report.Markdown(&text, result, report.Options{Title: j.title(result), Link: link, Limit: limit, Rest: "the summary of the workflow's run"})
	if err != nil {
		j.warn(fmt.Sprintf("the comment could not be written: %v", err))
		return
	}
	p := post{marker: m, pull: pull, mode: cmp.Or(j.in.comment, mode(settings.Earlier), modeUpdate), body: text.String()}
	switch settings.When {
	case config.WhenAlways:
	case config.WhenFailing:
		p.needless = result.Gate.Pass && !tellsOfTrust(result)
	default:
		p.needless = m.quiet
	}
	done := j.comments().publish(ctx, p)
	if done.warning {
		j.warn(done.said)
	} else {
		j.say("%s", done.said)
	}
	j.set("comment-url", done.url)
}

func (j *job) comments() *comments {
	return &comments{service: j.service(), owner: j.env.owner, repository: j.env.repository, clock: j.options.clock}
}

func (j *job) service() service {
	return service{api: j.env.api, graphQL: j.env.graphQL, token: j.in.token, transport: j.options.transport, timeout: requestTimeout}
}

// quiet tells whether a result says nothing that a reviewer wants to hear.
func quiet(result *impact.Result) bool {
	for _, c := range result.Clusters {
		if len(c.Findings) > 0 {
			return false
		}
	}
	return result.Gate.Pass && !review.Incomplete(result.Diagnostics) && !tellsOfTrust(result)
}

// tellsOfTrust tells whether a result says that the change edits what decides about changes.
func tellsOfTrust(result *impact.Result) bool {
	return slices.ContainsFunc(result.Diagnostics, func(d manifest.Diagnostic) bool {
		return d.Object == workflowObject || slices.Contains(config.Files, d.File)
	})
}
