package pullrequest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// faults is everything that we have GitHub do wrong while a run on a second push edits its comment of the first. It makes
// docs/faults.md.
var faults = []struct {
	name string
	// fresh has no comment before; most have one.
	fresh bool
	do    func(s *githubtest.Server, c *comments, p *post)
	want  string // what the pull request shows: ours, the earlier one, nothing, or something else told in words
}{
	{name: "502, and the edit was not stored", want: "ours", do: breaking("PATCH", 1, githubtest.Status(502, "Server Error"))},
	{name: "502, and the edit was stored", want: "ours", do: breaking("PATCH", 1, githubtest.StatusAfter(502))},
	{name: "502, and the new comment was not stored", fresh: true, want: "ours", do: breaking("POST", 1, githubtest.Status(502, "Server Error"))},
	{name: "502, and the new comment was stored", fresh: true, want: "ours", do: breaking("POST", 1, githubtest.StatusAfter(502))},
	{name: "500 to everything, for good", want: "the earlier one", do: breaking("", 0, githubtest.Status(500, "Server Error"))},
	{name: "503 with Retry-After: 30", want: "ours", do: breaking("GET", 1, githubtest.Status(503, "Service Unavailable", "Retry-After", "30"))},
	{name: "504 three times while listing", want: "ours", do: breaking("GET */comments", 3, githubtest.Page(504))},
	{name: "429 with Retry-After: 20", want: "ours", do: breaking("PATCH", 1, githubtest.Status(429, "Too Many Requests", "Retry-After", "20"))},
	{name: "429 without a word on how long", want: "ours", do: breaking("PATCH", 1, githubtest.Status(429, "You have exceeded a secondary rate limit."))},
	{name: "secondary limit as 403 with Retry-After: 15", want: "ours", do: breaking("PATCH", 1, githubtest.Status(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", "Retry-After", "15"))},
	{name: "secondary limit as 403 without Retry-After", want: "ours", do: breaking("PATCH", 1, githubtest.Status(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."))},
	{name: "the hour's requests are used up for 40 s more", want: "ours", do: func(s *githubtest.Server, c *comments, _ *post) {
		s.Break(githubtest.Fault{On: "GET", Times: 1, Do: githubtest.RateLimited(c.clock.Now().Add(40 * time.Second))})
	}},
	{name: "the hour's requests are used up for 50 minutes more", want: "the earlier one", do: func(s *githubtest.Server, c *comments, _ *post) {
		s.Break(githubtest.Fault{On: "GET", Do: githubtest.RateLimited(c.clock.Now().Add(50 * time.Minute))})
	}},
	{name: "GraphQL's rate limit", want: "ours", do: breaking("GRAPHQL", 1, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`)
	})},
	{name: "the connection is dropped before the edit", want: "ours", do: breaking("PATCH", 1, githubtest.Drop)},
	{name: "the connection is dropped after the edit was stored", want: "ours", do: breaking("PATCH", 1, githubtest.DropAfter)},
	{name: "the connection is dropped after the new comment was stored", fresh: true, want: "ours", do: breaking("POST", 1, githubtest.DropAfter)},
	{name: "the connection is dropped in the middle of a list", want: "ours", do: breaking("GET */comments", 1, githubtest.DropMiddle)},
	{name: "no answer to the edit", want: "ours", do: impatient(breaking("PATCH", 1, githubtest.Stall))},
	{name: "no answer, and the new comment was stored", fresh: true, want: "ours", do: impatient(breaking("POST", 1, githubtest.StallAfter))},
	{name: "GitHub cannot be reached", want: "the earlier one", do: func(s *githubtest.Server, _ *comments, _ *post) { s.Close() }},
	{name: "a proxy answers with a web page, once", want: "ours", do: breaking("GET", 1, githubtest.Page(200))},
	{name: "a proxy answers with web pages, for good", want: "the earlier one", do: breaking("", 0, githubtest.Page(200))},
	{name: "an empty answer", want: "ours", do: breaking("GET */pulls/", 1, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{")
	})},
	{name: "the repository has moved (307)", want: "ours", do: breaking("PATCH", 1, githubtest.Redirect(307))},
	{name: "GraphQL fails in a good answer", want: "ours", do: breaking("GRAPHQL", 0, githubtest.GraphQLError("Something went wrong"))},
	{name: "a server without GraphQL", want: "ours", do: breaking("GRAPHQL", 0, githubtest.Status(404, "Not Found"))},
	{name: "GraphQL is down for two requests", want: "ours", do: breaking("GRAPHQL", 2, githubtest.Status(502, "Server Error"))},
	{name: "no token", want: "the earlier one", do: func(_ *githubtest.Server, c *comments, _ *post) { c.token = "" }},
	{name: "a token that is not valid (401)", want: "the earlier one", do: func(_ *githubtest.Server, c *comments, _ *post) { c.token = "ghs_expired" }},
	{name: "a fork's token, which can only read (403)", want: "the earlier one", do: func(_ *githubtest.Server, c *comments, _ *post) { c.token = githubtest.ReadToken }},
	{name: "a fork's token and nothing to correct", fresh: true, want: "nothing", do: func(_ *githubtest.Server, c *comments, p *post) {
		c.token, p.quiet, p.needless = githubtest.ReadToken, true, true
	}},
	{name: "a repository that the token does not reach (404)", want: "the earlier one", do: func(_ *githubtest.Server, c *comments, _ *post) { c.repository = "other" }},
	{name: "the conversation is locked", fresh: true, want: "nothing", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.SetPull(githubtest.Pull{Number: 42, SHA: newSHA, Locked: true})
	}},
	{name: "the comment is refused as too long (422)", want: "the earlier one", do: breaking("PATCH", 0, githubtest.Status(422, "Validation Failed"))},
	{name: "somebody deletes the comment just before the edit", want: "ours", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.Break(githubtest.Fault{On: "PATCH", Times: 1, Do: githubtest.Then(func() { s.DeleteComment(s.Comments(42)[0].ID) })})
	}},
	{name: "somebody deletes the comment just after the edit", want: "ours", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.Break(githubtest.Fault{On: "GRAPHQL", Skip: 1, Times: 1, Do: githubtest.Then(func() { s.DeleteComment(s.Comments(42)[0].ID) })})
	}},
	{name: "a push arrives during the analysis", want: "the earlier one", do: func(s *githubtest.Server, _ *comments, _ *post) { s.Push(42, hash("newer push")) }},
	{name: "a newer run has written already", want: "the newer one", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.AddComment(42, githubtest.Bot, newPost("the newer one", inRun(200, 1)).text())
		s.DeleteComment(s.Comments(42)[0].ID)
	}},
	{name: "a newer run writes between our look and our edit", want: "the newer one", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.Break(githubtest.Fault{On: "PATCH", Times: 1, Do: githubtest.Then(func() {
			newComments(s, newStepClock()).publish(context.Background(), newPost("the newer one", inRun(200, 1)))
		})})
	}},
	{name: "an older run posts at the same time", fresh: true, want: "ours", do: func(s *githubtest.Server, _ *comments, _ *post) {
		s.Break(githubtest.Fault{On: "POST", Times: 1, Do: githubtest.Then(func() {
			s.AddComment(42, githubtest.Bot, newPost("an older one", inRun(50, 1)).text())
		})})
	}},
	{name: "the old comment cannot be hidden", want: "the earlier one and ours", do: func(s *githubtest.Server, _ *comments, p *post) {
		p.mode = modeHide
		s.Break(githubtest.Fault{On: "GRAPHQL", Skip: 2, Do: githubtest.GraphQLError("Resource not accessible by integration")})
	}},
	{name: "the old comment cannot be deleted", want: "the earlier one and ours", do: func(s *githubtest.Server, _ *comments, p *post) {
		p.mode = modeDelete
		s.Break(githubtest.Fault{On: "DELETE", Do: githubtest.Status(403, "Resource not accessible by integration")})
	}},
}

func breaking(on string, times int, do func(http.ResponseWriter, *http.Request, http.Handler)) func(*githubtest.Server, *comments, *post) {
	return func(s *githubtest.Server, _ *comments, _ *post) {
		s.Break(githubtest.Fault{On: on, Times: times, Do: do})
	}
}

func impatient(do func(*githubtest.Server, *comments, *post)) func(*githubtest.Server, *comments, *post) {
	return func(s *githubtest.Server, c *comments, p *post) {
		do(s, c, p)
		c.timeout = 300 * time.Millisecond
	}
}

// nameless are the parts of a message that differ from run to run.
var nameless = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "https://github.example"},
	{regexp.MustCompile(`issuecomment-\d+|issues/comments/\d+`), "issuecomment-1"},
	{regexp.MustCompile(`dial tcp 127\.0\.0\.1:\d+: .*`), "connection refused"},
}

func TestFaultsOfGitHub(t *testing.T) {
	if len(faults) < 20 {
		t.Fatalf("only %d faults", len(faults))
	}
	var doc bytes.Buffer
	doc.WriteString(faultsIntro)
	for i, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			s := newServer(t)
			if !fault.fresh {
				s.AddComment(42, githubtest.Bot, newPost("the earlier one", inRun(90, 1), onSHA(oldSHA)).text())
			}
			clock := newStepClock()
			c, p := newComments(s, clock), newPost("ours")
			fault.do(s, c, &p)
			got := c.publish(t.Context(), p)

			shown := strings.Join(slices.DeleteFunc(bodies(s.Comments(42)), func(b string) bool { return strings.HasPrefix(b, "hidden: ") }), " and ")
			if shown == "" {
				shown = "nothing"
			}
			if shown != fault.want {
				t.Errorf("the pull request shows %s, want %s; said %q; requests:\n%s", shown, fault.want, got.said, strings.Join(s.Requests(), "\n"))
			}
			if (got.url != "") != strings.Contains(shown, "ours") && !strings.Contains(shown, "newer") {
				t.Errorf("the address is %q while the pull request shows %s", got.url, shown)
			}
			said := got.said
			for _, n := range nameless {
				said = n.from.ReplaceAllString(said, n.to)
			}
			if got.warning {
				said = "warning: " + said
			}
			waited := "–"
			switch {
			case c.timeout < time.Second:
				waited = "the time limit of a request" // and what a busy machine adds
			case clock.waited > 0:
				waited = clock.waited.String()
			}
			fmt.Fprintf(&doc, "| %d | %s | %s | %s | %s |\n", i+1, fault.name, shown, said, waited)
		})
	}
	golden(t, "../docs/faults.md", doc.Bytes())
}

const faultsIntro = `# When GitHub misbehaves

Generated by ` + "`go test ./pullrequest -run TestFaultsOfGitHub -update`" + `; each row is a test against the fake GitHub of
pullrequest/githubtest. In each, a run on a second push writes its comment ("ours") where, unless it says "new
comment", "the earlier one" stands. The verdict is the exit code of the job and is the same in every row; the full
report is in the step's summary in every row.

| | what goes wrong | what the pull request shows then | what the log says | waited |
|---|---|---|---|---|
`

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date; run: go test ./pullrequest -update", file)
	}
}
