package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Read reads one file as [Reader.Read] does. The objects are the caller's alone.
func Read(file string, text []byte) ([]*Object, []Diagnostic) {
	return (*Reader)(nil).Read(file, text)
}

// mayBeObject looks for the words that every object holds, or one that lacks half of its type.
func mayBeObject(text []byte) bool {
	hasVersion, hasKind := bytes.Contains(text, []byte("apiVersion")), bytes.Contains(text, []byte("kind"))
	return hasVersion && hasKind || (hasVersion || hasKind) && bytes.Contains(text, []byte("metadata"))
}

// HalfType says what a document lacks that is an object but for its apiVersion or its kind: it has its
// name where objects have theirs. It is empty for any other document. Other programs' files may have one of the two words.
func HalfType(root *Node) string {
	apiVersion, kind := root.Get("apiVersion"), root.Get("kind")
	switch {
	case root.Get("metadata", "name").Str() == "" && root.Get("metadata", "generateName").Str() == "":
	case apiVersion == nil && kind.Str() != "":
		return "a " + kind.Str() + " without apiVersion is no object: a cluster refuses it; add its apiVersion"
	case kind == nil && apiVersion.Str() != "" && !strings.HasPrefix(apiVersion.Str(), "score.dev/"): // its files have none
		return "a document with apiVersion " + apiVersion.Str() + " and no kind is no object: a cluster refuses it; add its kind"
	}
	return ""
}

// broken says what is wrong with a document that is no YAML.
func broken(file string, doc Document, err error) []Diagnostic {
	line := doc.Line
	var le *lineError
	if errors.As(err, &le) {
		line = le.line
	}
	return []Diagnostic{{Severity: Error, File: file, Line: line, Message: "broken YAML: " + err.Error(), Digest: digest(doc.Text)}}
}

// FromNode makes an object of a document's root, or several of a List's.
func FromNode(file string, root *Node) ([]*Object, []Diagnostic) {
	apiVersion, kind := root.Get("apiVersion"), root.Get("kind")
	broken := func(at *Node, object, format string, args ...any) []Diagnostic {
		return []Diagnostic{{Severity: Error, Object: object, File: file, Line: at.LineOr(root.Line),
			Message: fmt.Sprintf(format, args...), Digest: digest(root.AppendJSON(nil))}}
	}
	if apiVersion == nil || kind == nil {
		if lacks := HalfType(root); lacks != "" {
			return nil, broken(root, root.Get("metadata", "name").Str(), "%s", lacks)
		}
		return nil, nil
	}
	if apiVersion.Str() == "" || kind.Str() == "" {
		return nil, broken(apiVersion, "", "apiVersion and kind must be non-empty strings")
	}
	if items := root.Get("items"); items != nil && strings.HasSuffix(kind.Text, "List") {
		return fromList(file, apiVersion, kind, items)
	}
	o := &Object{Kind: kind.Text, Origin: Origin{File: file, Line: root.Line}, Body: root}
	o.Group, o.Version = SplitAPIVersion(apiVersion.Text)
	for _, f := range []struct {
		name string
		into *string
	}{{"name", &o.Name}, {"namespace", &o.Namespace}} {
		value := root.Get("metadata", f.name)
		if !value.IsNull() && value.Kind != String {
			return nil, broken(value, o.Kind, "metadata.%s: %s is %s, not a string; quote it", f.name, value.Text, value.Kind.Noun())
		}
		*f.into = value.Str()
	}
	if o.Name == "" {
		o.Name = root.Get("metadata", "generateName").Str()
	}
	if o.Name == "" && root.Get("metadata") != nil && !isToolFile(o) {
		return nil, broken(root.Get("metadata"), o.Kind, "metadata.name is missing")
	}
	return []*Object{o}, nil
}

// isToolFile tells whether an object is a build tool's own input, which no cluster stores and which needs no name.
func isToolFile(o *Object) bool {
	return o.Group == "kustomize.config.k8s.io" || o.Group == "builtin"
}

// fromList makes objects of a List's items. Those of a typed list ("NetworkPolicyList") may leave out what they are, as
// the API server does in its answers.
func fromList(file string, apiVersion, kind, items *Node) ([]*Object, []Diagnostic) {
	var objects []*Object
	var problems []Diagnostic
	itemKind := strings.TrimSuffix(kind.Text, "List")
	for i := range items.Elements() {
		item := &items.Items[i]
		if item.Kind == Map && itemKind != "" && item.Get("apiVersion") == nil && item.Get("kind") == nil {
			typed := []Node{
				{Kind: String, Line: item.Line, Text: "apiVersion"}, *apiVersion,
				{Kind: String, Line: item.Line, Text: "kind"}, {Kind: String, Line: item.Line, Text: itemKind},
			}
			item = &Node{Kind: Map, Line: item.Line, Items: append(typed, item.Items...)}
		}
		found, broken := FromNode(file, item)
		objects = append(objects, found...)
		problems = append(problems, broken...)
	}
	return objects, problems
}

