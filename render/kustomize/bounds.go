package kustomize

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// boundAliases refuses a file that grows without measure when its YAML aliases are expanded, as kustomize does without
// any bound. Text inside text counts, too: a kustomization holds patches and transformers as strings, and an inline
// transformer holds patches in turn.
func boundAliases(text []byte) error { return boundNested(text, 3) }

func boundNested(text []byte, depth int) error {
	if !mayHaveAliases(text) {
		return nil
	}
	for doc := range manifest.Documents(text) {
		var root yaml.Node
		if yaml.Unmarshal(doc.Text, &root) != nil {
			continue // no YAML at all, or broken: kustomize's own parser says so
		}
		if err := manifest.BoundAliases(&root); err != nil {
			return fmt.Errorf("the document on line %d: %w", doc.Line, err)
		}
		if err := boundStrings(&root, depth); err != nil {
			return fmt.Errorf("the document on line %d: %w", doc.Line, err)
		}
	}
	return nil
}

func boundStrings(n *yaml.Node, depth int) error {
	if depth == 0 {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return boundNested([]byte(n.Value), depth-1)
	}
	for _, child := range n.Content {
		if err := boundStrings(child, depth); err != nil {
			return err
		}
	}
	return nil
}

// mayHaveAliases spares most files the decoding.
func mayHaveAliases(text []byte) bool {
	return bytes.IndexByte(text, '&') >= 0 && bytes.IndexByte(text, '*') >= 0
}
