package argocd

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
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

// maxText bounds what a template of an ApplicationSet makes.
const maxText = 1 << 20

func (g *generation) execute(text string, p params) (string, error) {
	t, err := template.New("template").Funcs(functions).Option(g.options...).Parse(text)
	if err != nil {
		return "", err
	}
	var out limitedText
	if err := t.Execute(&out, map[string]any(p)); err != nil {
		return "", err
	}
	return out.String(), nil
}

// limitedText refuses to grow without an end.
type limitedText struct{ strings.Builder }

func (l *limitedText) Write(text []byte) (int, error) {
	if l.Len()+len(text) > maxText {
		return 0, fmt.Errorf("the result is longer than %d bytes", maxText)
	}
	return l.Builder.Write(text)
}

// functions are those of Argo CD's templates, without what reads the machine, the network, the time or chance, and
// without what makes much of little.
var functions = func() template.FuncMap {
	all := sprig.HermeticTxtFuncMap()
	for _, name := range []string{"until", "untilStep", "repeat", "seq", "bcrypt", "htpasswd", "derivePassword", "genPrivateKey",
		"genCA", "genSelfSignedCert", "genSignedCert", "encryptAES", "decryptAES"} {
		delete(all, name)
	}
	all["normalize"] = normalize
	all["toYaml"] = func(v any) (string, error) {
		text, err := yaml.Marshal(v)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	all["fromYaml"] = func(text string) (any, error) { return decode([]byte(text)) }
	return all
}()
