package helmfile_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/helmfile"
)

// What is allowed is at example.com.
func TestAReleasesChartIsFoundByItsRepository(t *testing.T) {
	const repositories = "repositories:\n- {name: stable, url: 'https://example.com/stable'}\n- {name: team, url: example.com/charts, oci: true}\n- {name: other, url: 'https://example.org'}\nreleases:\n"
	lock := "dependencies:\n- {name: redis, repository: 'https://example.com/other', version: 1.1.0}\n- {name: redis, repository: 'https://example.com/stable/', version: 1.2.3}\n- {name: redis, repository: 'https://example.com/stable/', version: 0.9.0}\n"
	for name, c := range map[string]struct {
		release string
		lock    string
		want    string
	}{
		"a repository":              {"{name: r, chart: stable/redis, version: 1.0.0}", "", "https://example.com/stable//redis: chart redis 1.0.0 from https://example.com/stable, helmfile.yaml:6"},
		"a registry":                {"{name: r, chart: team/redis}", "", "oci://example.com/charts//redis: chart redis from oci://example.com/charts, helmfile.yaml:6"},
		"a folder of a registry":    {"{name: r, chart: team/deep/redis}", "", "chart redis from oci://example.com/charts/deep"},
		"an address":                {"{name: r, chart: 'oci://example.com/charts/redis', version: 2.0.0}", "", "chart redis 2.0.0 from oci://example.com/charts"},
		"a range":                   {"{name: r, chart: stable/redis, version: ~1.0}", "", "chart redis ~1.0 from"},
		"a lock":                    {"{name: r, chart: stable/redis, version: ^1.0.0}", lock, "chart redis 1.2.3 from"},
		"a lock without a version":  {"{name: r, chart: stable/redis}", lock, "chart redis 1.2.3 from"},
		"a lock of other versions":  {"{name: r, chart: stable/redis, version: 2.x}", lock, "chart redis 2.x from"},
		"a lock of other charts":    {"{name: r, chart: team/redis, version: 1.x}", lock, "chart redis 1.x from oci://example.com/charts"},
		"a broken lock":             {"{name: r, chart: stable/redis}", "dependencies: 1", "reading helmfile.lock"},
		"what is not allowed":       {"{name: r, chart: other/redis}", "", "https://example.org in fetch.allow of base's configuration would have it fetched"},
		"a repository of somebody":  {"{name: r, chart: nobody/redis}", "", "this helmfile names no repository nobody"},
		"another protocol":          {"{name: r, chart: 'git::https://example.com/a@b?ref=c'}", "", "only charts of repositories and registries are fetched"},
		"an archive by its address": {"{name: r, chart: 'https://example.com/redis-1.0.0.tgz'}", "", "only charts of repositories and registries are fetched"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{"helmfile.yaml": {Data: []byte(repositories + "- " + c.release + "\n")}}
			if c.lock != "" {
				files["helmfile.lock"] = &fstest.MapFile{Data: []byte(c.lock)}
			}
			f := fetch.New(config.Fetching{Allow: []string{"https://example.com", "oci://example.com"}}, nil)
			defer f.Close()
			x := helmfile.Expand(f.View(t.Context(), files, false), "helmfile.yaml")
			var got []string
			for _, target := range x.Targets {
				got = append(got, fmt.Sprintf("%s: %s, %s:%d", target.Path, target.Source, target.Source.Named.File, target.Source.Named.Line))
			}
			for _, d := range x.Diagnostics {
				got = append(got, d.Message)
			}
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.lock != "" && strings.Contains(c.want, "1.2.3") && !strings.Contains(strings.Join(x.Read, " "), "helmfile.lock") {
				t.Errorf("the lock is not among what was read: %q", x.Read)
			}
		})
	}
}
