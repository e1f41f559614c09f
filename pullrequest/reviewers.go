package pullrequest

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/netpol-impact/netpol-impact/impact"
)

// requestReviewers asks the reviewers that base's configuration names, if a critical connection opens. GitHub knows who has
// been asked already.
func (j *job) requestReviewers(ctx context.Context, repo texts, c comparison, result *impact.Result) {
	if c.pull == 0 || !opensCritical(result) {
		return
	}
	names := j.configuration(ctx, repo, c.base).CriticalReviewers
	if len(names) == 0 {
		return
	}
	var request github.ReviewersRequest
	for _, name := range names {
		if _, team, ok := strings.Cut(name, "/"); ok {
			request.TeamReviewers = append(request.TeamReviewers, team)
		} else {
			request.Reviewers = append(request.Reviewers, name)
		}
	}
	err := retry(ctx, j.options.clock, func(ctx context.Context) error {
		api, err := j.service().client()
		if err != nil {
			return err
		}
		_, _, err = api.PullRequests.RequestReviewers(ctx, j.env.owner, j.env.repository, c.pull, request)
		return err
	})
	if err != nil {
		j.warn(fmt.Sprintf("%s could not be asked to review: %s", strings.Join(names, ", "), explain(err)))
		return
	}
	j.say("A critical connection opens: %s are asked to review.", strings.Join(names, ", "))
}

func opensCritical(result *impact.Result) bool {
	for _, cluster := range result.Clusters {
		for _, f := range cluster.Findings {
			if f.Kind == impact.Opened && f.Severity == impact.Critical {
				return true
			}
		}
	}
	return false
}
