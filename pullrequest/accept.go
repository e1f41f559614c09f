package pullrequest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/review"
)

// acceptance is what a label on a pull request accepted: the findings that stood at the commit that it was set on. It is
// kept in the second line of our comment; the commit is that of the comment's marker.
type acceptance struct {
	by       string
	findings []string
}

var acceptanceLine = regexp.MustCompile(`^<!-- netpol-impact:accepted by=([A-Za-z0-9-]{1,64}(?:\[bot\])?) findings=([0-9a-f]{16}(?:,[0-9a-f]{16})*) -->$`)

func (a acceptance) String() string {
	return fmt.Sprintf("<!-- netpol-impact:accepted by=%s findings=%s -->", a.by, strings.Join(a.findings, ","))
}

// readAcceptance reads the acceptance in a comment of ours.
func readAcceptance(body string) (acceptance, bool) {
	_, rest, _ := strings.Cut(body, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	match := acceptanceLine.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
	if match == nil {
		return acceptance{}, false
	}
	return acceptance{match[1], strings.Split(match[2], ",")}, true
}

// covers tells whether every one of some findings is accepted.
func (a acceptance) covers(findings []string) bool {
	return !slices.ContainsFunc(findings, func(f string) bool { return !slices.Contains(a.findings, f) })
}

// maxAccepted is how many findings can be accepted at once: they must fit beside the report in a comment.
const maxAccepted = 500

// identities are short names of all findings of a result. There are none if one has no fingerprint, or if they are too many.
func identities(result *impact.Result) []string {
	var all []string
	for _, cluster := range result.Clusters {
		for _, f := range cluster.Findings {
			if f.Fingerprint == "" {
				return nil
			}
			// The same finding in another cluster is another one to accept.
			sum := sha256.Sum256([]byte(cluster.Name + "\x00" + f.Fingerprint))
			all = append(all, hex.EncodeToString(sum[:8]))
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) > maxAccepted {
		return nil
	}
	return all
}

// accept lets a failed gate pass if the configuration of base allows a label to accept it, and the label was set on this
// very commit with these findings. Only a failed gate can be accepted, never what could not be analysed. Where anything
// about it cannot be known, nothing is accepted.
func (j *job) accept(ctx context.Context, repo texts, ev event, c comparison, result *impact.Result, code int) int {
	if c.pull == 0 || code != review.ExitGate {
		return code
	}
	label := j.configuration(ctx, repo, c.base).AcceptLabel
	if label == "" {
		return code
	}
	given, err := j.given(ctx, ev, c, label, result)
	switch {
	case err != nil:
		j.warn(fmt.Sprintf("whether the findings are accepted is not known: %s", explain(err)))
		return code
	case given == nil:
		return code
	}
	j.accepted = given
	reasons := []string{fmt.Sprintf("accepted by %s with the label %s, for this commit and its %d findings", given.by, label, len(given.findings))}
	for _, reason := range result.Gate.Reasons {
		reasons = append(reasons, "accepted: "+reason)
	}
	result.Gate = impact.Gate{Pass: true, Reasons: reasons}
	return review.ExitClean
}

// given finds the acceptance that holds, if one does.
func (j *job) given(ctx context.Context, ev event, c comparison, label string, result *impact.Result) (*acceptance, error) {
	findings := identities(result)
	if findings == nil {
		return nil, nil
	}
	var pull *github.PullRequest
	var ours []found
	comments := j.comments()
	err := retry(ctx, j.options.clock, func(ctx context.Context) error {
		api, err := comments.client()
		if err != nil {
			return err
		}
		// The event's labels are those of its time; a run may be repeated later.
		if pull, _, err = api.PullRequests.Get(ctx, j.env.owner, j.env.repository, c.pull); err != nil {
			return err
		}
		ours, err = comments.find(ctx, api, post{marker: marker{id: j.in.id}, pull: c.pull})
		return err
	})
	if err != nil {
		return nil, err
	}
	set := slices.ContainsFunc(pull.Labels, func(l *github.Label) bool { return l.GetName() == label })
	if !set || pull.GetHead().GetSHA() != c.change {
		return nil, nil
	}
	if ev.Action == "labeled" && ev.Label.GetName() == label {
		return &acceptance{by: ev.Sender.GetLogin(), findings: findings}, nil
	}
	if len(ours) > 0 && ours[0].sha == c.change {
		if stored, ok := readAcceptance(ours[0].body); ok && stored.covers(findings) {
			return &stored, nil
		}
	}
	j.say("The label %s was not set on this commit with these findings: to accept them, remove it and set it again.", label)
	return nil, nil
}
