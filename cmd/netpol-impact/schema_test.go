package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published is the folder of the schemas; tests change the working directory.
var published = func() string {
	dir, err := filepath.Abs("../../docs/schema")
	if err != nil {
		panic(err)
	}
	return dir
}()

// validate holds what was written against the published schema that it names.
func validate(t *testing.T, name string, text []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	version, _ := document.(map[string]any)["schema"].(string)
	form, _, _ := strings.Cut(strings.TrimPrefix(version, "netpol-impact/"), "/")
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(published, form+".schema.json"))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestTheScenariosMeetTheSchemas validates the JSON that scenarios expect, which the program writes byte for byte.
func TestTheScenariosMeetTheSchemas(t *testing.T) {
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			if bytes.Contains(file.Data, []byte(`"schema": "netpol-impact/`)) {
				found++
				validate(t, filepath.Base(script)+": "+file.Name, file.Data)
			}
		}
	}
	if found < 2 {
		t.Errorf("only %d scenarios expect JSON", found)
	}
}
