package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// github links lines as a pull request does.
func github(side, file string, line int) string {
	return fmt.Sprintf("https://github.com/acme/shop/blob/%s/%s#L%d", side, file, line)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test -update and read the difference. Got:\n%s", name, got)
	}
}

// TestReportsAreAsReviewed compares every format of every case with what a person has read.
func TestReportsAreAsReviewed(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range formats {
				if f.format == FormatHTML {
					continue // the whole page is the same but for its data, which html_test.go looks at
				}
				if f.of&ofResult == 0 || c.name == "many" && f.format != FormatMarkdown || f.format == FormatCSV && !hasChanges(&c.result) {
					continue
				}
				var b bytes.Buffer
				if err := f.format.Write(&b, &c.result, Options{Link: github}); err != nil {
					t.Fatal(err)
				}
				golden(t, c.name+f.endings[0], b.Bytes())
			}
		})
	}
}

func hasChanges(r *impact.Result) bool {
	return slices.ContainsFunc(r.Clusters, func(c impact.Cluster) bool { return c.Changes != nil })
}

func render(t testing.TB, r *impact.Result, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var rowPattern = regexp.MustCompile(`^\| .* \|$`)

// checkWhole fails where a comment is cut inside something.
func checkWhole(t *testing.T, page string, limit int) {
	t.Helper()
	if len(page) > limit {
		t.Errorf("%d bytes, limit %d", len(page), limit)
	}
	if strings.Count(page, "<details>") != strings.Count(page, "</details>") {
		t.Errorf("%d <details> are opened and %d closed", strings.Count(page, "<details>"), strings.Count(page, "</details>"))
	}
	if !utf8.ValidString(page) || !strings.HasSuffix(page, "\n") {
		t.Error("cut inside a line")
	}
	cells := 0
	for _, line := range strings.Split(page, "\n") {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(line, "|")
		if !rowPattern.MatchString(line) || cells != 0 && n != cells {
			t.Errorf("a row is not whole: %s", line)
		}
		cells = n
	}
}

// TestMarkdownFits holds for every limit, also where it cuts: details are closed, rows are whole, counts are kept.
func TestMarkdownFits(t *testing.T) {
	for _, c := range cases {
		whole := render(t, &c.result, Options{Link: github})
		checkWhole(t, whole, defaultLimit)
		first, _, _ := strings.Cut(whole, "\n")
		limits := []int{2000, 2001, 2345, 4000, 7777, 12_000, 33_333, 262_144, len(whole) - 1, len(whole), len(whole) + 1}
		step := 97
		if c.name == "many" {
			step = 1009
		}
		for l := 2000; l < min(len(whole), 20_000); l += step {
			limits = append(limits, l)
		}
		for _, limit := range limits {
			limit = max(limit, minimumLimit)
			page := render(t, &c.result, Options{Link: github, Limit: limit})
			checkWhole(t, page, limit)
			if !strings.HasPrefix(page, first+"\n") {
				t.Errorf("%s at %d: the headline is lost", c.name, limit)
			}
			if len(whole) > limit && !strings.Contains(page, "more") && !strings.Contains(page, "Shortened") {
				t.Errorf("%s at %d: cut without a word", c.name, limit)
			}
			if t.Failed() {
				t.Fatalf("%s at %d:\n%s", c.name, limit, page)
			}
		}
	}
}

// TestMarkdownFitsAnySize holds for every number of findings, around the sizes where the limit begins to cut.
func TestMarkdownFitsAnySize(t *testing.T) {
	for n := 1; n < 120; n++ {
		r := manyResult(n)
		for _, limit := range []int{0, 5000, 10_000 + n} {
			o := Options{Link: github, Limit: limit}
			checkWhole(t, render(t, &r, o), o.limit())
		}
	}
}

// TestVerdictFitsAnyLimit holds for the longest names there can be.
func TestVerdictFitsAnyLimit(t *testing.T) {
	long := strings.Repeat("@a", 500)
	r := impact.Result{Base: long, Head: long, Gate: impact.Gate{Pass: true}}
	page := render(t, &r, Options{Title: long, Limit: 1})
	checkWhole(t, page, minimumLimit)
	if !strings.Contains(page, "no connection changes") || strings.Contains(page, "Shortened") {
		t.Error(page)
	}
}

// TestNothingIsUnsaidWhenSomethingBroke: an error is never told as "no changes".
func TestNothingIsUnsaidWhenSomethingBroke(t *testing.T) {
	for _, c := range cases {
		if c.name != "not-analysed" {
			continue
		}
		for _, f := range []Format{FormatText, FormatMarkdown} {
			var b bytes.Buffer
			if err := f.Write(&b, &c.result, Options{}); err != nil {
				t.Fatal(err)
			}
			if s := b.String(); strings.Contains(s, "no connection changes") || !strings.Contains(s, "deploy/policies/deny.yaml:9") {
				t.Errorf("%s:\n%s", f, s)
			}
		}
	}
}

// TestTextFits: no line is wider than the terminal but a file with its line, which stays whole, and no byte commands it.
func TestTextFits(t *testing.T) {
	for _, c := range cases {
		for _, width := range []int{40, 80, 133} {
			var b bytes.Buffer
			if err := Text(&b, &c.result, Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if n := utf8.RuneCountInString(line); n > width && !isPlace(strings.TrimSpace(line)) {
					t.Errorf("%s: %d columns of %d: %q", c.name, n, width, line)
				}
				if clean(line) != strings.Join(strings.Fields(line), " ") {
					t.Errorf("%s: unclean %q", c.name, line)
				}
			}
		}
	}
}

// TestColorChangesNothingElse: the words are the same with colours.
func TestColorChangesNothingElse(t *testing.T) {
	ansi := regexp.MustCompile("\x1b\\[[0-9]+m")
	for _, c := range cases {
		var colored, plain bytes.Buffer
		if err := Text(&colored, &c.result, Options{Color: true}); err != nil {
			t.Fatal(err)
		}
		if err := Text(&plain, &c.result, Options{}); err != nil {
			t.Fatal(err)
		}
		if ansi.ReplaceAllString(colored.String(), "") != plain.String() {
			t.Errorf("%s differs", c.name)
		}
	}
}

// TestJSONHasNoNull: lists are lists even where they are empty, and keys are always there.
func TestJSONHasNoNull(t *testing.T) {
	results := []impact.Result{{}, {Clusters: []impact.Cluster{{Findings: []impact.Finding{{Connections: []impact.Connection{{}}}}, Changes: []impact.Change{}}}}}
	for _, c := range cases {
		results = append(results, c.result)
	}
	for _, r := range results {
		var b bytes.Buffer
		if err := JSON(&b, &r); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%v in %s", err, b.Bytes())
		}
		for _, key := range []string{"schema", "base", "head", "clusters", "gate", "diagnostics"} {
			if got[key] == nil {
				t.Errorf("no %s", key)
			}
		}
		if bytes.Contains(b.Bytes(), []byte("null")) {
			t.Errorf("null in %s", b.Bytes())
		}
	}
}

