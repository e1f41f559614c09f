package pullrequest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-github/v60/github"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// commentForAnotherRun shows the result of a pull request's own run, which had no token that can comment. It is started by
// workflow_run, has such a token, and runs nothing of the pull request. The result is what the pull request's author made
// it to be: it is read as data, shown as such, and decides nothing here.
func (j *job) commentForAnotherRun(ctx context.Context, ev event) (int, error) {
	of := ev.WorkflowRun
	if of.GetEvent() != "pull_request" {
		j.say("Nothing to do: the other run was started by %s, not by a pull request.", of.GetEvent())
		j.set("conclusion", "skipped")
		return review.ExitClean, nil
	}
	if j.in.result == "" {
		return 0, &review.UsageError{Err: fmt.Errorf("in workflow_run the input result must name the JSON report of the other run, as docs/action.md tells")}
	}
	file := j.in.result
	if !filepath.IsAbs(file) {
		file = filepath.Join(j.dir, file)
	}
	text, err := readBounded(file)
	if os.IsNotExist(err) {
		j.say("Nothing to do: the other run left no report (%s).", j.in.result)
		j.set("conclusion", "skipped")
		return review.ExitClean, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the other run's report: %w", err)
	}
	result, err := readResult(text)
	if err != nil {
		return 0, fmt.Errorf("reading the other run's report: %w", err)
	}
	pull, err := j.pullOf(ctx, of)
	if err != nil {
		return 0, fmt.Errorf("finding the pull request of the other run: %w", err)
	}
	if pull == nil {
		j.say("Nothing to do: no open pull request is at commit %s any more.", of.GetHeadSHA())
		j.set("conclusion", "skipped")
		return review.ExitClean, nil
	}
	j.say("%s", report.Headline(result, report.Options{Title: j.title(result)}))
	// The runs of the pull request write one comment in their own order, not in the order of ours.
	m := marker{id: j.in.id, sha: of.GetHeadSHA(), run: run{of.GetID(), int64(max(of.GetRunAttempt(), 1))}}
	j.comment(ctx, pull.GetNumber(), m, result, j.links(result.Base, result.Head), config.Comment{})
	j.set("conclusion", "reported")
	return review.ExitClean, nil
}

// pullOf asks which open pull request has the commit of a run as its head. The event names none for a fork.
func (j *job) pullOf(ctx context.Context, of *github.WorkflowRun) (*github.PullRequest, error) {
	var found *github.PullRequest
	err := retry(ctx, j.options.clock, func(ctx context.Context) error {
		api, err := j.service().client()
		if err != nil {
			return err
		}
		pulls, _, err := api.PullRequests.List(ctx, j.env.owner, j.env.repository, &github.PullRequestListOptions{
			State: "open", Head: of.GetHeadRepository().GetOwner().GetLogin() + ":" + of.GetHeadBranch(),
			ListOptions: github.ListOptions{PerPage: 100},
		})
		found = pullOf(pulls, of.GetHeadSHA())
		return err
	})
	return found, err
}
