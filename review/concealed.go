package review

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// checkConcealed looks at folders that are read whole on the base side and not at head, because the change puts a chart or a
// kustomization there, or one elsewhere names a file of theirs. Whoever applies such a folder applies all that is in it still. It
// fails where a policy or a workload is in it that nothing at head renders.
func (c *comparison) checkConcealed(ctx context.Context) {
	if c.filesOnly() {
		return
	}
	whole, rendered := make(map[string]bool), make(map[string]bool)
	for _, u := range c.head.units {
		if u.Target.Kind == render.Plain {
			whole[u.Target.Path] = true
		}
		for _, o := range u.out.Objects {
			rendered[nameless(o)] = true
		}
	}
	for _, u := range c.base.units {
		at := u.Target.Path
		if u.Target.Kind != render.Plain || u.Target.Deployer != "" || whole[at] {
			continue
		}
		whole[at] = true // of several clusters once
		if about, err := fs.Stat(c.head.tree, at); err != nil || !about.IsDir() {
			continue // a file, or it is gone
		}
		objects, _, err := plain.ReadOnly(ctx, c.head.tree, at, plain.Filter{Whole: true}, nil, nil)
		if err != nil {
			c.head.fail(manifest.Diagnostic{File: at, Message: fmt.Sprintf("this folder is read whole on the base side, and cannot be at head: %v", err)})
			continue
		}
		for _, o := range objects {
			if c.meetsOthers(o) && !rendered[nameless(o)] {
				c.head.fail(manifest.Diagnostic{Object: o.String(), File: o.Origin.File, Line: o.Origin.Line, Message: fmt.Sprintf(
					"it is in %s, which is read whole on the base side; by a chart or a kustomization that the change makes or edits no target at head has it, and it is in the cluster all the same where the folder is applied. "+
						"Delete it if it is to go; else keep the folder as it is, or name the targets in the configuration, by a change that is merged before", at)})
				break
			}
		}
	}
}

// nameless is an object's kind and name: a namespace may come from a kustomization that the change makes.
func nameless(o *manifest.Object) string {
	if cluster.IsPolicy(o) {
		return o.Group + "/" + o.Kind + "/" + o.Name
	}
	return o.Kind + "/" + o.Name
}
