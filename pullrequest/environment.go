package pullrequest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// environment is what the runner tells a step about itself, by the names of
// https://docs.github.com/actions/reference/workflows-and-actions/variables.
type environment struct {
	event, eventPath     string
	owner, repository    string
	sha, ref             string
	run                  run
	server, api, graphQL string
	workspace            string
}

func readEnvironment(getenv func(string) string) (environment, error) {
	env := environment{
		event:     getenv("GITHUB_EVENT_NAME"),
		eventPath: getenv("GITHUB_EVENT_PATH"),
		sha:       getenv("GITHUB_SHA"),
		ref:       getenv("GITHUB_REF"),
		server:    getenv("GITHUB_SERVER_URL"),
		api:       getenv("GITHUB_API_URL"),
		graphQL:   getenv("GITHUB_GRAPHQL_URL"),
		workspace: getenv("GITHUB_WORKSPACE"),
	}
	if env.event == "" || env.eventPath == "" {
		return env, fmt.Errorf("GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set: the action command runs in GitHub Actions; elsewhere use the diff command")
	}
	var ok bool
	if env.owner, env.repository, ok = strings.Cut(getenv("GITHUB_REPOSITORY"), "/"); !ok {
		return env, fmt.Errorf("GITHUB_REPOSITORY is %q, not owner/name", getenv("GITHUB_REPOSITORY"))
	}
	if env.server == "" {
		env.server = "https://github.com"
	}
	if env.api == "" {
		env.api = "https://api.github.com"
	}
	if env.graphQL == "" {
		env.graphQL = graphQLURL(env.api)
	}
	for name, value := range map[string]string{"GITHUB_SERVER_URL": env.server, "GITHUB_API_URL": env.api, "GITHUB_GRAPHQL_URL": env.graphQL} {
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return env, fmt.Errorf("%s is %q, not a URL", name, value)
		}
	}
	// Old runners of GitHub Enterprise Server do not tell the attempt.
	env.run.attempt = 1
	for name, to := range map[string]*int64{"GITHUB_RUN_ID": &env.run.id, "GITHUB_RUN_ATTEMPT": &env.run.attempt} {
		if text := getenv(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return env, fmt.Errorf("%s is %q, not a number", name, text)
			}
			*to = n
		}
	}
	return env, nil
}

// graphQLURL is where GraphQL is answered beside a REST address: https://host/api/v3 has https://host/api/graphql.
func graphQLURL(api string) string {
	api = strings.TrimSuffix(api, "/")
	return strings.TrimSuffix(api, "/v3") + "/graphql"
}

// getter looks names up in an environment in the form of [os.Environ]; the last entry of a name wins.
func getter(environ []string) func(string) string {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return func(name string) string { return values[name] }
}
