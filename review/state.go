package review

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
)

// A unit is one target on one side.
type unit struct {
	discover.Found
	out render.Output
	err error
	// kept tells that nothing deploys it at head, and that it is compared as base deploys it; adopted is the opposite.
	kept, adopted bool
	// insteadOf is what an adopted one stands for if it renders on base.
	insteadOf []*unit
}

// key identifies a target on both sides, whatever tool renders it there.
func (u *unit) key() string {
	t := u.Target
	deployed := ""
	if t.Deployer != "" { // one object of Flux may be in each cluster
		deployed = t.Deployer + " in " + t.Cluster
	}
	return strings.Join(append([]string{t.Path, t.Release, t.Namespace, deployed}, t.Values...), "\x00")
}

// id is key with all that may differ between the sides.
func (u *unit) id() string {
	return strings.Join([]string{u.key(), string(u.Target.Kind), u.Target.Cluster}, "\x00")
}

// A state is a side with its targets and what they render to.
type state struct {
	*side
	// config is the configuration in force, whichever side it is from.
	config config.Config
	units  []*unit
	// diagnostics are held against the other side's: what stands on both is a warning.
	diagnostics []manifest.Diagnostic
	// failures are errors whatever the other side says.
	failures []manifest.Diagnostic
}

func (s *state) fail(d manifest.Diagnostic) {
	d.Severity = manifest.Error
	s.failures = append(s.failures, d)
}

// find looks for the state's targets: its only file, or what discovery finds.
func (s *state) find(ctx context.Context, o Options, c config.Config) {
	s.config = c
	if s.file != "" {
		s.units = []*unit{{Found: onlyFile(s.file)}}
		return
	}
	var diagnostics []manifest.Diagnostic
	found, err := guard(func() (found []discover.Found, err error) {
		found, diagnostics, err = discover.Targets(ctx, s.tree, c, o.rendering())
		return found, err
	})
	if err != nil {
		s.fail(manifest.Diagnostic{Object: s.label, Message: "looking for targets: " + err.Error()})
	}
	s.diagnostics = append(s.diagnostics, diagnostics...)
	for _, f := range found {
		s.units = append(s.units, &unit{Found: f})
	}
	s.tellForeign()
}

func onlyFile(name string) discover.Found {
	return discover.Found{Target: render.Target{Kind: render.Plain, Path: name}, By: "it is the only file"}
}

// take keeps what stands at a path, and tells whether there is anything: a found target, or whatever
// [discover.Named] takes.
func (s *state) take(found []*unit, at string) (bool, error) {
	exists := false
	for _, u := range found {
		if u.Target.Path == at {
			exists = true
			if !slices.Contains(s.units, u) {
				s.units = append(s.units, u)
			}
		}
	}
	if exists {
		return true, nil
	}
	f, err := discover.Named(s.tree, at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f.Target.Settings = discover.SettingsOf(s.config.Render)
	s.units = append(s.units, &unit{Found: f})
	return true, nil
}

// narrow reduces the states to the named targets; each must exist on at least one side.
func (p *opener) narrow(states ...*state) error {
	names := p.o.Targets
	if len(names) == 0 {
		return nil
	}
	found := make([][]*unit, len(states))
	for i, s := range states {
		found[i] = s.units
		if s.file == "" {
			s.units = nil
		}
	}
	for _, name := range names {
		exists := false
		var why error
		chosen := make(map[string]string) // the path that the name stands for, by the folder it counts from
		for _, s := range states {
			if _, known := chosen[s.dir]; !known {
				chosen[s.dir] = meaning(name, s.dir, states)
			}
		}
		for i, s := range states {
			ok, err := true, error(nil)
			if s.file == "" {
				ok, err = s.take(found[i], chosen[s.dir])
			}
			exists = exists || ok
			if err != nil {
				why = err
			}
		}
		switch {
		case exists:
		case why != nil:
			return usagef("the target %s: %w", name, why)
		default:
			hint := "netpol-impact targets shows what there is"
			if _, err := p.revision("", name); err == nil {
				hint = "it is a revision; give it with --base or --head"
			}
			return usagef("there is no target %s; %s", name, hint)
		}
	}
	return nil
}

// meaning is the path that a target's name stands for: it counts from the caller's folder, or else from the root. It is
// the same one for all states of that folder, because a path that only one of them has would be compared with another.
func meaning(name, dir string, states []*state) string {
	at := path.Join(dir, name)
	file, _, _ := strings.Cut(at, ":") // value files may be named, too
	for _, s := range states {
		if s.file != "" || s.dir != dir {
			continue
		}
		if _, err := fs.Stat(s.tree, file); err == nil {
			return at
		}
	}
	return path.Clean(name)
}

// objects returns what the units render to, an object that comes twice with the same contents once.
func objects(units []*unit) []*manifest.Object {
	var all []*manifest.Object
	seen := make(map[string]*manifest.Object)
	for _, u := range units {
		for _, o := range u.out.Objects {
			key := o.Key()
			if known := seen[key]; known != nil && (known.Body == o.Body || known.Digest() == o.Digest()) {
				continue
			}
			seen[key] = o
			all = append(all, o)
		}
	}
	return all
}
