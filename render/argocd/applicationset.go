package argocd

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// applicationSet is what matters here of an ApplicationSet:
// https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/
type applicationSet struct {
	Spec struct {
		GoTemplate        bool        `json:"goTemplate"`
		GoTemplateOptions []string    `json:"goTemplateOptions"`
		Generators        []generator `json:"generators"`
		Template          any         `json:"template"`
		TemplatePatch     string      `json:"templatePatch"`
	} `json:"spec"`
}

// maxApplications bounds what generators multiply to.
const maxApplications = 10000

func (x *expansion) applicationSet() {
	var set applicationSet
	if err := json.Unmarshal(x.object.Body.AppendJSON(nil), &set); err != nil {
		x.tell(manifest.Error, "this ApplicationSet cannot be read: %v", err)
		return
	}
	if x.templatePatch = set.Spec.TemplatePatch; x.templatePatch != "" {
		x.tell(manifest.Warning, "its templatePatch is not applied: its Applications are analysed without it")
	}
	g := &generation{fsys: x.fsys, goTemplate: set.Spec.GoTemplate, options: set.Spec.GoTemplateOptions}
	for i := range set.Spec.Generators {
		all, err := g.generate(&set.Spec.Generators[i], nil)
		if unsupported := (*unsupportedError)(nil); errors.As(err, &unsupported) {
			x.tell(manifest.Warning, "%v: the Applications that it would make are not analysed", err)
			continue
		}
		if err != nil {
			x.tell(manifest.Error, "generating Applications: %v", err)
			continue
		}
		if len(all) == 0 {
			x.tell(manifest.Warning, "its generator %d finds nothing in this repository: the Applications that it would make are not analysed", i+1)
		}
		for _, p := range all {
			if err := x.fill(g, set.Spec.Template, p); err != nil {
				x.tell(manifest.Error, "filling its template: %v", err)
				return // the next ones would say the same
			}
		}
	}
}

// fill makes one Application of the template.
func (x *expansion) fill(g *generation, template any, p params) error {
	filled, err := g.fill(template, p)
	if err != nil {
		return err
	}
	text, err := json.Marshal(filled)
	if err != nil {
		return err
	}
	x.application(text)
	return nil
}

// An unsupportedError is about what this program does not render.
type unsupportedError struct{ what string }

func (e *unsupportedError) Error() string { return e.what }

func unsupported(format string, args ...any) error {
	return &unsupportedError{fmt.Sprintf(format, args...)}
}
