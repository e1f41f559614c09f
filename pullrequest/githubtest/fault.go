package githubtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Fault makes some requests go wrong.
type Fault struct {
	// On says which requests: the beginning of "METHOD path" or "GRAPHQL", with * for any part of it. Empty: all.
	On string
	// Skip lets that many requests through first; Times is how many go wrong then, all if 0.
	Skip, Times int
	// Do answers instead of the server. It may call next to have the request carried out.
	Do func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Break adds a fault.
func (s *Server) Break(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

func (s *Server) misbehave(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := s.fault(r); f != nil {
			f.Do(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) fault(r *http.Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := r.Method + " " + r.URL.Path
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		request = "GRAPHQL"
	}
	for i, f := range s.faults {
		if !matches(f.On, request) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		f.Times--
		return f
	}
	return nil
}

// matches tells whether the parts of a pattern, split at its stars, come one after another in a request.
func matches(pattern, request string) bool {
	for i, part := range strings.Split(pattern, "*") {
		at := strings.Index(request, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		request = request[at+len(part):]
	}
	return true
}

// Status answers with an error and does nothing.
func Status(code int, message string, headers ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		refuse(w, code, "%s", message)
	}
}

// StatusAfter carries the request out and then answers with an error.
func StatusAfter(code int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		refuse(w, code, "Server Error")
	}
}

// RateLimited answers that the hour's requests are used up until a time.
func RateLimited(until time.Time) func(http.ResponseWriter, *http.Request, http.Handler) {
	return Status(http.StatusForbidden, "API rate limit exceeded for installation ID 1.", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(until.Unix(), 10))
}

// Page answers with a web page, as a proxy does.
func Page(code int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, "<html><body>Whoa there!</body></html>")
	}
}

// Drop closes the connection without an answer.
func Drop(_ http.ResponseWriter, _ *http.Request, _ http.Handler) { panic(http.ErrAbortHandler) }

// DropAfter carries the request out and closes the connection without an answer.
func DropAfter(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// DropMiddle closes the connection in the middle of the answer.
func DropMiddle(w http.ResponseWriter, r *http.Request, next http.Handler) {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(recorder.Body.Len()))
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes()[:recorder.Body.Len()/2]) // the client may have gone
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Stall does not answer until the client gives up.
func Stall(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // the server watches for the client's end only then
	<-r.Context().Done()
}

// StallAfter carries the request out and does not answer until the client gives up.
func StallAfter(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// Then runs a function before the request is carried out as usual: something happens in between.
func Then(do func()) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		do()
		next.ServeHTTP(w, r)
	}
}

// Redirect answers that the repository has moved to another address of the same server.
func Redirect(code int) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, r.URL.RequestURI(), code)
	}
}

// GraphQLError answers with an error in a good answer, as GraphQL does.
func GraphQLError(message string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		write(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{"type": "INTERNAL", "message": message}}})
	}
}
