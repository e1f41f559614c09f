// Command prune cuts published CustomResourceDefinitions down to what the package schema holds objects to.
//
// It reads every YAML file below a folder that has one folder for each source that it knows, keeps the kinds of policies,
// and writes schemas.json and SOURCES.md beside itself. Prose, metadata and status are dropped, and equal parts kept once.
// It refuses a rule in CEL that the package schema does not know, and a keyword that would be lost.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/impact/policy/schema"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: prune FOLDER (run in impact/policy/schema)")
		os.Exit(2)
	}
	if err := prune(os.DirFS(os.Args[1]), "."); err != nil {
		fmt.Fprintln(os.Stderr, "prune:", err)
		os.Exit(1)
	}
}

// A source is a project whose definitions are taken; all are under the Apache License 2.0.
type source struct{ folder, project, release, url, copyright string }

var sources = []source{
	{"calico", "Calico", "August 2026", "https://github.com/projectcalico/calico", "Tigera, Inc."},
	{"cilium", "Cilium", "v1.20.2", "https://github.com/cilium/cilium/tree/v1.20.2/pkg/k8s/apis/cilium.io/client/crds/v2", "Authors of Cilium"},
	{"istio", "Istio", "v1.31.1", "https://github.com/istio/api/tree/v1.31.1/kubernetes", "Istio Authors"},
	{"network-policy-api", "network policy API", "v0.2.0, experimental channel", "https://github.com/kubernetes-sigs/network-policy-api/tree/v0.2.0/config/crd/experimental", "The Kubernetes Authors"},
	{"network-policy-api-v1alpha1", "network policy API", "v0.1.7, experimental channel", "https://github.com/kubernetes-sigs/network-policy-api/tree/v0.1.7/config/crd/experimental", "The Kubernetes Authors"},
	{"openshift", "OVN-Kubernetes", "August 2026", "https://github.com/ovn-org/ovn-kubernetes", "The OVN-Kubernetes Authors"},
}

// wanted are the kinds taken; files may define others.
var wanted = map[string]bool{
	"NetworkPolicy": true, "GlobalNetworkPolicy": true, "Tier": true, "NetworkSet": true, "GlobalNetworkSet": true,
	"StagedNetworkPolicy": true, "StagedGlobalNetworkPolicy": true, "StagedKubernetesNetworkPolicy": true,
	"CiliumNetworkPolicy": true, "CiliumClusterwideNetworkPolicy": true, "CiliumCIDRGroup": true,
	"AdminNetworkPolicy": true, "BaselineAdminNetworkPolicy": true, "ClusterNetworkPolicy": true,
	"AuthorizationPolicy": true, "EgressFirewall": true,
}

