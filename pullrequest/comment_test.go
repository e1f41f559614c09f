package pullrequest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

// stepClock is a clock that is set forward by whoever waits.
type stepClock struct {
	mu     sync.Mutex
	now    time.Time
	waited time.Duration
}

func newStepClock() *stepClock {
	return &stepClock{now: time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.waited = c.now.Add(d), c.waited+d
	return ctx.Err()
}

const (
	oldSHA = "1111111111111111111111111111111111111111"
	newSHA = "2222222222222222222222222222222222222222"
)

func newComments(s *githubtest.Server, c clock) *comments {
	return &comments{
		service: service{api: s.URL, graphQL: s.GraphQL, token: githubtest.Token, transport: &http.Transport{}, timeout: 10 * time.Second},
		owner:   githubtest.Owner, repository: githubtest.Repository, clock: c,
	}
}

func newServer(t *testing.T) *githubtest.Server {
	t.Helper()
	s := githubtest.New(t)
	s.SetPull(githubtest.Pull{Number: 42, SHA: newSHA, Ref: "deny"})
	return s
}

func newPost(body string, change ...func(*post)) post {
	p := post{marker: marker{id: "prod", sha: newSHA, run: run{100, 1}}, pull: 42, mode: modeUpdate, body: body}
	for _, f := range change {
		f(&p)
	}
	return p
}

func inRun(id, attempt int64) func(*post) { return func(p *post) { p.run = run{id, attempt} } }
func onSHA(sha string) func(*post)        { return func(p *post) { p.sha = sha } }
func withID(id string) func(*post)        { return func(p *post) { p.id = id } }
func inMode(m mode) func(*post)           { return func(p *post) { p.mode = m } }
func quietly(p *post)                     { p.quiet, p.needless = true, true }
func bodies(cs []githubtest.Comment) (texts []string) {
	for _, c := range cs {
		_, text, _ := strings.Cut(c.Body, "\n")
		if c.Minimized {
			text = "hidden: " + text
		}
		texts = append(texts, text)
	}
	return texts
}

func wantBodies(t *testing.T, s *githubtest.Server, want ...string) {
	t.Helper()
	if got := bodies(s.Comments(42)); !slices.Equal(got, want) {
		t.Errorf("the pull request has the comments %q, want %q", got, want)
	}
}

func TestCommentLivesThroughAPullRequest(t *testing.T) {
	for _, test := range []struct {
		mode mode
		want [5][]string
	}{
		{modeUpdate, [5][]string{{"bad"}, {"bad again"}, {"worse"}, {"all well"}, {"still well"}}},
		{modeDelete, [5][]string{{"bad"}, {"bad again"}, {"worse"}, {"all well"}, {"still well"}}},
		{modeHide, [5][]string{{"bad"}, {"bad again"}, {"hidden: bad again", "worse"}, {"hidden: bad again", "hidden: worse", "all well"}, {"hidden: bad again", "hidden: worse", "still well"}}},
		{modeOff, [5][]string{nil, nil, nil, nil, nil}},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			s := newServer(t)
			c := newComments(s, newStepClock())
			for i, p := range []post{
				newPost("bad"),
				newPost("bad again", inRun(100, 2)),
				newPost("worse", inRun(101, 1), onSHA(oldSHA)),
				newPost("all well", inRun(102, 1), quietly),
				newPost("still well", inRun(103, 1), onSHA(oldSHA), quietly),
			} {
				p.mode = test.mode
				s.Push(42, p.sha)
				if got := c.publish(t.Context(), p); got.warning {
					t.Fatal(got.said)
				}
				wantBodies(t, s, test.want[i]...)
			}
		})
	}
}

func TestNothingChangedAndNeverSaidAnythingIsSilent(t *testing.T) {
	s := newServer(t)
	got := newComments(s, newStepClock()).publish(t.Context(), newPost("no change", quietly))
	if got.warning || got.url != "" {
		t.Errorf("got %+v", got)
	}
	wantBodies(t, s)
}

