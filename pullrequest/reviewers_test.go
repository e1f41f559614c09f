package pullrequest

import (
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

func TestReviewersAreAskedWhenACriticalConnectionOpens(t *testing.T) {
	for severity, want := range map[impact.Severity][]string{impact.Critical: {"mona", "platform"}, impact.High: nil} {
		w := newAcceptWorkshop(t, "critical-reviewers: [mona, acme/platform]\n")
		if code := w.act(100, "opened", resultWith(false, severity)); code != 1 {
			t.Errorf("exit code %d", code)
		}
		if got := w.server.Pull(42).Reviewers; !slices.Equal(got, want) {
			t.Errorf("%s: asked %q, want %q", severity, got, want)
		}
	}
}

func TestReviewersThatCannotBeAskedAreAWarning(t *testing.T) {
	w := newAcceptWorkshop(t, "critical-reviewers: [mona]\n")
	w.server.Break(githubtest.Fault{On: "POST */requested_reviewers", Do: githubtest.Status(422, "Review cannot be requested from pull request author.")})
	if code := w.act(100, "opened", resultWith(false, impact.Critical)); code != 1 {
		t.Errorf("exit code %d", code)
	}
	w.want(w.log, "::warning title=netpol-impact::mona could not be asked to review")
}
