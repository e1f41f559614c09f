package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAMisspeltKeyIsToldWithWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"gates: {}\n":                              `line 1: there is no setting "gates"; did you mean gate?`,
		"podCidrs: []\n":                           `line 1: there is no setting "podCidrs"; did you mean podCIDRs?`,
		"gate:\n  fail_on_opened: low\n":           `line 2: there is no setting "fail_on_opened"; did you mean fail-on-opened?`,
		"clusters:\n  a:\n    gat: {}\n":           `line 3: there is no setting "gat"; did you mean gate?`,
		"targets:\n- path: a\n  kube-versoin: 1\n": `line 3: there is no setting "kube-versoin"; did you mean kube-version?`,
		"gate: {entirely-different: 1}\n":          `line 1: there is no setting "entirely-different"; there are fail-on-blocked, fail-on-opened`,
	} {
		if _, err := Read("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	_, err := Read("c.yaml", []byte("gates: {}\nnamespace: {}\n"))
	if err == nil || strings.Count(err.Error(), "did you mean") != 2 {
		t.Errorf("not every misspelt key is told: %v", err)
	}
	if _, err := Read("c.yaml", []byte("targets:\n- path: a\n  values-object: {any: {thing: 1}}\n")); err != nil {
		t.Errorf("a chart's values are refused: %v", err)
	}
	if _, err := Read("c.yaml", []byte("cni: calico\n---\ngate: {}\n")); err == nil || !strings.Contains(err.Error(), "more than one document") {
		t.Errorf("a second document is passed over: %v", err)
	}
}

func TestAWaiverNeedsAllItsParts(t *testing.T) {
	const rest = ", reason: r, author: a, until: 2026-01-31}\n"
	for text, want := range map[string]string{
		"waivers:\n- {fingerprint: f" + rest:                                    "",
		"waivers:\n- {rule: O8, workload: shop/*" + rest:                        "",
		"waivers:\n- {rule: O8" + rest:                                          "line 2: waivers: a waiver needs the finding's fingerprint, or a rule and a workload",
		"waivers:\n- {fingerprint: f, rule: O8, workload: a/b" + rest:           "either a fingerprint, or a rule and a workload",
		"waivers:\n- {rule: eight, workload: a/b" + rest:                        `"eight" is no rule`,
		"waivers:\n- {rule: O8, workload: 'a/['" + rest:                         `"a/[" is no namespace and name`,
		"waivers:\n- {rule: O8, workload: web" + rest:                           `"web" is no namespace and name`,
		"waivers:\n- {fingerprint: f, author: a, until: 2026-01-31}\n":          "needs a reason",
		"waivers:\n- {fingerprint: f, reason: r, until: 2026-01-31}\n":          "needs its author",
		"waivers:\n- {fingerprint: f, reason: r, author: a, until: tomorrow}\n": `"tomorrow" is no day`,
		"severity:\n- {to: low}\n":                                              "name the rules or the namespaces",
		"severity:\n- {rules: [B8], to: never}\n":                               `"never" is no severity`,
		"clusters:\n  a:\n    gate: {fail-on-opened: hihg}\n":                   `line 3: clusters.a.gate.fail-on-opened: "hihg" is no threshold`,
		"context: [../elsewhere]\n":                                             `"../elsewhere" is no path`,
	} {
		_, err := Read("c.yaml", []byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestAWaiverHoldsThroughItsLastDay(t *testing.T) {
	w := Waiver{Until: "2026-01-31"}
	for at, want := range map[string]bool{"2026-01-31T23:59:59Z": false, "2026-02-01T00:00:00Z": true, "2026-02-01T00:30:00+01:00": false} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Expired(now); got != want {
			t.Errorf("at %s: expired is %t", at, got)
		}
	}
}

func TestAClustersSettingsWin(t *testing.T) {
	c := Config{
		Gate: Gate{FailOnOpened: "low", FailOnBlocked: "low"}, CNI: Generic,
		Namespaces: map[string]Labels{"a": {"x": "1"}, "b": {"x": "1"}},
		Clusters: map[string]Cluster{"prod": {Gate: Gate{FailOnOpened: Never}, CNI: Cilium, PodCIDRs: []string{"10.0.0.0/8"},
			Namespaces: map[string]Labels{"b": {"x": "2"}}}},
	}
	got := c.For("prod")
	if got.Gate != (Gate{FailOnOpened: Never, FailOnBlocked: "low"}) || got.CNI != Cilium || len(got.PodCIDRs) != 1 ||
		!reflect.DeepEqual(got.Namespaces, map[string]Labels{"a": {"x": "1"}, "b": {"x": "2"}}) {
		t.Errorf("got %+v", got)
	}
	if c.For("dev").CNI != Generic || c.Namespaces["b"]["x"] != "1" {
		t.Error("another cluster's settings changed")
	}
}
