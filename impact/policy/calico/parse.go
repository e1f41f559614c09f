package calico

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// A term is conditions that have to be met together; a selector is met by what meets any of its terms.
type term struct {
	requirements []policy.Requirement
	// global tells, of a selector of namespaces, that it asks for what is in none, inside that it asks for what is in one.
	global, inside bool
}

// maxTerms bounds what a selector is expanded to.
const maxTerms = 256

// node is a part of a selector as it is written.
type node struct {
	kind  byte // '&', '|', '!', 'r' for a requirement, 't' for all(), 'g' for global()
	parts []*node
	is    policy.Requirement
}

// parse reads a selector. An empty one selects everything. Errors say at which character, from 1 on.
func parse(text string) ([]term, error) {
	if strings.TrimSpace(text) == "" {
		return []term{{}}, nil
	}
	return read(text, false)
}

// parseOpposite reads what does not meet a selector.
func parseOpposite(text string) ([]term, error) { return read(text, true) }

func read(text string, negated bool) ([]term, error) {
	p := parser{text: text}
	n, err := p.or()
	if err == nil && p.skip() < len(text) {
		err = p.errorf("%q is not expected here", p.text[p.at:])
	}
	if err != nil {
		return nil, err
	}
	terms, ok := expand(n, negated)
	if !ok {
		return nil, fmt.Errorf("the selector has more than %d alternatives", maxTerms)
	}
	return terms, nil
}

type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("at character %d: %s", p.at+1, fmt.Sprintf(format, args...))
}

// skip passes blanks and returns where the parser is then.
func (p *parser) skip() int {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	return p.at
}

// take passes a sign or word if it comes next.
func (p *parser) take(sign string) bool {
	p.skip()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

func (p *parser) or() (*node, error) { return p.chain('|', "||", p.and) }

func (p *parser) and() (*node, error) { return p.chain('&', "&&", p.unary) }

func (p *parser) chain(kind byte, sign string, part func() (*node, error)) (*node, error) {
	n, err := part()
	if err != nil {
		return nil, err
	}
	all := &node{kind: kind, parts: []*node{n}}
	for p.take(sign) {
		next, err := part()
		if err != nil {
			return nil, err
		}
		all.parts = append(all.parts, next)
	}
	return all, nil
}

// maxDepth bounds how deep parentheses and negations nest.
const maxDepth = 100

func (p *parser) unary() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("it nests more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case p.take("!"):
		n, err := p.unary()
		return &node{kind: '!', parts: []*node{n}}, err
	case p.take("("):
		n, err := p.or()
		if err == nil && !p.take(")") {
			err = p.errorf("a closing parenthesis is missing")
		}
		return n, err
	}
	return p.atom()
}

func isKeyByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-/", c) >= 0
}