func TestCommentsOfOthersAreLeftAlone(t *testing.T) {
	s := newServer(t)
	other := func(author string, change ...func(*post)) {
		s.AddComment(42, author, newPost("not ours: "+author, change...).text())
	}
	other("mallory", inRun(999, 1))                                      // the marker without the author
	other("github-actions", inRun(999, 1))                               // almost the author
	other(githubtest.Bot, withID("non-prod"))                            // an id that ends with ours
	other(githubtest.Bot, withID("prod2"))                               // and one that begins with it
	s.AddComment(42, githubtest.Bot, "hello\n"+newPost("quoted").text()) // the marker in another line
	s.AddComment(42, githubtest.Bot, strings.Replace(newPost("x").text(), "v1", "v2", 1))
	before := s.Comments(42)
	for i := range 2 {
		if got := newComments(s, newStepClock()).publish(t.Context(), newPost(fmt.Sprint("ours ", i), inRun(100, int64(i+1)))); got.warning {
			t.Fatal(got.said)
		}
	}
	after := s.Comments(42)
	if len(after) != len(before)+1 || after[len(before)].Body != newPost("ours 1", inRun(100, 2)).text() {
		t.Errorf("got %q", bodies(after))
	}
	for i := range before {
		if after[i].Body != before[i].Body {
			t.Errorf("comment %d of another was changed", i)
		}
	}
}

func TestCommentIsFoundOnAnyPage(t *testing.T) {
	for _, before := range []int{0, 99, 100, 250} {
		s := newServer(t)
		for i := range before {
			s.AddComment(42, "mona", fmt.Sprint("before ", i))
		}
		s.AddComment(42, githubtest.Bot, newPost("old", inRun(1, 1)).text())
		for i := range 250 {
			s.AddComment(42, "mona", fmt.Sprint("after ", i))
		}
		newComments(s, newStepClock()).publish(t.Context(), newPost("new"))
		all := s.Comments(42)
		if len(all) != before+251 || all[before].Body != newPost("new").text() {
			t.Errorf("%d comments before: the old one was not edited", before)
		}
	}
}

func TestDuplicatesAreCollapsed(t *testing.T) {
	for mode, want := range map[mode][]string{modeUpdate: {"new"}, modeDelete: {"new"}, modeHide: {"hidden: b", "hidden: a", "hidden: c", "new"}} {
		s := newServer(t)
		s.AddComment(42, githubtest.Bot, newPost("b", inRun(2, 1), onSHA(oldSHA)).text())
		s.AddComment(42, githubtest.Bot, newPost("a", inRun(1, 1), onSHA(oldSHA)).text())
		s.AddComment(42, githubtest.Bot, newPost("c", inRun(2, 1), onSHA(oldSHA)).text())
		if got := newComments(s, newStepClock()).publish(t.Context(), newPost("new", inMode(mode))); got.warning {
			t.Fatal(got.said)
		}
		wantBodies(t, s, want...)
	}
}

func TestStaleRunsDoNotWrite(t *testing.T) {
	t.Run("the head has moved on", func(t *testing.T) {
		s := newServer(t)
		s.AddComment(42, githubtest.Bot, newPost("old", inRun(1, 1)).text())
		got := newComments(s, newStepClock()).publish(t.Context(), newPost("stale", onSHA(oldSHA)))
		if got.warning || !strings.Contains(got.said, "moved on to 222222222222") {
			t.Errorf("said %q", got.said)
		}
		wantBodies(t, s, "old")
	})
	for _, newer := range []run{{101, 1}, {100, 3}, {1000, 1}} {
		t.Run("run "+newer.String()+" has written", func(t *testing.T) {
			s := newServer(t)
			s.AddComment(42, githubtest.Bot, newPost("newer", inRun(newer.id, newer.attempt)).text())
			got := newComments(s, newStepClock()).publish(t.Context(), newPost("stale", inRun(100, 2)))
			if got.warning || !strings.Contains(got.said, "newer") {
				t.Errorf("said %q", got.said)
			}
			wantBodies(t, s, "newer")
		})
	}
}

func TestSeveralConfigurationsDoNotDisturbEachOther(t *testing.T) {
	s := newServer(t)
	for round := range 2 {
		for _, id := range []string{"prod", "non-prod", "prod/eu"} {
			newComments(s, newStepClock()).publish(t.Context(), newPost(fmt.Sprint(id, " ", round), withID(id), inRun(100, int64(round+1))))
		}
	}
	wantBodies(t, s, "prod 1", "non-prod 1", "prod/eu 1")
}

func TestEnterpriseServerIsReachedWhereItsVariablesSay(t *testing.T) {
	s := githubtest.NewEnterprise(t)
	s.SetPull(githubtest.Pull{Number: 42, SHA: newSHA})
	c := newComments(s, newStepClock())
	if got := c.publish(t.Context(), newPost("hello")); got.warning {
		t.Fatal(got.said)
	}
	wantBodies(t, s, "hello")
	if got := graphQLURL(s.URL); got != s.GraphQL {
		t.Errorf("without GITHUB_GRAPHQL_URL GraphQL is asked at %s, want %s", got, s.GraphQL)
	}
}

