// Package crd holds impact/policy/schema to the code by which an API server prunes, defaults and validates custom resources:
// k8s.io/apiextensions-apiserver with its interpreter of CEL. It is a module of its own, so that what that depends on stays
// out of the program.
//
// What goes in are random objects of every kind that has a schema, most of them almost valid; both have to agree on whether
// an object is refused, and on the fields that are dropped.
package crd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/impact/policy/schema"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// server is an API server's idea of a kind.
type server struct {
	structural *structural.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

func newServer(t *testing.T, props *apiextensionsv1.JSONSchemaProps) server {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(props, &internal, nil); err != nil {
		t.Fatal(err)
	}
	s, err := structural.NewStructural(&internal)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		t.Fatal(err)
	}
	return server{s, v, cel.NewValidator(s, true, celconfig.PerCallLimit)}
}

// refuses tells why the server refuses an object, and which fields it drops.
func (s server) refuses(object map[string]any) (field.ErrorList, []string) {
	dropped := pruning.PruneWithOptions(object, s.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	defaulting.Default(object, s.structural)
	errs := validation.ValidateCustomResource(nil, object, s.validator)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
	if s.rules != nil && len(errs) == 0 {
		more, _ := s.rules.Validate(context.Background(), nil, s.structural, object, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, more...)
	}
	slices.Sort(dropped)
	return errs, dropped
}

// shipped are the schemas of the program.
func shipped(t *testing.T) *schema.Set {
	text, err := os.ReadFile("../../impact/policy/schema/schemas.json")
	if err != nil {
		t.Fatal(err)
	}
	set := new(schema.Set)
	if err := json.Unmarshal(text, set); err != nil {
		t.Fatal(err)
	}
	return set
}

// expand writes a schema out, as the definitions have it.
func expand(set *schema.Set, i int) map[string]any {
	s := &set.Schemas[i]
	text, _ := json.Marshal(s)
	out := make(map[string]any)
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	delete(out, "least")
	delete(out, "most")
	suffix := map[string]string{"array": "Items", "object": "Properties"}[s.Type]
	if suffix == "" {
		suffix = "Length"
	}
	if s.Least > 0 {
		out["min"+suffix] = s.Least
	}
	if s.Most != nil {
		out["max"+suffix] = *s.Most
	}
	if s.Properties != nil {
		properties := make(map[string]any)
		for name, p := range s.Properties {
			properties[name] = expand(set, p)
		}
		out["properties"] = properties
	}
	for name, one := range map[string]*int{"items": s.Items, "additionalProperties": s.Values, "not": s.Not} {
		if one != nil {
			out[name] = expand(set, *one)
		}
	}
	for name, list := range map[string][]int{"allOf": s.AllOf, "anyOf": s.AnyOf, "oneOf": s.OneOf} {
		if list != nil {
			var all []any
			for _, j := range list {
				all = append(all, expand(set, j))
			}
			out[name] = all
		}
	}
	if s.Enum != nil && (s.Type == "integer" || s.Type == "number") {
		var allowed []any
		for _, text := range s.Enum {
			allowed = append(allowed, json.Number(text))
		}
		out["enum"] = allowed
	}
	if s.IntOrString {
		out["anyOf"] = []any{map[string]any{"type": "integer"}, map[string]any{"type": "string"}}
	}
	return out
}

func serverOf(t *testing.T, set *schema.Set, kind string) server {
	root := expand(set, set.Kinds[kind])
	properties := root["properties"].(map[string]any)
	properties["metadata"] = map[string]any{"type": "object"}
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	var props apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(text, &props); err != nil {
		t.Fatal(err)
	}
	return newServer(t, &props)
}

// writer makes random objects.
type writer struct {
	*rand.Rand
	set *schema.Set
}

var words = []string{"a", "web", "80", "http", "10.0.0.0/8", "10.0.0.0", "::/0", "TCP", "ICMP", "ICMPv6", "default", "global()", "a*", "", "1000:2000", "Pass", "kube-admin", "x.example.org"}
var numbers = []any{0, 1, 4, 6, 58, 80, 1000, -1, 65536, 7.0, 2.5, 1e12}

// wrong are values of every type, first the one that is no mistake where a text of some format is asked for: the API server
// takes a list for such a text (kube-openapi's typeValidator), which no controller reads. It is not compared there.
var wrong = []any{[]any{}, "a", 7, true, map[string]any{}}

func pick[T any](w writer, from []T) T { return from[w.IntN(len(from))] }

func (w writer) value(i, depth int) any {
	s := &w.set.Schemas[i]
	switch w.IntN(60) {
	case 0:
		return nil
	case 1:
		if s.Format != "" {
			return pick(w, wrong[1:])
		}
		return pick(w, wrong)
	}
	switch {
	case s.IntOrString:
		if w.IntN(2) == 0 {
			return pick(w, numbers[:7])
		}
		return pick(w, words)
	case s.Enum != nil && w.IntN(20) > 0:
		if s.Type == "integer" {
			return json.Number(pick(w, s.Enum))
		}
		return pick(w, s.Enum)
	}
	switch s.Type {
	case "object":
		return w.object(s, depth)
	case "array":
		var out = []any{}
		for range w.IntN(3) {
			out = append(out, w.value(*s.Items, depth+1))
		}
		if len(out) > 0 && w.IntN(10) == 0 {
			out = append(out, out[0])
		}
		return out
	case "boolean":
		return w.IntN(2) == 0
	case "integer", "number":
		return pick(w, numbers)
	}
	return pick(w, words)
}

func (w writer) object(s *schema.Schema, depth int) map[string]any {
	out := make(map[string]any)
	names := slices.Sorted(maps.Keys(s.Properties))
	for _, name := range names {
		if slices.Contains(s.Required, name) && w.IntN(30) > 0 || w.IntN(2+len(names)) < 2 {
			out[name] = w.value(s.Properties[name], depth+1)
		}
	}
	if s.Values != nil {
		for range w.IntN(3) {
			out[pick(w, words)] = w.value(*s.Values, depth+1)
		}
	}
	if w.IntN(60) == 0 {
		out["unheardOf"] = map[string]any{"of": 1}
	}
	return out
}

// judge compares both on random objects of a kind, and returns how many were accepted and refused.
func judge(t *testing.T, set *schema.Set, kind string, s server, objects int) (accepted, refused int) {
	group, rest, _ := strings.Cut(kind, "/")
	version, name, _ := strings.Cut(rest, "/")
	w := writer{rand.New(rand.NewPCG(7, uint64(len(kind)))), set}
	for range objects {
		object := w.object(&set.Schemas[set.Kinds[kind]], 0)
		object["apiVersion"], object["kind"] = group+"/"+version, name
		object["metadata"] = map[string]any{"name": pick(w, []string{"default", "kube-admin", "kube-baseline", "other"})}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		read, problems := manifest.Read("o.yaml", text)
		if len(read) != 1 {
			t.Fatal(problems)
		}
		var said, dropped []string
		for _, m := range set.Check(read[0]) {
			if m.Severity == manifest.Error {
				said = append(said, m.String())
			} else {
				dropped = append(dropped, m.Path)
			}
		}
		slices.Sort(dropped)
		var fresh map[string]any
		if err := yaml.Unmarshal(text, &fresh, func(d *json.Decoder) *json.Decoder { d.UseNumber(); return d }); err != nil {
			t.Fatal(err)
		}
		errs, theirs := s.refuses(numbered(fresh).(map[string]any))
		if len(errs) == 0 {
			accepted++
		} else {
			refused++
		}
		// A field that is dropped counts here among an object's fields, because a newer release may know it.
		if (len(errs) > 0) != (len(said) > 0) && len(theirs) == 0 {
			t.Errorf("%s\nthe API server: %v\nthe program: %v", text, errs, said)
		}
		if len(errs) == 0 && !slices.Equal(dropped, theirs) {
			t.Errorf("%s\nthe API server drops %v, the program says %v", text, theirs, dropped)
		}
		if t.Failed() {
			return accepted, refused
		}
	}
	return accepted, refused
}

// numbered gives numbers the types that an API server decodes them to.
func numbered(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbered(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbered(v[k])
		}
	}
	return v
}

