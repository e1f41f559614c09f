package review

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// A standIn is a target that one object deploys from another place on each side: from this repository and from elsewhere. That
// a source is this repository is told by the path alone. So a change could put a harmless folder here in the place of what
// is really deployed from elsewhere, or take a folder away so that an older state of it, elsewhere, is compared.
type standIn struct{ from, to *unit }

// standIns lists them, but for charts that are no longer vendored: where those come from, their object says.
func (c *comparison) standIns() []standIn {
	onBase, onHead := keys(c.base.units), keys(c.head.units)
	var all []standIn
	for _, b := range c.base.units {
		if b.Target.Deployer == "" || onHead[b.key()] {
			continue
		}
		for _, h := range c.head.units {
			if h.Target.Deployer != b.Target.Deployer || h.Target.Cluster != b.Target.Cluster || onBase[h.key()] {
				continue
			}
			was, is := b.Target.Source, h.Target.Source
			if was != nil && is == nil || was == nil && is != nil && is.At(b.Target.Path) == h.Target.Path {
				all = append(all, standIn{b, h})
			}
		}
	}
	return all
}

func (m standIn) told() manifest.Diagnostic {
	d := manifest.Diagnostic{Object: m.from.Target.Deployer}
	if s := m.to.Target.Source; s != nil {
		d.File, d.Line = s.Named.File, s.Named.Line
		d.Message = fmt.Sprintf("it deploys %s of this repository on the base side; at head that is gone, and %s, which is fetched, may be an older state of it. To delete the folder, take the address out of fetch.allow first, by a change that is merged before",
			m.from.Target, m.to.Target)
		return d
	}
	d.Message = fmt.Sprintf("it deploys %s, which is fetched, on the base side, and %s of this repository at head: whether it is really deployed from here, nothing tells. To move it, take the address out of fetch.allow first, by a change that is merged before",
		m.from.Target, m.to.Target)
	return d
}
