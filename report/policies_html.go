package report

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"io"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

//go:embed html/policies.html
var policiesPage string

var policiesTemplate = template.Must(template.New("policies").Funcs(template.FuncMap{
	// What the page is made of is escaped by its markup.
	"words": func(s string) template.HTML { return template.HTML(s) },
}).Parse(policiesPage))

// PoliciesHTML writes policies in plain words as one page that needs nothing else and runs no script.
func PoliciesHTML(w io.Writer, h *impact.Handbook, o Options) error {
	return policiesTemplate.Execute(w, struct {
		Policy string
		Style  template.CSS
		Page   policyPage
	}{
		"default-src 'none'; style-src " + hashSource(pageStyle) + "; base-uri 'none'; form-action 'none'",
		template.CSS(pageStyle), newPolicyPage(htmlMarkup{o}, h),
	})
}

// htmlMarkup is that of a page for a browser.
type htmlMarkup struct{ options Options }

func (htmlMarkup) name(s string) string { return "<code>" + html.EscapeString(clean(s)) + "</code>" }
func (htmlMarkup) text(s string) string { return html.EscapeString(clean(s)) }

func (m htmlMarkup) line(side, file string, line int, whole bool) string {
	shown := html.EscapeString(plainMarkup{}.line(side, file, line, whole))
	if url := m.options.link(side, file, line); strings.HasPrefix(url, "https://") {
		return fmt.Sprintf("<a href=\"%s\" rel=\"noreferrer\">%s</a>", html.EscapeString(url), shown)
	}
	return "<code>" + shown + "</code>"
}
