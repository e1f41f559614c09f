package review

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// renderAll renders every target of all states, side by side, each in the order of the states: the more trusted first. A
// target of a later state that would read the same files as it does in an earlier one is not rendered again: it has the
// same objects.
func renderAll(ctx context.Context, o Options, states ...*state) {
	jobs := make(map[string][]*unit)
	var order []string
	of := make(map[*unit]*state)
	for _, s := range states {
		for _, u := range s.units {
			key := u.key()
			if s.file != "" { // each side's only file is another one
				key = s.label + "\x00" + key
			}
			if jobs[key] == nil {
				order = append(order, key)
			}
			jobs[key] = append(jobs[key], u)
			of[u] = s
		}
	}
	renderer := o.rendering()
	var told sync.Mutex
	done := 0
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, key := range order {
		group.Go(func() error {
			renderOne(ctx, renderer, jobs[key], of)
			told.Lock()
			defer told.Unlock()
			done++
			o.progress("rendered %d of %d targets", done, len(order))
			return nil
		})
	}
	_ = group.Wait() // no job returns an error: each unit has its own
	for _, s := range states {
		s.collect()
	}
}

// renderOne renders one target in the states that have it.
func renderOne(ctx context.Context, r *render.Renderer, units []*unit, of map[*unit]*state) {
	series := r.Series()
	defer series.Close()
	for _, u := range units {
		u.out, u.err = safely(ctx, series, of[u].tree, u.Target)
	}
}

// safely renders; the libraries that do it are not made for hostile input.
func safely(ctx context.Context, s *render.Series, fsys fs.FS, t render.Target) (render.Output, error) {
	return guard(func() (render.Output, error) { return s.Render(ctx, fsys, t) })
}

// collect gathers the targets' diagnostics and failures.
func (s *state) collect() {
	for _, u := range s.units {
		s.diagnostics = append(s.diagnostics, u.out.Diagnostics...)
		if u.err != nil && !u.adopted { // as head deploys it, it may need what base does not have
			cause := strings.TrimPrefix(u.err.Error(), fmt.Sprintf("rendering %s: ", u.Target))
			s.fail(manifest.Diagnostic{Object: u.Target.String(), Message: fmt.Sprintf("this target does not render%s: %s", s.where(), cause)})
		}
	}
}
