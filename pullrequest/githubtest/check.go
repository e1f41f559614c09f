package githubtest

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

//go:embed openapi.json
var description []byte

// checker holds requests and answers against GitHub's description.
type checker struct {
	document *openapi3.T
	router   routers.Router
}

// newChecker reads the description once a process.
var newChecker = sync.OnceValues(func() (*checker, error) {
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	return &checker{document, router}, nil
})

// serve checks a request, has it answered and checks the answer. What does not fit is told to complain.
func (c *checker) serve(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc, complain func(error)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		complain(fmt.Errorf("reading the request: %w", err))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		complain(fmt.Errorf("%s %s is not in GitHub's description: %w", r.Method, r.URL.Path, err))
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		complain(fmt.Errorf("%s %s does not fit GitHub's description: %w", r.Method, r.URL.Path, err))
	}
	for name, value := range params {
		r.SetPathValue(name, value)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	recorder := httptest.NewRecorder()
	answer(recorder, r)
	got := recorder.Result()
	// The description does not list what any request may be answered with.
	general := got.StatusCode == http.StatusUnauthorized || got.StatusCode == http.StatusForbidden || got.StatusCode == http.StatusNotFound || got.StatusCode == http.StatusGone
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: got.StatusCode, Header: got.Header, Body: io.NopCloser(bytes.NewReader(recorder.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: !general},
	})
	if err != nil {
		complain(fmt.Errorf("the answer %d to %s %s does not fit GitHub's description: %w", got.StatusCode, r.Method, r.URL.Path, err))
	}
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.StatusCode)
	_, _ = w.Write(recorder.Body.Bytes()) // the client may have gone
}

// filled makes an object that fits a schema: the given fields, and something plausible for the other required ones.
func (c *checker) filled(schema string, given map[string]any) map[string]any {
	return fill(c.document.Components.Schemas[schema].Value, given).(map[string]any)
}

func fill(s *openapi3.Schema, given any) any {
	if given != nil && !s.Type.Is("object") {
		return given
	}
	switch {
	case s.Type.Is("object"):
		if given == nil && s.Nullable {
			return nil
		}
		fields, _ := given.(map[string]any)
		made := map[string]any{}
		for name, value := range fields {
			made[name] = value
			if property := s.Properties[name]; property != nil {
				made[name] = fillGiven(property.Value, value)
			}
		}
		for _, name := range s.Required {
			if _, ok := made[name]; !ok {
				made[name] = fill(s.Properties[name].Value, nil)
			}
		}
		return made
	case s.Nullable:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("array"):
		return []any{}
	case s.Type.Is("boolean"):
		return false
	case s.Type.Is("integer"), s.Type.Is("number"):
		return 1
	case s.Format == "uri":
		return "https://example.com/"
	case s.Format == "date-time":
		return "2026-11-01T10:00:00Z"
	case s.Type.Is("string"):
		return "text"
	}
	for _, one := range append(s.AllOf, append(s.AnyOf, s.OneOf...)...) {
		return fill(one.Value, given)
	}
	return given
}

// fillGiven fills a value that is given, which may be null.
func fillGiven(s *openapi3.Schema, value any) any {
	if value == nil {
		return nil
	}
	if len(s.AllOf) == 1 {
		return fillGiven(s.AllOf[0].Value, value)
	}
	if list, ok := value.([]any); ok && s.Type.Is("array") {
		for i := range list {
			list[i] = fillGiven(s.Items.Value, list[i])
		}
		return list
	}
	return fill(s, value)
}
