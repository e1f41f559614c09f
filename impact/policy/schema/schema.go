package schema

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"sync"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Set is the schemas of several kinds. Schemas refer to each other by their places in the list.
type Set struct {
	// Kinds finds a kind's schema by "GROUP/VERSION/KIND".
	Kinds   map[string]int `json:"kinds"`
	Schemas []Schema       `json:"schemas"`

	patterns sync.Map // string → *regexp.Regexp
}

// Schema is what is asked of one value, in the words of OpenAPI and of Kubernetes' structural schemas.
type Schema struct {
	Type        string         `json:"type,omitempty"`
	Properties  map[string]int `json:"properties,omitempty"`
	Required    []string       `json:"required,omitempty"`
	Items       *int           `json:"items,omitempty"`
	Values      *int           `json:"additionalProperties,omitempty"`
	Open        bool           `json:"x-kubernetes-preserve-unknown-fields,omitempty"`
	IntOrString bool           `json:"x-kubernetes-int-or-string,omitempty"`
	Nullable    bool           `json:"nullable,omitempty"`
	// ListType is "set" or "map"; a map's keys are ListKeys.
	ListType string          `json:"x-kubernetes-list-type,omitempty"`
	ListKeys []string        `json:"x-kubernetes-list-map-keys,omitempty"`
	Enum     []string        `json:"enum,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
	Pattern  string          `json:"pattern,omitempty"`
	// Format is one that is held to: "cidr", "int32".
	Format  string   `json:"format,omitempty"`
	Minimum *float64 `json:"minimum,omitempty"`
	Maximum *float64 `json:"maximum,omitempty"`
	// The least and the most of a string's characters, a list's items and an object's fields, by the value's kind.
	Least int    `json:"least,omitempty"`
	Most  *int   `json:"most,omitempty"`
	AllOf []int  `json:"allOf,omitempty"`
	AnyOf []int  `json:"anyOf,omitempty"`
	OneOf []int  `json:"oneOf,omitempty"`
	Not   *int   `json:"not,omitempty"`
	Rules []Rule `json:"x-kubernetes-validations,omitempty"`
}

// Rule is a condition in CEL, and what is said where it does not hold.
type Rule struct {
	Rule    string `json:"rule"`
	Message string `json:"message,omitempty"`
}

//go:embed schemas.json
var embedded []byte

var published = sync.OnceValue(func() *Set {
	set := new(Set)
	if err := json.Unmarshal(embedded, set); err != nil {
		panic("schemas.json: " + err.Error()) // the program's own file; a test reads it
	}
	return set
})

// groups are those of the kinds that have schemas: nobody else's objects cost more than a look here.
var groups = map[string]bool{
	"cilium.io": true, "projectcalico.org": true, "crd.projectcalico.org": true, "policy.networking.k8s.io": true,
	"security.istio.io": true, "k8s.ovn.org": true,
}

// Mistake is something that an API server would refuse (Error) or drop without a word (Warning).
type Mistake struct {
	Severity manifest.Severity
	// Path leads to the value: spec.ingress[0].action.
	Path string
	// Part is the value, or what it is missing in.
	Part *manifest.Node
	Text string
}

// String is the mistake with its path.
func (m Mistake) String() string {
	if m.Path == "" {
		return m.Text
	}
	return m.Path + ": " + m.Text
}

// Check lists an object's mistakes; none if its kind or version has no schema here.
func Check(o *manifest.Object) []Mistake {
	if !groups[o.Group] {
		return nil
	}
	return published().Check(o)
}

// Knows tells whether there is a schema for an object.
func Knows(o *manifest.Object) bool {
	if !groups[o.Group] {
		return false
	}
	_, known := published().Kinds[key(o)]
	return known
}

func key(o *manifest.Object) string { return o.Group + "/" + o.Version + "/" + o.Kind }

// Check lists an object's mistakes.
func (set *Set) Check(o *manifest.Object) []Mistake {
	root, known := set.Kinds[key(o)]
	if !known {
		return nil
	}
	c := checker{set: set, structural: true}
	c.value(o.Body, &set.Schemas[root])
	return c.mistakes
}

// pattern is a regular expression, compiled when it is first needed; nil if it is none that Go knows.
func (set *Set) pattern(text string) *regexp.Regexp {
	if known, ok := set.patterns.Load(text); ok {
		return known.(*regexp.Regexp)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		compiled = nil
	}
	set.patterns.Store(text, compiled)
	return compiled
}
