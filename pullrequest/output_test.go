package pullrequest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// commands are the workflow commands that the runner would read in a log, by the rules of ActionCommand.TryParseV2 and
// TryParse of actions/runner: "::name …::" after white space at the beginning of a line, "##[name …]" anywhere in it.
func commands(log string) []string {
	var found []string
	// .NET's ReadLine ends a line at \n, \r or \r\n.
	for _, text := range strings.FieldsFunc(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		trimmed := strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
		if rest, ok := strings.CutPrefix(trimmed, "::"); ok {
			if name, _, ok := strings.Cut(rest, "::"); ok {
				name, _, _ = strings.Cut(name, " ")
				found = append(found, name)
			}
		}
		if _, rest, ok := strings.Cut(text, "##["); ok {
			if name, _, ok := strings.Cut(rest, "]"); ok {
				found = append(found, name)
			}
		}
	}
	return found
}

// readOutputs reads a file of outputs as the runner does (FileCommandManager of actions/runner).
func readOutputs(t *testing.T, text string) map[string]string {
	t.Helper()
	got := map[string]string{}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		heredoc, equals := strings.Index(lines[i], "<<"), strings.Index(lines[i], "=")
		if heredoc >= 0 && (equals < 0 || heredoc < equals) {
			name, delimiter := lines[i][:heredoc], lines[i][heredoc+2:]
			var value []string
			for i++; i < len(lines) && lines[i] != delimiter; i++ {
				value = append(value, lines[i])
			}
			if i == len(lines) {
				t.Fatalf("no end of output %s", name)
			}
			got[name] = strings.Join(value, "\n")
		} else if equals >= 0 {
			got[lines[i][:equals]] = lines[i][equals+1:]
		} else {
			t.Fatalf("the runner refuses the line %q", lines[i])
		}
	}
	return got
}

// hostile are names that a manifest may have and that must stay text.
var hostile = []string{
	"a\n::error::owned", "a\r::error::owned", "a\r\n  ::set-output name=x::y", "::add-mask::e", "  ::stop-commands::x",
	"\u00a0::error::owned", "\ufeff::error::owned", "\u2003::error::owned", "##[error]owned", "x ##[group]y", "::warning file=a,line=1::b",
	"a%0A::error::owned", "\x1b[2J\x1b[1;1H::error::owned", "a\u2028::error::owned", "a\u0085::error::owned", "\v::error::owned", "\x00::error::owned",
	"end-0\nconclusion=pass", "conclusion<<E\npass\nE", "a\nconclusion=pass\nb", "::", "::/0", "\u202e::rorre::", "\xff\xfe::error::owned",
}

func TestLogTextIsNeverACommand(t *testing.T) {
	for _, text := range hostile {
		var log bytes.Buffer
		step{log: &log}.say("%s", text)
		if got := commands(log.String()); got != nil {
			t.Errorf("%q was printed as %q, which has the commands %q", text, log.String(), got)
		}
	}
}

func TestFoldedTextHasOnlyTheFold(t *testing.T) {
	for _, text := range hostile {
		var log bytes.Buffer
		step{log: &log}.fold(text, text+"\n"+text)
		if got := commands(log.String()); fmt.Sprint(got) != "[group endgroup]" {
			t.Errorf("%q folded has the commands %q", text, got)
		}
	}
}

func FuzzLogLine(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := commands(logLine(text)); got != nil {
			t.Errorf("logLine(%q) = %q has the commands %q", text, logLine(text), got)
		}
	})
}

