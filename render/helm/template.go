package helm

import (
	"context"
	"errors"
	"io/fs"
	"strings"

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
	documents = append(documents, source.documents(rendered)...)
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

func (p Parts) leaveOut(o *manifest.Object) bool {
	hooks := o.Body.Get("metadata", "annotations", "helm.sh/hook").Str()
	return hooks != "" && (p.NoHooks || p.NoTests && strings.HasPrefix(hooks, "test"))
}
