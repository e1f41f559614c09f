package discover

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// A mark is what a target's path says of its environment.
type mark struct {
	// before is the path up to the environment, environment its name; "" if there is none.
	before, environment string
	// below is the next folder below the environment: perhaps a cluster of that environment, perhaps an application.
	below string
	// values is the environment in the name of a value file.
	values string
	// by says where the mark is, for people.
	by string
}

// containers are folders whose subfolders are environments or clusters, whatever their names.
var containers = map[string]bool{"overlays": true, "clusters": true, "environments": true, "envs": true, "env": true}

// usual are names of environments.
var usual = map[string]bool{
	"prod": true, "production": true, "prd": true, "live": true, "staging": true, "stage": true, "stg": true,
	"preprod": true, "pre-prod": true, "preproduction": true, "nonprod": true, "non-prod": true, "dev": true, "devel": true,
	"development": true, "test": true, "testing": true, "qa": true, "uat": true, "acceptance": true, "integration": true,
	"int": true, "sandbox": true, "perf": true, "preview": true,
}

func isEnvironment(name string) bool { return usual[strings.ToLower(name)] }

// markOf reads a target's path from the left: the first container or usual name decides.
func markOf(t render.Target) mark {
	var m mark
	at := t.Path
	if t.Source != nil {
		_, at, _ = strings.Cut(strings.TrimPrefix(at, t.Source.Repository), "//")
	}
	folders := strings.Split(at, "/")
	if t.Kind == render.Plain && isManifestFile(path.Base(t.Path)) {
		last := len(folders) - 1
		folders[last] = strings.TrimSuffix(folders[last], path.Ext(folders[last]))
		if last == 0 || !containers[folders[last-1]] {
			folders = folders[:last] // a file's own name is no environment, unless it stands where folders are
		}
	}
	for i, name := range folders {
		last := i
		if containers[name] && i+1 < len(folders) {
			last = i + 1
		} else if !isEnvironment(name) {
			continue
		}
		m.before, m.environment = strings.Join(folders[:i], "/"), folders[last]
		m.by = "the folder " + strings.Join(folders[:last+1], "/")
		for _, next := range folders[last+1:] {
			if !containers[next] {
				m.below = next
				break
			}
		}
		break
	}
	for _, file := range t.Values {
		env := valuesEnvironment(path.Base(file))
		if dir := path.Base(path.Dir(file)); env == "" && path.Dir(file) != t.Path && (containers[dir] || dir == "values") {
			env = strings.TrimSuffix(path.Base(file), path.Ext(file))
		}
		if env != "" && env != m.environment {
			m.values = env
			if m.by != "" {
				m.by += " and "
			}
			m.by += "the value file " + path.Base(file)
			break
		}
	}
	return m
}

// isNumber tells whether a name is one of a numbered row: clusters/prod/00, clusters/prod/01.
func isNumber(name string) bool {
	return name != "" && strings.Trim(name, "0123456789") == ""
}

// intoNumbered puts the targets of an environment (apps/shop/prod) into each of its numbered clusters (clusters/prod/00,
// clusters/prod/01), where there are some: what a numbered one holds for itself meets what the environment deploys. The
// clusters are known by then.
func intoNumbered(found []Found) []Found {
	numbered := make(map[string]map[string]string) // by environment and cluster, where the cluster is found
	for _, f := range found {
		if f.Target.Cluster == "" && isNumber(f.mark.below) && f.mark.values == "" {
			if numbered[f.mark.environment] == nil {
				numbered[f.mark.environment] = make(map[string]string)
			}
			numbered[f.mark.environment][f.Cluster] = f.ClusterBy
		}
	}
	var all []Found
	for _, f := range found {
		into := numbered[f.Cluster]
		if f.Target.Cluster != "" || len(into) == 0 {
			all = append(all, f)
			continue
		}
		for _, cluster := range slices.Sorted(maps.Keys(into)) {
			one := f
			one.Target.Cluster = cluster
			one.Cluster, one.clusterBy = cluster, f.ClusterBy+", for "+into[cluster]
			one.ClusterBy = one.clusterBy
			all = append(all, one)
		}
	}
	return all
}

// nameClusters sets each target's cluster by its mark. What is below an environment's folder is a cluster of its own
// where the targets there are alternatives: production/east and production/west on the same base. Otherwise they are
// applications of one cluster. Where a folder is known to be a cluster for one component, it is one for all.
//
// contents, if given, returns what targets that share a base render to; without it they are taken to have objects in common.
func nameClusters(found []Found, contents func(Found) sides) {
	clusters := alternatives(found, contents)
	for i := range found {
		f := &found[i]
		m := f.mark
		switch {
		case f.Target.Cluster != "":
			f.Cluster, f.ClusterBy = f.Target.Cluster, cmp.Or(f.clusterBy, byConfig)
			continue
		case m.by == "":
			f.Cluster, f.ClusterBy = "", ""
			continue
		}
		f.Cluster, f.ClusterBy = m.environment, m.by
		if full := m.environment + "/" + m.below; clusters[full] || isNumber(m.below) {
			f.Cluster, f.ClusterBy = full, m.by+"/"+m.below
		}
		f.Cluster = strings.Trim(f.Cluster+"/"+m.values, "/")
	}
}

// alternatives returns the environment/below pairs that are clusters: those of targets on one base that have an object in
// common on one side, or just the base where the contents are not known.
func alternatives(found []Found, contents func(Found) sides) map[string]bool {
	type shared struct{ before, environment, base string }
	users := make(map[shared][]Found)
	for _, f := range found {
		if f.mark.below == "" {
			continue
		}
		for _, base := range slices.Compact(slices.Sorted(slices.Values(f.uses))) {
			key := shared{f.mark.before, f.mark.environment, base}
			users[key] = append(users[key], f)
		}
	}
	clusters := make(map[string]bool)
	for key, list := range users {
		var met [len(sides{})]map[string]string // the first folder below that has an object
		for side := range met {
			met[side] = make(map[string]string)
		}
		meet := func(f Found, side int, object string) {
			first, ok := met[side][object]
			if !ok {
				met[side][object] = f.mark.below
			} else if first != f.mark.below {
				clusters[key.environment+"/"+first] = true
				clusters[key.environment+"/"+f.mark.below] = true
			}
		}
		for _, f := range list {
			if contents == nil {
				meet(f, 0, "")
				continue
			}
			for side, objects := range contents(f) {
				for object := range objects {
					meet(f, side, object)
				}
			}
		}
	}
	return clusters
}
