package manifest

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds what one document may expand to through its aliases.
const maxNodes = 1 << 20

// maxNested bounds how deep values are nested in others.
const maxNested = 1000

// FromYAML converts a node of the YAML library. Aliases and merge keys are expanded, within bounds. firstLine is added
// to every line: 0 where the lines already count from the start of the file.
func FromYAML(n *yaml.Node, firstLine int) (*Node, error) {
	c := converter{offset: firstLine}
	out := new(Node)
	if err := c.convert(n, out, 0); err != nil {
		return nil, err
	}
	return out, nil
}

type converter struct {
	offset int
	nodes  int
}

// A lineError is a mistake with its line in the file.
type lineError struct {
	line int
	text string
}

func (e *lineError) Error() string { return e.text }

func (c *converter) fail(n *yaml.Node, format string, args ...any) error {
	return &lineError{line: n.Line + c.offset, text: fmt.Sprintf(format, args...)}
}

func (c *converter) convert(n *yaml.Node, out *Node, depth int) error {
	if c.nodes++; c.nodes > maxNodes {
		return c.fail(n, "the document has more than %d values once its aliases are expanded", maxNodes)
	}
	if depth > maxNested {
		return c.fail(n, "values are nested more than %d deep", maxNested)
	}
	out.Line = n.Line + c.offset
	switch n.Kind {
	case 0:
		return nil
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil
		}
		return c.convert(n.Content[0], out, depth)
	case yaml.AliasNode:
		line := out.Line
		err := c.convert(n.Alias, out, depth+1)
		out.Line = line
		return err
	case yaml.ScalarNode:
		return c.scalar(n, out)
	case yaml.SequenceNode:
		out.Kind = List
		out.Items = make([]Node, len(n.Content))
		for i, child := range n.Content {
			if err := c.convert(child, &out.Items[i], depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return c.mapping(n, out, depth)
}

func (c *converter) scalar(n *yaml.Node, out *Node) error {
	out.Text = n.Value
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		out.Kind = String
	default:
		out.Kind = plainKind(n.Value)
	}
	if n.Style&yaml.TaggedStyle == 0 {
		return nil
	}
	switch n.Tag {
	case "!!str", "!!binary", "!!timestamp", "!":
		out.Kind = String
	case "!!null":
		out.Kind = Null
	case "!!bool", "!!int", "!!float":
		out.Kind = plainKind(n.Value)
	default:
		return c.fail(n, "the tag %s has no meaning here", n.Tag)
	}
	return nil
}

func (c *converter) mapping(n *yaml.Node, out *Node, depth int) error {
	out.Kind = Map
	out.Items = make([]Node, 0, len(n.Content))
	all := &fields{of: out}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return c.fail(n.Content[i], "a key must be a string")
		}
		if key.Value == "<<" && key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			merges = append(merges, value)
			continue
		}
		if all.has(key.Value) {
			return c.fail(n.Content[i], "the key %q is given twice; remove one", key.Value)
		}
		var filled Node
		if err := c.convert(value, &filled, depth+1); err != nil {
			return err
		}
		all.add(Node{Kind: String, Line: n.Content[i].Line + c.offset, Text: key.Value}, filled)
	}
	for _, m := range merges {
		if err := c.merge(m, all, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the fields of a merge key's value that are not there yet.
func (c *converter) merge(n *yaml.Node, into *fields, depth int) error {
	if depth > maxNested {
		return c.fail(n, "values are nested more than %d deep", maxNested)
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, child := range n.Content {
			if err := c.merge(child, into, depth+1); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		var from Node
		if err := c.convert(n, &from, depth); err != nil {
			return err
		}
		from.Fields(func(key, value *Node) bool {
			if !into.has(key.Text) {
				into.add(*key, *value)
			}
			return true
		})
		return nil
	}
	return c.fail(n, "a merge key (<<) needs a map or a list of maps")
}
