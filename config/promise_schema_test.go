package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite golden files")

// promiseSchema is the JSON Schema of files of promises, made of the types that they are read into.
func promiseSchema(t *testing.T) []byte {
	t.Helper()
	comments := typeComments(t, "promise.go")
	defs := map[string]any{}
	text := map[string]any{"type": "string", "minLength": 1}
	list := func(one map[string]any) map[string]any {
		return map[string]any{"oneOf": []any{one, map[string]any{"type": "array", "minItems": 1, "items": one}}}
	}
	end := map[string]any{"oneOf": []any{
		map[string]any{"enum": []any{"any", "workloads", "internet", "dns"}},
		map[string]any{"type": "string", "pattern": "/"},
		map[string]any{"$ref": "#/$defs/End"},
	}}
	defs["Ends"] = list(end)
	defs["Words"] = list(text)
	defs["Ports"] = list(map[string]any{"oneOf": []any{text, map[string]any{"type": "integer", "minimum": 1, "maximum": 65535}}})
	object := func(of reflect.Type, without ...string) map[string]any {
		properties := map[string]any{}
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "-" {
				continue
			}
			property := map[string]any{"type": "string", "minLength": 1}
			switch f.Type {
			case reflect.TypeFor[Words]():
				property = map[string]any{"$ref": "#/$defs/Words"}
			case reflect.TypeFor[Ends]():
				property = map[string]any{"$ref": "#/$defs/Ends"}
			case reflect.TypeFor[bool]():
				property = map[string]any{"const": true}
			}
			if name == "ports" {
				property = map[string]any{"$ref": "#/$defs/Ports"}
			}
			property["description"] = comments[of.Name()+"."+f.Name]
			properties[name] = property
		}
		for _, key := range without {
			delete(properties, key)
		}
		return map[string]any{"type": "object", "description": comments[of.Name()], "properties": properties, "additionalProperties": false}
	}
	defs["End"] = object(reflect.TypeFor[End]())
	promise := object(reflect.TypeFor[Promise](), "file")
	promise["required"] = []any{"name", "expect", "from", "to"}
	properties := promise["properties"].(map[string]any)
	for key, values := range map[string][]any{"expect": {Allowed, Denied}, "steps": {AnySteps}} {
		property := properties[key].(map[string]any)
		delete(property, "type")
		delete(property, "minLength")
		property["enum"] = values
	}
	defs["Promise"] = promise
	out, err := json.MarshalIndent(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         "https://raw.githubusercontent.com/netpol-impact/netpol-impact/main/docs/schema/promises.schema.json",
		"title":       "netpol-impact promises",
		"description": "A file *" + PromiseFile + " in netpol-impact's own form.",
		"type":        "object", "required": []any{"promises"}, "additionalProperties": false,
		"properties": map[string]any{"promises": map[string]any{"type": []any{"array", "null"}, "items": map[string]any{"$ref": "#/$defs/Promise"}}},
		"$defs":      defs,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// typeComments are what a file says of its types and their fields, without the name in front.
func typeComments(t *testing.T, name string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		d, ok := n.(*ast.GenDecl)
		if !ok || d.Tok != token.TYPE {
			return true
		}
		for _, spec := range d.Specs {
			s := spec.(*ast.TypeSpec)
			out[s.Name.Name] = sentence(d.Doc.Text())
			fields, ok := s.Type.(*ast.StructType)
			if !ok {
				continue
			}
			last := ""
			for _, f := range fields.Fields.List {
				if f.Doc != nil { // one comment may stand for several fields
					last = sentence(f.Doc.Text())
				}
				for _, id := range f.Names {
					out[s.Name.Name+"."+id.Name] = last
				}
			}
		}
		return false
	})
	return out
}

func sentence(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestThePromisesSchemaIsGenerated keeps the published schema what the types say.
func TestThePromisesSchemaIsGenerated(t *testing.T) {
	const file = "../docs/schema/promises.schema.json"
	want := promiseSchema(t)
	if *update {
		if err := os.WriteFile(file, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date (%v); run: go test ./config -update", file, err)
	}
}

// meetsSchema tells what the schema finds wrong with a file of promises.
func meetsSchema(t *testing.T, text string) error {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(promiseSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("promises", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("promises")
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

// TestEveryExampleOfPromisesIsReadAndMeetsTheSchema reads the YAML of docs/promises.md. Files can be named in the
// configuration only.
func TestEveryExampleOfPromisesIsReadAndMeetsTheSchema(t *testing.T) {
	page, err := os.ReadFile("../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(page), "```yaml\n")[1:]
	if len(examples) < 2 {
		t.Fatalf("docs/promises.md has %d examples", len(examples))
	}
	for _, example := range examples {
		text, _, _ := strings.Cut(example, "```")
		if c, err := Read("docs/promises.md", []byte(text)); err != nil || len(c.Promises) == 0 {
			t.Errorf("%v\n%s", err, text)
		}
		if strings.Contains(text, "- file:") {
			continue
		}
		if found, problems := ReadPromises("docs/promises.md", []byte(text)); len(found) == 0 || len(problems) > 0 {
			t.Errorf("%v\n%s", problems, text)
		}
		if err := meetsSchema(t, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	// Every form of an end that the table shows is one.
	ends := 0
	for _, line := range strings.Split(string(page), "\n") {
		for i, word := range strings.Split(line, "`") {
			if i%2 == 1 && strings.HasPrefix(line, "| `") && (strings.HasPrefix(word, "{") || isWord(word)) {
				ends++
				text := "promises:\n- {name: n, expect: denied, from: any, to: " + word + "}\n"
				if _, problems := ReadPromises("table", []byte(text)); len(problems) > 0 {
					t.Error(problems)
				}
				if err := meetsSchema(t, text); err != nil {
					t.Errorf("%s: %v", word, err)
				}
			}
		}
	}
	if ends < 9 {
		t.Errorf("the table of docs/promises.md shows %d ends", ends)
	}
}

func isWord(word string) bool {
	_, ok := words[word]
	return ok
}