// BenchmarkFormats writes 300 findings and 100,000 changed pairs.
func BenchmarkFormats(b *testing.B) {
	r := manyResult(300)
	known := r.Clusters[0].Workloads
	for i := range 100_000 {
		from, to := known[i%len(known)], known[i/len(known)%len(known)]
		r.Clusters[0].Changes = append(r.Clusters[0].Changes, impact.Change{Source: impact.Peer{Workload: &from}, Destination: impact.Peer{Workload: &to}, Blocked: anyPort})
	}
	for _, f := range formats {
		if f.of&ofResult == 0 {
			continue
		}
		b.Run(string(f.format), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if err := f.format.Write(io.Discard, &r, Options{Link: github}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestHeadlineIsTheFirstLineOfEveryReport(t *testing.T) {
	for _, c := range cases {
		headline := Headline(&c.result, Options{})
		var b bytes.Buffer
		if err := Text(&b, &c.result, Options{Width: 1000}); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), headline) || !strings.Contains(strings.ReplaceAll(render(t, &c.result, Options{}), "**", ""), headline) {
			t.Errorf("%s: %q", c.name, headline)
		}
	}
}

func TestForFile(t *testing.T) {
	for name, want := range map[string]Format{"out/report.md": FormatMarkdown, "REPORT.JSON": FormatJSON, "a.txt": FormatText, `c:\x\y.markdown`: FormatMarkdown} {
		if got, err := ForResult.ForFile(name); err != nil || got != want {
			t.Errorf("ForFile(%q) = %q, %v", name, got, err)
		}
	}
	_, err := ForResult.ForFile("report.pdf")
	if err == nil || !strings.Contains(err.Error(), "markdown (.md, .markdown)") {
		t.Errorf("error does not list the formats: %v", err)
	}
	if _, err := ForResult.Parse("yaml"); err == nil || !strings.Contains(err.Error(), "text, markdown, json") {
		t.Errorf("error does not list the formats: %v", err)
	}
}

// TestTheSameMessageOfManyObjectsIsToldOnce holds for notes, warnings and what could not be analysed alike.
func TestTheSameMessageOfManyObjectsIsToldOnce(t *testing.T) {
	for _, c := range []struct {
		objects int
		times   int
	}{{1, 1}, {2, 2}, {3, 1}, {40, 1}} {
		r := &impact.Result{Gate: impact.Gate{Pass: true}}
		for i := range c.objects {
			r.Diagnostics = append(r.Diagnostics,
				manifest.Diagnostic{Severity: manifest.Warning, Object: fmt.Sprintf("NetworkPolicy shop/old-%d", i), File: "old.yaml", Line: i + 1, Message: "is of an old version"},
				manifest.Diagnostic{Severity: manifest.Warning, File: "other.yaml", Line: i + 1, Message: fmt.Sprintf("differs, %d", i)})
		}
		for _, format := range []Format{"text", "markdown"} {
			var b bytes.Buffer
			if err := format.Write(&b, r, Options{Width: 1000}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(b.String(), "is of an old version"); got != c.times {
				t.Errorf("%s of %d objects says the message %d times, want %d:\n%s", format, c.objects, got, c.times, b.String())
			}
			shown := min(c.objects, placesShown)
			if format == "text" {
				shown = c.objects
			}
			for i := range shown {
				if !strings.Contains(b.String(), fmt.Sprintf("old.yaml:%d", i+1)) {
					t.Errorf("%s of %d objects does not name the one of line %d", format, c.objects, i+1)
				}
			}
		}
	}
}

// TestTheSameCauseInSeveralFilesIsOneThing holds for what environments have alike: one policy, not five.
func TestTheSameCauseInSeveralFilesIsOneThing(t *testing.T) {
	var causes []impact.Cause
	for _, environment := range []string{"dev", "prod", "qa", "stage", "test"} {
		causes = append(causes, impact.Cause{Object: "NetworkPolicy shop/web", Change: "removed", Side: "base", File: environment + "/web.yaml", Line: 1})
	}
	v := &clusterView{comment: &comment{}}
	got := v.cause(&impact.Finding{Causes: causes})
	want := "<code>NetworkPolicy shop/web</code> removed<br><code>dev/web.yaml:1 at base</code>,<br><code>prod/web.yaml:1 at base</code>,<br><code>qa/web.yaml:1 at base</code>,<br>and 2 more"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	more := append(slices.Clone(causes), impact.Cause{Object: "NetworkPolicy shop/a", Change: "removed"}, impact.Cause{Object: "NetworkPolicy shop/b", Change: "removed"}, impact.Cause{Object: "NetworkPolicy shop/c", Change: "removed"})
	if got := v.cause(&impact.Finding{Causes: more}); !strings.HasPrefix(got, "4 NetworkPolicies removed") {
		t.Errorf("got %s, want 4 policies", got)
	}
}
