package review

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/discover"
)

// A group is what each side has of one cluster.
type group struct {
	name, by   string
	base, head []*unit
	// why says for people why a target is in the group, by its unit's id, where that is not what by says.
	why map[string]string
}

// targets names the group's targets, each once.
func (g *group) targets() []string {
	var names []string
	for _, u := range slices.Concat(g.head, g.base) {
		names = append(names, u.Target.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// groupUnits puts the targets of both sides into clusters. A side that is one file has no path to tell clusters by:
// then everything is one cluster.
func groupUnits(base, head *state) ([]*group, []manifest.Diagnostic) {
	if base.file != "" || head.file != "" {
		if len(base.failures)+len(head.failures) > 0 {
			return nil, nil
		}
		return []*group{{name: discover.Unmarked, by: "one side is a file", base: base.units, head: head.units}}, nil
	}
	var found []discover.Found
	units := make(map[string][2][]*unit)
	for side, s := range []*state{base, head} {
		for _, u := range s.units {
			found = append(found, u.Found)
			sides := units[u.id()]
			sides[side] = append(sides[side], u)
			units[u.id()] = sides
		}
	}
	clusters, diagnostics := discover.Clusters(found, func(f discover.Found) (base, head []*manifest.Object) {
		if len(units) == 1 {
			return nil, nil // nothing that it could contradict
		}
		sides := units[(&unit{Found: f}).id()]
		return objects(sides[0]), objects(sides[1])
	})
	groups := make([]*group, len(clusters))
	for i, c := range clusters {
		groups[i] = &group{name: c.Name, by: c.By, why: make(map[string]string)}
		for _, f := range c.Found {
			id := (&unit{Found: f}).id()
			sides := units[id]
			groups[i].why[id] = f.ClusterBy
			groups[i].base = append(groups[i].base, sides[0]...)
			groups[i].head = append(groups[i].head, sides[1]...)
		}
	}
	return groups, diagnostics
}
