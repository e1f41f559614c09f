package render

import (
	"context"
	"errors"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/cache"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Kept says where what targets render to is kept between runs.
type Kept struct {
	// Cache is nil if it is not.
	Cache *cache.Cache
	// From tells of which trees it is kept; of all if nil. It is found for all.
	From func(*tree.Tree) bool
}

// known is what a target has rendered to, and after which reads.
type known struct {
	reads []tree.Read
	out   Output
	err   error
}

// render renders a target of a tree unless it is known what that comes to: because the same reads have told the same in
// this run, an error among them, or in one before.
func (s *Series) render(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	from, ok := fsys.(*tree.Tree)
	if !ok {
		out, _, err := s.renderAnew(ctx, fsys, t, false)
		return out, err
	}
	alike := t
	alike.Cluster, alike.Deployer, alike.Revision, alike.Repository, alike.Reservations = "", "", "", "", Reservations{}
	key, err := EncodeTarget(alike)
	if err != nil {
		return Output{}, err
	}
	if k, ok := s.renderer.remembered(from, string(key)); ok {
		return k.out, k.err
	}
	kept := s.renderer.Kept
	if isPlain(t) {
		kept.Cache = nil // to parse it is no more work
	}
	if kept.Cache != nil {
		if answer, ok := kept.Cache.Find(from, key); ok {
			if out, err := s.renderer.decode(answer); err == nil {
				return out, nil
			}
		}
	}
	keep := kept.Cache != nil && (kept.From == nil || kept.From(from))
	recorder := from.Recorder()
	k := known{}
	var fetched bool
	k.out, fetched, k.err = s.renderAnew(ctx, recorder, t, keep)
	k.reads = recorder.Reads()
	nameFiles(from, k.out)
	if ctx.Err() != nil {
		return k.out, k.err // it was cut short
	}
	s.renderer.remember(string(key), k)
	// What was fetched may be another thing in the next run.
	if keep && !fetched && k.err == nil {
		kept.Cache.Keep(key, k.reads, encode(k.out))
	}
	return k.out, k.err
}

func isPlain(t Target) bool {
	return t.Kind == Plain && t.Source == nil && t.changes().Variables == nil
}

func (r *Renderer) remembered(from *tree.Tree, key string) (known, bool) {
	r.mu.Lock()
	all := r.known[key]
	r.mu.Unlock()
	for _, k := range all {
		if from.Holds(k.reads) {
			return k, true
		}
	}
	return known{}, false
}

func (r *Renderer) remember(key string, k known) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = make(map[string][]known)
	}
	r.known[key] = append(r.known[key], k)
}

func encode(out Output) []byte {
	return manifest.AppendDiagnostics(manifest.AppendObjects(nil, out.Objects), out.Diagnostics)
}

// decode reads what encode wrote, within the limits of output.
func (r *Renderer) decode(answer []byte) (Output, error) {
	limits := r.Limits.Or(sandbox.Defaults)
	within := r.Allowance().Part(limits.Output)
	var out Output
	var rest []byte
	var err error
	if out.Objects, rest, err = manifest.ReadObjects(answer, within); err == nil {
		out.Diagnostics, _, err = manifest.ReadDiagnostics(rest, within)
	}
	if err != nil {
		within.Return()
		return Output{}, tooMuch(limits, err)
	}
	return out, nil
}

// tooMuch names the limit that an allowance stands for, and leaves other errors as they are.
func tooMuch(limits sandbox.Limits, err error) error {
	switch {
	case errors.Is(err, manifest.ErrTooMuch):
		return limits.TooMuchOutput()
	case errors.Is(err, manifest.ErrTogether):
		return limits.TooMuchTogether()
	}
	return err
}
