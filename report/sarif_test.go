package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// TestSARIFMeetsItsSchema validates every case against the standard's schema, and shows that the schema refuses.
func TestSARIFMeetsItsSchema(t *testing.T) {
	text, err := os.ReadFile("testdata/sarif/sarif-2.1.0-rtm.5.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := compileSchema(t, text)
	for _, c := range cases {
		var b bytes.Buffer
		if err := SARIF(&b, &c.result); err != nil {
			t.Fatal(err)
		}
		validate(t, schema, c.name, b.Bytes())
		for _, change := range [][2]string{{`"level": "`, `"level": "very `}, {`"version": "2.1.0"`, `"version": "2"`}, {`"executionSuccessful"`, `"successful"`}} {
			broken, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(b.String(), change[0], change[1], 1)))
			if err != nil {
				t.Fatal(err)
			}
			if schema.Validate(broken) == nil {
				t.Errorf("%s: accepted with %s", c.name, change[1])
			}
		}
	}
}

// TestEveryResultHasItsRule holds for what the schema cannot say: rules are there once, with level, score and address,
// and every result whose rule has a text refers to it; the causes are the locations.
func TestEveryResultHasItsRule(t *testing.T) {
	for _, c := range cases {
		if c.name == "hostile" { // its rules are no rules
			continue
		}
		var b bytes.Buffer
		if err := SARIF(&b, &c.result); err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, r := range log.Runs[0].Tool.Driver.Rules {
			if known[r.ID] || r.ShortDescription.Text == "" || r.Properties.Severity == "" || r.DefaultConfiguration.Level == "" || !strings.HasPrefix(r.HelpURI, "https://") {
				t.Errorf("rule %+v", r)
			}
			known[r.ID] = true
		}
		n := 0
		for i := range c.result.Clusters {
			for _, f := range c.result.Clusters[i].Findings {
				got := log.Runs[0].Results[n]
				n++
				if _, told := severity.ByID(f.Rule); told != known[got.RuleID] || got.RuleID != f.Rule || len(got.Fingerprints) != 1 {
					t.Errorf("%s: %+v", c.name, got)
				}
				if len(f.Causes) > 0 && (len(got.Locations) == 0 || got.Locations[0].Physical.Artifact.URI != f.Causes[0].File || got.Locations[0].Physical.Region.StartLine != f.Causes[0].Line) {
					t.Errorf("%s: %s is not where its cause is: %+v", c.name, f.ID, got.Locations)
				}
			}
		}
		if n != len(log.Runs[0].Results) {
			t.Errorf("%s: %d findings, %d results", c.name, n, len(log.Runs[0].Results))
		}
	}
}

func TestAnAcceptedFindingIsSuppressed(t *testing.T) {
	finding := impact.Finding{Rule: "O4", Severity: impact.High, Title: "anyone reaches shop/cart"}
	accepted := finding
	accepted.Accepted = &impact.Acceptance{Reason: "until the move", Author: "team shop", Until: "2026-12-31"}
	var b bytes.Buffer
	if err := SARIF(&b, &impact.Result{Clusters: []impact.Cluster{{Name: "prod", Findings: []impact.Finding{finding, accepted}}}}); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	results := log.Runs[0].Results
	if got := results[0].Suppressions; got == nil || len(got) != 0 {
		t.Errorf("a finding that nobody accepts has the suppressions %v", got)
	}
	want := sarifSuppression{Kind: "external", Status: "accepted", Justification: "accepted by team shop until 2026-12-31: until the move"}
	if got := results[1].Suppressions; len(got) != 1 || got[0] != want {
		t.Errorf("the accepted finding has the suppressions %v", got)
	}
}
