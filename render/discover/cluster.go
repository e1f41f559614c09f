package discover

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Unmarked is the name of the cluster of all targets whose paths name no environment.
const Unmarked = "default"

const noEnvironment = "no environment in the paths"

// Cluster is a group of targets that are deployed together.
type Cluster struct {
	Name string
	// By says for people why these are together, and the ClusterBy of each why it is one of them.
	By    string
	Found []Found
}

// Clusters groups targets, those of base and of head together, so that both sides have the same clusters; a target that
// is on both sides may come twice. objects returns what a target renders to on each side, nothing for a side where it is
// not.
//
// A cluster cannot hold an object twice with different contents. Where it would on either side, the targets concerned
// are clusters of their own, and a diagnostic says so.
func Clusters(found []Found, objects func(Found) (base, head []*manifest.Object)) ([]Cluster, []manifest.Diagnostic) {
	all := merge(found)
	contents := make(map[string]sides, len(all))
	for _, f := range all {
		base, head := objects(f)
		contents[f.key()] = sides{digests(base), digests(head)}
	}
	nameClusters(all, func(f Found) sides { return contents[f.key()] })

	groups := make(map[string]*Cluster)
	for _, f := range all {
		name, by := f.Cluster, f.ClusterBy
		if name == "" {
			name, by = Unmarked, noEnvironment
		}
		if groups[name] == nil {
			groups[name] = &Cluster{Name: name, By: by}
		}
		f.ClusterBy = by
		groups[name].Found = append(groups[name].Found, f)
	}
	var clusters []Cluster
	var problems []manifest.Diagnostic
	for _, group := range groups {
		parts, told := split(*group, contents)
		clusters = append(clusters, parts...)
		problems = append(problems, told...)
	}
	slices.SortFunc(clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(problems, func(a, b manifest.Diagnostic) int { return cmp.Compare(a.Object+a.Message, b.Object+b.Message) })
	return clusters, problems
}

// key identifies a target on both sides.
func (f Found) key() string {
	t := f.Target
	return strings.Join(append([]string{string(t.Kind), t.Path, t.Release, t.Namespace, t.Cluster, t.Deployer}, t.Values...), "\x00")
}

// merge makes one of a target that was found on both sides.
func merge(found []Found) []Found {
	at := make(map[string]int)
	var all []Found
	for _, f := range found {
		if i, ok := at[f.key()]; ok {
			all[i].uses = append(slices.Clone(all[i].uses), f.uses...)
			continue
		}
		at[f.key()] = len(all)
		all = append(all, f)
	}
	sortFound(all)
	return all
}

// sides are the objects of base and of head that can contradict: the digest of each by its key.
type sides [2]map[string]uint64

func digests(objects []*manifest.Object) map[string]uint64 {
	all := make(map[string]uint64, len(objects))
	for _, o := range objects {
		if !isShared(o) {
			all[o.Key()] = o.Digest()
		}
	}
	return all
}

// isShared tells whether an object is of those that several targets of one cluster bring along, each in its own words,
// and none depends on: namespaces, definitions of kinds, permissions.
func isShared(o *manifest.Object) bool {
	switch o.Group {
	case "":
		return o.Kind == "Namespace"
	case "apiextensions.k8s.io", "rbac.authorization.k8s.io":
		return true
	}
	return false
}

// A clash is an object that two targets give different contents.
type clash struct {
	object string
	found  []Found
}

// clashes returns the targets of a group that contradict others on either side, each with one object that shows it.
func clashes(group []Found, contents map[string]sides) []clash {
	var all []clash
	for side := range len(sides{}) {
		holders := make(map[string][]Found)
		for _, f := range group {
			for key := range contents[f.key()][side] {
				holders[key] = append(holders[key], f)
			}
		}
		for key, list := range holders {
			first := contents[list[0].key()][side][key]
			if slices.ContainsFunc(list, func(f Found) bool { return contents[f.key()][side][key] != first }) {
				all = append(all, clash{object: key, found: list})
			}
		}
	}
	slices.SortFunc(all, func(a, b clash) int { return cmp.Compare(a.object, b.object) })
	return all
}

// split takes a group apart until nothing in it contradicts. It first tries the folders in which the contradicting
// targets part ways (namespaces/east/…, namespaces/west/…), which keeps together what belongs together; if that leaves
// contradictions, each contradicting target is a cluster of its own.
func split(group Cluster, contents map[string]sides) ([]Cluster, []manifest.Diagnostic) {
	found := clashes(group.Found, contents)
	if len(found) == 0 {
		return []Cluster{group}, nil
	}
	apart := make(map[string]string) // a target's key → the folder or target that its cluster is named after
	var targets []Found
	for _, c := range found {
		for _, f := range c.found {
			if _, ok := apart[f.key()]; !ok {
				apart[f.key()] = f.Target.String()
				targets = append(targets, f)
			}
		}
	}
	if byFolder := partings(group.Found, targets); consistent(group, byFolder, contents) {
		apart = byFolder
	}
	parts := regroup(group, apart)
	var names []string
	for _, p := range parts {
		if p.Name != group.Name {
			names = append(names, p.Name)
		}
	}
	return parts, []manifest.Diagnostic{{Severity: manifest.Info, Object: group.Name, Message: fmt.Sprintf(
		"%s comes from %s with different contents, so they cannot be one cluster; these are analysed apart: %s; name clusters in the configuration to change that",
		describe(found[0].object), targetNames(found[0].found), shorten(names))}}
}

// partings finds the deepest folder that holds all contradicting targets, and maps the targets below it to the next
// folder on their way, if one of the contradicting is in there.
func partings(group, contradicting []Found) map[string]string {
	common := contradicting[0].Target.Path
	for _, f := range contradicting {
		for !within(f.Target.Path, common) {
			common = path.Dir(common)
		}
	}
	next := func(f Found) string {
		rest := strings.TrimPrefix(strings.TrimPrefix(f.Target.Path, common), "/")
		first, _, _ := strings.Cut(rest, "/")
		return path.Join(common, first)
	}
	disputed := make(map[string]bool)
	for _, f := range contradicting {
		disputed[next(f)] = true
	}
	byFolder := make(map[string]string)
	for _, f := range group {
		if within(f.Target.Path, common) && disputed[next(f)] {
			byFolder[f.key()] = next(f)
		}
	}
	return byFolder
}

func within(at, folder string) bool {
	return folder == "." || at == folder || strings.HasPrefix(at, folder+"/")
}

// consistent tells whether no part of a group contradicts itself any more.
func consistent(group Cluster, apart map[string]string, contents map[string]sides) bool {
	for _, part := range regroup(group, apart) {
		if len(clashes(part.Found, contents)) > 0 {
			return false
		}
	}
	return true
}

// regroup makes clusters of the targets that are set apart; the others stay.
func regroup(group Cluster, apart map[string]string) []Cluster {
	rest := Cluster{Name: group.Name, By: group.By}
	parts := make(map[string]*Cluster)
	for _, f := range group.Found {
		at, ok := apart[f.key()]
		if !ok {
			rest.Found = append(rest.Found, f)
			continue
		}
		if parts[at] == nil {
			name := at
			if group.Name != Unmarked {
				name = fmt.Sprintf("%s (%s)", group.Name, at)
			}
			parts[at] = &Cluster{Name: name, By: "the contents contradict those of other targets"}
		}
		f.ClusterBy = strings.TrimPrefix(f.ClusterBy+"; ", noEnvironment+"; ") + parts[at].By
		parts[at].Found = append(parts[at].Found, f)
	}
	var clusters []Cluster
	for _, p := range parts {
		clusters = append(clusters, *p)
	}
	slices.SortFunc(clusters, func(a, b Cluster) int { return cmp.Compare(a.Name, b.Name) })
	if len(rest.Found) > 0 {
		clusters = append(clusters, rest)
	}
	return clusters
}

// describe turns an object's key into words.
func describe(key string) string {
	parts := strings.SplitN(key, "/", 4)
	if parts[2] == "" {
		return parts[1] + " " + parts[3]
	}
	return parts[1] + " " + parts[2] + "/" + parts[3]
}

func targetNames(found []Found) string {
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.Target.String()
	}
	return shorten(names)
}

// shorten lists a few names and counts the others.
func shorten(names []string) string {
	const shown = 6
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:shown], ", "), len(names)-shown)
}
