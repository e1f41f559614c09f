package helm

import (
	"fmt"
	"path"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"
)

// dependenciesIn reads the dependencies that a Chart.yaml names; what is broken is the loader's to tell.
func dependenciesIn(text []byte) []*chart.Dependency {
	var c chart.Metadata
	if yaml.Unmarshal(text, &c) != nil {
		return nil
	}
	return c.Dependencies
}

func nameIn(text []byte) string {
	var c chart.Metadata
	if yaml.Unmarshal(text, &c) != nil {
		return ""
	}
	return c.Name
}

// noteAliases remembers the aliases before the loader forgets them.
func (s *chartSource) noteAliases(c *chart.Chart) {
	for _, d := range c.Metadata.Dependencies {
		if d != nil && d.Alias != "" {
			s.aliases[d.Alias] = d.Name
		}
	}
	for _, sub := range c.Dependencies() {
		s.noteAliases(sub)
	}
}

// A missing dependency is enabled and not there.
type missing struct {
	// Dependency is as it is written, with the chart's own name.
	chart.Dependency
	// of is the folder of the chart that needs it, from the root chart: "", or charts/x/. inArchive says that it is none, but
	// within an archive.
	of        string
	inArchive bool
}

func (m missing) String() string {
	return strings.TrimSpace(m.Name+" "+m.Version) + " from " + orUnknown(m.Repository)
}

// missing lists the enabled dependencies that are not there. The engine renders without them and says nothing. It needs
// the chart after its dependencies were processed: only the enabled ones are left then, by alias.
func (s *chartSource) missing(c *chart.Chart) []missing {
	var all []missing
	var look func(c *chart.Chart, of string, inArchive bool)
	look = func(c *chart.Chart, of string, inArchive bool) {
		here := make(map[string]bool)
		for _, sub := range c.Dependencies() {
			here[sub.Name()] = true
			folder, _ := s.subchart(of+"charts/", sub.Name())
			look(sub, of+"charts/"+folder+"/", inArchive || folder == "")
		}
		for _, d := range c.Metadata.Dependencies {
			if d == nil || here[d.Name] {
				continue
			}
			m := missing{*d, of, inArchive}
			if name, ok := s.aliases[d.Alias]; ok {
				m.Name = name
			}
			all = append(all, m)
		}
	}
	look(c, "", false)
	return all
}

func notThere(all []missing, dir string) error {
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.String()
	}
	return fmt.Errorf("the chart's dependencies are not in %s: %s; run `helm dependency build %s` and commit the charts folder, or have them fetched (fetch.allow in the configuration)",
		path.Join(dir, "charts"), strings.Join(names, ", "), dir)
}

func orUnknown(repository string) string {
	if repository == "" {
		return "no repository"
	}
	return repository
}
