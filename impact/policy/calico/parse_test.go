package calico

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Rule C17 of docs/semantics.md.
func TestSelectorsAreReadAsCalicoReadsThem(t *testing.T) {
	sets := map[string]map[string]string{
		"none": {}, "web": {"app": "web"}, "webs": {"app": "webs", "tier": "front"}, "db": {"app": "db", "tier": "back"},
	}
	for _, test := range []struct{ selector, selects string }{
		{"", "db none web webs"},
		{"all()", "db none web webs"},
		{"!all()", ""},
		{"app == 'web'", "web"},
		{`app == "web"`, "web"},
		{"app != 'web'", "db none webs"},
		{"app in {'web', 'db'}", "db web"},
		{"app not in {'web', 'db'}", "none webs"},
		{"app not   in { }", "db none web webs"},
		{"app in {}", ""},
		{"has(tier)", "db webs"},
		{"!has(tier)", "none web"},
		{"app contains 'eb'", "web webs"},
		{"!app contains 'eb'", "db none"},
		{"app starts with 'web'", "web webs"},
		{"app ends with 's'", "webs"},
		{"app == 'web' || tier == 'back'", "db web"},
		{"has(app) && tier != 'front'", "db web"},
		{"has(app) && !(tier == 'front' || app == 'db')", "web"},
		{"!(app == 'web' && has(app))", "db none webs"},
		{"app=='web'||app=='db'&&tier=='front'", "web"},
		{"!!has(tier)", "db webs"},
	} {
		terms, err := parse(test.selector)
		if err != nil {
			t.Errorf("%s: %v", test.selector, err)
			continue
		}
		var got []string
		for _, name := range []string{"db", "none", "web", "webs"} {
			for _, term := range terms {
				if policy.Canonical(append([]policy.Requirement(nil), term.requirements...)).Matches(sets[name]) {
					got = append(got, name)
					break
				}
			}
		}
		if strings.Join(got, " ") != test.selects {
			t.Errorf("%s selects %v, must be %s", test.selector, got, test.selects)
		}
	}
}

func TestAMistakeInASelectorIsTold(t *testing.T) {
	for selector, want := range map[string]string{
		"app = 'web'":                      "at character 5",
		"app == web":                       "at character 8: a text in quotes",
		"app == 'web":                      "closing quote",
		"(app == 'web'":                    "closing parenthesis",
		"app in 'web'":                     "list in braces",
		"app":                              "not compared with anything",
		"app == 'web' app":                 "not expected here",
		"has()":                            "label's name",
		"app == 'a' &&":                    "is expected",
		strings.Repeat("!", 200) + "all()": "deep",
		strings.Repeat("(a == 'b' || c == 'd') && ", 12) + "all()": "more than 256",
	} {
		if _, err := parse(selector); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, must say %q", selector, err, want)
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{"all()", "a == 'b' && !(c in {'d','e'} || has(f))", "a not in {", "!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		terms, err := parse(s)
		if err == nil && len(terms) > maxTerms {
			t.Errorf("%d terms", len(terms))
		}
	})
}
