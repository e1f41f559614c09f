package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// alongside are rules that an example cannot avoid besides its own.
var alongside = map[string]string{"H4": "W2", "P1": "O11", "P2": "O11", "P3": "O11", "R3": "W3", "S1": "H8", "H19": "O11"}

// promisesTold is how many words about promises a rule's example cannot avoid.
var promisesTold = map[string]int{"R2": 1}

// example is what a rule's archive in testdata/rules holds: why the rule is, what both sides have, and what each has.
type example struct {
	why                string
	common, base, head string
	// staging and production, if any, are what one of two clusters has beside that.
	staging, production string
	// promises are those of both sides, basePromises and headPromises those of one.
	promises, basePromises, headPromises string
}

// TestEveryRuleHasAnExampleThatYieldsIt runs the examples of docs/rules.md, and keeps that page the same as the table.
func TestEveryRuleHasAnExampleThatYieldsIt(t *testing.T) {
	var text bytes.Buffer
	for _, rule := range severity.Rules {
		e := readExample(t, rule.ID)
		title := e.run(t, rule)
		fmt.Fprintf(&text, "\n## %s (%s)\n\n%s.\n\n%s\n", rule.ID, rule.Level, upperFirst(rule.Text), e.why)
		for _, part := range []struct{ name, manifests string }{{"On both sides", e.common}, {"In staging", e.staging}, {"In production", e.production}, {"Base", e.base}, {"Head", e.head},
			{"Promised", e.promises}, {"Promised by base", e.basePromises}, {"Promised by head", e.headPromises}} {
			if part.manifests == "" && (strings.HasPrefix(part.name, "In ") || strings.HasPrefix(part.name, "Promised")) {
				continue
			}
			if part.manifests == "" {
				fmt.Fprintf(&text, "\n%s: nothing more.\n", part.name)
				continue
			}
			fmt.Fprintf(&text, "\n%s:\n\n```yaml\n%s```\n", part.name, part.manifests)
		}
		fmt.Fprintf(&text, "\nThe finding: *%s*\n", title)
	}
	const file, end = "../../docs/rules.md", "<!-- rules: end -->\n"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, marker, ok := strings.Cut(string(page), "<!-- rules: begin ")
	marker, _, ok2 := strings.Cut(marker, "\n")
	before, _, _ := strings.Cut(string(page), marker)
	if !ok || !ok2 || !strings.HasSuffix(string(page), end) {
		t.Fatal("docs/rules.md has lost its markers")
	}
	golden(t, file, []byte(before+marker+"\n"+text.String()+"\n"+end))
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func readExample(t *testing.T, id string) example {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("../../testdata/rules", id+".txtar"))
	if err != nil {
		t.Fatalf("the rule %s has no example: %v", id, err)
	}
	e := example{why: strings.TrimSpace(string(archive.Comment))}
	for _, f := range archive.Files {
		switch f.Name {
		case "common.yaml":
			e.common = string(f.Data)
		case "base.yaml":
			e.base = string(f.Data)
		case "head.yaml":
			e.head = string(f.Data)
		case "promises.yaml":
			e.promises = string(f.Data)
		case "base-promises.yaml":
			e.basePromises = string(f.Data)
		case "head-promises.yaml":
			e.headPromises = string(f.Data)
		case "staging.yaml":
			e.staging = string(f.Data)
		case "production.yaml":
			e.production = string(f.Data)
		default:
			t.Fatalf("the example of %s has a file %s", id, f.Name)
		}
	}
	return e
}

// toldFinding is a finding as the tests of rules look at it.
type toldFinding struct{ Rule, Severity, Title, Fingerprint string }

// run compares the example's sides and returns the title of the finding.
func (e *example) run(t *testing.T, rule severity.Rule) string {
	t.Helper()
	var title string
	for _, f := range e.findings(t, rule) {
		switch {
		case f.Rule == alongside[rule.ID]:
		case f.Rule != rule.ID || f.Severity != string(rule.Level) || title != "":
			t.Errorf("the example of %s (%s) yields %s (%s): %s", rule.ID, rule.Level, f.Rule, f.Severity, f.Title)
		default:
			title = f.Title
		}
	}
	if title == "" {
		t.Errorf("the example of %s does not yield it", rule.ID)
	}
	return title
}

