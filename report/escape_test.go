package report

import (
	"bytes"
	"html"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	goldtext "github.com/yuin/goldmark/text"
)

// gfm reads markdown as GitHub does, links of bare addresses included.
var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// shape is a page's elements in their order, without the text in them.
func shape(page string) string {
	source := []byte(page)
	var b strings.Builder
	err := ast.Walk(gfm.Parser().Parse(goldtext.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.Kind() {
		case ast.KindText, ast.KindString:
			return ast.WalkContinue, nil
		case ast.KindRawHTML:
			if entering {
				b.Write(n.(*ast.RawHTML).Segments.Value(source))
			}
			return ast.WalkSkipChildren, nil
		case ast.KindLink:
			if entering {
				b.WriteString("link to " + string(n.(*ast.Link).Destination))
			}
		}
		if entering {
			b.WriteString("<" + n.Kind().String())
		} else {
			b.WriteString(">")
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		panic(err)
	}
	return b.String()
}

// places are where untrusted input stands in a comment.
var places = []string{
	"%",
	"### headline %",
	"- **Gate:** %",
	"> - <code>%</code>: %",
	"| Finding | To |\n| :-- | :-- |\n| % | <code>%</code> |\n| **%**<br>% → x | [%](https://example.com/) |\n",
	"**F1 %** · high\n\n%\n\n- Cause: <code>%</code> %, end\n",
	"\n<details><summary>x</summary>\n\n%\n\n</details>\n",
	"[%](https://example.com/) %",
}

// checkInert fails if an input makes a page anything but what harmless words make it.
func checkInert(t *testing.T, input string) {
	t.Helper()
	escaped := escape(input)
	for _, place := range places {
		page := strings.ReplaceAll(place, "%", escaped)
		want := shape(strings.ReplaceAll(place, "%", "word"))
		if escaped == "" {
			want = shape(strings.ReplaceAll(place, "%", ""))
		}
		if got := shape(page); got != want {
			t.Errorf("%q in %q makes\n%s\ninstead of\n%s", input, place, got, want)
		}
	}
	// What a reader sees is the cleaned input and nothing else.
	if got := strings.ReplaceAll(html.UnescapeString(escaped), "\u200b", ""); got != clean(input) {
		t.Errorf("%q is shown as %q instead of %q", input, got, clean(input))
	}
	// GitHub's filters work on the text after the references are resolved.
	seen := html.UnescapeString(escaped)
	for i := range len(seen) - 1 {
		if (seen[i] == '@' || seen[i] == '#') && seen[i+1] < 0x80 && seen[i+1] != ' ' {
			t.Errorf("%q leaves a mention or a reference: %q", input, seen)
		}
	}
	for _, link := range []string{"://", "www."} {
		if strings.Contains(strings.ToLower(seen), link) {
			t.Errorf("%q leaves an address: %q", input, seen)
		}
	}
}

func TestNamesAreNothingButText(t *testing.T) {
	for _, n := range nasty {
		checkInert(t, n)
	}
	for _, a := range nasty {
		for _, b := range nasty {
			checkInert(t, a+b)
			checkInert(t, a+" "+b)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, n := range nasty {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, input string) { checkInert(t, input) })
}

func FuzzClean(f *testing.F) {
	for _, n := range nasty {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, input string) {
		got := clean(input)
		for _, r := range got {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b {
				t.Errorf("%q keeps %U", input, r)
			}
		}
		if clean(got) != got {
			t.Errorf("%q is not clean: %q", got, clean(got))
		}
	})
}

func FuzzEscapeURL(f *testing.F) {
	f.Add("https://github.com/a/b/blob/head/a b(c).yaml#L3")
	f.Add("javascript:alert(1)")
	f.Add("https://x/|)<script>")
	f.Fuzz(func(t *testing.T, input string) {
		url := escapeURL(input)
		if url == "" {
			return
		}
		page := "| a |\n| :-- |\n| [x](" + url + ") |\n"
		var b bytes.Buffer
		if err := gfm.Convert([]byte(page), &b); err != nil {
			t.Fatal(err)
		}
		if strings.Count(b.String(), "<a href=\"http") != 1 || strings.Count(b.String(), "<td") != 1 || strings.Contains(b.String(), "<script") {
			t.Errorf("%q makes %s", input, b.String())
		}
	})
}

// TestHostileReportHasTheShapeOfAHarmlessOne holds for whole comments what the fuzzed functions hold for names.
func TestHostileReportHasTheShapeOfAHarmlessOne(t *testing.T) {
	for _, n := range nasty {
		hostile, harmless := hostileResult([]string{n, n, n, n}), hostileResult([]string{"word", "word", "word", "word"})
		// An empty side stays one, and a selector is told from a name.
		if strings.ContainsAny(n, "=!(, ") {
			harmless = hostileResult([]string{"wo rd", "wo rd", "wo rd", "wo rd"})
		}
		got, want := shape(render(t, &hostile, Options{Limit: 1 << 20})), shape(render(t, &harmless, Options{Limit: 1 << 20}))
		if got != want {
			t.Errorf("%q:\n%s\n%s", n, got, want)
		}
	}
}
