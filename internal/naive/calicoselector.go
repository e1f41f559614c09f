package naive

import (
	"fmt"
	"slices"
	"strings"
)

// calicoSelector is a selector of Calico's language, as a question about labels.
type calicoSelector func(labels map[string]string) bool

// Where a selector stands decides what its keys and its all() mean.
const (
	onEndpoints  = ""
	onNamespaces = "pcns." // what Calico calls a namespace's label on everything that is in the namespace
	onAccounts   = "pcsa." // and a ServiceAccount's on its pods
)

// calicoNamespace is the label that Calico gives to everything that is in a namespace.
const calicoNamespace = "projectcalico.org/namespace"

// parseCalico reads a selector, whose keys get a prefix.
func parseCalico(text, prefix string) (calicoSelector, error) {
	p := &calicoParser{rest: text, prefix: prefix}
	s := p.either()
	if p.skip(); p.err == nil && p.rest != "" {
		p.fail("nothing more")
	}
	if p.err != nil {
		return nil, fmt.Errorf("selector %q: %w", text, p.err)
	}
	return s, nil
}

type calicoParser struct {
	rest, prefix string
	err          error
}

func (p *calicoParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t") }

func (p *calicoParser) fail(wanted string) calicoSelector {
	if p.err == nil {
		p.err = fmt.Errorf("%s wanted at %q", wanted, p.rest)
	}
	return nil
}

// take removes a token if it comes next.
func (p *calicoParser) take(token string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

// either: alternatives bind the least.
func (p *calicoParser) either() calicoSelector {
	s := p.both()
	for p.err == nil && p.take("||") {
		left, right := s, p.both()
		s = func(l map[string]string) bool { return left(l) || right(l) }
	}
	return s
}

func (p *calicoParser) both() calicoSelector {
	s := p.operand()
	for p.err == nil && p.take("&&") {
		left, right := s, p.operand()
		s = func(l map[string]string) bool { return left(l) && right(l) }
	}
	return s
}

func (p *calicoParser) operand() calicoSelector {
	switch {
	case p.take("!"):
		s := p.operand()
		return func(l map[string]string) bool { return !s(l) }
	case p.take("("):
		s := p.either()
		if p.err == nil && !p.take(")") {
			return p.fail(")")
		}
		return s
	case p.take("all()"):
		// "all() as a namespaceSelector: everything that is in a namespace."
		return func(l map[string]string) bool { _, in := l[calicoNamespace]; return in || p.prefix != onNamespaces }
	case p.take("global()"):
		return func(l map[string]string) bool { _, in := l[calicoNamespace]; return !in || p.prefix != onNamespaces }
	case p.take("has("):
		key := p.key()
		if p.err == nil && !p.take(")") {
			return p.fail(")")
		}
		return func(l map[string]string) bool { _, has := l[key]; return has }
	}
	return p.comparison()
}

// comparison: what compares a missing label is false, but for the two that say not.
func (p *calicoParser) comparison() calicoSelector {
	key := p.key()
	switch {
	case p.err != nil:
		return nil
	case p.take("=="):
		v := p.value()
		return func(l map[string]string) bool { got, has := l[key]; return has && got == v }
	case p.take("!="):
		v := p.value()
		return func(l map[string]string) bool { got, has := l[key]; return !has || got != v }
	case p.take("not in"):
		v := p.values()
		return func(l map[string]string) bool { got, has := l[key]; return !has || !slices.Contains(v, got) }
	case p.take("in"):
		v := p.values()
		return func(l map[string]string) bool { got, has := l[key]; return has && slices.Contains(v, got) }
	case p.take("contains"):
		v := p.value()
		return func(l map[string]string) bool { got, has := l[key]; return has && strings.Contains(got, v) }
	case p.take("starts with"):
		v := p.value()
		return func(l map[string]string) bool { got, has := l[key]; return has && strings.HasPrefix(got, v) }
	case p.take("ends with"):
		v := p.value()
		return func(l map[string]string) bool { got, has := l[key]; return has && strings.HasSuffix(got, v) }
	}
	return p.fail("an operator")
}

func (p *calicoParser) key() string {
	p.skip()
	n := strings.IndexFunc(p.rest, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-", r)
	})
	if n < 0 {
		n = len(p.rest)
	}
	if n == 0 {
		p.fail("a label")
		return ""
	}
	key := p.prefix + p.rest[:n]
	p.rest = p.rest[n:]
	return key
}

func (p *calicoParser) value() string {
	for _, quote := range []string{"'", `"`} {
		if p.take(quote) {
			v, rest, closed := strings.Cut(p.rest, quote)
			if !closed {
				p.fail(quote)
			}
			p.rest = rest
			return v
		}
	}
	p.fail("a value in quotes")
	return ""
}

func (p *calicoParser) values() []string {
	if !p.take("{") {
		p.fail("{")
		return nil
	}
	var list []string
	for p.err == nil && !p.take("}") {
		list = append(list, p.value())
		if !p.take(",") && !strings.HasPrefix(strings.TrimLeft(p.rest, " "), "}") {
			p.fail(", or }")
		}
	}
	return list
}
