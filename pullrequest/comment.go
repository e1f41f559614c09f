package pullrequest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// maxComment is how many bytes a comment may have: below 65,536 characters, whichever way they are counted.
const maxComment = 60000

// betweenWrites is what GitHub asks writers to wait.
const betweenWrites = time.Second

// defaultAuthor writes what GITHUB_TOKEN writes.
const defaultAuthor = "github-actions[bot]"

// post is a comment to be.
type post struct {
	marker
	pull int
	mode mode
	// needless tells that it is only worth writing where a comment stands already.
	needless bool
	// body is the text below the marker.
	body string
}

func (p post) text() string { return p.marker.String() + "\n" + p.body }

func (p post) whyNeedless() string {
	if p.quiet {
		return "nothing changed"
	}
	return "the gate passes"
}

// outcome is what became of a post.
type outcome struct {
	// url is the comment's address, if there is one.
	url string
	// said tells it in one line. It is a warning if the comment should have been written and was not.
	said    string
	warning bool
}

// comments writes the comments of one repository. It writes none that is stale: not when the pull request's head is no
// longer the post's, and not over the comment of a newer run.
type comments struct {
	service
	owner, repository string
	clock             clock
	// author is who we are, once known.
	author string
}

// publish makes the pull request show a post. Whatever happens, the verdict stands: publish has no error.
func (c *comments) publish(ctx context.Context, p post) outcome {
	if p.mode == modeOff {
		return outcome{said: "comments are off"}
	}
	if c.token == "" {
		return outcome{said: "no comment: there is no token", warning: true}
	}
	if len(p.text()) > maxComment {
		return outcome{said: fmt.Sprintf("no comment: it has %d bytes, and %d are allowed", len(p.text()), maxComment), warning: true}
	}
	var done outcome
	// Finding and writing are tried again together: an answer that got lost may have been about a comment that was stored.
	err := retry(ctx, c.clock, func(ctx context.Context) error {
		next, err := c.attempt(ctx, p)
		if next.url != "" || err == nil {
			done = next
		}
		return err
	})
	switch {
	case err != nil && done.url != "":
		return outcome{url: done.url, said: done.said + "; older comments could not be put away: " + explain(err), warning: true}
	case err != nil:
		return outcome{said: "no comment: " + explain(err), warning: true}
	}
	return done
}

// explain says why a comment could not be written, and what to change.
func explain(err error) string {
	var primary *github.RateLimitError
	if errors.As(err, &primary) {
		return fmt.Sprintf("the hour's requests to GitHub are used up until %s", primary.Rate.Reset.UTC().Format(time.RFC3339))
	}
	var refused *github.ErrorResponse
	if !errors.As(err, &refused) || refused.Response == nil {
		return err.Error()
	}
	switch refused.Response.StatusCode {
	case http.StatusUnauthorized:
		return "GitHub does not know the token; give one that is valid in the input token"
	case http.StatusForbidden:
		if strings.Contains(refused.Message, "locked") {
			return "the conversation is locked"
		}
		if strings.Contains(refused.Message, "not accessible") {
			return "the token cannot write to pull requests; give the job the permission pull-requests: write (on a pull request from a fork the token can only read: docs/action.md tells how to comment there)"
		}
	case http.StatusUnprocessableEntity:
		return "GitHub refuses it: " + refused.Message
	case http.StatusNotFound, http.StatusGone:
		return "the token does not reach the pull request; give the job the permission pull-requests: write"
	}
	return err.Error()
}

// found is a comment of ours.
type found struct {
	marker
	id     int64
	nodeID string
	body   string
	url    string
}

func (c *comments) attempt(ctx context.Context, p post) (outcome, error) {
	api, err := c.client()
	if err != nil {
		return outcome{}, err
	}
	ours, err := c.find(ctx, api, p)
	if err != nil {
		return outcome{}, err
	}
	if len(ours) == 0 && p.needless {
		return outcome{said: "no comment: " + p.whyNeedless() + ", and there is none to correct"}, nil
	}
	if len(ours) > 0 && ours[0].run.newer(p.run) {
		return outcome{url: ours[0].url, said: fmt.Sprintf("no comment: run %s, which is newer, has written it", ours[0].run)}, nil
	}
	// The last look before writing.
	pull, _, err := api.PullRequests.Get(ctx, c.owner, c.repository, p.pull)
	if err != nil {
		return outcome{}, fmt.Errorf("reading the pull request: %w", err)
	}
	if head := pull.GetHead().GetSHA(); head != p.sha {
		return outcome{said: fmt.Sprintf("no comment: the pull request has moved on to %.12s, whose own run will write it", head)}, nil
	}
	written, err := c.write(ctx, api, p, ours)
	if err != nil {
		return outcome{}, err
	}
	kept, err := c.tidy(ctx, api, p)
	if errors.Is(err, errAgain) {
		return outcome{}, err
	}
	if err == nil {
		written = kept
	}
	return outcome{url: written.url, said: "commented: " + written.url}, err
}

