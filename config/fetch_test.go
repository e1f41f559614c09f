package config

import (
	"strings"
	"testing"
)

func TestASourceIsAnAddressThatMeansOneThing(t *testing.T) {
	for text, want := range map[string]string{
		"https://charts.example.com/stable":      "https charts.example.com:443 /stable",
		"https://Charts.Example.com:443/stable/": "https charts.example.com:443 /stable named",
		"https://charts.example.com":             "https charts.example.com:443 ",
		"https://charts.example.com/":            "https charts.example.com:443 ",
		"http://charts.example.com":              "http charts.example.com:80  plain",
		"oci://ghcr.io/team/charts":              "oci ghcr.io:443 /team/charts",
		"oci://localhost:5000/charts":            "oci localhost:5000 /charts named plain",
		"oci://[::1]/charts":                     "oci [::1]:80 /charts plain",
		"charts.example.com":                     "none of https://",
		"ftp://charts.example.com":               "none of https://",
		"file:///charts":                         "none of https://",
		"https:charts.example.com":               "no host",
		"https:///charts":                        "no host",
		"https://user@charts.example.com":        "no credentials",
		"https://charts.example.com/a/../b":      "parts",
		"https://charts.example.com/a//b":        "parts",
		"https://charts.example.com/%2e%2e/b":    "hides",
		"https://charts.example.com/a%2Fb":       "hides",
		"https://charts.example.com/a%5c..%5cb":  "hides",
		"https://charts.example.com:port/":       "no address",
		"https://charts.example.com/a\x7f":       "no address",
	} {
		s, err := ParseSource(text)
		got := s.Scheme + " " + s.Host + " " + s.Path
		if s.NamesPort {
			got += " named"
		}
		if s.IsPlain() {
			got += " plain"
		}
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestASourceHoldsWhatIsBelowIt(t *testing.T) {
	parse := func(text string) Source {
		s, err := ParseSource(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	entry := parse("https://charts.example.com/stable")
	for text, want := range map[string]bool{
		"https://charts.example.com/stable":            true,
		"https://CHARTS.example.com:443/stable/a?q=1":  true,
		"https://charts.example.com/stable2":           false,
		"https://charts.example.com/":                  false,
		"https://charts.example.com:8443/stable":       false,
		"https://example.com/stable":                   false,
		"http://charts.example.com/stable":             false,
		"oci://charts.example.com/stable":              false,
		"https://charts.example.com.evil.com/stable/a": false,
	} {
		if got := entry.Holds(parse(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if !parse("https://charts.example.com").Holds(entry) {
		t.Error("a host does not hold what is on it")
	}
}

func TestWrongSourcesAreMistakesWithALine(t *testing.T) {
	for text, want := range map[string]string{
		"fetch:\n  allow:\n  - https://a.example.com\n  - a.example.com\n": `f: line 4: fetch.allow: "a.example.com": it begins with none of`,
		"fetch: {allow: ['https://a.example.com/?x=1']}\n":                 `f: line 1: fetch.allow: "https://a.example.com/?x=1": leave out what follows the path`,
		"fetch: {alow: []}\n": "did you mean allow?",
	} {
		if _, err := Read("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	c, err := Read("f", []byte("fetch: {allow: ['https://a.example.com', 'oci://b.example.com/c']}\n"))
	if err != nil || len(c.Fetch.Sources()) != 2 {
		t.Errorf("got %v, %v", c.Fetch.Sources(), err)
	}
}
