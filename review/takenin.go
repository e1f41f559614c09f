package review

import (
	"bytes"
	"context"
	"fmt"
	"path"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// checkTakenIn looks at targets of base that at head are parts of others, which the change makes. Whoever deploys such a target by
// itself still does. It fails where the change takes a policy out of it, or edits or adds one, or a workload's labels, and what
// the target that takes it in makes of that is something else: only that is compared.
func (c *comparison) checkTakenIn(ctx context.Context) {
	if c.filesOnly() {
		return
	}
	onHead := keys(c.head.units)
	before := make(map[string][]*manifest.Object)
	alone := &state{side: c.head.side, config: c.head.config}
	for _, u := range c.base.units {
		t := u.Target
		if t.Deployer == "" && t.Source == nil && t.Kind != render.Plain && !onHead[u.key()] && c.isStillThere(t) {
			alone.units = append(alone.units, &unit{Found: u.Found})
			before[u.key()] = u.out.Objects
		}
	}
	if len(alone.units) == 0 {
		return
	}
	renderAll(ctx, c.o, alone)
	was, is := byKey(c.base.units), byKey(c.head.units)
	for _, u := range alone.units {
		if u.err != nil {
			continue // nobody can deploy it by itself
		}
		if o := takenIn(u, before[u.key()], was[environment(u)], is[environment(u)]); o != nil {
			c.head.fail(manifest.Diagnostic{Object: o.String(), File: o.Origin.File, Line: o.Origin.Line, Message: fmt.Sprintf(
				"the change edits, adds or removes it in %s, and another target that the change makes takes that in and has it otherwise: only what that makes of it is compared, which is in the cluster only if %s is not deployed by itself any more. "+
					"Do one by one change and the other by another, or name the targets in the configuration, by a change that is merged before", u.Target, u.Target)})
		}
	}
}

// isStillThere tells whether what makes a folder a target of its kind is at head.
func (c *comparison) isStillThere(t render.Target) bool {
	names := []string{"Chart.yaml"}
	if t.Kind == render.Kustomize {
		names = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
	}
	for _, name := range names {
		if _, err := c.head.tree.ReadFile(path.Join(t.Path, name)); err == nil {
			return true
		}
	}
	return false
}

// byKey are the objects of targets by their environments and keys.
func byKey(units []*unit) map[string]map[string]*manifest.Object {
	all := make(map[string]map[string]*manifest.Object)
	for _, u := range units {
		where := environment(u)
		if all[where] == nil {
			all[where] = make(map[string]*manifest.Object)
		}
		for _, o := range u.out.Objects {
			all[where][o.Key()] = o
		}
	}
	return all
}

// takenIn is an object that a target makes of itself otherwise than base did, and head otherwise than that; nil if there is none.
func takenIn(u *unit, before []*manifest.Object, was, is map[string]*manifest.Object) *manifest.Object {
	own := make(map[string]*manifest.Object)
	for _, o := range u.out.Objects {
		own[o.Key()] = o
		if !differ(o, was[o.Key()]) || !differ(o, is[o.Key()]) {
			continue
		}
		return o
	}
	for _, o := range before {
		if key := o.Key(); cluster.IsPolicy(o) && own[key] == nil && is[key] != nil {
			return is[key]
		}
	}
	return nil
}

// differ tells whether two objects of one key are to connections something else; b is nil where there is none.
func differ(a, b *manifest.Object) bool {
	if cluster.IsPolicy(a) {
		return b == nil || a.Digest() != b.Digest()
	}
	return b != nil && !bytes.Equal(labels(a), labels(b))
}