// find lists the comments of ours with the post's id, of the newest run first, the oldest comment first among equals. A
// comment is ours if we are its author, and has its marker in the first line: both can be had by others, not together.
func (c *comments) find(ctx context.Context, api *github.Client, p post) ([]found, error) {
	author, err := c.viewer(ctx, api)
	if err != nil {
		return nil, err
	}
	var ours []found
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for {
		page, answer, err := api.Issues.ListComments(ctx, c.owner, c.repository, p.pull, options)
		if err != nil {
			return nil, fmt.Errorf("listing the comments: %w", err)
		}
		for _, comment := range page {
			m, ok := readMarker(comment.GetBody())
			if ok && m.id == p.id && comment.GetUser().GetLogin() == author {
				ours = append(ours, found{m, comment.GetID(), comment.GetNodeID(), comment.GetBody(), comment.GetHTMLURL()})
			}
		}
		if answer.NextPage == 0 {
			break
		}
		options.Page = answer.NextPage
	}
	slices.SortFunc(ours, func(a, b found) int {
		if a.run != b.run {
			if a.run.newer(b.run) {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.id, b.id)
	})
	return ours, nil
}

// viewer asks who we are. A workflow's token may not ask REST.
func (c *comments) viewer(ctx context.Context, api *github.Client) (string, error) {
	if c.author != "" {
		return c.author, nil
	}
	var answer struct{ Viewer struct{ Login string } }
	err := c.ask(ctx, api, `query Viewer { viewer { login } }`, nil, &answer)
	if _, again := patience(err, 1, c.clock.Now()); err != nil && again {
		return "", fmt.Errorf("asking who we are: %w", err)
	}
	c.author = answer.Viewer.Login
	if c.author == "" {
		// A server without GraphQL: who else would run in a workflow?
		c.author = defaultAuthor
	}
	return c.author, nil
}

// write puts the post into the comment that is to show it: an old one, or a new one.
func (c *comments) write(ctx context.Context, api *github.Client, p post, ours []found) (found, error) {
	if len(ours) > 0 {
		old := ours[0]
		// A new comment for the same commit, or to say once more that nothing changed, would only be noise.
		if p.mode == modeUpdate || old.sha == p.sha || old.quiet && p.quiet {
			return c.edit(ctx, api, p, old)
		}
	}
	comment, _, err := api.Issues.CreateComment(ctx, c.owner, c.repository, p.pull, &github.IssueComment{Body: github.String(p.text())})
	if err != nil {
		return found{}, fmt.Errorf("writing the comment: %w", err)
	}
	return found{p.marker, comment.GetID(), comment.GetNodeID(), p.text(), comment.GetHTMLURL()}, nil
}

func (c *comments) edit(ctx context.Context, api *github.Client, p post, old found) (found, error) {
	written := found{p.marker, old.id, old.nodeID, p.text(), old.url}
	if old.body == p.text() {
		return written, nil
	}
	for {
		_, _, err := api.Issues.EditComment(ctx, c.owner, c.repository, old.id, &github.IssueComment{Body: github.String(written.body)})
		if err != nil {
			return found{}, gone(fmt.Errorf("editing the comment: %w", err))
		}
		newer, known, err := c.overwritten(ctx, api, written)
		if err != nil {
			return found{}, err
		}
		if !known && written.body == p.text() {
			if newer, err = c.overtaken(ctx, api, p, written); err != nil {
				return found{}, err
			}
		}
		if newer == nil {
			return written, nil
		}
		written = *newer
	}
}

const historyQuery = `query History($id: ID!) { node(id: $id) { ... on IssueComment { userContentEdits(first: 10) { nodes { diff } } } } }`

// overwritten looks whether an edit of ours has replaced the text of a newer run, which wrote between our look and our
// edit, and returns that text. GitHub has no conditional edit; but its log of edits is in order, so whoever was late sees
// it. "diff" is the whole text of an edit, for those who may write; known is false for others.
func (c *comments) overwritten(ctx context.Context, api *github.Client, written found) (newest *found, known bool, err error) {
	var answer struct {
		Node *struct {
			UserContentEdits struct {
				Nodes []struct{ Diff string }
			}
		}
	}
	err = c.ask(ctx, api, historyQuery, map[string]any{"id": written.nodeID}, &answer)
	if err != nil {
		if _, again := patience(err, 1, c.clock.Now()); again {
			return nil, false, err
		}
		return nil, false, nil // a server that does not tell
	}
	if answer.Node == nil {
		return nil, false, errAgain
	}
	for _, edit := range answer.Node.UserContentEdits.Nodes {
		known = known || edit.Diff != ""
		m, ok := readMarker(edit.Diff)
		if ok && m.id == written.marker.id && m.run.newer(written.run) && (newest == nil || m.run.newer(newest.run)) {
			newest = &found{m, written.id, written.nodeID, edit.Diff, written.url}
		}
	}
	return newest, known, nil
}

// overtaken looks, where the history is hidden from us, whether the pull request has moved on since our last look. A newer
// run may then have written what our edit replaced: no verdict is better than one of an older commit.
func (c *comments) overtaken(ctx context.Context, api *github.Client, p post, written found) (*found, error) {
	pull, _, err := api.PullRequests.Get(ctx, c.owner, c.repository, p.pull)
	if err != nil {
		return nil, fmt.Errorf("reading the pull request: %w", err)
	}
	head := pull.GetHead().GetSHA()
	if head == p.sha {
		return nil, nil
	}
	written.body = fmt.Sprintf("%s\n### netpol-impact: see the checks\n\nThe pull request has moved on to commit %.12s. The summary of that commit's run has its report.\n", p.marker, head)
	return &written, nil
}

// tidy looks at the comments again after writing: another run may have written one at the same time. The newest run's
// stays; the others are deleted or hidden, as the mode says. It returns the one that stays.
func (c *comments) tidy(ctx context.Context, api *github.Client, p post) (found, error) {
	ours, err := c.find(ctx, api, p)
	if err != nil {
		return found{}, err
	}
	if len(ours) == 0 || p.run.newer(ours[0].run) {
		return found{}, errAgain
	}
	var hidden map[string]bool
	if p.mode == modeHide && len(ours) > 1 {
		if hidden, err = c.hidden(ctx, api, ours[1:]); err != nil {
			return found{}, err
		}
	}
	for _, old := range ours[1:] {
		if old.run.newer(p.run) || hidden[old.nodeID] {
			continue
		}
		if err := c.clock.Sleep(ctx, betweenWrites); err != nil {
			return found{}, err
		}
		if p.mode == modeHide {
			err = c.hide(ctx, api, old)
		} else {
			err = c.remove(ctx, api, old)
		}
		if err != nil {
			return found{}, err
		}
	}
	return ours[0], nil
}

// remove deletes a comment, unless it has changed since.
func (c *comments) remove(ctx context.Context, api *github.Client, old found) error {
	now, _, err := api.Issues.GetComment(ctx, c.owner, c.repository, old.id)
	if missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading an old comment: %w", err)
	}
	if m, ok := readMarker(now.GetBody()); !ok || m != old.marker {
		return errAgain
	}
	_, err = api.Issues.DeleteComment(ctx, c.owner, c.repository, old.id)
	if err != nil && !missing(err) {
		return fmt.Errorf("deleting an old comment: %w", err)
	}
	return nil
}

