package report

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as far as code scanning reads it: every finding is a result of
// its rule, its causes are the locations, its fingerprint recognises it in the next run. What could not be analysed is
// a notification of the run, and makes it unsuccessful.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string          `json:"id"`
		ShortDescription     sarifText       `json:"shortDescription"`
		HelpURI              string          `json:"helpUri"`
		DefaultConfiguration sarifLevel      `json:"defaultConfiguration"`
		Properties           sarifProperties `json:"properties"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Severity string `json:"security-severity"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		// Suppressions are the waiver that accepts the finding. A list that is empty says that none does.
		Suppressions []sarifSuppression `json:"suppressions"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

const (
	home = "https://github.com/netpol-impact/netpol-impact"
	// sarifLocations is how many causes of a finding are given as its locations; the first one is shown.
	sarifLocations = 10
)

// SARIF writes the findings for code scanning.
func SARIF(w io.Writer, r *impact.Result) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "netpol-impact", InformationURI: home, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{Successful: true, Notifications: []sarifNotification{}}},
		Results:     []sarifResult{},
	}
	for _, rule := range severity.Rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: rule.ID, ShortDescription: sarifText{strings.ToUpper(rule.Text[:1]) + rule.Text[1:] + "."}, DefaultConfiguration: sarifLevel{sarifLevelOf(rule.Level)},
			HelpURI:    home + "/blob/main/docs/rules.md#" + strings.ToLower(rule.ID) + "-" + string(rule.Level),
			Properties: sarifProperties{sarifScores[rule.Level]},
		})
	}
	for _, c := range r.Clusters {
		for _, f := range c.Findings {
			run.Results = append(run.Results, sarifFinding(c.Name, &f))
		}
	}
	for _, d := range r.Diagnostics {
		n := sarifNotification{Level: map[manifest.Severity]string{manifest.Error: "error", manifest.Warning: "warning", manifest.Info: "note"}[d.Severity], Message: sarifText{d.Message}}
		if d.Object != "" {
			n.Message.Text = d.Object + ": " + d.Message
		}
		n.Locations = sarifAt(d.File, d.Line)
		inv := &run.Invocations[0]
		inv.Notifications = append(inv.Notifications, n)
		inv.Successful = inv.Successful && d.Severity != manifest.Error
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifFinding(cluster string, f *impact.Finding) sarifResult {
	text := f.Title + "."
	for _, more := range []string{f.Explanation, firstCause(f), f.Advice} {
		if more != "" {
			text += " " + more
		}
	}
	if cluster != "" {
		text += " (cluster " + cluster + ")"
	}
	out := sarifResult{
		RuleID: f.Rule, Level: sarifLevelOf(f.Severity), Message: sarifText{text},
		Fingerprints: map[string]string{"netpolImpact/v1": cluster + "/" + f.Fingerprint},
		Suppressions: []sarifSuppression{},
	}
	if a := f.Accepted; a != nil {
		out.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted",
			Justification: "accepted by " + a.Author + " until " + a.Until + ": " + a.Reason}}
	}
	for _, c := range f.Causes[:min(len(f.Causes), sarifLocations)] {
		out.Locations = append(out.Locations, sarifAt(c.File, c.Line)...)
	}
	return out
}

// firstCause says what the first location is about, and how many more causes there are.
func firstCause(f *impact.Finding) string {
	if len(f.Causes) == 0 {
		return ""
	}
	text := strings.TrimSpace("Cause: " + f.Causes[0].Object + " " + f.Causes[0].Change)
	if more := len(f.Causes) - 1; more > 0 {
		text += ", and " + number(more) + " more"
	}
	return text + "."
}

// sarifAt is a line of a file as a location; none if there is no file.
func sarifAt(file string, line int) []sarifLocation {
	if file == "" {
		return nil
	}
	// String puts ./ before a name that would be taken for a scheme.
	l := sarifLocation{sarifPhysical{Artifact: sarifArtifact{(&url.URL{Path: file}).String()}}}
	if line > 0 {
		l.Physical.Region = &sarifRegion{line}
	}
	return []sarifLocation{l}
}

func sarifLevelOf(s impact.Severity) string {
	switch s {
	case impact.Critical, impact.High:
		return "error"
	case impact.Medium:
		return "warning"
	}
	return "note"
}

// sarifScores place a severity on the scale by which GitHub shows alerts: over 9 is critical, from 7 high, from 4 medium
// (docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
var sarifScores = map[impact.Severity]string{
	impact.Critical: "9.5", impact.High: "8.0", impact.Medium: "5.0", impact.Low: "2.0", impact.Info: "0.1",
}
