package report

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// JUnit's XML, as far as the common readers (GitLab, Jenkins, Azure Pipelines, CircleCI) agree on it: there is no
// standard. A suite a cluster has a test a finding, which fails if the gate fails for it; a finding that the gate lets
// through is a test that passes and says what it found. The suite of the analysis has an error for each thing that could
// not be analysed, so that nothing passes as no change.
type (
	junitReport struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitCounts struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr,omitempty"`
		Time     int    `xml:"time,attr"`
	}
	junitSuite struct {
		junitCounts
		Cases []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Time      int           `xml:"time,attr"`
		Failure   *junitProblem `xml:"failure"`
		Error     *junitProblem `xml:"error"`
		Skipped   *junitSkip    `xml:"skipped"`
		Output    string        `xml:"system-out,omitempty"`
	}
	junitSkip struct {
		Message string `xml:"message,attr"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the findings as tests.
func JUnit(w io.Writer, r *impact.Result) error {
	out := junitReport{junitCounts: junitCounts{Name: "netpol-impact"}}
	out.add(junitAnalysis(r))
	for i := range r.Clusters {
		c := &r.Clusters[i]
		suite := junitSuite{junitCounts: junitCounts{Name: clean("cluster " + clusterName(c))}}
		for j := range c.Findings {
			f := &c.Findings[j]
			suite.add(junitFinding(f, clusterName(c), slices.Contains(r.Gate.Findings, f.ID)))
		}
		out.add(suite)
	}
	return out.write(w)
}

func (r *junitReport) write(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *junitReport) add(s junitSuite) {
	r.Suites = append(r.Suites, s)
	r.Tests, r.Failures, r.Errors, r.Skipped = r.Tests+s.Tests, r.Failures+s.Failures, r.Errors+s.Errors, r.Skipped+s.Skipped
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

// junitAnalysis has a test that passes, one that errs for each thing that could not be analysed, or one that fails where
// the gate does for no finding.
func junitAnalysis(r *impact.Result) junitSuite {
	suite := junitSuite{junitCounts: junitCounts{Name: "analysis"}}
	broken := false
	for _, d := range r.Diagnostics {
		if d.Severity != manifest.Error {
			continue
		}
		broken = true
		name := clean(d.Object)
		if d.File != "" {
			name = strings.TrimSuffix(plainMarkup{}.line("", d.File, d.Line, true)+": "+name, ": ")
		}
		if name == "" {
			name = "analysis"
		}
		message := clean(d.Message)
		suite.add(junitCase{Name: name, ClassName: "analysis", Error: &junitProblem{Message: message, Type: "not-analysed", Text: message}})
	}
	switch {
	case broken:
	case !r.Gate.Pass && len(r.Gate.Findings) == 0:
		reasons := clean(strings.Join(r.Gate.Reasons, "; "))
		suite.add(junitCase{Name: "the gate passes", ClassName: "analysis", Failure: &junitProblem{Message: reasons, Type: "gate", Text: reasons}})
	default:
		suite.add(junitCase{Name: "everything could be analysed", ClassName: "analysis"})
	}
	return suite
}

func junitFinding(f *impact.Finding, cluster string, fails bool) junitCase {
	out := junitCase{Name: clean(f.Title), ClassName: clean(cluster + "." + f.Rule)}
	lines := []string{clean(f.ID + " " + string(f.Severity) + ", rule " + f.Rule)}
	for _, text := range []string{f.Explanation, f.Advice} {
		if text != "" {
			lines = append(lines, clean(text))
		}
	}
	for i, c := range f.Causes {
		if i == causesShown {
			lines = append(lines, "and "+count(len(f.Causes)-i, "more cause"))
			break
		}
		lines = append(lines, "cause: "+causeText(c))
	}
	text := strings.Join(lines, "\n")
	if !fails {
		out.Output = text
		return out
	}
	out.Failure = &junitProblem{Message: clean(f.Title), Type: clean(string(f.Severity)), Text: text}
	return out
}
