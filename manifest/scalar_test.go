package manifest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// TestNumbersAreWhatClientsReadThemAs tries every text of up to four signs that numbers are made of.
func TestNumbersAreWhatClientsReadThemAs(t *testing.T) {
	const signs = "019_+-.xea"
	texts := []string{""}
	for from, length := 0, 1; length <= 4; length++ {
		to := len(texts)
		for _, prefix := range texts[from:to] {
			for _, sign := range signs {
				texts = append(texts, prefix+string(sign))
			}
		}
		from = to
	}
	texts = append(texts[1:], "0xffffffffffffffff", "18446744073709551615", "18446744073709551616", "0x1_0000_0000", "00_", "1_000.5",
		".5_0", "1e400", "1e+-3", ".iNf", "+.nan", "+-.inf", "12:30:00", "2001-01-01", "-0x8000000000000000")
	for _, text := range texts {
		if text == "-" || text == "---" || strings.HasPrefix(text, "...") {
			continue // structure of the document, no scalars
		}
		checkScalar(t, text)
	}
}

// checkScalar compares a plain scalar as a list's item; a difference of a value's type is one, too.
func checkScalar(t *testing.T, text string) {
	t.Helper()
	document := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nv: [" + text + "]\n"
	objects, problems := manifest.Read("file.yaml", []byte(document))
	if len(objects) != 1 || len(problems) > 0 {
		t.Errorf("%q is not read: %v", text, problems)
		return
	}
	converted, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		t.Errorf("%q: clients say %v", text, err)
		return
	}
	var got, want struct{ V []any }
	if err := json.Unmarshal(objects[0].Body.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(converted, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.V, want.V) {
		t.Errorf("%q is read as %#v, clients read %#v", text, got.V, want.V)
	}
}
