package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/config"
)

// settingsElsewhere are settings whose effect other tests show: those of the action, and those whose scenario makes its configuration
// as it runs.
var settingsElsewhere = map[string]string{
	"Config.accept-label":       "TestLabelAcceptsTheFindingsOfItsCommit",
	"Config.critical-reviewers": "TestReviewersAreAskedWhenACriticalConnectionOpens",
	"Config.comment":            "TestTheConfigurationSaysWhenToComment",
	"Comment.when":              "TestTheConfigurationSaysWhenToComment",
	"Comment.earlier":           "TestTheConfigurationSaysWhatBecomesOfEarlierComments",
	"Config.fetch":              "the scenario fetch-allowed",
	"Fetching.allow":            "the scenario fetch-allowed",
}

// TestEverySettingIsUsedByAScenario keeps a setting from coming without a scenario in which it has an effect.
func TestEverySettingIsUsedByAScenario(t *testing.T) {
	used := make(map[string]bool)
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			var root yaml.Node
			if _, err := config.Read(f.Name, f.Data); err != nil || yaml.Unmarshal(f.Data, &root) != nil || len(root.Content) == 0 {
				continue
			}
			walkSettings(root.Content[0], reflect.TypeFor[config.Config](), used)
		}
	}
	all := make(map[string]bool)
	listSettings(reflect.TypeFor[config.Config](), all)
	if len(all) < 50 {
		t.Errorf("only %d settings were found", len(all))
	}
	for name := range all {
		if !used[name] && settingsElsewhere[name] == "" {
			t.Errorf("no scenario in testdata/script uses the setting %s", name)
		}
	}
}

// fieldsOf are a struct's settings, by name, those of inlined parts among them.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := make(map[string]reflect.Type)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case options == "inline":
			for name, of := range fieldsOf(f.Type) {
				out[name] = of
			}
		case name == "":
			out[strings.ToLower(f.Name)] = f.Type
		default:
			out[name] = f.Type
		}
	}
	return out
}

// within is the type of what a setting holds, whether it is one, a list or by name; nil if that has no settings.
func within(t reflect.Type) reflect.Type {
	for slices.Contains([]reflect.Kind{reflect.Slice, reflect.Map, reflect.Pointer}, t.Kind()) {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[config.Promise]() { // promises are held to their own schema
		return nil
	}
	return t
}

// listSettings names each setting by the type that has it: what several of a kind have is the same code.
func listSettings(t reflect.Type, out map[string]bool) {
	for name, of := range fieldsOf(t) {
		out[t.Name()+"."+name] = true
		if t := within(of); t != nil {
			listSettings(t, out)
		}
	}
}

func walkSettings(n *yaml.Node, t reflect.Type, used map[string]bool) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			walkSettings(item, t, used)
		}
		return
	}
	fields := fieldsOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		of, known := fields[n.Content[i].Value]
		if !known {
			continue
		}
		used[t.Name()+"."+n.Content[i].Value] = true
		held := within(of)
		switch value := n.Content[i+1]; {
		case held == nil:
		case of.Kind() == reflect.Map:
			for j := 1; j < len(value.Content); j += 2 {
				walkSettings(value.Content[j], held, used)
			}
		default:
			walkSettings(value, held, used)
		}
	}
}
