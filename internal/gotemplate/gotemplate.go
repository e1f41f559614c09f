// Package gotemplate executes the Go templates of tools that deploy manifests: in go a template, its data and the tool's own
// functions, out comes a text of bounded length. The functions of sprig are there, without what reads the machine, the
// network, the time or chance, and without what makes much of little. A template may still go on without end: call it
// where that has a limit.
package gotemplate

import (
	"fmt"
	"maps"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

// maxText bounds what one template makes, in bytes.
const maxText = 1 << 20

// Template is how the templates of a tool are executed.
type Template struct {
	// Functions are the tool's own; they win over those of sprig.
	Functions template.FuncMap
	// Options are those of [template.Template.Option].
	Options []string
}

// Execute fills one template.
func (t Template) Execute(text string, data any) (string, error) {
	parsed, err := template.New("template").Funcs(functions).Funcs(t.Functions).Option(t.Options...).Parse(text)
	if err != nil {
		return "", err
	}
	var out limitedText
	if err := parsed.Execute(&out, data); err != nil {
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

var functions = func() template.FuncMap {
	all := maps.Clone(sprig.HermeticTxtFuncMap())
	for _, name := range []string{"until", "untilStep", "repeat", "seq", "bcrypt", "htpasswd", "derivePassword", "genPrivateKey",
		"genCA", "genSelfSignedCert", "genSignedCert", "encryptAES", "decryptAES"} {
		delete(all, name)
	}
	all["toYaml"] = func(v any) (string, error) {
		text, err := yaml.Marshal(v)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	return all
}()
