package pullrequest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// requestTimeout bounds one request: between reading what stands and writing anew there must be no long time.
const requestTimeout = 20 * time.Second

// errCutOff is an answer that ended early or was no answer of GitHub's.
var errCutOff = errors.New("GitHub's answer is cut off or not its own")

// service is where GitHub's interface is, and how to reach it.
type service struct {
	api, graphQL string
	token        string
	transport    http.RoundTripper
	timeout      time.Duration
}

// client makes a client for one attempt. After a rate limit go-github refuses its own next calls by the wall clock; a new
// one does not, and when to try again is decided in one place.
func (s service) client() (*github.Client, error) {
	base, err := url.Parse(strings.TrimSuffix(s.api, "/") + "/")
	if err != nil {
		return nil, fmt.Errorf("reading GITHUB_API_URL: %w", err)
	}
	c := github.NewClient(&http.Client{Transport: authorized{s, base.Host}, Timeout: s.timeout})
	c.BaseURL = base
	c.UserAgent = "netpol-impact"
	return c, nil
}

// authorized sends the token, to GitHub alone: a redirect to another host does not get it. It also makes sure that an
// answer is whole.
type authorized struct {
	service
	host string
}

func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == a.host && a.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	answer, err := a.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // it is read to its end
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCutOff, err)
	}
	if answer.StatusCode < 300 && len(body) > 0 && !json.Valid(body) {
		return nil, errCutOff
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// ask carries out a GraphQL operation.
func (s service) ask(ctx context.Context, c *github.Client, query string, variables map[string]any, into any) error {
	request, err := c.NewRequest(http.MethodPost, s.graphQL, map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Type, Message string }
	}
	if _, err := c.Do(ctx, request, &answer); err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		switch e.Type {
		case "RATE_LIMITED":
			return &github.AbuseRateLimitError{Message: e.Message, Response: &http.Response{Request: request}}
		case "NOT_FOUND":
			return errAgain
		}
		return fmt.Errorf("asking GitHub's GraphQL: %s", e.Message)
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return fmt.Errorf("%w: %w", errCutOff, err)
	}
	return nil
}
