package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

var dataElement = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

// TestHTMLTellsFindingsInTheWordsOfTheOthers holds for every case: what the page is given of a finding is what JSON says.
func TestHTMLTellsFindingsInTheWordsOfTheOthers(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := HTML(&b, &c.result, Options{Link: github}); err != nil {
				t.Fatal(err)
			}
			match := dataElement.FindSubmatch(b.Bytes())
			if match == nil {
				t.Fatal("the page has no data")
			}
			var data pageData
			if err := json.Unmarshal(match[1], &data); err != nil {
				t.Fatal(err)
			}
			if want := Headline(&c.result, Options{}); data.Headline != want {
				t.Errorf("headline %q, want %q", data.Headline, want)
			}
			for i, cluster := range c.result.Clusters {
				if got, want := len(data.Clusters[i].Findings), len(cluster.Findings); got != want {
					t.Fatalf("%d findings, want %d", got, want)
				}
				for n, f := range cluster.Findings {
					got := data.Clusters[i].Findings[n]
					if got.Title != clean(f.Title) || got.Explanation != clean(f.Explanation) || got.Advice != clean(f.Advice) {
						t.Errorf("%s is told in other words: %+v", f.ID, got)
					}
					if len(got.Connections) != len(f.Connections) || len(got.Causes) != len(f.Causes) || len(got.Evidence) != len(f.Evidence) {
						t.Errorf("%s lacks connections, causes or evidence: %+v", f.ID, got)
					}
				}
			}
		})
	}
}

// TestHTMLHoldsNoNameAsMarkup looks at the case whose names are scripts: outside its data the page is always the same.
func TestHTMLHoldsNoNameAsMarkup(t *testing.T) {
	for _, c := range cases {
		var b bytes.Buffer
		if err := HTML(&b, &c.result, Options{}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "<script"); n != 3 {
			t.Errorf("%s: %d elements begin with <script, want 3", c.name, n)
		}
		if data := dataElement.FindStringSubmatch(b.String()); data == nil || strings.ContainsAny(data[1], "<>&") {
			t.Errorf("%s: the data holds what could be markup", c.name)
		}
	}
}
