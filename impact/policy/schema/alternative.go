package schema

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// alternatives holds a value to what is asked of it beside its own type.
func (c *checker) alternatives(n *manifest.Node, s *Schema) {
	before := len(c.mistakes)
	for _, i := range s.AllOf {
		if n.Kind == manifest.Map || n.Kind == manifest.List || len(c.mistakes) == before { // one mistake of a scalar is enough
			c.beside(n, i)
		}
	}
	if s.AnyOf != nil && !slices.ContainsFunc(s.AnyOf, func(i int) bool { return c.set.fits(n, i) }) {
		c.none(n, s.AnyOf, "at least one")
	}
	if s.OneOf != nil {
		fitting := 0
		for _, i := range s.OneOf {
			if c.set.fits(n, i) {
				fitting++
			}
		}
		switch {
		case fitting == 0:
			c.none(n, s.OneOf, "exactly one")
		case fitting > 1:
			c.refuse(n, "must have only one of %s%s", strings.Join(c.set.asked(s.OneOf), ", "), c.given(n, s.OneOf))
		}
	}
	if s.Not != nil && c.set.fits(n, *s.Not) {
		c.refuse(n, "must not have %s", strings.Join(c.set.asked([]int{*s.Not}), ", "))
	}
}

// beside checks a value by a schema that does not say which fields there are.
func (c *checker) beside(n *manifest.Node, i int) {
	inner := checker{set: c.set, path: c.path}
	inner.value(n, &c.set.Schemas[i])
	c.path = inner.path[:len(c.path)]
	c.mistakes = append(c.mistakes, inner.mistakes...)
	c.refused = c.refused || inner.refused
}

// fits tells whether a value has what an alternative asks for.
func (set *Set) fits(n *manifest.Node, i int) bool {
	c := checker{set: set, path: []step{{name: "alternative"}}}
	c.value(n, &set.Schemas[i])
	return !c.refused
}

// none says that a value has none of the forms that it may have.
func (c *checker) none(n *manifest.Node, alternatives []int, how string) {
	fields := c.set.asked(alternatives)
	if len(fields) == 0 || n.Kind != manifest.Map {
		c.refuse(n, "has none of the forms that the schema allows")
		return
	}
	c.refuse(n, "must have %s of %s%s", how, strings.Join(fields, ", "), c.given(n, alternatives))
}

// given says which of the fields that alternatives are about a value has.
func (c *checker) given(n *manifest.Node, alternatives []int) string {
	var has []string
	for _, name := range c.set.asked(alternatives) {
		if !n.Get(name).IsNull() {
			has = append(has, name)
		}
	}
	switch len(has) {
	case 0:
		return "; it has none"
	case 1:
		return "; it has " + has[0]
	}
	return "; it has " + strings.Join(has[:len(has)-1], ", ") + " and " + has[len(has)-1]
}

// asked are the fields that alternatives ask for.
func (set *Set) asked(alternatives []int) []string {
	var out []string
	for _, i := range alternatives {
		s := &set.Schemas[i]
		names := s.Required
		for _, inner := range [][]int{s.AnyOf, s.OneOf} {
			names = slices.Concat(names, set.asked(inner))
		}
		for _, name := range names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
