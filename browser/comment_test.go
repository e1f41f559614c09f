package browser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// looks are those of a comment: on GitHub by day and by night, on a telephone, and in a mail, which has no style.
var looks = []struct {
	name string
	look
	styled bool
}{
	{"light", look{"light", 900}, true},
	{"dark", look{"dark", 900}, true},
	{"phone", look{"light", 390}, true},
	{"phone-dark", look{"dark", 390}, true},
	{"mail", look{"light", 640}, false},
}

// flavoured reads markdown as GitHub reads comments: GFM, with markup and with every line break kept.
var flavoured = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps()))

var alert = regexp.MustCompile(`(?s)<blockquote>\s*<p>\[!(CAUTION|WARNING)\](?:<br>)?\s*(.*?)</blockquote>`)

// show makes a page of a comment, with the frame that GitHub puts around one.
func show(t *testing.T, comment []byte, styled bool) []byte {
	t.Helper()
	var body bytes.Buffer
	if err := flavoured.Convert(comment, &body); err != nil {
		t.Fatal(err)
	}
	// Alerts are not part of GFM: docs.github.com/get-started/writing-on-github, "Alerts".
	content := alert.ReplaceAllStringFunc(body.String(), func(s string) string {
		part := alert.FindStringSubmatch(s)
		kind := strings.ToLower(part[1])
		return `<div class="markdown-alert markdown-alert-` + kind + `"><p class="markdown-alert-title">` + part[1][:1] + kind[1:] + `</p><p>` + part[2] + `</div>`
	})
	style := "body { font-family: sans-serif; font-size: 14px }"
	if styled {
		css, err := os.ReadFile("style/github-markdown.css")
		if err != nil {
			t.Fatal(err)
		}
		style = string(css) + `
.markdown-body { font-size: 14px; margin: 12px; padding: 16px; border: 1px solid var(--borderColor-default); border-radius: 6px }
@media (prefers-color-scheme: dark) { body { background: #0d1117 } }
@media (max-width: 500px) { body { margin: 0 } .markdown-body { margin: 4px; padding: 12px } }`
	}
	return fmt.Appendf(nil, `<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><style>%s</style></head><body><article class="markdown-body">%s</article></body></html>`,
		style, content)
}

// comments are those that the report's golden tests hold, by their names.
func comments(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../report/testdata/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d comments to look at, error %v", len(files), err)
	}
	all := make(map[string][]byte)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		if strings.HasPrefix(name, "list-") {
			continue
		}
		if all[name], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

var (
	tableHead = regexp.MustCompile(`(?m)^\| :--`)
	target    = regexp.MustCompile(`\]\(https://github\.com/acme/shop/blob/`)
	markdown  = regexp.MustCompile(`[#*_\s]+`)
)

// TestACommentLooksRightOnGitHub holds for every comment that the report's golden tests know, by day and by night, on a
// telephone and in a mail: the headline is the first thing in sight, tables and links are those of the markdown, and
// nothing is wider than the window but what scrolls inside it.
func TestACommentLooksRightOnGitHub(t *testing.T) {
	p := start(t)
	tables, links := 0, 0
	for name, comment := range comments(t) {
		wantTables, wantLinks := len(tableHead.FindAll(comment, -1)), len(target.FindAll(comment, -1))
		tables, links = tables+wantTables, links+wantLinks
		for _, l := range looks {
			p.read(show(t, comment, l.styled), l.look, "article")
			in := name + " in " + l.name
			p.equal(in+": tables", "document.querySelectorAll('table').length", wantTables)
			p.equal(in+": links to lines", "document.querySelectorAll('a[href^=\"https://github.com/acme/shop/blob/\"]').length", wantLinks)
			p.equal(in+": other links", "document.querySelectorAll('a').length", wantLinks)
			p.equal(in+": pictures and scripts", "document.querySelectorAll('img, script, iframe, form, [onerror], [style]:not(th):not(td)').length", 0)
			p.equal(in+": folded parts", "document.querySelectorAll('details:not([open]) > summary').length", bytes.Count(comment, []byte("<details>")))
			p.inSight(in, comment)
			p.fits(in)
			p.shoot(name + "-" + l.name)
			if bytes.Contains(comment, []byte("<details>")) {
				p.ask("document.querySelectorAll('details').forEach((d) => { d.open = true })")
				if !l.styled {
					// Without a style the text of a drawing is as wide as its longest line.
					p.ask("document.querySelectorAll('pre').forEach((e) => e.remove())")
				}
				p.fits(in + ", all unfolded")
				if l.name == "light" || l.name == "phone" {
					p.shoot(name + "-" + l.name + "-unfolded")
				}
			}
		}
	}
	if tables < 20 || links < 50 {
		t.Errorf("only %d tables and %d links were looked at", tables, links)
	}
}

func (p *reader) equal(what, script string, want int) {
	p.t.Helper()
	if got := p.number(script); got != float64(want) {
		p.t.Errorf("%s: %v, want %d", what, got, want)
	}
}

// inSight fails unless the comment's first line is what a reader sees first, in words and in a colour that can be read.
func (p *reader) inSight(in string, comment []byte) {
	p.t.Helper()
	first, _, _ := strings.Cut(string(comment), "\n")
	want := markdown.ReplaceAllString(first, " ")
	got := p.ask(`(() => {
		const e = document.querySelector('article').firstElementChild, r = e.getBoundingClientRect();
		const seen = r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth && r.height > 10;
		return seen ? e.textContent : 'not in sight: ' + JSON.stringify(r);
	})()`)
	// Markup and entities are not text: a prefix of letters and marks is what both have.
	if n := strings.IndexAny(want, "<&`["); n >= 0 {
		want = want[:n]
	}
	want = strings.TrimSpace(want)
	if len(want) < 20 || !strings.Contains(markdown.ReplaceAllString(got, " "), want) {
		p.t.Errorf("%s: the headline reads %q, want %q", in, got, want)
	}
	if contrast := p.number(contrastOf); contrast < 4.5 {
		p.t.Errorf("%s: the headline has a contrast of %v, want 4.5 (WCAG 2.2, 1.4.3)", in, contrast)
	}
}

// contrastOf measures the headline's colour against what is behind it, as WCAG does.
const contrastOf = `(() => {
	const bright = (c) => { const v = c.match(/[\d.]+/g).slice(0, 3).map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
	let e = document.querySelector('article').firstElementChild, behind = 'rgb(255, 255, 255)';
	const ink = getComputedStyle(e).color;
	for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor; if (b !== 'rgba(0, 0, 0, 0)' && b !== 'transparent') { behind = b; break; } }
	const a = bright(ink) + 0.05, b = bright(behind) + 0.05;
	return Math.max(a, b) / Math.min(a, b);
})()`

// fits fails where the page, or a table in it, is wider than the window. A table may scroll inside itself.
func (p *reader) fits(in string) {
	p.t.Helper()
	if wide := p.number("document.documentElement.scrollWidth - innerWidth"); wide > 0 {
		p.t.Errorf("%s: the page is %v pixels wider than the window", in, wide)
	}
	wide := p.ask(`[...document.querySelectorAll('table, pre, p, li, summary')].filter((e) => e.offsetParent && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + ': ' + e.textContent.slice(0, 80)).join('; ')`)
	if wide != "" {
		p.t.Errorf("%s: wider than the window: %s", in, wide)
	}
}
