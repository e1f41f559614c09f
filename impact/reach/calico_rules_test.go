package reach_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	calicoRule  = regexp.MustCompile(`(?m)^\| (C\d+) \|`)
	namesARule  = regexp.MustCompile(`\bC\d+\b`)
	commentLine = regexp.MustCompile(`(?m)^(#|//) .*$`)
)

// TestEveryRuleOfCalicosIsShownByACase holds the numbered list of docs/semantics.md and the tests to each other: a rule that
// no case names, or a name that stands for no rule, is a mistake.
func TestEveryRuleOfCalicosIsShownByACase(t *testing.T) {
	doc, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for _, row := range calicoRule.FindAllStringSubmatch(string(doc), -1) {
		if _, twice := shown[row[1]]; twice {
			t.Errorf("docs/semantics.md has %s twice", row[1])
		}
		shown[row[1]] = false
	}
	if len(shown) < 30 {
		t.Fatalf("docs/semantics.md numbers %d rules of Calico's", len(shown))
	}
	files := []string{"testdata/semantics/calico.txtar", "../policy/calico/parse_test.go"}
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, file := range append(files, scripts...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "projectcalico.org") && !strings.HasPrefix(file, "testdata") && !strings.HasSuffix(file, ".go") {
			continue
		}
		for _, comment := range commentLine.FindAllString(string(text), -1) {
			for _, name := range namesARule.FindAllString(comment, -1) {
				if _, known := shown[name]; !known {
					t.Errorf("%s names %s, which docs/semantics.md does not have", file, name)
				}
				shown[name] = true
			}
		}
	}
	for rule, is := range shown {
		if !is {
			t.Errorf("no case names the rule %s of docs/semantics.md", rule)
		}
	}
}
