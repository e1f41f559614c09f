package argocd

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/netpol-impact/netpol-impact/internal/gotemplate"
)

// fill puts parameters into every text of a tree.
func (g *generation) fill(tree any, p params) (any, error) {
	if p == nil {
		return tree, nil
	}
	switch v := tree.(type) {
	case string:
		return g.text(v, p)
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key, value := range v {
			name, err := g.text(key, p)
			if err == nil {
				filled[name], err = g.fill(value, p)
			}
			if err != nil {
				return nil, err
			}
		}
		return filled, nil
	case []any:
		filled := make([]any, len(v))
		for i, value := range v {
			var err error
			if filled[i], err = g.fill(value, p); err != nil {
				return nil, err
			}
		}
		return filled, nil
	}
	return tree, nil
}

var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// text fills one text. What fasttemplate does not know it leaves as it is.
func (g *generation) text(text string, p params) (string, error) {
	if p == nil || !strings.Contains(text, "{{") {
		return text, nil
	}
	if g.goTemplate {
		return g.execute(text, p)
	}
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := p[placeholder.FindStringSubmatch(found)[1]]; ok {
			return fmt.Sprint(value)
		}
		return found
	}), nil
}

func (g *generation) execute(text string, p params) (string, error) {
	return gotemplate.Template{Functions: functions, Options: g.options}.Execute(text, map[string]any(p))
}

// functions are those that Argo CD adds to sprig's.
var functions = template.FuncMap{
	"normalize": normalize,
	"fromYaml":  func(text string) (any, error) { return decode([]byte(text)) },
}
