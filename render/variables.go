package render

import (
	"fmt"

	"github.com/fluxcd/pkg/envsubst"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Variables are what Flux puts in the place of ${VAR} after a build:
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
type Variables struct {
	Values map[string]string
	// Partial tells that not all sources of values are known. Then a variable without a value or a default stays as it is
	// written, with what is made of it (${VAR:0:3}), a symbol that is the same on both sides; in names and labels it is a word
	// for it. Otherwise it is empty, as in Flux.
	Partial bool
}

// substitute replaces the variables of each object, in its text as Flux prints it: what was a quoted string may become
// a number.
func (v *Variables) substitute(objects []*manifest.Object) ([]*manifest.Object, []manifest.Diagnostic) {
	var all []*manifest.Object
	var problems []manifest.Diagnostic
	for _, o := range objects {
		replaced, err := v.replace(o)
		if err != nil {
			problems = append(problems, manifest.Problem(manifest.Error, o, nil, "replacing its variables: %v", err))
			continue
		}
		all = append(all, replaced)
	}
	return all, problems
}

// notSubstituted is the label or annotation by which an object keeps its text.
const notSubstituted = "kustomize.toolkit.fluxcd.io/substitute"

func (v *Variables) replace(o *manifest.Object) (*manifest.Object, error) {
	body := o.Body.AppendJSON(nil)
	for _, field := range []string{"labels", "annotations"} {
		if o.Body.Get("metadata", field, notSubstituted).Str() == "disabled" {
			return o, nil
		}
	}
	written, err := yaml.JSONToYAML(body)
	if err != nil {
		return nil, err
	}
	text, err := envsubst.Eval(v.keepUnknown(string(written)), func(name string) (string, bool) {
		return v.Values[name], true
	})
	if err != nil {
		return nil, err
	}
	if v.Partial {
		if text, err = v.nameUnknown(text); err != nil {
			return nil, err
		}
	}
	if text == string(written) {
		return o, nil
	}
	read, broken := manifest.Read(o.Origin.File, []byte(text))
	if len(broken) > 0 || len(read) != 1 {
		return nil, fmt.Errorf("the result is no object: %v", broken)
	}
	read[0].Origin, read[0].Sources = o.Origin, o.Sources
	read[0].Body.SetLines(0)
	copyLines(read[0].Body, o.Body)
	return read[0], nil
}

// copyLines gives a tree the lines of one of the same shape.
func copyLines(to, from *manifest.Node) {
	if from == nil {
		return
	}
	to.Line, to.Source = from.Line, from.Source
	if to.Kind == manifest.Map {
		for key, value := range to.Fields {
			copyLines(value, from.Get(key.Text))
		}
		return
	}
	for i := range to.Elements() {
		if i < len(from.Elements()) {
			copyLines(&to.Items[i], &from.Items[i])
		}
	}
}
