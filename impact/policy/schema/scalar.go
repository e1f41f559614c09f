package schema

import (
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/netpol-impact/netpol-impact/internal/spelling"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// typed tells whether a value is of the type that is asked for.
func (c *checker) typed(n *manifest.Node, s *Schema) bool {
	if s.IntOrString {
		if n.Kind != manifest.String && !integral(n) {
			c.refuse(n, "%s", manifest.WrongType(n, "integer or string"))
			return false
		}
		return true
	}
	ok := true
	switch s.Type {
	case "object":
		ok = n.Kind == manifest.Map
	case "array":
		ok = n.Kind == manifest.List
	case "string":
		ok = n.Kind == manifest.String
	case "boolean":
		ok = n.Kind == manifest.Bool
	case "integer":
		ok = integral(n)
	case "number":
		ok = n.Kind == manifest.Int || n.Kind == manifest.Float
	}
	if !ok {
		c.refuse(n, "%s", manifest.WrongType(n, typeNames[s.Type]))
	}
	return ok
}

// typeNames are the types as errors name them.
var typeNames = map[string]string{
	"object": "object", "array": "list", "string": "string", "boolean": "boolean", "integer": "integer", "number": "number",
}

// integral tells whether a value is a whole number, however written.
func integral(n *manifest.Node) bool {
	if n.Kind == manifest.Float {
		v, ok := number(n)
		return ok && v == math.Trunc(v) && !math.IsInf(v, 0)
	}
	return n.Kind == manifest.Int
}

func number(n *manifest.Node) (float64, bool) {
	if v, ok := n.IntValue(); ok {
		return float64(v), true
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	return v, err == nil
}

func (c *checker) scalar(n *manifest.Node, s *Schema) {
	c.enum(n, s)
	if n.Kind == manifest.String {
		c.text(n, s)
		return
	}
	if n.Kind != manifest.Int && n.Kind != manifest.Float {
		return
	}
	v, ok := number(n)
	switch {
	case !ok:
	case s.Minimum != nil && s.Maximum != nil && (v < *s.Minimum || v > *s.Maximum):
		c.refuse(n, "%s is not between %s and %s", n.Text, plain(*s.Minimum), plain(*s.Maximum))
	case s.Minimum != nil && v < *s.Minimum:
		c.refuse(n, "%s is less than %s", n.Text, plain(*s.Minimum))
	case s.Maximum != nil && v > *s.Maximum:
		c.refuse(n, "%s is greater than %s", n.Text, plain(*s.Maximum))
	case s.Format == "int32" && (v < math.MinInt32 || v > math.MaxInt32):
		c.refuse(n, "%s does not fit into 32 bits", n.Text)
	}
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// enum holds a value to those that are allowed.
func (c *checker) enum(n *manifest.Node, s *Schema) {
	if s.Enum == nil || slices.Contains(s.Enum, n.Text) {
		return
	}
	meant := ""
	for _, allowed := range s.Enum {
		if strings.EqualFold(allowed, n.Text) || len(allowed) > 4 && spelling.Distance(allowed, n.Text) < 3 {
			meant = "; did you mean " + strconv.Quote(allowed) + "?"
			break
		}
	}
	switch len(s.Enum) {
	case 1:
		c.refuse(n, "%q is not %s%s", n.Text, shown(s.Enum[0]), meant)
	case 2:
		c.refuse(n, "%q is neither %s nor %s%s", n.Text, shown(s.Enum[0]), shown(s.Enum[1]), meant)
	default:
		names := make([]string, len(s.Enum))
		for i, allowed := range s.Enum {
			names[i] = shown(allowed)
		}
		c.refuse(n, "%q is none of %s%s", n.Text, strings.Join(names, ", "), meant)
	}
}

func shown(word string) string {
	if word == "" {
		return `""`
	}
	return word
}

func (c *checker) text(n *manifest.Node, s *Schema) {
	length := len(n.Text)
	if s.Most != nil && length > *s.Most || s.Least > 0 { // bytes are no fewer than characters
		length = utf8.RuneCountInString(n.Text)
	}
	switch {
	case length == 0 && s.Least > 0:
		c.refuse(n, "must not be empty")
		return
	case length < s.Least:
		c.refuse(n, "has %s, fewer than %d", counted(length, "character"), s.Least)
	case s.Most != nil && length > *s.Most:
		c.refuse(n, "has %s, more than the %d that are allowed", counted(length, "character"), *s.Most)
		return
	}
	if s.Pattern != "" {
		if p := c.set.pattern(s.Pattern); p != nil && !p.MatchString(n.Text) {
			c.refuse(n, "%q does not match the pattern %s", n.Text, s.Pattern)
		}
	}
	if s.Format == "cidr" {
		if _, _, err := net.ParseCIDR(n.Text); err != nil {
			c.refuse(n, "%q is no CIDR; write an address and the length of its prefix, like 10.0.0.0/8", n.Text)
		}
	}
}
