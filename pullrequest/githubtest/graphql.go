package githubtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// answerGraphQL answers the four operations that the program has, told apart by their names.
func (s *Server) answerGraphQL(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token != Token && token != ReadToken {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	operation := strings.FieldsFunc(in.Query, func(r rune) bool { return r == ' ' || r == '(' || r == '{' })[1]
	s.record("GRAPHQL " + operation)
	s.pause()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch operation {
	case "Viewer":
		write(w, http.StatusOK, data("viewer", map[string]any{"login": Bot}))
	case "History":
		c := s.node(in.Variables["id"])
		if c == nil {
			write(w, http.StatusOK, map[string]any{"data": map[string]any{"node": nil}, "errors": []any{map[string]any{"type": "NOT_FOUND", "message": "Could not resolve to a node"}}})
			return
		}
		nodes := []any{}
		if len(c.History) > 0 {
			// The real one counts the first text as an edit once there is another, and gives the newest first.
			for _, body := range slices.Backward(append(slices.Clone(c.History), c.Body)) {
				node := map[string]any{"diff": body}
				if s.noHistory {
					node["diff"] = nil
				}
				nodes = append(nodes, node)
			}
		}
		write(w, http.StatusOK, data("node", map[string]any{"userContentEdits": map[string]any{"nodes": nodes[:min(len(nodes), 10)]}}))
	case "Hidden":
		nodes := []any{}
		for _, id := range in.Variables["ids"].([]any) {
			if c := s.node(id); c != nil {
				nodes = append(nodes, map[string]any{"id": id, "isMinimized": c.Minimized})
			} else {
				nodes = append(nodes, nil)
			}
		}
		write(w, http.StatusOK, data("nodes", nodes))
	case "Hide":
		c := s.node(in.Variables["id"])
		if token != Token || c == nil {
			write(w, http.StatusOK, map[string]any{"data": map[string]any{"minimizeComment": nil}, "errors": []any{map[string]any{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}}})
			return
		}
		c.Minimized = true
		write(w, http.StatusOK, data("minimizeComment", map[string]any{"minimizedComment": map[string]any{"isMinimized": true}}))
	default:
		s.t.Errorf("fake GitHub: unknown GraphQL operation %q", operation)
		refuse(w, http.StatusBadRequest, "unknown operation")
	}
}

func data(name string, value any) map[string]any {
	return map[string]any{"data": map[string]any{name: value}}
}

func (s *Server) node(id any) *Comment {
	for _, c := range s.comments {
		if nodeID(c) == fmt.Sprint(id) {
			return c
		}
	}
	return nil
}
