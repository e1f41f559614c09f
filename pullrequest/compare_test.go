package pullrequest

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hash makes the full hash that the events in testdata have for a word.
func hash(word string) string {
	sum := sha1.Sum([]byte(word))
	return hex.EncodeToString(sum[:])
}

// history is a [repository] of made commits.
type history struct {
	commits map[string]commit
	// origin is what can be fetched.
	origin map[string]string
	bases  map[[2]string]string
}

func (h history) Commit(_ context.Context, revision string) (commit, error) {
	if c, ok := h.commits[revision]; ok {
		return c, nil
	}
	return commit{}, errors.New("no such commit")
}

func (h history) Fetch(_ context.Context, what string) (string, error) {
	if got, ok := h.origin[what]; ok {
		return got, nil
	}
	return "", errors.New("couldn't find remote ref")
}

func (h history) MergeBase(_ context.Context, a, b string) (string, error) {
	if base, ok := h.bases[[2]string{a, b}]; ok {
		return base, nil
	}
	return "", errors.New("no common ancestor")
}

func loadEvent(t *testing.T, name string) event {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	ev, err := parseEvent(text)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func TestEventSaysWhatToCompare(t *testing.T) {
	head, base, stale, merge, tip := hash("head"), hash("base"), hash("stale base"), hash("merge"), hash("tip")
	merged := map[string]commit{"HEAD": {merge, []string{base, head}}}
	for _, test := range []struct {
		name  string
		event string
		file  string
		in    inputs
		repo  history
		want  comparison
		err   string
	}{
		{
			name: "a merge commit against its first parent, not against the event's stale base", event: "pull_request", file: "pull_request.opened",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head},
		},
		{
			name: "a draft like any other", event: "pull_request", file: "pull_request.draft",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head},
		},
		{
			name: "a push to the branch", event: "pull_request", file: "pull_request.synchronize",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head},
		},
		{
			name: "reopened", event: "pull_request", file: "pull_request.reopened",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head},
		},
		{
			name: "labeled", event: "pull_request", file: "pull_request.labeled",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head},
		},
		{
			name: "closed has nothing to compare", event: "pull_request", file: "pull_request.closed",
			want: comparison{skip: "the pull request is closed"},
		},
		{
			name: "a fork is known as one", event: "pull_request", file: "pull_request.fork",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head, fork: true},
		},
		{
			name: "a fork that is gone is one, too", event: "pull_request", file: "pull_request.fork-gone",
			repo: history{commits: merged, origin: map[string]string{base: base}},
			want: comparison{base: base, head: merge, pull: 42, change: head, fork: true},
		},
		{
			name: "the branch itself checked out: against the merge base with the branch's tip", event: "pull_request", file: "pull_request.opened",
			repo: history{
				commits: map[string]commit{"HEAD": {head, []string{stale}}},
				origin:  map[string]string{head: head, "refs/heads/main": tip, stale: stale},
				bases:   map[[2]string]string{{tip, head}: base},
			},
			want: comparison{base: base, head: head, pull: 42, change: head},
		},
		{
			name: "a branch whose tip is a merge commit itself is not taken for GitHub's merge", event: "pull_request", file: "pull_request.opened",
			repo: history{
				commits: map[string]commit{"HEAD": {head, []string{stale, tip}}},
				origin:  map[string]string{head: head, "refs/heads/main": tip},
				bases:   map[[2]string]string{{tip, head}: tip},
			},
			want: comparison{base: tip, head: head, pull: 42, change: head},
		},
		{
			name: "the merge of a newer push is not this event's", event: "pull_request", file: "pull_request.opened",
			repo: history{
				commits: map[string]commit{"HEAD": {merge, []string{base, hash("newer head")}}},
				origin:  map[string]string{head: head, "refs/heads/main": tip},
				bases:   map[[2]string]string{{tip, head}: base},
			},
			want: comparison{base: base, head: head, pull: 42, change: head},
		},
		{
			name: "a base branch that is gone", event: "pull_request", file: "pull_request.opened",
			repo: history{
				commits: map[string]commit{"HEAD": {head, nil}},
				origin:  map[string]string{head: head, stale: stale},
				bases:   map[[2]string]string{{stale, head}: base},
			},
			want: comparison{base: base, head: head, pull: 42, change: head},
		},
		{
			name: "a base that cannot be fetched", event: "pull_request", file: "pull_request.opened",
			repo: history{commits: merged},
			err:  "fetching the base commit",
		},
		{
			name: "nothing checked out", event: "pull_request", file: "pull_request.opened",
			err: "does actions/checkout stand before this step?",
		},
		{
			name: "a pull request does not choose its base", event: "pull_request", file: "pull_request.opened", in: inputs{base: "main"},
			err: "inputs base and head cannot be set in pull_request",
		},
		{
			name: "pull_request_target is refused", event: "pull_request_target", file: "pull_request.opened",
			err: "use pull_request",
		},
		{
			name: "a merge group", event: "merge_group", file: "merge_group.checks_requested",
			repo: history{origin: map[string]string{base: base, head: head}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "a merge group does not choose either", event: "merge_group", file: "merge_group.checks_requested", in: inputs{head: "HEAD"},
			err: "inputs base and head cannot be set in merge_group",
		},
		{
			name: "a merge group that is gone", event: "merge_group", file: "merge_group.destroyed",
			want: comparison{skip: "the merge group is gone"},
		},
		{
			name: "a push against the commit before", event: "push", file: "push",
			repo: history{origin: map[string]string{base: base, head: head}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "a new branch against its merge base", event: "push", file: "push.created",
			repo: history{origin: map[string]string{head: head, "refs/heads/main": tip}, bases: map[[2]string]string{{tip, head}: base}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "the first push of a repository", event: "push", file: "push.first",
			repo: history{origin: map[string]string{head: head}, commits: map[string]commit{head: {head, nil}}},
			want: comparison{skip: "the repository's first commit has none before it"},
		},
		{
			name: "a forced push whose old commit is gone", event: "push", file: "push.forced",
			repo: history{origin: map[string]string{head: head, base: base}, commits: map[string]commit{head: {head, []string{base}}}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "a deleted branch", event: "push", file: "push.deleted",
			want: comparison{skip: "the branch is deleted"},
		},
		{
			name: "by hand: HEAD against its parent", event: "workflow_dispatch", file: "workflow_dispatch",
			repo: history{origin: map[string]string{head: head, base: base}, commits: map[string]commit{"HEAD": {head, []string{base}}, head: {head, []string{base}}}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "by hand: given commits, a branch among them", event: "workflow_dispatch", file: "workflow_dispatch", in: inputs{base: "release", head: head},
			repo: history{origin: map[string]string{head: head, "refs/heads/release": base}},
			want: comparison{base: base, head: head, change: head},
		},
		{
			name: "by hand: a base that is nowhere", event: "workflow_dispatch", file: "workflow_dispatch", in: inputs{base: "nowhere", head: head},
			repo: history{origin: map[string]string{head: head}},
			err:  `finding base "nowhere"`,
		},
		{
			name: "on a schedule", event: "schedule", file: "schedule",
			repo: history{origin: map[string]string{head: head, base: base}, commits: map[string]commit{"HEAD": {head, []string{base}}, head: {head, []string{base}}}},
			want: comparison{base: base, head: head, change: head},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := compare(t.Context(), environment{event: test.event}, loadEvent(t, test.file), test.in, test.repo)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.skip == "" && got.how == "" {
				t.Error("the log is not told why these commits")
			}
			got.how = ""
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}
