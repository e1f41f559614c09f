package pullrequest

import (
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/google/go-github/v60/github"

	"github.com/netpol-impact/netpol-impact/review"
)

// repository is the clone that the workflow has checked out.
type repository interface {
	// Commit reads a commit that is there. The parents are the recorded ones, whether they are there or not.
	Commit(ctx context.Context, revision string) (commit, error)
	// Fetch makes sure that a commit (a full hash) or the tip of a branch (refs/heads/…) is there, and returns its hash.
	Fetch(ctx context.Context, what string) (string, error)
	// MergeBase is the best common ancestor of two commits. It fetches the history that it needs.
	MergeBase(ctx context.Context, a, b string) (string, error)
}

// checkout is all that a run asks of the clone.
type checkout interface {
	repository
	texts
	io.Closer
}

type commit struct {
	hash    string
	parents []string
}

// comparison is what to compare, and whose change it is.
type comparison struct {
	// base and head are full hashes of commits that are there.
	base, head string
	// pull is the pull request's number, 0 where there is none to comment on.
	pull int
	// change is the commit that people know the change by: the tip of the pull request's branch.
	change string
	fork   bool
	// how tells for the log why these two.
	how string
	// skip says why there is nothing to compare; then the rest is empty.
	skip string
}

var (
	fullHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	noHash   = regexp.MustCompile(`^0+$`)
)

func usagef(format string, args ...any) error {
	return &review.UsageError{Err: fmt.Errorf(format, args...)}
}

// compare turns an event into what to compare.
func compare(ctx context.Context, env environment, ev event, in inputs, repo repository) (comparison, error) {
	given := in.base != "" || in.head != ""
	switch env.event {
	case "pull_request", "pull_request_review":
		if given {
			// Whoever writes the pull request writes its workflow file: it must not choose what it is compared with.
			return comparison{}, usagef("inputs base and head cannot be set in %s: the event says what to compare; leave them out", env.event)
		}
		return comparePullRequest(ctx, ev, repo)
	case "merge_group":
		if given {
			return comparison{}, usagef("inputs base and head cannot be set in merge_group: the event says what to compare; leave them out")
		}
		return compareMergeGroup(ctx, ev, repo)
	case "pull_request_target":
		return comparison{}, usagef("pull_request_target hands a token that can write to what a stranger wrote: use pull_request, and for comments on pull requests from forks workflow_run as docs/action.md tells")
	case "push":
		if !given {
			return comparePush(ctx, ev, repo)
		}
	}
	return compareGiven(ctx, in, repo)
}

func comparePullRequest(ctx context.Context, ev event, repo repository) (comparison, error) {
	pull := ev.PullRequest
	change := pull.GetHead().GetSHA()
	if pull.GetNumber() == 0 || !fullHash.MatchString(change) {
		return comparison{}, fmt.Errorf("reading the event: it has no pull request with a head commit")
	}
	if ev.Action == "closed" {
		return comparison{skip: "the pull request is closed"}, nil
	}
	c := comparison{pull: pull.GetNumber(), change: change, fork: fork(pull)}
	head, err := repo.Commit(ctx, "HEAD")
	if err != nil {
		return comparison{}, fmt.Errorf("reading the checked-out commit: %w (does actions/checkout stand before this step?)", err)
	}
	// The checkout of a pull request is its merge into the base branch. Its first parent is the exact base: the base in
	// the event gets old while the branch moves on, and so does the merge base of an old branch.
	if len(head.parents) == 2 && head.parents[1] == change {
		if c.base, err = repo.Fetch(ctx, head.parents[0]); err != nil {
			return comparison{}, fmt.Errorf("fetching the base commit: %w", err)
		}
		c.head = head.hash
		c.how = "the merge commit against its first parent"
		return c, nil
	}
	if c.head, err = repo.Fetch(ctx, change); err != nil {
		return comparison{}, fmt.Errorf("fetching the pull request's commit: %w", err)
	}
	base, err := repo.Fetch(ctx, "refs/heads/"+pull.GetBase().GetRef())
	if err != nil {
		// The base branch may be gone; the event's commit of it is still its history.
		if base, err = repo.Fetch(ctx, pull.GetBase().GetSHA()); err != nil {
			return comparison{}, fmt.Errorf("fetching the base branch: %w", err)
		}
	}
	if c.base, err = repo.MergeBase(ctx, base, c.head); err != nil {
		return comparison{}, fmt.Errorf("finding the merge base: %w", err)
	}
	c.how = "the pull request's branch against its merge base, as the checked-out commit is not this event's merge commit"
	return c, nil
}

