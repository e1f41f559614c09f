// Command prune cuts GitHub's OpenAPI description down to the operations that the program uses.
//
// It reads api.github.com.json of the npm package @octokit/openapi and writes the description in one line to standard
// output; see update.sh beside it. Examples and prose are dropped: only what constrains a request or an answer is kept.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
)

// operations are the methods used of each path.
var operations = map[string][]string{
	"/repos/{owner}/{repo}/pulls":                                   {"get"},
	"/repos/{owner}/{repo}/pulls/{pull_number}":                     {"get"},
	"/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": {"post"},
	"/repos/{owner}/{repo}/issues/{issue_number}/comments":          {"get", "post"},
	"/repos/{owner}/{repo}/issues/comments/{comment_id}":            {"get", "patch", "delete"},
	"/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}":     {"delete"},
	"/repos/{owner}/{repo}/code-scanning/sarifs":                    {"post"},
}

func main() {
	if err := prune(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "prune:", err)
		os.Exit(1)
	}
}

type object = map[string]any

func prune(in io.Reader, out io.Writer) error {
	var whole object
	if err := json.NewDecoder(in).Decode(&whole); err != nil {
		return fmt.Errorf("reading the description: %w", err)
	}
	paths := object{}
	for path, methods := range operations {
		from, ok := whole["paths"].(object)[path].(object)
		if !ok {
			return fmt.Errorf("the description has no path %s", path)
		}
		kept := object{}
		for _, method := range methods {
			if kept[method], ok = from[method].(object); !ok {
				return fmt.Errorf("the description has no %s %s", method, path)
			}
		}
		paths[path] = kept
	}
	strip(paths)
	components := object{}
	if err := follow(paths, whole, components); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(object{"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": components})
}

// strip drops what constrains nothing. The keys of "properties" are names of fields, not keywords.
func strip(node any) {
	switch node := node.(type) {
	case object:
		for _, keyword := range []string{"examples", "example", "x-github", "externalDocs", "tags", "operationId"} {
			delete(node, keyword)
		}
		for _, keyword := range []string{"description", "summary"} {
			if _, ok := node[keyword].(string); ok {
				node[keyword] = ""
			}
		}
		for keyword, child := range node {
			if properties, ok := child.(object); ok && keyword == "properties" {
				for _, property := range properties {
					strip(property)
				}
				continue
			}
			strip(child)
		}
	case []any:
		for _, child := range node {
			strip(child)
		}
	}
}

// follow copies the components that a part refers to, and those that they refer to.
func follow(node any, whole, components object) error {
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			return copyComponent(ref, whole, components)
		}
		for child := range maps.Values(node) {
			if err := follow(child, whole, components); err != nil {
				return err
			}
		}
	case []any:
		for _, child := range node {
			if err := follow(child, whole, components); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyComponent(ref string, whole, components object) error {
	parts := strings.Split(ref, "/")
	if len(parts) != 4 || parts[1] != "components" {
		return fmt.Errorf("unknown reference %s", ref)
	}
	kind, name := parts[2], parts[3]
	section, ok := components[kind].(object)
	if !ok {
		section = object{}
		components[kind] = section
	}
	if _, ok := section[name]; ok {
		return nil
	}
	found, ok := whole["components"].(object)[kind].(object)[name]
	if !ok {
		return fmt.Errorf("the description has no %s", ref)
	}
	strip(found)
	section[name] = found
	return follow(found, whole, components)
}