// findings compares the example's sides.
func (e *example) findings(t *testing.T, rule severity.Rule) []toldFinding {
	t.Helper()
	dir := t.TempDir()
	clusters := map[string]string{"": ""}
	if e.staging != "" {
		clusters = map[string]string{"staging": e.staging, "production": e.production}
	}
	var sides []string
	for side, manifests := range map[string]string{"base": e.base, "head": e.head} {
		if promises := e.promises + map[string]string{"base": e.basePromises, "head": e.headPromises}[side]; promises != "" {
			at := filepath.Join(dir, side, "all.netpol-test.yaml")
			if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, []byte(promises), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for cluster, own := range clusters {
			at := filepath.Join(dir, side, cluster, "all.yaml")
			if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, []byte(e.common+"---\n"+own+"---\n"+manifests), 0o666); err != nil {
				t.Fatal(err)
			}
			if path := filepath.Join(dir, side); !slices.Contains(sides, "--"+side) {
				sides = append(sides, "--"+side, path)
			}
		}
	}
	var stdout, stderr bytes.Buffer
	run(t.Context(), append([]string{"diff", "--format", "json"}, sides...),
		func(string) string { return "" }, nil, &stdout, &stderr)
	var result struct {
		Clusters []struct {
			Findings []toldFinding
		}
		Diagnostics []any
	}
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil || len(result.Clusters) != len(clusters) || len(result.Diagnostics) > promisesTold[rule.ID] {
		t.Fatalf("%s: %v\n%s%s", rule.ID, err, &stdout, &stderr)
	}
	var out []toldFinding
	for _, c := range result.Clusters {
		out = append(out, c.Findings...)
	}
	return out
}

// TestTheTableHasEveryRuleThatTheCodeGives looks for rules by their names in the source: one that is not in the table has
// neither a level nor a section in docs/rules.md.
func TestTheTableHasEveryRuleThatTheCodeGives(t *testing.T) {
	name := regexp.MustCompile(`"[BEHLOPRSW][1-9][0-9]?"`)
	found := 0
	for _, room := range []string{"impact", "review", "report", "pullrequest"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, quoted := range name.FindAllString(string(text), -1) {
				found++
				if _, ok := severity.ByID(strings.Trim(quoted, `"`)); !ok {
					t.Errorf("%s gives %s, which is not in the table", path, quoted)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < len(severity.Rules) {
		t.Errorf("%d names of rules are found, of %d rules", found, len(severity.Rules))
	}
}

// elsewhere is a namespace that has nothing to do with any example: nobody gets in or out.
const elsewhere = `
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere}
---
apiVersion: v1
kind: Pod
metadata: {name: ping, namespace: elsewhere, labels: {role: ping}}
spec: {containers: [{name: main, image: ping, ports: [{containerPort: 7}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pong, namespace: elsewhere, labels: {role: pong}}
spec: {containers: [{name: main, image: pong, ports: [{containerPort: 7}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: elsewhere}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
`

// openedElsewhere lets the one of these reach the other.
const openedElsewhere = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pong, namespace: elsewhere}
spec: {podSelector: {matchLabels: {role: pong}}, ingress: [{from: [{podSelector: {matchLabels: {role: ping}}}], ports: [{port: 7}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ping, namespace: elsewhere}
spec: {podSelector: {matchLabels: {role: ping}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {role: pong}}}], ports: [{port: 7}]}]}
`

// TestFingerprintsStayTheSameForEveryRule changes what is around the finding of each rule: waivers hold by fingerprints, and
// must not end because something else moves.
func TestFingerprintsStayTheSameForEveryRule(t *testing.T) {
	backwards := func(text string) string {
		if text == "" {
			return ""
		}
		documents := strings.Split(text, "\n---\n")
		slices.Reverse(documents)
		return strings.Join(documents, "\n---\n") + "\n"
	}
	moved := func(text string) string {
		if text == "" {
			return ""
		}
		return "# a comment\n\n\n" + strings.ReplaceAll(text, "\n---\n", "\n---\n# another one\n\n")
	}
	around := []struct {
		name   string
		change func(e *example)
	}{
		{"lines move", func(e *example) {
			e.common, e.base, e.head, e.promises = moved(e.common), moved(moved(e.base)), moved(e.head), moved(e.promises)
		}},
		{"documents change place", func(e *example) {
			e.common, e.base, e.head = backwards(e.common), backwards(e.base), backwards(e.head)
			e.staging, e.production = backwards(e.staging), backwards(e.production)
		}},
		{"others are there", func(e *example) { e.common += "---" + elsewhere }},
		{"others come", func(e *example) { e.head += "---" + elsewhere }},
		{"others change", func(e *example) { e.common += "---" + elsewhere; e.head += openedElsewhere }},
	}
	of := func(e example, rule severity.Rule) []string {
		var prints []string
		for _, f := range e.findings(t, rule) {
			if f.Rule == rule.ID && !strings.Contains(f.Title, "pong") && !strings.Contains(f.Title, "elsewhere") {
				prints = append(prints, f.Fingerprint)
			}
		}
		return prints
	}
	for _, rule := range severity.Rules {
		e := readExample(t, rule.ID)
		want := of(e, rule)
		for _, c := range around {
			changed := e
			c.change(&changed)
			if got := of(changed, rule); len(want) != 1 || !slices.Equal(got, want) {
				t.Errorf("%s, where %s: got %v, want %v", rule.ID, c.name, got, want)
			}
		}
	}
}
