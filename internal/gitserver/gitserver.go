// Package gitserver serves git repositories to tests over HTTP, as a code host does: on loopback, by the git binary's own
// http-backend.
package gitserver

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// A Server serves the repositories below a folder. It is closed when the test ends.
type Server struct {
	*httptest.Server
	token atomic.Pointer[string]
	packs atomic.Int32
}

// New serves what is below root. Clients may ask for any commit that a repository there allows by its configuration
// (uploadpack.allowReachableSHA1InWant and the like).
func New(t testing.TB, root string) *Server {
	t.Helper()
	s, err := Start(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start serves as [New] does. The caller closes it.
func Start(root string) (*Server, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	backend := &cgi.Handler{Path: git, Args: []string{"http-backend"}, Stderr: io.Discard, Env: []string{
		"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}}
	s := new(Server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		user, password, _ := q.BasicAuth()
		// A request of git clone may outlive the clone, so that it meets what the test sets next.
		if token := s.token.Load(); token != nil && (user != "x-access-token" || password != *token) {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(q.URL.Path, "/git-upload-pack") {
			s.packs.Add(1)
		}
		backend.ServeHTTP(w, q)
	}))
	return s, nil
}

// Require asks for a token from now on.
func (s *Server) Require(token string) { s.token.Store(&token) }

// Packs returns how many packs were asked for since it was last called.
func (s *Server) Packs() int { return int(s.packs.Swap(0)) }