func (p *parser) word() string {
	start := p.skip()
	for p.at < len(p.text) && isKeyByte(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

func (p *parser) atom() (*node, error) {
	start := p.skip()
	key := p.word()
	if key == "" {
		return nil, p.errorf("a label's name, has(), all() or a parenthesis is expected")
	}
	if (key == "all" || key == "global") && p.take("(") {
		if !p.take(")") {
			return nil, p.errorf("%s() takes nothing", key)
		}
		return &node{kind: map[string]byte{"all": 't', "global": 'g'}[key]}, nil
	}
	if key == "has" && p.take("(") {
		of := p.word()
		if of == "" || !p.take(")") {
			return nil, p.errorf("has() takes a label's name")
		}
		return &node{kind: 'r', is: policy.Requirement{Key: of, Operator: metav1.LabelSelectorOpExists}}, nil
	}
	for _, o := range []struct {
		sign string
		op   metav1.LabelSelectorOperator
		list bool
	}{
		{"==", metav1.LabelSelectorOpIn, false}, {"!=", metav1.LabelSelectorOpNotIn, false},
		{"not in", metav1.LabelSelectorOpNotIn, true}, {"in", metav1.LabelSelectorOpIn, true},
		{"contains", policy.Contains, false}, {"starts with", policy.StartsWith, false}, {"ends with", policy.EndsWith, false},
	} {
		if !p.takeWords(o.sign) {
			continue
		}
		values, err := p.values(o.list)
		return &node{kind: 'r', is: policy.Requirement{Key: key, Operator: o.op, Values: values}}, err
	}
	p.skip()
	if p.at == start+len(key) && p.at == len(p.text) {
		return nil, p.errorf("%q is not compared with anything", key)
	}
	return nil, p.errorf("after %q one of ==, !=, in, not in, contains, starts with, ends with is expected", key)
}

// takeWords passes an operator whose words may have any blanks between them.
func (p *parser) takeWords(sign string) bool {
	before := p.at
	for _, word := range strings.Fields(sign) {
		if !p.take(word) || isKeyByte(word[0]) && p.at < len(p.text) && isKeyByte(p.text[p.at]) {
			p.at = before
			return false
		}
	}
	return true
}

// values reads a quoted text or, as a list, several in braces.
func (p *parser) values(list bool) ([]string, error) {
	if !list {
		v, err := p.quoted()
		return []string{v}, err
	}
	if !p.take("{") {
		return nil, p.errorf("a list in braces is expected")
	}
	var out []string
	for !p.take("}") {
		if len(out) > 0 && !p.take(",") {
			return nil, p.errorf("a comma or a closing brace is expected")
		}
		v, err := p.quoted()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (p *parser) quoted() (string, error) {
	p.skip()
	if p.at == len(p.text) || p.text[p.at] != '\'' && p.text[p.at] != '"' {
		return "", p.errorf("a text in quotes is expected")
	}
	quote := p.text[p.at]
	end := strings.IndexByte(p.text[p.at+1:], quote)
	if end < 0 {
		return "", p.errorf("a closing quote is missing")
	}
	text := p.text[p.at+1 : p.at+1+end]
	p.at += end + 2
	return text, nil
}

// opposites are what operators become under a negation.
var opposites = map[metav1.LabelSelectorOperator]metav1.LabelSelectorOperator{
	metav1.LabelSelectorOpIn: metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpNotIn: metav1.LabelSelectorOpIn,
	metav1.LabelSelectorOpExists: metav1.LabelSelectorOpDoesNotExist, metav1.LabelSelectorOpDoesNotExist: metav1.LabelSelectorOpExists,
	policy.Contains: policy.ContainsNot, policy.StartsWith: policy.StartsNot, policy.EndsWith: policy.EndsNot,
}

// expand writes a selector as alternatives. It is not ok if there are too many.
func expand(n *node, negated bool) ([]term, bool) {
	switch n.kind {
	case '!':
		return expand(n.parts[0], !negated)
	case 't':
		if negated {
			return nil, true
		}
		return []term{{inside: true}}, true
	case 'g':
		return []term{{global: !negated, inside: negated}}, true
	case 'r':
		r := n.is
		if negated {
			r.Operator = opposites[r.Operator]
		}
		return []term{{requirements: []policy.Requirement{r}}}, true
	}
	var out []term
	for i, part := range n.parts {
		terms, ok := expand(part, negated)
		if !ok {
			return nil, false
		}
		switch {
		case (n.kind == '|') != negated:
			out = append(out, terms...)
		case i == 0:
			out = terms
		default:
			out = product(out, terms)
		}
		if len(out) > maxTerms {
			return nil, false
		}
	}
	return out, true
}

// product is what meets a term of both lists.
func product(a, b []term) []term {
	out := make([]term, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all := append(x.requirements[:len(x.requirements):len(x.requirements)], y.requirements...)
			out = append(out, term{requirements: all, global: x.global || y.global, inside: x.inside || y.inside})
		}
	}
	return out
}
