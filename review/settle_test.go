package review

import (
	"reflect"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestOnlyWhatTheChangeTouchesIsAnError(t *testing.T) {
	broken := manifest.Diagnostic{Severity: manifest.Error, File: "a.yaml", Line: 3, Message: "broken YAML", Digest: 1}
	moved, edited, unknown := broken, broken, broken
	foreign := manifest.Diagnostic{Severity: manifest.Error, Object: "CiliumNetworkPolicy a/b", File: "a.yaml", Message: "not analysed", Digest: 1, Unsupported: true}
	rewritten := foreign
	rewritten.Digest = 2
	moved.Line, edited.Digest, unknown.Digest = 7, 2, 0
	for _, test := range []struct {
		name       string
		base, head []manifest.Diagnostic
		want       []manifest.Severity
	}{
		{"introduced", nil, []manifest.Diagnostic{broken}, []manifest.Severity{manifest.Error}},
		{"unchanged", []manifest.Diagnostic{broken}, []manifest.Diagnostic{broken}, []manifest.Severity{manifest.Warning}},
		{"moved by a change above", []manifest.Diagnostic{broken}, []manifest.Diagnostic{moved}, []manifest.Severity{manifest.Warning}},
		{"touched", []manifest.Diagnostic{broken}, []manifest.Diagnostic{edited}, []manifest.Severity{manifest.Error, manifest.Warning}},
		{"not known to be unchanged", []manifest.Diagnostic{unknown}, []manifest.Diagnostic{unknown}, []manifest.Severity{manifest.Error}},
		{"mended", []manifest.Diagnostic{broken}, nil, []manifest.Severity{manifest.Warning}},
		{"not analysed, removed", []manifest.Diagnostic{foreign}, nil, []manifest.Severity{manifest.Error}},
		{"not analysed, edited", []manifest.Diagnostic{foreign}, []manifest.Diagnostic{rewritten}, []manifest.Severity{manifest.Error}},
		{"not analysed, unchanged", []manifest.Diagnostic{foreign}, []manifest.Diagnostic{foreign}, []manifest.Severity{manifest.Warning}},
		{"told twice", nil, []manifest.Diagnostic{broken, broken}, []manifest.Severity{manifest.Error}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []manifest.Severity
			for _, d := range settle(test.base, test.head) {
				got = append(got, d.Severity)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
