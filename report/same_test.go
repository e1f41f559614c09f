package report

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"
)

// TestAFindingIsWordForWordTheSameEverywhere holds for the title and the explanation of every finding in every format that
// tells findings: taken out of what the format wraps, quotes and colours, the words are there as the analysis gave them.
func TestAFindingIsWordForWordTheSameEverywhere(t *testing.T) {
	space := regexp.MustCompile(`\s+`)
	words := func(s string) string { return space.ReplaceAllString(strings.TrimSpace(s), " ") }
	plain := map[Format]func(string) string{
		FormatText:     words,
		FormatMarkdown: func(s string) string { return words(strings.ReplaceAll(html.UnescapeString(s), "\u200b", "")) },
		FormatJSON:     words,
		FormatSARIF:    words,
		FormatJUnit:    func(s string) string { return words(html.UnescapeString(s)) },
	}
	for _, f := range formats {
		read := plain[f.format]
		if f.of&ofResult == 0 || f.format == FormatCSV { // pairs, no findings
			continue
		}
		if read == nil {
			t.Logf("%s is not read here", f.format)
			continue
		}
		for _, c := range cases {
			if c.name == "many" || c.name == "hostile" { // shortened to fit; and made of what each format shows in its own way
				continue
			}
			var b bytes.Buffer
			if err := f.format.Write(&b, &c.result, Options{Width: 10_000, Limit: 1 << 20}); err != nil {
				t.Fatal(err)
			}
			page := read(b.String())
			for i := range c.result.Clusters {
				for _, finding := range c.result.Clusters[i].Findings {
					for _, want := range []string{finding.Title, finding.Explanation} {
						if !strings.Contains(page, words(want)) {
							t.Errorf("%s of %s does not say %q", f.format, c.name, want)
						}
					}
				}
			}
		}
	}
}
