package githubtest

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func (s *Server) rest(w http.ResponseWriter, r *http.Request) {
	s.record(r.Method + " " + r.URL.Path)
	s.check.serve(w, r, s.answer, func(err error) { s.t.Errorf("fake GitHub: %v", err) })
}

func (s *Server) record(request string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if got := r.Header.Get("User-Agent"); got == "" {
		refuse(w, http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token != Token && token != ReadToken {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	if r.PathValue("owner") != Owner || r.PathValue("repo") != Repository {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if r.Method != http.MethodGet && token != Token {
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
		return
	}
	s.pause()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, fmt.Sprintf("/repos/%s/%s", Owner, Repository))
	switch {
	case path == "/pulls":
		s.listPulls(w, r)
	case path == "/code-scanning/sarifs":
		s.upload(w, r)
	case strings.HasSuffix(path, "/requested_reviewers"):
		s.request(w, r)
	case strings.HasPrefix(path, "/pulls/"):
		s.getPull(w, r)
	case strings.Contains(path, "/labels/"):
		s.unlabel(w, r)
	case strings.HasPrefix(path, "/issues/comments/"):
		s.oneComment(w, r)
	default:
		s.allComments(w, r)
	}
}

func (s *Server) allComments(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("issue_number"))
	pull, ok := s.pulls[number]
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if r.Method == http.MethodPost {
		body, ok := s.body(w, r)
		if !ok {
			return
		}
		if pull.Locked {
			refuse(w, http.StatusForbidden, "Unable to create comment because issue is locked.")
			return
		}
		c := s.add(number, Bot, body)
		w.Header().Set("Location", s.commentURL(c))
		write(w, http.StatusCreated, s.commentObject(c))
		return
	}
	var all []any
	for _, c := range s.comments {
		if c.Number == number {
			all = append(all, s.commentObject(c))
		}
	}
	write(w, http.StatusOK, s.page(w, r, all))
}

// page cuts out the page that is asked for, and tells where the others are.
func (s *Server) page(w http.ResponseWriter, r *http.Request, all []any) []any {
	size, number := 30, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil {
		size = min(n, 100)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil {
		number = n
	}
	from, to := min((number-1)*size, len(all)), min(number*size, len(all))
	if to < len(all) {
		link := func(page int, rel string) string {
			query := r.URL.Query()
			query.Set("page", strconv.Itoa(page))
			return fmt.Sprintf("<%s%s?%s>; rel=%q", s.URL, r.URL.Path, query.Encode(), rel)
		}
		w.Header().Set("Link", link(number+1, "next")+", "+link((len(all)+size-1)/size, "last"))
	}
	return append([]any{}, all[from:to]...)
}

// body reads a comment's text and refuses what the real one refuses.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	var in struct {
		Body string `json:"body"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return "", false
	}
	if n := utf8.RuneCountInString(in.Body); n == 0 || n > MaxBody {
		write(w, http.StatusUnprocessableEntity, map[string]any{
			"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest",
			"errors": []any{map[string]any{"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long (maximum is 65536 characters)"}},
		})
		return "", false
	}
	return in.Body, true
}

func (s *Server) oneComment(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("comment_id"), 10, 64)
	c := s.comment(id)
	if c == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	switch r.Method {
	case http.MethodPatch:
		body, ok := s.body(w, r)
		if !ok {
			return
		}
		if body != c.Body {
			c.History = append(c.History, c.Body)
			c.Body = body
		}
	case http.MethodDelete:
		s.remove(id)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	write(w, http.StatusOK, s.commentObject(c))
}

func (s *Server) getPull(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("pull_number"))
	pull, ok := s.pulls[number]
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	write(w, http.StatusOK, s.pullObject("pull-request", pull))
}

func (s *Server) listPulls(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var all []any
	for _, pull := range s.pulls {
		owner, _, _ := strings.Cut(pull.headRepo(), "/")
		state := "open"
		if pull.Closed {
			state = "closed"
		}
		if head := query.Get("head"); head != "" && head != owner+":"+pull.Ref || query.Get("state") == "open" && state != "open" {
			continue
		}
		all = append(all, s.pullObject("pull-request-simple", pull))
	}
	write(w, http.StatusOK, s.page(w, r, all))
}

func (s *Server) request(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("pull_number"))
	var in struct {
		Reviewers     []string `json:"reviewers"`
		TeamReviewers []string `json:"team_reviewers"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || s.pulls[number] == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	pull := s.pulls[number]
	pull.Reviewers = append(append(pull.Reviewers, in.Reviewers...), in.TeamReviewers...)
	write(w, http.StatusCreated, s.pullObject("pull-request-simple", pull))
}

func (s *Server) unlabel(w http.ResponseWriter, r *http.Request) {
	number, _ := strconv.Atoi(r.PathValue("issue_number"))
	name, _ := url.PathUnescape(r.PathValue("name"))
	pull := s.pulls[number]
	for i := range pull.Labels {
		if pull.Labels[i] == name {
			pull.Labels = append(pull.Labels[:i], pull.Labels[i+1:]...)
			write(w, http.StatusOK, s.labels(pull))
			return
		}
	}
	refuse(w, http.StatusNotFound, "Label does not exist")
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	var in struct {
		SARIF string `json:"sarif"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(in.SARIF)))
	if err != nil {
		refuse(w, http.StatusBadRequest, "Invalid SARIF")
		return
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		refuse(w, http.StatusBadRequest, "Invalid SARIF")
		return
	}
	s.sarif = append(s.sarif, string(text))
	write(w, http.StatusAccepted, map[string]any{"id": "47177e22-5596-11eb-80a1-c1e54ef945c6", "url": s.URL + "/repos"})
}

func (s *Server) commentURL(c *Comment) string {
	return fmt.Sprintf("%s/repos/%s/%s/issues/comments/%d", s.URL, Owner, Repository, c.ID)
}

func (s *Server) commentObject(c *Comment) map[string]any {
	now := s.Now().UTC().Format(time.RFC3339)
	return s.check.filled("issue-comment", map[string]any{
		"id": c.ID, "node_id": nodeID(c), "body": c.Body, "user": s.user(c.Author), "url": s.commentURL(c),
		"html_url": fmt.Sprintf("%s/%s/%s/pull/%d#issuecomment-%d", s.HTML, Owner, Repository, c.Number, c.ID), "created_at": now, "updated_at": now,
		"author_association": "NONE",
	})
}

func nodeID(c *Comment) string { return fmt.Sprintf("IC_%d", c.ID) }

func (s *Server) user(login string) map[string]any {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return s.check.filled("simple-user", map[string]any{"login": login, "type": kind})
}

func (p *Pull) headRepo() string {
	if p.HeadRepo != "" {
		return p.HeadRepo
	}
	return Owner + "/" + Repository
}

func (s *Server) pullObject(schema string, p *Pull) map[string]any {
	state := "open"
	if p.Closed {
		state = "closed"
	}
	side := func(repo, ref, sha string) map[string]any {
		owner, name, _ := strings.Cut(repo, "/")
		return map[string]any{"label": owner + ":" + ref, "ref": ref, "sha": sha, "user": s.user(owner),
			"repo": map[string]any{"full_name": repo, "name": name, "owner": s.user(owner), "default_branch": "main", "fork": repo != Owner+"/"+Repository}}
	}
	return s.check.filled(schema, map[string]any{
		"number": p.Number, "state": state, "locked": p.Locked, "user": s.user("mona"), "labels": s.labels(p),
		"head": side(p.headRepo(), p.Ref, p.SHA), "base": side(Owner+"/"+Repository, "main", strings.Repeat("b", 40)),
		"html_url": fmt.Sprintf("%s/%s/%s/pull/%d", s.HTML, Owner, Repository, p.Number),
	})
}

func (s *Server) labels(p *Pull) []any {
	labels := []any{}
	for i, name := range p.Labels {
		labels = append(labels, map[string]any{"id": i + 1, "node_id": "LA_1", "url": s.URL, "name": name, "description": nil, "color": "ededed", "default": false})
	}
	return labels
}
