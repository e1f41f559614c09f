package argocd

import (
	"context"
	"encoding/json"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// inChild expands an object in a process of its own: a template, a pattern or a parameter may go on without an end.
var inChild = sandbox.Define("argocd", func(tree fs.FS, order []byte) ([]byte, error) {
	objects, _, err := manifest.ReadObjects(order, sandbox.Defaults.Output)
	if err != nil {
		return nil, err
	}
	var texts []json.RawMessage
	var problems []manifest.Diagnostic
	for _, o := range objects {
		targets, told := Targets(tree, o)
		problems = append(problems, told...)
		for _, t := range targets {
			text, err := render.EncodeTarget(t)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
	}
	answer, err := json.Marshal(texts)
	return append(manifest.AppendDiagnostics(nil, problems), answer...), err
})

// A Series expands objects of one tree, one after the other, in a child process that starts when it is needed. It is for
// one goroutine.
type Series struct {
	limits   sandbox.Limits
	children *sandbox.Series
}

// NewSeries begins a series in which the limits bound the work on each object. The caller closes it.
func NewSeries(limits sandbox.Limits) *Series {
	return &Series{limits: limits.Or(sandbox.Defaults), children: inChild.Series(limits)}
}

// Close ends the child.
func (s *Series) Close() { s.children.Close() }

// Targets returns what [Targets] does. An object that reaches a limit, or crashes the child, has no targets and a
// diagnostic.
func (s *Series) Targets(ctx context.Context, fsys fs.FS, o *manifest.Object) ([]render.Target, []manifest.Diagnostic) {
	answer, err := s.children.Run(ctx, fsys, manifest.AppendObjects(nil, []*manifest.Object{o}))
	if err == nil {
		var targets []render.Target
		var problems []manifest.Diagnostic
		if targets, problems, err = s.read(answer); err == nil {
			return targets, problems
		}
	}
	return nil, []manifest.Diagnostic{manifest.Problem(manifest.Error, o, nil, "expanding this %s: %v", o.Kind, err)}
}

// growth is how many times larger values are in memory than their JSON at most: an empty list is two bytes.
const growth = 16

func (s *Series) read(answer []byte) ([]render.Target, []manifest.Diagnostic, error) {
	problems, rest, err := manifest.ReadDiagnostics(answer, s.limits.Output)
	if err != nil {
		return nil, nil, err
	}
	if int64(len(rest)) > s.limits.Output/growth {
		return nil, nil, s.limits.TooMuchOutput()
	}
	var texts []json.RawMessage
	if err := json.Unmarshal(rest, &texts); err != nil {
		return nil, nil, err
	}
	var targets []render.Target
	for _, text := range texts {
		t, err := render.DecodeTarget(text)
		if err != nil {
			return nil, nil, err
		}
		targets = append(targets, t)
	}
	return targets, problems, nil
}