// parse reads one document, whose text is given twice, into nodes whose lines count from the start of the file. What it
// keeps is taken from an allowance. A crash is this document's error alone: it happens on a goroutine that nobody else
// guards.
func (s *scanner) parse(doc Document, text string, within *Allowance) (root *Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it crashed the program (%v), which is a mistake in the program; please report this", p)
		}
	}()
	if err := within.Take(int64(len(text))); err != nil {
		return nil, err
	}
	s.within = within
	if root := s.scan(text, doc.Line); root != nil || s.refused != nil {
		return root, s.refused
	}
	if root, err = parseYAML(doc); err != nil {
		return nil, err
	}
	return root, within.Take(root.size())
}

// maxLibrary bounds a document that only the YAML library can read, which takes about a second and a
// hundred megabytes of memory for each megabyte. A cluster takes no object of that size.
const maxLibrary = 4 << 20

// ErrLarge is the error of a document that is larger than what the library is given.
var ErrLarge = fmt.Errorf("the document is larger than %d MiB, and it is no YAML or uses what is slow to read (anchors, tags, more than a million values): split it, or write it plainly", maxLibrary>>20)

// Parse reads a text of one document that a tool reads and no cluster stores: a kustomization, a chart's description,
// values. Aliases, depth and size are bounded.
func Parse(text []byte) (*Node, error) {
	if len(text) > maxLibrary {
		return nil, ErrLarge
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if err := BoundAliases(&root); err != nil {
		return nil, err
	}
	return FromYAML(&root, 0)
}

// ParseLarge reads a text as [Parse] does, one of any size where it is written plainly.
func ParseLarge(text []byte) (*Node, error) {
	var root *Node
	for doc := range Documents(text) {
		doc = doc.trimmed()
		n, err := new(scanner).parse(doc, string(doc.Text), nil)
		switch {
		case err != nil:
			return nil, err
		case n.IsNull():
			continue // a comment, before the first marker
		case root != nil:
			return nil, errors.New("there is more than one document")
		}
		root = n
	}
	return root, nil
}

func parseYAML(doc Document) (*Node, error) {
	if len(doc.Text) > maxLibrary {
		return nil, &lineError{line: doc.Line, text: ErrLarge.Error()}
	}
	var root, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(doc.Text))
	if err := d.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, atLine(err, doc.Line-1)
	}
	// A flow map or list ends its document; what follows must not get lost.
	if err := d.Decode(&more); err != nil && !errors.Is(err, io.EOF) {
		return nil, atLine(err, doc.Line-1)
	}
	if err := BoundAliases(&root); err != nil {
		return nil, &lineError{line: doc.Line, text: err.Error()}
	}
	return FromYAML(&root, doc.Line-1)
}

// BoundAliases refuses a document that would grow without measure when its aliases are expanded. Check it before another
// library parses the same text.
func BoundAliases(root *yaml.Node) error {
	sizes := make(map[*yaml.Node]int)
	var size func(n *yaml.Node, depth int) int
	size = func(n *yaml.Node, depth int) int {
		if depth > 10000 {
			return maxNodes + 1
		}
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		if known, ok := sizes[n]; ok {
			return known
		}
		sizes[n] = maxNodes + 1 // an alias inside its own anchor
		total := 1
		for _, child := range n.Content {
			if total += size(child, depth+1); total > maxNodes {
				total = maxNodes + 1
				break
			}
		}
		sizes[n] = total
		return total
	}
	if size(root, 0) > maxNodes {
		return fmt.Errorf("the document has more than %d values once its aliases are expanded", maxNodes)
	}
	return nil
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?line (\d+): (.*)`)

// atLine moves a YAML library's error to its line in the file.
func atLine(err error, offset int) error {
	if m := yamlErrorLine.FindStringSubmatch(err.Error()); m != nil {
		if line, convErr := strconv.Atoi(m[1]); convErr == nil {
			return &lineError{line: line + offset, text: m[2]}
		}
	}
	text := err.Error()
	return &lineError{line: offset + 1, text: strings.TrimPrefix(text, "yaml: ")}
}