func TestCommentOverTheLimitIsNotSent(t *testing.T) {
	s := newServer(t)
	got := newComments(s, newStepClock()).publish(t.Context(), newPost(strings.Repeat("x", maxComment)))
	if !got.warning || len(s.Requests()) != 0 {
		t.Errorf("said %q after %v", got.said, s.Requests())
	}
}

func TestTokenIsNotSentToAnotherHost(t *testing.T) {
	s, thief := newServer(t), githubtest.New(t)
	stolen := ""
	thief.Break(githubtest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) { stolen += r.Header.Get("Authorization") }})
	s.Break(githubtest.Fault{On: "GET", Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}})
	newComments(s, newStepClock()).publish(t.Context(), newPost("x"))
	if stolen != "" {
		t.Error("the token went to the host of a redirect")
	}
}

// TestTwoConcurrentRunsLeaveOneCommentOfTheNewer mixes the requests of two runs in every order that chance gives: of two
// pushes, and of two events on the same commit; with and without a comment before.
func TestTwoConcurrentRunsLeaveOneCommentOfTheNewer(t *testing.T) {
	for _, mode := range []mode{modeUpdate, modeDelete, modeHide} {
		t.Run(string(mode), func(t *testing.T) {
			for repetition := range 200 {
				random := rand.New(rand.NewPCG(uint64(repetition), 1))
				var lock sync.Mutex
				s := newServer(t)
				s.Pause = func() {
					lock.Lock()
					n := random.IntN(40)
					lock.Unlock()
					for range n {
						runtime.Gosched()
					}
				}
				s.Push(42, oldSHA)
				if repetition%2 == 0 {
					s.AddComment(42, githubtest.Bot, newPost("before", inRun(90, 1), onSHA(hash("before"))).text())
				}
				newer := oldSHA
				if repetition%4 < 2 {
					newer = newSHA
				}
				var both sync.WaitGroup
				both.Go(func() {
					newComments(s, newStepClock()).publish(t.Context(), newPost("older", onSHA(oldSHA), inMode(mode)))
				})
				both.Go(func() {
					s.Push(42, newer)
					newComments(s, newStepClock()).publish(t.Context(), newPost("newer", onSHA(newer), inRun(101, 1), inMode(mode)))
				})
				both.Wait()
				visible := slices.DeleteFunc(bodies(s.Comments(42)), func(body string) bool { return strings.HasPrefix(body, "hidden: ") })
				if !slices.Equal(visible, []string{"newer"}) {
					t.Fatalf("repetition %d: the comments are %q after\n%s", repetition, bodies(s.Comments(42)), strings.Join(s.Requests(), "\n"))
				}
				s.Close()
			}
		})
	}
}

// TestLateEditGivesWayToTheNewerRun stops a run between its last look and its edit, for as long as a newer one needs.
func TestLateEditGivesWayToTheNewerRun(t *testing.T) {
	s := newServer(t)
	s.Push(42, oldSHA)
	s.AddComment(42, githubtest.Bot, newPost("before", inRun(90, 1), onSHA(oldSHA)).text())
	s.Break(githubtest.Fault{On: "PATCH", Times: 1, Do: githubtest.Then(func() {
		s.Push(42, newSHA)
		newComments(s, newStepClock()).publish(t.Context(), newPost("newer", inRun(101, 1)))
	})})
	newComments(s, newStepClock()).publish(t.Context(), newPost("older", onSHA(oldSHA)))
	wantBodies(t, s, "newer")
}

// TestLateEditLeavesNoOldVerdict is the same where the token may not see what the edit replaced.
func TestLateEditLeavesNoOldVerdict(t *testing.T) {
	s := newServer(t)
	s.HideHistory()
	s.Push(42, oldSHA)
	s.AddComment(42, githubtest.Bot, newPost("before", inRun(90, 1), onSHA(oldSHA)).text())
	s.Break(githubtest.Fault{On: "PATCH", Times: 1, Do: githubtest.Then(func() {
		s.Push(42, newSHA)
		newComments(s, newStepClock()).publish(t.Context(), newPost("newer", inRun(101, 1)))
	})})
	newComments(s, newStepClock()).publish(t.Context(), newPost("older", onSHA(oldSHA)))
	got := bodies(s.Comments(42))
	if len(got) != 1 || !strings.Contains(got[0], "moved on to commit 222222222222") {
		t.Errorf("the pull request has the comments %q", got)
	}
}