// objectsOfAKind is how many objects of each kind are compared.
const objectsOfAKind = 2000

func TestAnAPIServerAgrees(t *testing.T) {
	set := shipped(t)
	all, refusals := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(set.Kinds)) {
		t.Run(strings.ReplaceAll(kind, "/", " "), func(t *testing.T) {
			accepted, refused := judge(t, set, kind, serverOf(t, set, kind), objectsOfAKind)
			all, refusals = all+accepted+refused, refusals+refused
			if !t.Failed() && (accepted < objectsOfAKind/50 || refused < objectsOfAKind/50) {
				t.Errorf("%d accepted, %d refused: too few of one to tell anything", accepted, refused)
			}
		})
	}
	t.Logf("%d objects, %d refused", all, refusals)
}

// TestThePublishedDefinitionsAgree asks by the definitions as they were published, which are not part of this repository.
func TestThePublishedDefinitionsAgree(t *testing.T) {
	shared := os.Getenv("NETPOL_IMPACT_SHARED")
	if shared == "" {
		t.Skip("the published definitions are not part of this repository; set NETPOL_IMPACT_SHARED to the folder that has crds/")
	}
	files, err := filepath.Glob(filepath.Join(shared, "crds", "*", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	set := shipped(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		for _, v := range d.Spec.Versions {
			kind := fmt.Sprintf("%s/%s/%s", d.Spec.Group, v.Name, d.Spec.Names.Kind)
			if _, known := set.Kinds[kind]; !known {
				t.Errorf("%s has no schema", kind)
				continue
			}
			t.Run(strings.ReplaceAll(kind, "/", " "), func(t *testing.T) {
				props := v.Schema.OpenAPIV3Schema
				delete(props.Properties, "status")
				if m, ok := props.Properties["metadata"]; ok { // names are no part of what is held to here
					m.Properties = nil
					props.Properties["metadata"] = m
				}
				judge(t, set, kind, newServer(t, props), objectsOfAKind/4)
			})
		}
	}
}
