package render

import (
	"context"
	"encoding/json"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// An Expansion is what an object or a file that deploys others comes to.
type Expansion struct {
	Targets     []Target
	Diagnostics []manifest.Diagnostic
	// Read are the files of the tree that it took in.
	Read []string
}

// DefineExpansion names work that expands what an order holds, to be done in a process of its own: a template, a pattern
// or a parameter may go on without an end. It is called as [sandbox.Define] is.
func DefineExpansion(name string, work func(tree fs.FS, order []byte) (Expansion, error)) *sandbox.Task {
	return sandbox.Define(name, func(tree fs.FS, order []byte) ([]byte, error) {
		x, err := work(tree, order)
		if err != nil {
			return nil, err
		}
		sent := sentExpansion{Read: x.Read}
		for _, t := range x.Targets {
			text, err := EncodeTarget(t)
			if err != nil {
				return nil, err
			}
			sent.Targets = append(sent.Targets, text)
		}
		answer, err := json.Marshal(sent)
		return append(manifest.AppendDiagnostics(nil, x.Diagnostics), answer...), err
	})
}

// sentExpansion is an expansion on its way from a child, apart from the diagnostics.
type sentExpansion struct {
	Targets []json.RawMessage
	Read    []string
}

// An Expander gives orders to a child process that starts when it is needed, one after the other. It is for one
// goroutine.
type Expander struct {
	limits   sandbox.Limits
	within   *manifest.Allowance
	children *sandbox.Series
}

// Expander begins a series in which the renderer's limits bound the work on each order, and all that comes of it together with
// what is rendered. The caller closes it.
func (r *Renderer) Expander(task *sandbox.Task) *Expander {
	return &Expander{limits: r.Limits.Or(sandbox.Defaults), within: r.Allowance(), children: task.Series(r.Limits)}
}

// Close ends the child.
func (e *Expander) Close() { e.children.Close() }

// Expand has one order done. An error is the work's, or a limit that it reached.
func (e *Expander) Expand(ctx context.Context, fsys fs.FS, order []byte) (Expansion, error) {
	answer, err := e.children.Run(ctx, fsys, order)
	if err != nil {
		return Expansion{}, err
	}
	return e.read(answer)
}

// growth is how many times larger values are in memory than their JSON at most: an empty list is two bytes.
const growth = 16

func (e *Expander) read(answer []byte) (Expansion, error) {
	within := e.within.Part(e.limits.Output)
	x, err := readExpansion(answer, within)
	if err != nil {
		within.Return()
		return Expansion{}, tooMuch(e.limits, err)
	}
	return x, nil
}

func readExpansion(answer []byte, within *manifest.Allowance) (x Expansion, err error) {
	var rest []byte
	if x.Diagnostics, rest, err = manifest.ReadDiagnostics(answer, within); err != nil {
		return x, err
	}
	if err := within.Take(growth * int64(len(rest))); err != nil {
		return x, err
	}
	var sent sentExpansion
	if err := json.Unmarshal(rest, &sent); err != nil {
		return x, err
	}
	x.Read = sent.Read
	for _, text := range sent.Targets {
		t, err := DecodeTarget(text)
		if err != nil {
			return x, err
		}
		x.Targets = append(x.Targets, t)
	}
	return x, nil
}
