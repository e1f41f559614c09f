package pullrequest

import (
	"encoding/json"
	"fmt"

	"github.com/google/go-github/v60/github"
)

// event is what we need of the payloads of the events that we know; of another event all but a few fields are empty.
type event struct {
	Action      string              `json:"action"`
	PullRequest *github.PullRequest `json:"pull_request"`
	Label       *github.Label       `json:"label"`
	Sender      *github.User        `json:"sender"`
	MergeGroup  *github.MergeGroup  `json:"merge_group"`
	WorkflowRun *github.WorkflowRun `json:"workflow_run"`
	Repository  struct {
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`

	// Of a push.
	Ref     string `json:"ref"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Created bool   `json:"created"`
	Deleted bool   `json:"deleted"`
}

func parseEvent(text []byte) (event, error) {
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return e, fmt.Errorf("reading the event: %w", err)
	}
	return e, nil
}

// fork tells whether a pull request comes from another repository. A fork that is gone is one, too.
func fork(pull *github.PullRequest) bool {
	head, base := pull.GetHead().GetRepo(), pull.GetBase().GetRepo()
	return head == nil || head.GetFullName() != base.GetFullName()
}