type definition struct {
	Kind string `json:"kind"`
	Spec struct {
		Group    string                `json:"group"`
		Names    struct{ Kind string } `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
			Schema struct {
				OpenAPIV3Schema object `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

type object = map[string]any

func prune(in fs.FS, out string) error {
	p := pruner{kinds: make(map[string]int), places: make(map[string]int)}
	var table bytes.Buffer
	for _, s := range sources {
		files, err := fs.Glob(in, path.Join(s.folder, "*.yaml"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("%s: no YAML files (%v)", s.folder, err)
		}
		fmt.Fprintf(&table, "\n## %s, %s\n\n<%s>, Apache License 2.0, copyright %s.\n\n| file | sha256 |\n|---|---|\n", s.project, s.release, s.url, s.copyright)
		for _, file := range files {
			text, err := fs.ReadFile(in, file)
			if err != nil {
				return err
			}
			if err := p.file(text); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			fmt.Fprintf(&table, "| %s | `%x` |\n", path.Base(file), sha256.Sum256(text))
		}
	}
	if err := os.WriteFile(filepath.Join(out, "schemas.json"), p.written(), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "SOURCES.md"), append([]byte(preface), table.Bytes()...), 0o666)
}

const preface = `# Where the schemas come from

schemas.json is cut down from the CustomResourceDefinitions that these projects publish: prose, metadata and status are
dropped, and equal parts are kept once. The Apache License 2.0 is in the file LICENSE at the repository's root.

Written by ` + "`CRDS=FOLDER go generate ./impact/policy/schema`" + `, where FOLDER has the published files in one folder
for each source (` + "`calico`, `cilium`, `istio`, `network-policy-api`, `network-policy-api-v1alpha1`, `openshift`" + `).
`

// pruner collects the distinct parts of schemas.
type pruner struct {
	kinds   map[string]int
	schemas [][]byte
	places  map[string]int // by a schema's text
}

func (p *pruner) file(text []byte) error {
	for _, doc := range bytes.Split(text, []byte("\n---")) {
		var d definition
		if err := yaml.Unmarshal(doc, &d); err != nil {
			return err
		}
		if d.Kind != "CustomResourceDefinition" || !wanted[d.Spec.Names.Kind] {
			continue
		}
		for _, v := range d.Spec.Versions {
			if !v.Served {
				continue
			}
			root := v.Schema.OpenAPIV3Schema
			if properties, ok := root["properties"].(object); ok {
				for _, name := range []string{"apiVersion", "kind", "metadata", "status"} {
					delete(properties, name)
				}
			}
			if required, ok := root["required"].([]any); ok {
				root["required"] = slices.DeleteFunc(required, func(name any) bool { return name == "metadata" || name == "apiVersion" || name == "kind" })
			}
			place, err := p.schema(root)
			if err != nil {
				return fmt.Errorf("%s %s: %w", d.Spec.Names.Kind, v.Name, err)
			}
			p.kinds[d.Spec.Group+"/"+v.Name+"/"+d.Spec.Names.Kind] = place
		}
	}
	return nil
}

// schema writes a part of a schema and returns its place.
func (p *pruner) schema(from object) (int, error) {
	var s schema.Schema
	for _, keyword := range slices.Sorted(maps.Keys(from)) {
		if err := p.keyword(&s, keyword, from[keyword]); err != nil {
			return 0, fmt.Errorf("%s: %w", keyword, err)
		}
	}
	if s.IntOrString {
		s.AnyOf = nil // that it is one of the two
	}
	text, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	place, known := p.places[string(text)]
	if !known {
		place = len(p.schemas)
		p.places[string(text)] = place
		p.schemas = append(p.schemas, text)
	}
	return place, nil
}

// dropped are the keywords that ask for nothing, or for what is not looked at.
var dropped = map[string]bool{"description": true, "title": true, "example": true, "x-kubernetes-map-type": true, "externalDocs": true}

// formats are those that an API server holds values to.
var formats = map[string]bool{"cidr": true, "int32": true}

func (p *pruner) keyword(s *schema.Schema, keyword string, value any) (err error) {
	switch keyword {
	case "properties":
		s.Properties = make(map[string]int)
		for _, name := range slices.Sorted(maps.Keys(value.(object))) {
			if s.Properties[name], err = p.schema(value.(object)[name].(object)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	case "items", "not", "additionalProperties":
		inner, ok := value.(object)
		if !ok { // additionalProperties: true
			s.Open = value == true
			return nil
		}
		place, err := p.schema(inner)
		*map[string]**int{"items": &s.Items, "not": &s.Not, "additionalProperties": &s.Values}[keyword] = &place
		return err
	case "allOf", "anyOf", "oneOf":
		var places []int
		for _, inner := range value.([]any) {
			place, err := p.schema(inner.(object))
			if err != nil {
				return err
			}
			places = append(places, place)
		}
		*map[string]*[]int{"allOf": &s.AllOf, "anyOf": &s.AnyOf, "oneOf": &s.OneOf}[keyword] = places
	case "minLength", "minItems", "minProperties":
		s.Least = int(value.(float64))
	case "maxLength", "maxItems", "maxProperties":
		most := int(value.(float64))
		s.Most = &most
	case "enum":
		for _, allowed := range value.([]any) {
			s.Enum = append(s.Enum, fmt.Sprint(allowed))
		}
	case "format":
		if formats[value.(string)] {
			s.Format = value.(string)
		}
	case "x-kubernetes-list-type":
		if value != "atomic" {
			s.ListType = value.(string)
		}
	case "x-kubernetes-validations":
		return rules(s, value)
	case "default":
		s.Default, err = json.Marshal(value)
	case "type", "required", "nullable", "pattern", "minimum", "maximum", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys":
		return same(s, keyword, value)
	default:
		if !dropped[keyword] {
			return fmt.Errorf("not known")
		}
	}
	return err
}

// same takes over a keyword as it is.
func same(s *schema.Schema, keyword string, value any) error {
	text, err := json.Marshal(object{keyword: value})
	if err != nil {
		return err
	}
	return json.Unmarshal(text, s)
}

func rules(s *schema.Schema, value any) error {
	for _, v := range value.([]any) {
		r := v.(object)
		rule := schema.Rule{Rule: strings.Join(strings.Fields(r["rule"].(string)), " ")}
		rule.Message, _ = r["message"].(string)
		if rule.Message = strings.Join(strings.Fields(rule.Message), " "); !schema.Known(rule.Rule) {
			return fmt.Errorf("the rule %q is not known; add it to rule.go", rule.Rule)
		}
		s.Rules = append(s.Rules, rule)
	}
	return nil
}

// written is the set, a schema on each line.
func (p *pruner) written() []byte {
	kinds, _ := json.Marshal(p.kinds) // a map of numbers has a JSON form
	return fmt.Appendf(nil, "{\"kinds\":%s,\n\"schemas\":[\n%s\n]}\n", kinds, bytes.Join(p.schemas, []byte(",\n")))
}