func compareMergeGroup(ctx context.Context, ev event, repo repository) (comparison, error) {
	group := ev.MergeGroup
	if group.GetBaseSHA() == "" || group.GetHeadSHA() == "" {
		return comparison{}, fmt.Errorf("reading the event: it has no merge group with base and head")
	}
	if ev.Action == "destroyed" {
		return comparison{skip: "the merge group is gone"}, nil
	}
	return fetched(ctx, repo, group.GetBaseSHA(), group.GetHeadSHA(), "the merge group against its base")
}

func comparePush(ctx context.Context, ev event, repo repository) (comparison, error) {
	if ev.Deleted || noHash.MatchString(ev.After) {
		return comparison{skip: "the branch is deleted"}, nil
	}
	if !noHash.MatchString(ev.Before) {
		c, err := fetched(ctx, repo, ev.Before, ev.After, "the push against the commit before")
		if err == nil {
			return c, nil
		}
		// After a forced push the commit before may be gone for good.
	}
	head, err := repo.Fetch(ctx, ev.After)
	if err != nil {
		return comparison{}, fmt.Errorf("fetching the pushed commit: %w", err)
	}
	branch := ev.Repository.DefaultBranch
	if branch != "" && ev.Ref != "refs/heads/"+branch {
		tip, err := repo.Fetch(ctx, "refs/heads/"+branch)
		if err != nil {
			return comparison{}, fmt.Errorf("fetching the default branch: %w", err)
		}
		base, err := repo.MergeBase(ctx, tip, head)
		if err != nil {
			return comparison{}, fmt.Errorf("finding the merge base with %s: %w", branch, err)
		}
		return comparison{base: base, head: head, change: head, how: "the pushed branch against its merge base with " + branch}, nil
	}
	return compareParent(ctx, repo, head)
}

// compareGiven compares what the inputs name, by default HEAD with the commit before.
func compareGiven(ctx context.Context, in inputs, repo repository) (comparison, error) {
	revision := in.head
	if revision == "" {
		revision = "HEAD"
	}
	head, err := resolve(ctx, repo, revision)
	if err != nil {
		return comparison{}, usagef("finding head %q: %w", revision, err)
	}
	if in.base == "" {
		return compareParent(ctx, repo, head)
	}
	base, err := resolve(ctx, repo, in.base)
	if err != nil {
		return comparison{}, usagef("finding base %q: %w", in.base, err)
	}
	return comparison{base: base, head: head, change: head, how: "the given commits"}, nil
}

func compareParent(ctx context.Context, repo repository, revision string) (comparison, error) {
	head, err := repo.Commit(ctx, revision)
	if err != nil {
		return comparison{}, fmt.Errorf("reading commit %s: %w", revision, err)
	}
	if len(head.parents) == 0 {
		return comparison{skip: "the repository's first commit has none before it"}, nil
	}
	return fetched(ctx, repo, head.parents[0], head.hash, "the commit against its first parent")
}

func fetched(ctx context.Context, repo repository, base, head, how string) (comparison, error) {
	for _, hash := range []string{base, head} {
		if !fullHash.MatchString(hash) {
			return comparison{}, fmt.Errorf("reading the event: %q is not a commit", hash)
		}
		if _, err := repo.Fetch(ctx, hash); err != nil {
			return comparison{}, fmt.Errorf("fetching commit %s: %w", hash, err)
		}
	}
	return comparison{base: base, head: head, change: head, how: how}, nil
}

// resolve finds a revision here, else at the origin as a commit or a branch.
func resolve(ctx context.Context, repo repository, revision string) (string, error) {
	if fullHash.MatchString(revision) {
		return repo.Fetch(ctx, revision)
	}
	found, err := repo.Commit(ctx, revision)
	if err == nil {
		return found.hash, nil
	}
	if hash, err := repo.Fetch(ctx, "refs/heads/"+revision); err == nil {
		return hash, nil
	}
	return "", err
}

// pullOf finds the open pull request that a run of another workflow was about. For a fork the event names none, and its
// branch may have moved on: only a pull request whose head is still the run's counts.
func pullOf(candidates []*github.PullRequest, sha string) *github.PullRequest {
	for _, pull := range candidates {
		if pull.GetState() == "open" && pull.GetHead().GetSHA() == sha {
			return pull
		}
	}
	return nil
}
