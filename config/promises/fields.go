package promises

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// fields are the keys of a mapping, read one by one; what is wrong is collected, with its line.
type fields struct {
	file  string
	what  string
	node  *yaml.Node
	known []string
	// fold tells that the case of keys does not matter.
	fold   bool
	errors *[]error
}

// fieldsOf begins to read a mapping whose keys are known.
func fieldsOf(file, what string, n *yaml.Node, fold bool, problems *[]error, known ...string) (fields, bool) {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	f := fields{file: file, what: what, node: n, known: known, fold: fold, errors: problems}
	if n == nil || n.Kind != yaml.MappingNode {
		f.wrong(n, "%s is no mapping", what)
		return f, false
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		at := slices.IndexFunc(known, func(k string) bool { return k == key || fold && strings.EqualFold(k, key) })
		switch {
		case at < 0:
			f.wrong(n.Content[i], "%s has no key %q%s", what, key, nearest(key, known))
		case seen[known[at]]:
			f.wrong(n.Content[i], "%s has the key %q twice", what, key)
		default:
			seen[known[at]] = true
		}
	}
	return f, true
}

func nearest(key string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := spelling.Distance(strings.ToLower(key), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return "; there are " + strings.Join(known, ", ")
	}
	return "; did you mean " + best + "?"
}

// wrong says what is wrong where.
func (f *fields) wrong(n *yaml.Node, format string, args ...any) {
	line := 0
	if f.node != nil {
		line = f.node.Line
	}
	if n != nil {
		line = n.Line
	}
	*f.errors = append(*f.errors, fmt.Errorf("%s: line %d: %s", f.file, line, fmt.Sprintf(format, args...)))
}

// get is the value of a key, nil if it is missing or null.
func (f *fields) get(key string) *yaml.Node {
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if k := f.node.Content[i].Value; k == key || f.fold && strings.EqualFold(k, key) {
			n := f.node.Content[i+1]
			for n.Kind == yaml.AliasNode {
				n = n.Alias
			}
			if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
				return nil
			}
			return n
		}
	}
	return nil
}

// text is a string; "" if it is missing.
func (f *fields) text(key string) string {
	n := f.get(key)
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		f.wrong(n, "%s: %s is no text; quote it", f.what, key)
		return ""
	}
	return n.Value
}

// need is a string that may not be missing or empty.
func (f *fields) need(key string) string {
	value := f.text(key)
	if value == "" && (f.get(key) == nil || f.get(key).Value == "") {
		f.wrong(f.get(key), "%s needs %s", f.what, key)
	}
	return value
}

// number is a whole number within bounds; what stands for it where it is missing.
func (f *fields) number(key string, from, to, missing int) int {
	n := f.get(key)
	if n == nil {
		return missing
	}
	value, err := strconv.Atoi(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode || n.Tag != "!!int" || value < from || value > to {
		f.wrong(n, "%s: %s is %s, not a whole number from %d to %d", f.what, key, shown(n), from, to)
		return missing
	}
	return value
}

func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return strconv.Quote(n.Value)
	}
	return "no number"
}
