// Package githubtest is a GitHub for tests: a server in this process that keeps pull requests and their comments, and
// answers the part of the REST and GraphQL interfaces that package pullrequest uses.
//
// Every request and every answer is checked against GitHub's official OpenAPI description (openapi.json, cut down by
// update.sh); what does not fit it fails the test. Pages, the size of comments, permissions and rate limits are those of
// the real one, and a [Fault] makes it misbehave. It does not know what the description does not say and nobody has
// measured.
package githubtest
