package helm

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"helm.sh/helm/v4/pkg/release/v1/util"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Parts are the parts of a chart that `helm template` can be told to print or to leave out.
type Parts struct {
	CRDs             bool
	NoTests, NoHooks bool
}

// A Document is what `helm template` prints for one object, with the template it comes from.
type Document struct {
	Origin manifest.Origin
	Text   string
}

// Template renders a release to text, hooks and tests included as `helm template` does, for a tool that goes on with
// it. A document that is no object is an error here, as it is there.
func Template(ctx context.Context, tree fs.FS, r Release, parts Parts) ([]Document, error) {
	c, source, rendered, err := render(ctx, tree, r)
	if err != nil {
		return nil, err
	}
	var documents []document
	if parts.CRDs {
		for _, crd := range c.CRDObjects() {
			documents = append(documents, read(source.template(crd.Filename), string(crd.File.Data))...)
		}
	}
	templates := source.documents(rendered)
	slices.SortStableFunc(templates, inPrintOrder)
	documents = append(documents, templates...)
	var all []Document
	for _, d := range documents {
		if len(d.problems) > 0 {
			return nil, errors.New(d.problems[0].String())
		}
		if len(d.objects) == 0 || parts.leaveOut(d.objects[0]) {
			continue
		}
		all = append(all, Document{Origin: d.objects[0].Origin, Text: d.text})
	}
	return all, nil
}

// inPrintOrder compares documents by the order in which Helm prints them: hooks after all others, each in the order in
// which an installation makes their kinds; kinds that are not known come last, by name.
func inPrintOrder(a, b document) int {
	if len(a.objects) == 0 || len(b.objects) == 0 {
		return len(b.objects) - len(a.objects)
	}
	x, y := a.objects[0], b.objects[0]
	byKind := cmp.Compare(placeOf(x.Kind), placeOf(y.Kind))
	if byKind == 0 && placeOf(x.Kind) == len(util.InstallOrder) {
		byKind = cmp.Compare(x.Kind, y.Kind)
	}
	return cmp.Or(cmp.Compare(min(len(hooksOf(x)), 1), min(len(hooksOf(y)), 1)), byKind)
}

func placeOf(kind string) int {
	if at := slices.Index(util.InstallOrder, kind); at >= 0 {
		return at
	}
	return len(util.InstallOrder)
}

func (p Parts) leaveOut(o *manifest.Object) bool {
	hooks := hooksOf(o)
	return len(hooks) > 0 && (p.NoHooks || p.NoTests && isTest(hooks) || !areKnown(hooks))
}
