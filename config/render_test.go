package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestReadKnowsHowTargetsAreRendered(t *testing.T) {
	got, err := Read("c.yaml", []byte(`
render:
  kube-version: 1.33.1
  api-versions: [example.org/v1]
  load-restrictor: LoadRestrictionsNone
targets:
- path: charts/app
  kube-version: 1.34.0
  values-object: {count: 2, name: "yes"}
  set: [a.b=1]
  set-string: [c=2]
`))
	if err != nil {
		t.Fatal(err)
	}
	chart := got.Targets[0]
	want := Rendering{KubeVersion: "1.34.0", APIVersions: []string{"example.org/v1"}, LoadRestrictor: Unrestricted}
	if r := chart.Rendering.Or(got.Render); !reflect.DeepEqual(r, want) {
		t.Errorf("the target is rendered with %+v", r)
	}
	object, err := chart.Object()
	if err != nil || !reflect.DeepEqual(object, map[string]any{"count": 2.0, "name": "yes"}) {
		t.Errorf("got the values %#v, %v", object, err)
	}
	if !reflect.DeepEqual(chart.Set, []string{"a.b=1"}) || !reflect.DeepEqual(chart.SetString, []string{"c=2"}) {
		t.Errorf("got %v and %v", chart.Set, chart.SetString)
	}
}

func TestAMistakeInHowTargetsAreRenderedIsToldWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"render:\n  kube-version: newest\n":               `c.yaml: line 2: render.kube-version: "newest" is no Kubernetes version`,
		"render:\n  api-versions: [a b]\n":                `c.yaml: line 2: render.api-versions: "a b" is no API version`,
		"render:\n  load-restrictor: none\n":              `c.yaml: line 2: render.load-restrictor: "none" is neither`,
		"targets:\n- path: a\n  set: [\"a.b\"]\n":         `c.yaml: line 3: targets.set: "a.b" is not like`,
		"targets:\n- path: a\n  kube-version: x\n":        `c.yaml: line 3: targets.kube-version: "x" is no`,
		"targets:\n- path: a\n  set-strings: [\"a=1\"]\n": `c.yaml: line 3: there is no setting "set-strings"`,
	} {
		_, err := Read("c.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
