package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// A checker walks through one value and its schema together.
type checker struct {
	set      *Set
	path     []step
	mistakes []Mistake
	refused  bool
	// structural tells that the schema says which fields there are; the alternatives of a value do not.
	structural bool
}

// step is a field or, without a name, an item.
type step struct {
	name string
	item int
}

func (c *checker) in(s step) { c.path = append(c.path, s) }
func (c *checker) out()      { c.path = c.path[:len(c.path)-1] }

func (c *checker) where() string {
	var b strings.Builder
	for _, s := range c.path {
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.item) + "]")
		case b.Len() == 0:
			b.WriteString(s.name)
		default:
			b.WriteString("." + s.name)
		}
	}
	return b.String()
}

func (c *checker) refuse(part *manifest.Node, format string, args ...any) {
	c.refused = true
	c.mistakes = append(c.mistakes, Mistake{manifest.Error, c.where(), part, fmt.Sprintf(format, args...)})
}

// value checks a value that is there.
func (c *checker) value(n *manifest.Node, s *Schema) {
	if n.IsNull() && s.Nullable {
		return
	}
	if !c.typed(n, s) {
		return
	}
	before := len(c.mistakes)
	switch n.Kind {
	case manifest.Map:
		c.object(n, s)
	case manifest.List:
		c.list(n, s)
	default:
		c.scalar(n, s)
	}
	if n.Kind == manifest.Map || n.Kind == manifest.List || len(c.mistakes) == before { // else it would be said twice
		c.alternatives(n, s)
	}
	if slices.ContainsFunc(c.mistakes[before:], func(m Mistake) bool { return m.Severity == manifest.Error }) {
		return // rules expect what the rest of the schema asks for
	}
	for i := range s.Rules {
		if holds := rules[s.Rules[i].Rule]; holds != nil && !holds(view{c.set, n, s}) {
			c.refuse(n, "%s", s.Rules[i].text(n))
		}
	}
}

// text says what a rule asks for, in its author's words.
func (r *Rule) text(n *manifest.Node) string {
	text := r.Message
	if text == "" {
		text = "the rule does not hold: " + r.Rule
	}
	if n.Kind != manifest.Map && n.Kind != manifest.List {
		text = strconv.Quote(n.Text) + ": " + text
	}
	return text
}

func (c *checker) object(n *manifest.Node, s *Schema) {
	given := 0
	n.Fields(func(key, value *manifest.Node) bool {
		if len(c.path) == 0 && beside[key.Text] {
			return true
		}
		child := c.set.field(s, key.Text)
		if value.IsNull() && (child == nil || !child.Nullable) {
			return true
		}
		given++
		c.in(step{name: key.Text})
		switch {
		case child != nil:
			c.value(value, child)
		case c.structural && !s.Open:
			c.mistakes = append(c.mistakes, Mistake{manifest.Warning, c.where(), key, manifest.UnknownField(key.Text, maps.Keys(s.Properties))})
		}
		c.out()
		return true
	})
	for _, name := range s.Required {
		if !c.set.has(n, s, name) {
			c.refuse(n, "%s is missing", name)
		}
	}
	// A field that is not known here may be known to a newer release, so that it counts.
	c.count(n, s, given, "field")
}

// beside are the fields of an object that its schema does not speak of.
var beside = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "status": true}

// field is the schema of an object's field; nil if there is none.
func (set *Set) field(s *Schema, name string) *Schema {
	if i, ok := s.Properties[name]; ok {
		return &set.Schemas[i]
	}
	if s.Values != nil {
		return &set.Schemas[*s.Values]
	}
	return nil
}

// has tells whether a field has a value, if only by default.
func (set *Set) has(n *manifest.Node, s *Schema, name string) bool {
	if !n.Get(name).IsNull() {
		return true
	}
	if s == nil {
		return false
	}
	child := set.field(s, name)
	return child != nil && (child.Default != nil || child.Nullable && n.Get(name) != nil)
}

func (c *checker) list(n *manifest.Node, s *Schema) {
	c.count(n, s, len(n.Items), "item")
	if s.Items != nil {
		items := &c.set.Schemas[*s.Items]
		for i := range n.Items {
			c.in(step{item: i})
			c.value(&n.Items[i], items)
			c.out()
		}
	}
	if s.ListType != "" {
		c.unique(n, s)
	}
}

// unique refuses an item that a list has already.
func (c *checker) unique(n *manifest.Node, s *Schema) {
	if len(n.Items) < 2 {
		return
	}
	seen := make(map[string]bool, len(n.Items))
	var b []byte
	for i := range n.Items {
		item := &n.Items[i]
		b = b[:0]
		if s.ListType == "map" {
			for _, k := range s.ListKeys {
				b = append(item.Get(k).AppendJSON(b), ',')
			}
		} else {
			b = item.AppendJSON(b)
		}
		if seen[string(b)] {
			c.in(step{item: i})
			c.refuse(item, "is in the list already; remove one")
			c.out()
		}
		seen[string(b)] = true
	}
}

// count holds a number of things to the least and the most.
func (c *checker) count(n *manifest.Node, s *Schema, count int, what string) {
	if count < s.Least {
		c.refuse(n, "has %s, fewer than %d", counted(count, what), s.Least)
	}
	if s.Most != nil && count > *s.Most {
		c.refuse(n, "has %s, more than the %d that are allowed", counted(count, what), *s.Most)
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
