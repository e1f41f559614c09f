package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// unknownSettings returns a line for every key that a type does not have, with the one that was probably meant. What
// stands behind an alias is left to the decoder, which is as strict but does not suggest.
func unknownSettings(n *yaml.Node, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var all []string
	switch {
	case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
		return unknownSettings(n.Content[0], t)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, c := range n.Content {
			all = append(all, unknownSettings(c, t.Elem())...)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Slice: // one of a list, without the list
		return unknownSettings(n, t.Elem())
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 1; i < len(n.Content); i += 2 {
			all = append(all, unknownSettings(n.Content[i], t.Elem())...)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		known := settings(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if of, ok := known[key.Value]; ok {
				all = append(all, unknownSettings(n.Content[i+1], of)...)
			} else if key.Tag != "!!merge" {
				all = append(all, fmt.Sprintf("line %d: there is no setting %q%s", key.Line, key.Value, meant(key.Value, known)))
			}
		}
	}
	return all
}

// settings are the keys that a struct takes, those of its inlined parts among them.
func settings(t reflect.Type) map[string]reflect.Type {
	all := make(map[string]reflect.Type)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case options == "inline":
			for key, of := range settings(f.Type) {
				all[key] = of
			}
		case name == "":
			all[strings.ToLower(f.Name)] = f.Type
		default:
			all[name] = f.Type
		}
	}
	return all
}

// meant suggests the setting that a word is a misspelling of, or else names all that there are.
func meant(word string, known map[string]reflect.Type) string {
	best, bestDistance := "", max(2, len(word)/3)+1
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	plain := func(s string) string { return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s)) }
	for _, name := range names {
		if d := spelling.Distance(plain(word), plain(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best != "" {
		return "; did you mean " + best + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}