// hidden tells which comments are minimized.
func (c *comments) hidden(ctx context.Context, api *github.Client, of []found) (map[string]bool, error) {
	hidden := map[string]bool{}
	for part := range slices.Chunk(of, 100) {
		var ids []string
		for _, comment := range part {
			ids = append(ids, comment.nodeID)
		}
		var answer struct {
			Nodes []*struct {
				ID          string
				IsMinimized bool
			}
		}
		if err := c.ask(ctx, api, `query Hidden($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment { id isMinimized } } }`, map[string]any{"ids": ids}, &answer); err != nil {
			return nil, fmt.Errorf("looking which comments are hidden: %w", err)
		}
		for _, node := range answer.Nodes {
			if node != nil {
				hidden[node.ID] = node.IsMinimized
			}
		}
	}
	return hidden, nil
}

func (c *comments) hide(ctx context.Context, api *github.Client, old found) error {
	var answer struct{}
	err := c.ask(ctx, api, `mutation Hide($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }`, map[string]any{"id": old.nodeID}, &answer)
	if err != nil {
		return fmt.Errorf("hiding an old comment: %w", err)
	}
	return nil
}

func missing(err error) bool {
	var refused *github.ErrorResponse
	return errors.As(err, &refused) && refused.Response != nil &&
		(refused.Response.StatusCode == http.StatusNotFound || refused.Response.StatusCode == http.StatusGone)
}

// gone makes a comment that has vanished a reason to start over.
func gone(err error) error {
	if missing(err) {
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	return err
}
