package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Schema is the line by which editors find the JSON Schema of the configuration.
const Schema = "# yaml-language-server: $schema=https://raw.githubusercontent.com/netpol-impact/netpol-impact/main/docs/schema/config.schema.json\n"

// AddWaiver returns a configuration's text with a waiver more, as the first of the list. All else stays as it is written,
// with its comments. What is returned reads as the old configuration with the waiver, or there is an error.
func AddWaiver(file string, text []byte, w Waiver, now time.Time) ([]byte, error) {
	old, err := Read(file, text)
	if err != nil {
		return nil, err
	}
	for _, other := range old.Waivers {
		other.Line = 0
		same := other
		same.Reason, same.Author, same.Until = w.Reason, w.Author, w.Until
		if same == w && !other.Expired(now) {
			return nil, fmt.Errorf("%s: this is accepted already, by %s until %s: %s", file, other.Author, other.Until, other.Reason)
		}
	}
	entry, err := yaml.Marshal([]Waiver{w})
	if err != nil {
		return nil, err
	}
	out, err := insertWaiver(text, entry)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	got, err := Read(file, out)
	if err != nil {
		return nil, fmt.Errorf("adding the waiver: %w", err)
	}
	want := old
	want.Waivers = append([]Waiver{w}, old.Waivers...)
	if !reflect.DeepEqual(got.withoutLines(), want.withoutLines()) {
		return nil, fmt.Errorf("%s: %w", file, errBrackets)
	}
	return out, nil
}

// insertWaiver puts an entry, as it stands in a list without indentation, at the head of the list of waivers.
func insertWaiver(text, entry []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(slices.Clone(text), '\n')
	}
	if root.Kind != yaml.DocumentNode { // nothing but comments
		return slices.Concat(text, []byte("waivers:\n"), entry), nil
	}
	key, list := mapped(root.Content[0], "waivers")
	lines := bytes.SplitAfter(text, []byte("\n"))
	indent := 0
	switch {
	case root.Content[0].Kind != yaml.MappingNode || root.Content[0].Style&yaml.FlowStyle != 0:
		return nil, errBrackets
	case key == nil:
		return slices.Concat(text, []byte("waivers:\n"), entry), nil
	case list.Kind == yaml.SequenceNode && list.Style&yaml.FlowStyle == 0 && list.Anchor == "":
		indent = list.Column - 1
	case list.Kind == yaml.SequenceNode && len(list.Content) == 0 && list.Line == key.Line && list.Anchor == "":
		line := lines[key.Line-1]
		before, after, ok := bytes.Cut(line[list.Column-1:], []byte("[]"))
		if !ok || len(before) > 0 {
			return nil, errBrackets
		}
		lines[key.Line-1] = slices.Concat(bytes.TrimRight(line[:list.Column-1], " "), after)
	case list.Kind == yaml.ScalarNode && list.Value == "": // no value
	default:
		return nil, errBrackets
	}
	var entries []byte
	for line := range bytes.Lines(entry) {
		entries = append(append(entries, bytes.Repeat([]byte(" "), indent)...), line...)
	}
	return slices.Concat(bytes.Join(lines[:key.Line], nil), entries, bytes.Join(lines[key.Line:], nil)), nil
}

var errBrackets = errors.New("the waivers are written in a way that a line cannot be added to; write them as lines below \"waivers:\", each beginning with \"-\"")

// mapped are the nodes of a mapping's key and its value.
func mapped(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i], n.Content[i+1]
			}
		}
	}
	return nil, nil
}

// Check tells what is wrong with a waiver that is about to be written.
func (w Waiver) Check(now time.Time) error {
	err := w.check(&yaml.Node{}, func(_ *yaml.Node, _, format string, args ...any) error { return fmt.Errorf(format, args...) })
	switch {
	case err != nil:
		return err
	case strings.ContainsAny(w.Reason+w.Author, "\n\r"):
		return fmt.Errorf("a reason and an author are one line")
	case w.Expired(now):
		return fmt.Errorf("%s is over: a waiver ends on a day to come", w.Until)
	}
	return nil
}
