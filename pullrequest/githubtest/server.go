package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// MaxBody is how many characters the interface says a comment may have.
const MaxBody = 65536

// Owner and Repository name the only repository there is.
const (
	Owner      = "acme"
	Repository = "shop"
)

// Tokens that the server knows, and who they are.
const (
	// Token is a workflow's default token with permission to write to pull requests.
	Token = "ghs_write"
	// ReadToken is the default token of a pull request from a fork: it can read.
	ReadToken = "ghs_read"
	// Bot is the author that both stand for.
	Bot = "github-actions[bot]"
)

// Comment is a comment on a pull request.
type Comment struct {
	ID        int64
	Number    int
	Author    string
	Body      string
	Minimized bool
	// History has the older texts, oldest first.
	History []string
}

// Pull is a pull request.
type Pull struct {
	Number    int
	SHA       string
	Ref       string
	HeadRepo  string // owner/name; empty for the same repository
	Closed    bool
	Locked    bool
	Labels    []string
	Reviewers []string
}

// Server is the server. Its fields may be set before the first request; everything else goes through its methods, which
// may be called at any time.
type Server struct {
	// URL is the address that GITHUB_API_URL would have, GraphQL that of GITHUB_GRAPHQL_URL.
	URL, GraphQL string
	// HTML is the address of pages.
	HTML string
	// Now tells the time of what is created.
	Now func() time.Time
	// Pause, if set, is called in the middle of each request, for tests that mix requests.
	Pause func()

	t      testing.TB
	server *httptest.Server
	check  *checker

	mu        sync.Mutex
	pulls     map[int]*Pull
	comments  []*Comment
	nextID    int64
	faults    []*Fault
	requests  []string
	sarif     []string
	noHistory bool
}

// New starts a server as github.com has it, and stops it at the end of the test.
func New(t testing.TB) *Server { return start(t, "", "/graphql") }

// NewEnterprise starts one whose interface stands below /api/v3, as GitHub Enterprise Server has it.
func NewEnterprise(t testing.TB) *Server { return start(t, "/api/v3", "/api/graphql") }

func start(t testing.TB, rest, graphQL string) *Server {
	t.Helper()
	check, err := newChecker()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, check: check, pulls: map[int]*Pull{}, nextID: 1000, Now: time.Now}
	mux := http.NewServeMux()
	mux.Handle(rest+"/", http.StripPrefix(rest, http.HandlerFunc(s.rest)))
	mux.HandleFunc("POST "+graphQL, s.answerGraphQL)
	s.server = httptest.NewServer(s.limits(s.misbehave(mux)))
	t.Cleanup(s.server.Close)
	s.URL, s.GraphQL, s.HTML = s.server.URL+rest, s.server.URL+graphQL, s.server.URL
	return s
}

// Close stops the server early: from then on connections are refused.
func (s *Server) Close() { s.server.Close() }

// SetPull creates or changes a pull request.
func (s *Server) SetPull(p Pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pulls[p.Number] = &p
}

// Pull is a copy of a pull request.
func (s *Server) Pull(number int) Pull {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.pulls[number]
}

// Push moves a pull request's head.
func (s *Server) Push(number int, sha string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pulls[number].SHA = sha
}

// AddComment writes a comment as somebody and returns its id.
func (s *Server) AddComment(number int, author, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(number, author, body).ID
}

// DeleteComment removes a comment behind everybody's back.
func (s *Server) DeleteComment(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(id)
}

// Comments are copies of a pull request's comments, oldest first.
func (s *Server) Comments(number int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Comment
	for _, c := range s.comments {
		if c.Number == number {
			found = append(found, *c)
		}
	}
	return found
}

// Requests are the requests answered so far, as "METHOD path", with GraphQL's as "GRAPHQL operation".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// SARIF are the uploaded SARIF files.
func (s *Server) SARIF() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.sarif...)
}

// HideHistory makes GraphQL leave out the texts of older versions, as it does for a token that may not see them.
func (s *Server) HideHistory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noHistory = true
}

func (s *Server) add(number int, author, body string) *Comment {
	s.nextID++
	c := &Comment{ID: s.nextID, Number: number, Author: author, Body: body}
	s.comments = append(s.comments, c)
	return c
}

func (s *Server) comment(id int64) *Comment {
	for _, c := range s.comments {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (s *Server) remove(id int64) {
	for i, c := range s.comments {
		if c.ID == id {
			s.comments = append(s.comments[:i], s.comments[i+1:]...)
			return
		}
	}
}

func (s *Server) pause() {
	if s.Pause != nil {
		s.Pause()
	}
}

// limits tells the rate limit in every answer, as the real one does.
func (s *Server) limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "1000")
		w.Header().Set("X-RateLimit-Remaining", "900")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.Now().Add(time.Hour).Unix(), 10))
		next.ServeHTTP(w, r)
	})
}

func write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer) // the client may have gone
	}
}

func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	write(w, status, map[string]any{"message": fmt.Sprintf(format, args...), "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}
