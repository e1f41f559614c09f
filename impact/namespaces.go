package impact

import (
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Inherited are the manifests of namespaces that base has and head has not, though it has objects in them: to take such a
// manifest away is to say nothing of the labels, and must not make a verdict uncertain that was certain. Whoever compares
// two states adds them to head's.
func Inherited(base, head []*manifest.Object) []*manifest.Object {
	inhabited, there := make(map[string]bool), make(map[string]bool)
	for _, o := range head {
		if isNamespace(o) {
			there[o.Name] = true
		} else {
			inhabited[o.Namespace] = true
		}
	}
	var out []*manifest.Object
	for _, o := range base {
		if isNamespace(o) && inhabited[o.Name] && !there[o.Name] {
			out = append(out, o)
		}
	}
	return out
}

func isNamespace(o *manifest.Object) bool { return o.Group == "" && o.Kind == "Namespace" }

// inheritedNotes say whose labels are taken from base.
func inheritedNotes(namespaces []*manifest.Object) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, o := range namespaces {
		out = append(out, manifest.Diagnostic{Severity: manifest.Warning, Object: o.String(), File: o.Origin.File, Line: o.Origin.Line,
			Message: "head has no manifest of it any more, and objects in it; its labels are taken to be the ones that base's manifest gives it"})
	}
	return out
}
