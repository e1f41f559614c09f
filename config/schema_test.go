package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

const configSchemaFile = "../docs/schema/config.schema.json"

// limits are what a setting may be besides its type.
var limits = map[string]map[string]any{
	"Config.CNI":               {"enum": []any{Generic, Cilium, Calico}},
	"Cluster.CNI":              {"enum": []any{Generic, Cilium, Calico}},
	"Gate.FailOnOpened":        {"enum": thresholdWords()},
	"Gate.FailOnBlocked":       {"enum": thresholdWords()},
	"Override.To":              {"enum": []any{"critical", "high", "medium", "low", "info"}},
	"Rendering.LoadRestrictor": {"enum": []any{RootOnly, Unrestricted}},
	"Rendering.KubeVersion":    {"pattern": kubeVersion.String()},
	"Waiver.Rule":              {"pattern": ruleID.String()},
	"Waiver.Until":             {"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`},
	"NameServer.Port":          {"minimum": 1, "maximum": 65535},
	"Comment.When":             {"enum": anyWords(CommentTimes)},
	"Comment.Earlier":          {"enum": append(anyWords(CommentModes), false)}, // off
	"Report.Shown":             {"minimum": 1, "maximum": maxShown},
	"Report.Help":              {"pattern": "^https://."},
	"Workload.Kind":            {"pattern": "^[^/]+/[^/]+"},
}

// required are the keys that a type must have.
var required = map[string][]any{
	"Workload": {"kind"}, "Target": {"path"}, "Override": {"to"}, "Waiver": {"reason", "author", "until"},
}

func thresholdWords() []any {
	return append([]any{"off", false}, anyWords(Thresholds)...) // YAML's off is a boolean to some readers
}

func anyWords(words []string) []any {
	var all []any
	for _, w := range words {
		all = append(all, w)
	}
	return all
}

// configSchemer makes the JSON Schema of the configuration of the types that it is read into.
type configSchemer struct {
	comments map[string]string
	defs     map[string]any
}

func (s *configSchemer) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[Promise]():
		return map[string]any{"oneOf": []any{map[string]any{"$ref": "#/$defs/Promise"}, map[string]any{"$ref": "#/$defs/PromiseFile"}}}
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case t.Kind() == reflect.Interface:
		return map[string]any{}
	case t.Kind() == reflect.Int:
		return map[string]any{"type": "integer"}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Struct:
		if s.defs[t.Name()] == nil {
			s.defs[t.Name()] = s.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	}
	panic("no schema for " + t.String())
}

func (s *configSchemer) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	s.properties(t, properties)
	out := map[string]any{"type": "object", "description": s.comments[t.Name()], "properties": properties, "additionalProperties": false}
	if keys := required[t.Name()]; keys != nil {
		out["required"] = keys
	}
	return out
}

func (s *configSchemer) properties(t reflect.Type, into map[string]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-":
			continue
		case options == "inline":
			s.properties(f.Type, into)
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		of := s.of(f.Type)
		for key, value := range limits[t.Name()+"."+f.Name] {
			if key == "enum" {
				delete(of, "type")
			}
			of[key] = value
		}
		of["description"] = s.comments[t.Name()+"."+f.Name]
		into[name] = of
	}
}

