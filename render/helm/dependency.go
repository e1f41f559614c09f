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

// missingDependencies names the enabled dependencies that are not there. The engine renders without them and says
// nothing. It needs the chart after its dependencies were processed: only the enabled ones are left then, by alias.
func missingDependencies(c *chart.Chart, dir string) error {
	var missing []string
	var look func(c *chart.Chart)
	look = func(c *chart.Chart) {
		here := make(map[string]bool)
		for _, sub := range c.Dependencies() {
			here[sub.Name()] = true
			look(sub)
		}
		for _, d := range c.Metadata.Dependencies {
			if d == nil || here[d.Name] {
				continue
			}
			missing = append(missing, strings.TrimSpace(d.Name+" "+d.Version)+" from "+orUnknown(d.Repository))
		}
	}
	look(c)
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the chart's dependencies are not in %s: %s; run `helm dependency build %s` and commit the charts folder",
		path.Join(dir, "charts"), strings.Join(missing, ", "), dir)
}

func orUnknown(repository string) string {
	if repository == "" {
		return "no repository"
	}
	return repository
}