func TestAddressesStayReadableInTheLog(t *testing.T) {
	for text, want := range map[string]string{
		"from 2001:db8::/32 to ::/0": "from 2001:db8::/32 to ::/0",
		"::/0 to web":                "| ::/0 to web",
		"ünïcode/名前":                 "ünïcode/名前",
	} {
		if got := logLine(text); got != want {
			t.Errorf("logLine(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOutputCannotSetAnotherOne(t *testing.T) {
	for _, text := range hostile {
		file := filepath.Join(t.TempDir(), "output")
		s := step{outputFile: file, random: rand.Reader}
		if err := s.outputs([]output{{"reasons", text}, {"conclusion", "fail"}}); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := readOutputs(t, string(written))
		if len(got) != 2 || got["conclusion"] != "fail" || got["reasons"] != text {
			t.Errorf("%q set the outputs %q", text, got)
		}
	}
}

func TestGuessedDelimiterIsRefused(t *testing.T) {
	s := step{outputFile: filepath.Join(t.TempDir(), "output"), random: bytes.NewReader(make([]byte, 16))}
	err := s.outputs([]output{{"reasons", "a\nend-" + strings.Repeat("00", 16) + "\nconclusion=pass"}})
	if err == nil {
		t.Error("a value with its delimiter was written")
	}
}

func TestSummaryStaysBelowThePlatformsLimit(t *testing.T) {
	row := strings.Repeat("x", 99) + "\n"
	for _, test := range []struct{ before, rows int }{{0, 10}, {0, 10485}, {0, 10486}, {0, 40000}, {maxSummary - 10, 5}, {maxSummary, 1}, {maxSummary / 2, 9000}} {
		file := filepath.Join(t.TempDir(), "summary")
		if err := os.WriteFile(file, make([]byte, test.before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (step{summaryFile: file}).summary([]byte(strings.Repeat(row, test.rows))); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) > maxSummary {
			t.Errorf("%d bytes before and %d rows: the summary has %d bytes", test.before, test.rows, len(written))
		}
		text := string(written[test.before:])
		whole := test.before+test.rows*len(row) <= maxSummary
		if whole && text != strings.Repeat(row, test.rows) {
			t.Errorf("%d rows fit and were not all written", test.rows)
		}
		if rest, ok := strings.CutSuffix(text, cutNote); !whole && text != "" && (!ok || strings.Trim(rest, "x\n") != "" || len(rest)%100 != 99) {
			t.Errorf("%d bytes before and %d rows: not cut at the end of a row with a note: …%q", test.before, test.rows, text[max(0, len(text)-150):])
		}
	}
}

func TestAnnotationsAreTenAndTenWorstFirst(t *testing.T) {
	var findings []impact.Finding
	for _, severity := range []impact.Severity{impact.Low, impact.Medium, impact.High, impact.Critical, impact.Info} {
		for i := range 8 {
			findings = append(findings, impact.Finding{Rule: "O4", Severity: severity, Title: fmt.Sprintf("%s %d", severity, i),
				Causes: []impact.Cause{{File: "policy.yaml", Line: i + 1, Side: "head"}}})
		}
	}
	result := &impact.Result{
		Clusters:    []impact.Cluster{{Name: "prod", Findings: findings}},
		Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, File: "broken.yaml", Line: 3, Message: "is no YAML"}},
	}
	var log bytes.Buffer
	left := step{log: &log}.annotate(annotations(result))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 20 || left != 13 {
		t.Fatalf("%d annotations shown and %d left out, want 20 and 13", len(lines), left)
	}
	if want := "::error file=broken.yaml,line=3,title=Could not be analysed::is no YAML"; lines[0] != want {
		t.Errorf("first is %q, want %q", lines[0], want)
	}
	if want := "::error file=policy.yaml,line=1,title=critical (rule O4)::critical 0"; lines[1] != want {
		t.Errorf("second is %q, want %q", lines[1], want)
	}
	for i, want := range map[int]string{8: "critical 7", 9: "high 0", 10: "medium 0", 17: "medium 7", 18: "low 0", 19: "low 1"} {
		if !strings.HasSuffix(lines[i], "::"+want) {
			t.Errorf("annotation %d is %q, want %s", i, lines[i], want)
		}
	}
}

func TestAnnotationOfWhatIsGoneIsToldInWords(t *testing.T) {
	result := &impact.Result{Clusters: []impact.Cluster{{Name: "prod", Findings: []impact.Finding{{Rule: "O5", Severity: impact.High, Title: "cart is open",
		Causes: []impact.Cause{{Object: "NetworkPolicy shop/deny", File: "deny.yaml", Line: 4, Side: "base", Change: "removed"}}}}}}}
	var log bytes.Buffer
	step{log: &log}.annotate(annotations(result))
	if got, want := log.String(), "::error title=high (rule O5)::cart is open%0ANetworkPolicy shop/deny removed: was at deny.yaml:4\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnnotationIsOneCommandWhateverItsText(t *testing.T) {
	for _, text := range hostile {
		result := &impact.Result{Clusters: []impact.Cluster{{Name: text, Findings: []impact.Finding{{Rule: "O4", Severity: impact.High, Title: text, Explanation: text,
			Causes: []impact.Cause{{File: text, Line: 1, Side: "head", Object: text, Change: text}}}}}}}
		var log bytes.Buffer
		step{log: &log}.annotate(annotations(result))
		if got := commands(log.String()); fmt.Sprint(got) != "[error]" {
			t.Errorf("%q annotated as %q has the commands %q", text, log.String(), got)
		}
	}
}

// TestWhatEnvironmentsHaveAlikeIsAnnotatedOnce holds for the same finding at the same line: GitHub shows ten annotations of a kind.
func TestWhatEnvironmentsHaveAlikeIsAnnotatedOnce(t *testing.T) {
	finding := func(title string) impact.Finding {
		return impact.Finding{Rule: "B5", Severity: impact.High, Kind: impact.Blocked, Title: title, Advice: "allow it",
			Causes: []impact.Cause{{Object: "NetworkPolicy web", File: "base/web.yaml", Line: 3, Side: "head", Change: "added"}}}
	}
	result := &impact.Result{Clusters: []impact.Cluster{
		{Name: "dev", Findings: []impact.Finding{finding("web is cut off")}},
		{Name: "prod", Findings: []impact.Finding{finding("web is cut off"), finding("db is cut off")}},
	}}
	want := []annotation{
		{level: "error", file: "base/web.yaml", line: 3, title: "high (rule B5) in dev, prod", text: "web is cut off\nWhat to do: allow it"},
		{level: "error", file: "base/web.yaml", line: 3, title: "high (rule B5) in prod", text: "db is cut off\nWhat to do: allow it"},
	}
	if got := annotations(result); !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