func configSchema(t *testing.T) []byte {
	t.Helper()
	s := configSchemer{comments: map[string]string{}, defs: map[string]any{}}
	for _, file := range []string{"config.go", "place.go", "finding.go", "render.go", "fetch.go", "report.go", "promise.go"} {
		for name, text := range typeComments(t, file) {
			s.comments[name] = text
		}
	}
	document := s.object(reflect.TypeFor[Config]())
	var promises struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(promiseSchema(t), &promises); err != nil {
		t.Fatal(err)
	}
	for name, of := range promises.Defs {
		s.defs[name] = of
	}
	s.defs["PromiseFile"] = map[string]any{
		"type": "object", "required": []any{"file"}, "additionalProperties": false,
		"properties": map[string]any{
			"file":     map[string]any{"type": "string", "description": s.comments["Promise.File"]},
			"clusters": map[string]any{"$ref": "#/$defs/Words", "description": s.comments["Promise.Clusters"]},
		},
	}
	document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	document["$id"] = "https://raw.githubusercontent.com/netpol-impact/netpol-impact/main/docs/schema/config.schema.json"
	document["title"] = "netpol-impact configuration"
	document["$defs"] = s.defs
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// TestTheConfigurationsSchemaIsGenerated keeps the published schema what the types say.
func TestTheConfigurationsSchemaIsGenerated(t *testing.T) {
	want := configSchema(t)
	if *update {
		if err := os.WriteFile(configSchemaFile, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(configSchemaFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date (%v); run: go test ./config -update", configSchemaFile, err)
	}
	if bytes.Contains(want, []byte(`"description": ""`)) {
		t.Error("a setting has no comment")
	}
	if !strings.Contains(Schema, "docs/schema/config.schema.json\n") {
		t.Errorf("editors are led to %s", Schema)
	}
}

func validConfig(t *testing.T, text string) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(configSchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	daysAreText(&root)
	var value any
	if err := root.Decode(&value); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(document)
}

// daysAreText has days read as editors do: YAML 1.2 has no type for them.
func daysAreText(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		daysAreText(c)
	}
}

var yamlExample = regexp.MustCompile("(?ms)^( *)```ya?ml[^\n]*\n(.*?)^ *```")

// TestEveryExampleOfTheDocsMeetsTheSchema validates each YAML of the documentation that is no manifest and no part of a workflow
// as a configuration or as promises, and reads it. What it does not know to be something else it takes for a configuration, so
// that no misspelt example goes by.
func TestEveryExampleOfTheDocsMeetsTheSchema(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	others, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen, keys := map[string]int{}, map[string]bool{}
	for _, page := range append(pages, others...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range yamlExample.FindAllStringSubmatch(string(text), -1) {
			block := strings.ReplaceAll("\n"+example[2], "\n"+example[1], "\n")[1:]
			sort, top := sortOfExample(t, page, block)
			seen[sort]++
			switch sort {
			case "configuration":
				for key := range top {
					keys[key] = true
				}
				if err := validConfig(t, block); err != nil {
					t.Errorf("%s: %v\n%s", page, err, block)
				}
				if _, err := Read(page, []byte(block)); err != nil {
					t.Error(err)
				}
			case "promises":
				if found, problems := ReadPromises(page, []byte(block)); len(found) == 0 || len(problems) > 0 {
					t.Errorf("%s: %v\n%s", page, problems, block)
				}
				if err := meetsSchema(t, block); err != nil {
					t.Errorf("%s: %v\n%s", page, err, block)
				}
			}
		}
	}
	for _, sort := range []string{"configuration", "promises", "workflow", "manifests"} {
		if seen[sort] == 0 {
			t.Errorf("no example of %s was found", sort)
		}
	}
	for key := range settings(reflect.TypeFor[Config]()) {
		if !keys[key] {
			t.Errorf("no example shows %s", key)
		}
	}
}

// sortOfExample tells what a YAML of the documentation is: manifests, workflow (or steps of one), promises, configuration.
func sortOfExample(t *testing.T, page, block string) (sort string, top map[string]any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(block))
	for {
		var document any
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			if strings.Contains(block, "apiVersion:") { // one that shows what is refused
				return "manifests", nil
			}
			t.Errorf("%s: %v\n%s", page, err, block)
			return "", nil
		}
		switch of := document.(type) {
		case []any:
			if step, ok := of[0].(map[string]any); ok && step["uses"] != nil {
				return "workflow", nil
			}
			t.Errorf("%s: a list that is no steps of a workflow\n%s", page, block)
			return "", nil
		case map[string]any:
			if of["apiVersion"] != nil && of["kind"] != nil {
				continue
			}
			if of["jobs"] != nil {
				return "workflow", nil
			}
			top = of
		}
	}
	switch promises, ok := top["promises"].([]any); {
	case top == nil: // a side of a rule's example may have none
		return "manifests", nil
	case ok && len(top) == 1 && len(promises) > 0 && !strings.Contains(block, "- file:"):
		return "promises", top
	}
	return "configuration", top
}

// TestTheConfigurationsSchemaRefuses shows that the schema is no empty promise, and says what reading says.
func TestTheConfigurationsSchemaRefuses(t *testing.T) {
	for text, valid := range map[string]bool{
		"gate: {fail-on-opened: low}\n":                           true,
		"gate: {fail-on-opened: off}\n":                           true,
		"gates: {}\n":                                             false,
		"gate: {fail-on-opened: hihg}\n":                          false,
		"cni: flannel\n":                                          false,
		"severity:\n- {rules: [B8], to: never}\n":                 false,
		"waivers:\n- {fingerprint: f, author: a, until: 2026}\n":  false,
		"clusters:\n  a: {podCIDRs: [10.0.0.0/8], cni: calico}\n": true,
		"clusters:\n  a: {waivers: []}\n":                         false,
		"targets:\n- {path: a, values-object: {any: {b: 1}}}\n":   true,
		"targets:\n- {values: [a]}\n":                             false,
		"promises:\n- {file: a.yaml, clusters: prod}\n":           true,
		"promises:\n- {name: a, expect: allowed, from: shop/web, to: internet, ports: 443}\n": true,
		"promises:\n- {name: a, expect: perhaps, from: shop/web, to: internet}\n":             false,
	} {
		if err := validConfig(t, text); (err == nil) != valid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
