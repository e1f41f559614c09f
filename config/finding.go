package config

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Override sets the severity of findings.
type Override struct {
	// Rules are the rules that are meant, such as B8; if empty, all.
	Rules []string `json:"rules,omitempty"`
	// Namespaces are those that a finding must lie in; if empty, any. An opened connection lies where it leads to (where it
	// comes from, if it leads out of the cluster), a blocked one at either end.
	Namespaces []string `json:"namespaces,omitempty"`
	// To is the new severity: critical, high, medium, low or info.
	To string `json:"to"`
}

// Waiver is a written acceptance of a finding that ends on a day. Either Fingerprint is set, or Rule and Workload.
type Waiver struct {
	// Fingerprint is that of the finding, as the report's JSON has it.
	Fingerprint string `json:"fingerprint,omitempty" yaml:"fingerprint,omitempty"`
	// Rule is the finding's rule, such as O8.
	Rule string `json:"rule,omitempty" yaml:"rule,omitempty"`
	// Workload is the namespace and the name of the workloads concerned, such as shop/web or shop/*. An opened connection
	// concerns the workload that it leads to (that it comes from, if it leads out of the cluster), a blocked one either end.
	Workload string `json:"workload,omitempty" yaml:"workload,omitempty"`
	// Cluster is the only cluster that is meant; if empty, all are.
	Cluster string `json:"cluster,omitempty" yaml:"cluster,omitempty"`
	// Reason says why the finding is accepted, Author who accepts it.
	Reason string `json:"reason"`
	Author string `json:"author"`
	// Until is the last day, in UTC, on which the waiver holds: 2026-12-31.
	Until string `json:"until"`

	// Line is where the waiver stands.
	Line int `json:"-" yaml:"-"`
}

// Expired tells whether the waiver's last day is over.
func (w Waiver) Expired(now time.Time) bool {
	day, err := time.Parse(time.DateOnly, w.Until)
	return err != nil || !now.UTC().Before(day.AddDate(0, 0, 1))
}

var ruleID = regexp.MustCompile(`^[A-Z][1-9][0-9]?$`)

// checkFindings checks the settings that are about findings.
func (c *Config) checkFindings(root *yaml.Node, wrong wrongFunc) error {
	for i, o := range c.Severity {
		n := item(at(root, "severity"), i)
		if len(o.Rules)+len(o.Namespaces) == 0 {
			return wrong(n, "severity", "name the rules or the namespaces that are meant")
		}
		for _, rule := range o.Rules {
			if !ruleID.MatchString(rule) {
				return wrong(at(n, "rules"), "severity.rules", "%q is no rule such as B8", rule)
			}
		}
		if o.To == Never || !slices.Contains(Thresholds, o.To) {
			return wrong(at(n, "to"), "severity.to", "%q is no severity; use critical, high, medium, low or info", o.To)
		}
	}
	for i := range c.Waivers {
		n := item(at(root, "waivers"), i)
		c.Waivers[i].Line = n.Line
		if err := c.Waivers[i].check(n, wrong); err != nil {
			return err
		}
	}
	return nil
}

func (w Waiver) check(n *yaml.Node, wrong wrongFunc) error {
	switch {
	case w.Fingerprint != "" && w.Rule+w.Workload != "":
		return wrong(n, "waivers", "a waiver has either a fingerprint, or a rule and a workload")
	case w.Fingerprint == "" && (w.Rule == "" || w.Workload == ""):
		return wrong(n, "waivers", "a waiver needs the finding's fingerprint, or a rule and a workload such as shop/web")
	case w.Rule != "" && !ruleID.MatchString(w.Rule):
		return wrong(at(n, "rule"), "waivers.rule", "%q is no rule such as O8", w.Rule)
	case w.Reason == "":
		return wrong(n, "waivers", "a waiver needs a reason")
	case w.Author == "":
		return wrong(n, "waivers", "a waiver needs its author")
	}
	if _, err := path.Match(w.Workload, ""); err != nil || w.Workload != "" && strings.Count(w.Workload, "/") != 1 {
		return wrong(at(n, "workload"), "waivers.workload", "%q is no namespace and name of workloads such as shop/web or shop/*", w.Workload)
	}
	if _, err := time.Parse(time.DateOnly, w.Until); err != nil {
		return wrong(at(n, "until"), "waivers.until", "%q is no day such as 2026-12-31", w.Until)
	}
	return nil
}
