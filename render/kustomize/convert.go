package kustomize

import (
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// convert makes our node of kustomize's, without the lines: a node in kustomize's output may come from any file.
func convert(n *yaml.Node) (*manifest.Node, error) {
	fixScalars(n, make(map[*yaml.Node]bool))
	out, err := manifest.FromYAML(n, 0)
	if err != nil {
		return nil, err
	}
	out.SetLines(0)
	return out, nil
}

// fixScalars quotes the scalars that kustomize prints as strings. It reads and writes YAML 1.2, in which a plain yes is
// a string, and its transformers leave strings unquoted that need quotes.
func fixScalars(n *yaml.Node, seen map[*yaml.Node]bool) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		switch n.ShortTag() {
		case "!!str":
			n.Style, n.Tag = yaml.DoubleQuotedStyle, "!!str"
		case "!!timestamp":
			// As a date it becomes JSON on its way to the output.
			var t time.Time
			if n.Decode(&t) == nil {
				n.Value = t.Format(time.RFC3339Nano)
			}
			n.Style, n.Tag = yaml.DoubleQuotedStyle, "!!str"
		}
	}
	fixScalars(n.Alias, seen)
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Kind == yaml.ScalarNode {
			continue // every key is a string, but a quoted << would no longer merge
		}
		fixScalars(child, seen)
	}
}
