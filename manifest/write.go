package manifest

import (
	"io"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// OriginAnnotation names the annotation in which [Write] tells an object's file and line.
const OriginAnnotation = "netpol-impact/origin"

// Write writes objects as a stream of YAML documents that [Read] and the API server's clients read back as the same
// objects. Comments and quoting are lost. With origins, each object tells its file and line in [OriginAnnotation].
func Write(w io.Writer, objects []*Object, origins bool) error {
	if len(objects) == 0 {
		return nil // the encoder takes no documents for a mistake
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	for _, o := range objects {
		body := toYAML(o.Body)
		if origins && o.Origin.File != "" {
			annotate(body, OriginAnnotation, o.Origin.File+":"+strconv.Itoa(o.Origin.Line))
		}
		if err := encoder.Encode(body); err != nil {
			return err
		}
	}
	return encoder.Close()
}

func toYAML(n *Node) *yaml.Node {
	switch n.Kind {
	case List, Map:
		out := &yaml.Node{Kind: yaml.SequenceNode}
		if n.Kind == Map {
			out.Kind = yaml.MappingNode
		}
		if len(n.Items) == 0 {
			out.Style = yaml.FlowStyle
		}
		for i := range n.Items {
			out.Content = append(out.Content, toYAML(&n.Items[i]))
		}
		return out
	case String:
		return text(n.Text)
	case Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatBool(n.IsTrue())}
	case Int:
		if v, ok := n.IntValue(); ok {
			return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.Itoa(v)}
		}
	case Null:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text}
}

// text quotes what YAML 1.1 would read as something else than a string; the library knows YAML 1.2's words alone.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if plainKind(s) != String {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// annotate sets an annotation of an object, which has metadata as every object does.
func annotate(object *yaml.Node, key, value string) {
	annotations := child(child(object, "metadata"), "annotations")
	for i := 0; i+1 < len(annotations.Content); i += 2 {
		if annotations.Content[i].Value == key {
			annotations.Content[i+1] = text(value)
			return
		}
	}
	annotations.Content = append(annotations.Content, text(key), text(value))
}

// child returns the map under a key of a map, made if it is missing.
func child(n *yaml.Node, key string) *yaml.Node {
	n.Style = 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			if n.Content[i+1].Kind != yaml.MappingNode {
				n.Content[i+1] = &yaml.Node{Kind: yaml.MappingNode}
			}
			return n.Content[i+1]
		}
	}
	n.Content = append(n.Content, text(key), &yaml.Node{Kind: yaml.MappingNode})
	return n.Content[len(n.Content)-1]
}
