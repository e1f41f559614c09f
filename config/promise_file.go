package config

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// PromiseFile is how the name of a file of promises ends, wherever in the tree it is.
const PromiseFile = ".netpol-test.yaml"

// ReadPromises reads the promises of a file in this program's own form: a mapping whose only key is promises. What is wrong
// with one of them is an error with its line, and does not keep the others from being read.
func ReadPromises(file string, text []byte) ([]Promise, []error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, []error{fmt.Errorf("%s: %s", file, plain(err))}
	}
	fail := func(line int, format string, args ...any) []error {
		return []error{fmt.Errorf("%s: line %d: %s", file, line, fmt.Sprintf(format, args...))}
	}
	if root.Kind == 0 {
		return nil, []error{fmt.Errorf("%s: the file is empty; it needs promises", file)}
	}
	if second := secondDocument(text); second > 0 {
		return nil, fail(second, "there is more than one document; keep all promises in the first")
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, fail(top.Line, "a file of promises is a mapping with the key promises")
	}
	var list *yaml.Node
	for i := 0; i+1 < len(top.Content); i += 2 {
		if key := top.Content[i]; key.Value != "promises" || list != nil {
			return nil, fail(key.Line, "there is %q; a file of promises has one key, promises", key.Value)
		}
		list = top.Content[i+1]
	}
	if list != nil && list.Kind == yaml.ScalarNode && list.Tag == "!!null" { // a list of comments, as it is generated
		return nil, nil
	}
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, fail(top.Line, "promises is no list of promises")
	}
	var out []Promise
	var problems []error
	for _, n := range list.Content {
		var p Promise
		err := p.UnmarshalYAML(n)
		if err == nil && p.File != "" {
			err = fmt.Errorf("line %d: file is for the configuration: a file of promises cannot name another one", n.Line)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %s", file, plain(err)))
			continue
		}
		p.Origin = file
		out = append(out, p)
	}
	if err := sameNames(out); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", file, err))
	}
	return out, problems
}

// secondDocument is the line of a second document, 0 if there is none.
func secondDocument(text []byte) int {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var n yaml.Node
	for range 2 {
		if decoder.Decode(&n) != nil {
			return 0
		}
	}
	return max(1, n.Line)
}

// sameNames refuses two promises of one name: a change of one could pass for the other.
func sameNames(promises []Promise) error {
	first := make(map[string]int)
	var all []error
	for _, p := range promises {
		if p.Name == "" {
			continue
		}
		if line, ok := first[p.Name]; ok {
			all = append(all, fmt.Errorf("line %d: there is another promise %q in line %d; give each a name of its own", p.Line, p.Name, line))
			continue
		}
		first[p.Name] = p.Line
	}
	return errors.Join(all...)
}
